#include "marc/frame_range.h"

#include <algorithm>

#include "thalweg/marc/field.h"

namespace thalweg::marc {
namespace {

// Of what follows a range, so much is read with it: most records that reach over its end do not
// reach further.
constexpr int64_t kBehind = 4096;
// A window of many small slabs.
constexpr int64_t kWindowMin = int64_t{64} << 10;
// On a guess, no more than this of a record that reaches over the end of its window.
constexpr size_t kGuessBytesMax = size_t{1} << 20;

}  // namespace

void FrameRange::Begin(int64_t begin, int64_t end, bool known) {
  const bool goes_on = known && known_ && begin == at_;
  at_ = begin;
  end_ = end;
  known_ = known;
  found_ = known;
  if (goes_on) return;
  framer_ = Framer(limits_.record_bytes_max);
  window_ = {};
}

Status FrameRange::Read(int64_t offset, size_t length) {
  window_ = {};  // Its buffer serves again.
  THALWEG_ASSIGN_OR_RETURN(window_, file_->Read(offset, length));
  return {};
}

size_t FrameRange::WindowBytes() const {
  const int64_t most = std::max(static_cast<int64_t>(limits_.slab_bytes), kWindowMin);
  return static_cast<size_t>(std::min(end_ - at_, most) + kBehind);
}

std::optional<size_t> FrameRange::FindRecord(std::string_view data) const {
  const auto wanted = static_cast<size_t>(end_ - window_.offset);
  for (size_t end = data.find(kRecordEnd); end != std::string_view::npos && end + 1 < wanted;
       end = data.find(kRecordEnd, end + 1)) {
    size_t record = end + 1;
    while (record < data.size() && IsBlank(data[record])) ++record;
    if (MayBeRecord(data.substr(record))) return end + 1;
  }
  return {};
}

// Reads the range's first window and sets `at_` to its first frame; false: none shows itself.
Result<bool> FrameRange::FindFirst() {
  // The terminator before a record shows that it is one.
  THALWEG_RETURN_IF_ERROR(Read(at_ - 1, 1 + WindowBytes()));
  const auto start = FindRecord(window_.bytes);
  if (!start) return false;
  at_ = window_.offset + static_cast<int64_t>(*start);
  found_ = true;
  return true;
}

Result<bool> FrameRange::Next(FrameSlab* slab) {
  slab->frames.clear();
  slab->owner.reset();
  if (at_ >= end_) return false;
  if (!found_) {
    THALWEG_ASSIGN_OR_RETURN(const bool found, FindFirst());
    if (!found) {
      at_ = end_;
      return false;
    }
  }
  const size_t guess_max = WindowBytes() + kGuessBytesMax;
  if (window_.owner == nullptr) THALWEG_RETURN_IF_ERROR(Read(at_, WindowBytes()));
  while (true) {
    const std::string_view data = window_.bytes.substr(static_cast<size_t>(at_ - window_.offset));
    const auto wanted =
        static_cast<size_t>(std::min(end_ - at_, static_cast<int64_t>(limits_.slab_bytes)));
    const size_t cut = CutFrames(data, window_end() == file_->size(), wanted, limits_.slab_records,
                                 &framer_, slab);
    if (cut != 0) {
      Give(data.substr(0, cut), slab);
      return true;
    }
    size_t longer = std::max(2 * data.size(), WindowBytes());
    if (!known_) {
      if (data.size() >= guess_max) {
        at_ = end_;
        return false;
      }
      longer = std::min(longer, guess_max);
    }
    THALWEG_RETURN_IF_ERROR(Read(at_, longer));
  }
}

void FrameRange::Give(std::string_view data, FrameSlab* slab) {
  slab->data = data;
  slab->data_offset = at_;
  slab->owner = window_.owner;
  framer_.Drop(data.size());
  at_ += static_cast<int64_t>(data.size());
  // What is left serves the next slab, or who goes on.
  if (at_ == window_end() || (!known_ && at_ >= end_)) window_ = {};
}

}  // namespace thalweg::marc

#include "marc/frame_range.h"

#include <algorithm>

#include "thalweg/marc/field.h"

namespace thalweg::marc {
namespace {

// Of what follows a range, so much is read with it: most records that reach over its end do not
// reach further.
constexpr int64_t kBehind = 4096;
// Of a record, on a guess, no more than this.
constexpr size_t kGuessBytesMax = size_t{1} << 20;

}  // namespace

void FrameRange::Begin(int64_t begin, int64_t end, bool known) {
  at_ = begin;
  end_ = end;
  known_ = known;
  found_ = known;
  framer_ = Framer(limits_.record_bytes_max);
  window_ = {};
}

Status FrameRange::Read(int64_t offset, size_t length) {
  window_ = {};  // Its buffer serves again.
  THALWEG_ASSIGN_OR_RETURN(window_, file_->Read(offset, length));
  return {};
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

Result<bool> FrameRange::Next(FrameSlab* slab) {
  slab->frames.clear();
  slab->owner.reset();
  if (at_ >= end_) return false;
  const auto wanted =
      static_cast<size_t>(std::min(end_ - at_, static_cast<int64_t>(limits_.slab_bytes)) + kBehind);
  if (window_.owner == nullptr) {
    // The terminator before a record shows that it is one.
    const int64_t before = found_ ? 0 : 1;
    THALWEG_RETURN_IF_ERROR(Read(at_ - before, wanted));
  }
  if (!found_) {
    const auto start = FindRecord(window_.bytes);
    if (!start) {
      at_ = end_;
      return false;
    }
    at_ = window_.offset + static_cast<int64_t>(*start);
    found_ = true;
  }
  size_t cut = 0;
  while (true) {
    const std::string_view data = window_.bytes.substr(static_cast<size_t>(at_ - window_.offset));
    const int64_t window_end = window_.offset + static_cast<int64_t>(window_.bytes.size());
    const bool full = Cut(data, window_end == file_->size(), slab, &cut);
    // What lies in the next window is cut there.
    if (full || (cut != 0 && window_end < end_)) {
      Give(data.substr(0, cut), slab);
      return true;
    }
    if (!known_ && data.size() > wanted + kGuessBytesMax) {
      end_ = at_ + static_cast<int64_t>(cut);
      if (cut != 0) Give(data.substr(0, cut), slab);
      return cut != 0;
    }
    THALWEG_RETURN_IF_ERROR(Read(at_, std::max(2 * data.size(), wanted)));
  }
}

// True: no more frames belong into this slab. False: the next one needs more bytes.
bool FrameRange::Cut(std::string_view data, bool end_of_input, FrameSlab* slab, size_t* cut) {
  const auto stop =
      static_cast<size_t>(std::min(end_ - at_, static_cast<int64_t>(limits_.slab_bytes)));
  while (*cut < stop && slab->frames.size() < limits_.slab_records) {
    if (*cut == data.size()) return end_of_input;
    const std::optional<Frame> frame = framer_.Next(data, *cut, end_of_input);
    if (!frame) return false;
    slab->frames.push_back(*frame);
    *cut += frame->length;
  }
  return true;
}

void FrameRange::Give(std::string_view data, FrameSlab* slab) {
  slab->data = data;
  slab->data_offset = at_;
  slab->owner = window_.owner;
  framer_.Drop(data.size());
  at_ += static_cast<int64_t>(data.size());
  // A window that is used up, as far as can be said, makes place for the next.
  const bool cut_by_count = slab->frames.size() == limits_.slab_records && at_ < end_;
  if (!cut_by_count) window_ = {};
}

}  // namespace thalweg::marc

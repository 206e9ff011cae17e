#include "marc/frame_source.h"

#include <algorithm>
#include <cstring>
#include <string>
#include <utility>

#include "thalweg/marc/field.h"

namespace thalweg::marc {
namespace {

// A slow stream delivers what it has once there is this much.
constexpr size_t kEnough = size_t{64} << 10;
constexpr size_t kSpareBuffers = 8;

}  // namespace

size_t CutFrames(std::string_view data, bool end_of_input, size_t bytes_max, size_t records_max,
                 Framer* framer, FrameSlab* slab) {
  size_t at = 0;
  while (at < data.size() && at < bytes_max && slab->frames.size() < records_max) {
    const std::optional<Frame> frame = framer->Next(data, at, end_of_input);
    if (!frame) break;
    slab->frames.push_back(*frame);
    at += frame->length;
  }
  return at;
}

FrameSource FrameSource::OverMemory(std::string_view bytes, std::shared_ptr<const void> owner,
                                    const Limits& limits) {
  FrameSource source(limits);
  source.memory_ = bytes;
  source.owner_ = std::move(owner);
  return source;
}

FrameSource FrameSource::OverStream(Reader::ReadBytes read, const Limits& limits) {
  FrameSource source(limits);
  source.read_ = std::move(read);
  source.pool_ = io::BufferPool::Make(kSpareBuffers);
  return source;
}

size_t FrameSource::Cut(std::string_view data, bool end_of_input, FrameSlab* slab) {
  return CutFrames(data, end_of_input, limits_.slab_bytes, limits_.slab_records, &framer_, slab);
}

Result<bool> FrameSource::Next(FrameSlab* slab) {
  slab->frames.clear();
  slab->owner.reset();
  return read_ ? NextOfStream(slab) : NextOfMemory(slab);
}

Result<bool> FrameSource::NextOfMemory(FrameSlab* slab) {
  const auto start = static_cast<size_t>(offset_);
  if (start == memory_.size()) return false;
  // The framer sees what lies behind the slab too, but looks at it only for a record that reaches
  // over its end.
  size_t window = std::min(memory_.size() - start, 2 * limits_.slab_bytes);
  while (true) {
    const bool all = start + window == memory_.size();
    const std::string_view data = memory_.substr(start, window);
    const size_t cut = Cut(data, all, slab);
    if (cut != 0) {
      slab->data = data.substr(0, cut);
      slab->data_offset = offset_;
      slab->owner = owner_;
      framer_.Drop(cut);
      offset_ += static_cast<int64_t>(cut);
      return true;
    }
    window = std::min(memory_.size() - start, 2 * window);
  }
}

Result<bool> FrameSource::NextOfStream(FrameSlab* slab) {
  size_t wanted = SlabBytes();
  bool first_try = true;
  while (true) {
    THALWEG_RETURN_IF_ERROR(Fill(wanted, first_try));
    if (begin_ == end_) return false;
    const std::string_view data(buffer_.get() + begin_, end_ - begin_);
    const size_t cut = Cut(data, end_of_stream_, slab);
    if (cut != 0) {
      slab->data = data.substr(0, cut);
      slab->data_offset = offset_;
      slab->owner = buffer_;
      framer_.Drop(cut);
      begin_ += cut;
      offset_ += static_cast<int64_t>(cut);
      return true;
    }
    // A slow stream may have given less than there is room for: then that is tried first.
    if (data.size() >= wanted) wanted = 2 * data.size();
    first_try = false;
  }
}

// A buffer in which `capacity` bytes have room, with what is not cut yet at its front. It stands as
// far behind a page as in the file, which the kernel copies fastest.
Status FrameSource::Renew(size_t capacity) {
  const size_t left = end_ - begin_;
  const size_t front = static_cast<size_t>(offset_) % io::BufferPool::kPage;
  std::shared_ptr<char> fresh = pool_->Take(io::BufferPool::kPage + capacity);
  if (fresh == nullptr) {
    return Status::ResourceExhausted("marc: out of memory for " + std::to_string(capacity) +
                                     " bytes");
  }
  if (left != 0) std::memcpy(fresh.get() + front, buffer_.get() + begin_, left);
  buffer_ = std::move(fresh);
  capacity_ = front + capacity;
  begin_ = front;
  end_ = front + left;
  return {};
}

Status FrameSource::Fill(size_t wanted, bool first_try) {
  if (end_of_stream_) return {};
  // What was cut may be in use elsewhere, what follows the rest is not. The rest moves to a buffer
  // of its own where too little room follows it, unless there is enough of it to go on with.
  const size_t left = end_ - begin_;
  if (left >= wanted || (first_try && left >= wanted / 4)) return {};
  if (buffer_ == nullptr || capacity_ - begin_ < wanted) THALWEG_RETURN_IF_ERROR(Renew(wanted));
  const size_t enough = std::min(wanted, std::max(left + 1, kEnough));
  while (end_ - begin_ < enough) {
    const std::span<char> room(buffer_.get() + end_, capacity_ - end_);
    THALWEG_ASSIGN_OR_RETURN(const size_t got, read_(room));
    if (got == 0) {
      end_of_stream_ = true;
      break;
    }
    end_ += got;
  }
  return {};
}

}  // namespace thalweg::marc

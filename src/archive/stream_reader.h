#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "archive/byte_buffer.h"
#include "archive/file_map.h"
#include "archive/opened_archive.h"
#include "archive/segment_reader.h"
#include "archive/trailer.h"
#include "thalweg/archive/archive.h"
#include "thalweg/runtime/step.h"
#include "thalweg/status.h"

// An archive that comes as a stream, cut into its segments.
namespace thalweg::archive {

/// Takes exact numbers of bytes from a stream.
class StreamInput {
 public:
  explicit StreamInput(const ReadFunction& read) : read_(read) {}
  /// False at the end of the stream; `corruption` when it ends inside.
  Result<bool> Take(std::span<char> out);
  /// `corruption` also when it ends before.
  Status TakeAll(std::span<char> out);
  int64_t offset() const { return offset_; }

 private:
  const ReadFunction& read_;
  int64_t offset_ = 0;
};

Result<std::unique_ptr<ArchiveHead>> TakeHead(StreamInput& input);

struct StreamSegment final : runtime::Payload {
  ByteBuffer bytes;
  SegmentPlace place;
  Digest hash{};
  std::string payload;            // Of a checkpoint or end; the content of data.
  std::vector<FileStart> starts;  // Of data.
};

/// What was found behind the body.
struct StreamTail {
  std::string trailer;
  std::optional<Footer> footer;
};

/// Cuts a stream into segments, and keeps what stands behind the body. What stood there before an
/// append is a segment of other bytes.
class SegmentSource final : public runtime::Source {
 public:
  SegmentSource(StreamInput& input, const ArchiveHead& head, const OpenLimits& limits,
                StreamTail& tail)
      : input_(input),
        head_(head),
        encrypted_(head.header.cipher != Cipher::kNone),
        limits_(limits),
        tail_(tail) {}
  Result<runtime::Progress> Produce(runtime::Output& out) override;

 private:
  Result<std::unique_ptr<StreamSegment>> TakeSegment(const SegmentHeader& header,
                                                     std::string_view head);
  Status TakeOther(std::string_view head);
  void EmitOther(runtime::Output& out);

  StreamInput& input_;
  const ArchiveHead& head_;
  bool encrypted_;
  const OpenLimits& limits_;
  StreamTail& tail_;
  uint64_t index_ = 0;
  Digest predecessor_{};
  Sha256 other_;             // Of what stands behind the last segment.
  int64_t other_begin_ = 0;  // Where that begins.
};

}  // namespace thalweg::archive

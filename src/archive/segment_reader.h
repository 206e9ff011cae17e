#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "archive/byte_buffer.h"
#include "archive/index.h"
#include "archive/message.h"
#include "io/file_system.h"
#include "thalweg/archive/archive.h"
#include "thalweg/status.h"

namespace thalweg::archive {

/// A file's bytes.
class FileBytes final : public ByteReader {
 public:
  explicit FileBytes(std::unique_ptr<io::RandomAccessFile> file) : file_(std::move(file)) {}
  Result<int64_t> Size() override { return file_->Size(); }
  Result<size_t> ReadAt(int64_t offset, std::span<char> out) override {
    return file_->ReadAt(offset, out);
  }

 private:
  std::unique_ptr<io::RandomAccessFile> file_;
};

/// All of a range. `corruption` where the bytes end before it.
Status ReadExactly(ByteReader& bytes, int64_t offset, std::span<char> out);

/// The SHA-256 of a range.
Result<Digest> HashRange(ByteReader& bytes, int64_t offset, int64_t length);

/// What must be known of a segment before it can be read.
struct SegmentPlace {
  SegmentKind kind = SegmentKind::kData;
  uint64_t index = 0;
  int64_t offset = 0;
  int64_t length = 0;
  Digest predecessor{};              ///< Encrypted archives.
  std::optional<Digest> commitment;  ///< What the index says it is; or the leaf.
  std::optional<Digest> hash;        ///< What a signature vouches for.
};

/// Reads segments and checks all that can be checked of them. One thread at a time.
class SegmentReader {
 public:
  /// `scheme` null: a plain archive.
  SegmentReader(ByteReader& bytes, const MessageScheme* scheme);

  /// The payload, which stays valid until the next call. Nothing is returned that is not authentic.
  Result<std::string_view> Read(const SegmentPlace& place);
  /// Compares bytes that are no segment with the hash of `place`, if it has one.
  Status CheckOther(const SegmentPlace& place);
  /// The bytes of the segment that was read last.
  std::string_view segment() const { return segment_.view(); }
  /// Of what was read last: its commitment or leaf.
  const Digest& commitment() const { return commitment_; }
  /// The same for a segment that is in memory.
  Result<std::string_view> Check(std::string_view segment, const SegmentPlace& place);

 private:
  ByteReader& bytes_;
  const MessageScheme* scheme_;
  std::optional<MessageOpener> opener_;
  ByteBuffer segment_;
  ByteBuffer payload_;
  Digest commitment_{};
};

/// Checks that a payload of data is one frame of `frame` bytes, and perhaps a map and padding.
/// Returns the frame.
Result<std::string_view> FrameOf(std::string_view payload, const SegmentRecord& record);

}  // namespace thalweg::archive

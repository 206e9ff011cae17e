#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string_view>

// Where records start and end in a stream of ISO 2709.
namespace thalweg::marc {

enum class FrameKind : uint8_t {
  kRecord,
  kDamaged,  ///< Bytes up to a terminator that were a record once: nothing of a leader is left.
  kBlank,    ///< White space and zero bytes between records.
  kJunk,     ///< Other bytes that belong to no record.
};

/// Whether it has a place in the count of records.
constexpr bool IsRecord(FrameKind kind) {
  return kind == FrameKind::kRecord || kind == FrameKind::kDamaged;
}

/// A piece of the input: a record with its terminator, or what stands between two.
struct Frame {
  size_t offset = 0;
  size_t length = 0;
  FrameKind kind = FrameKind::kRecord;
  bool length_wrong = false;   ///< The leader gives no length, or not this one.
  bool oversize = false;       ///< Longer than a leader can say, and the leader says so.
  bool no_terminator = false;  ///< The record ends where its length says, without 1D.
  bool truncated = false;      ///< The input ends first.
  bool too_long = false;       ///< Cut at the bound on a record's size.
};

/// Cuts bytes into frames. Total work is linear. The answer for a frame depends only on the bytes
/// from its start on, so that a stream may be cut between frames.
class Framer {
 public:
  explicit Framer(size_t record_bytes_max) : record_bytes_max_(record_bytes_max) {}

  /// The frame that starts at `at` (< data.size()). Nothing: more bytes are needed to tell, which
  /// cannot be at the end of the input.
  std::optional<Frame> Next(std::string_view data, size_t at, bool end_of_input);
  /// The first `count` bytes of the data went away.
  void Drop(size_t count);

 private:
  // The first terminator from `at` on; nothing when there is none in `data`.
  std::optional<size_t> Terminator(std::string_view data, size_t at);
  // What is not a record as it should be is rare: kept away from the code for those that are.
  [[gnu::noinline]] std::optional<size_t> BehindLeader(std::string_view data, size_t at,
                                                       size_t end);
  [[gnu::noinline]] std::optional<Frame> Blank(std::string_view data, size_t at,
                                               bool end_of_input) const;
  [[gnu::noinline]] std::optional<Frame> ByTerminator(std::string_view data, size_t at,
                                                      size_t length, size_t end,
                                                      bool end_of_input) const;
  [[gnu::noinline]] std::optional<Frame> WithoutTerminator(std::string_view data, size_t at,
                                                           size_t length, bool end_of_input) const;
  [[gnu::noinline]] std::optional<Frame> Junk(std::string_view data, size_t at,
                                              std::optional<size_t> end, bool end_of_input) const;
  static size_t RecordIn(std::string_view data, size_t from, size_t to);

  size_t record_bytes_max_;
  size_t terminator_ = 0;  // Of the data; valid when `known_`.
  size_t searched_ = 0;    // No terminator stands between the last answer and here.
  bool known_ = false;
};

/// Whether a record may start at the front of `bytes`, by its leader and first directory entry: one
/// damaged part does not change the answer. At least `kPlausibleBytes` have to be there, unless the
/// input ends.
inline constexpr size_t kPlausibleBytes = 37;
bool MayBeRecord(std::string_view bytes);
/// Whether it may stand between records without belonging to any.
bool IsBlank(char c);

/// Five digits, or -1.
inline int FiveDigits(const char* text) {
  // Four at once: each step joins neighbours.
  uint32_t digits;
  std::memcpy(&digits, text, 4);
  const auto last = static_cast<unsigned>(text[4] - '0');
  const uint32_t strange = (digits + 0x46464646) | (digits - 0x30303030);
  if ((strange & 0x80808080) != 0 || last > 9) return -1;
  digits = (digits & 0x0F0F0F0F) * 2561 >> 8;
  digits = (digits & 0x00FF00FF) * 6553601 >> 16;
  return static_cast<int>(digits * 10 + last);
}

}  // namespace thalweg::marc

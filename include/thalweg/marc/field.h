#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <initializer_list>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "thalweg/export.h"

// Fields and subfields of MARC records: views of bytes, and fields that are being built.
namespace thalweg::marc {

inline constexpr char kSubfieldMark = '\x1F';  ///< Before each subfield code.
inline constexpr char kFieldEnd = '\x1E';
inline constexpr char kRecordEnd = '\x1D';
inline constexpr size_t kLeaderSize = 24;
inline constexpr size_t kDirectoryEntrySize = 12;

/// The three bytes that name a field. Orders as text does.
class Tag {
 public:
  constexpr Tag() = default;
  /// From a literal: `Tag("245")`, and implicitly wherever a tag is taken.
  constexpr Tag(const char (&text)[4])  // NOLINT(google-explicit-constructor)
      : Tag(text[0], text[1], text[2]) {}
  constexpr Tag(char a, char b, char c) : packed_(Pack(a) << 16 | Pack(b) << 8 | Pack(c)) {}
  /// Nothing when `text` is not three bytes long.
  static constexpr std::optional<Tag> Of(std::string_view text) {
    if (text.size() != 3) return {};
    return Tag(text[0], text[1], text[2]);
  }
  /// The first three bytes at `text`.
  static constexpr Tag At(const char* text) { return Tag(text[0], text[1], text[2]); }

  constexpr uint32_t packed() const { return packed_; }
  constexpr char operator[](int place) const {
    return static_cast<char>(packed_ >> (16 - 8 * place) & 0xFF);
  }
  /// 001 to 009, and 000: no indicators and no subfields.
  constexpr bool is_control() const {
    return packed_ >> 8 == (Pack('0') << 8 | Pack('0')) && (*this)[2] >= '0' && (*this)[2] <= '9';
  }
  constexpr bool is_number() const {
    for (int place = 0; place < 3; ++place) {
      if ((*this)[place] < '0' || (*this)[place] > '9') return false;
    }
    return true;
  }
  std::string ToString() const { return {(*this)[0], (*this)[1], (*this)[2]}; }
  void AppendTo(std::string* out) const {
    const char text[3] = {(*this)[0], (*this)[1], (*this)[2]};
    out->append(text, 3);
  }
  constexpr auto operator<=>(const Tag&) const = default;

 private:
  static constexpr uint32_t Pack(char c) { return static_cast<unsigned char>(c); }

  uint32_t packed_ = 0;
};

struct Subfield {
  char code = 0;
  std::string_view value;
  bool operator==(const Subfield&) const = default;
};

/// The subfields of a field, found as one goes. A mark without a code behind it is passed over.
class SubfieldRange {
 public:
  class Iterator {
   public:
    using value_type = Subfield;
    using difference_type = std::ptrdiff_t;
    using iterator_category = std::forward_iterator_tag;
    using pointer = const Subfield*;
    using reference = const Subfield&;

    Iterator() = default;
    /// `at` is a mark, or `end`.
    Iterator(const char* at, const char* end) : next_(at), end_(end) { Step(); }
    const Subfield& operator*() const { return current_; }
    const Subfield* operator->() const { return &current_; }
    Iterator& operator++() {
      Step();
      return *this;
    }
    Iterator operator++(int) {
      Iterator before = *this;
      Step();
      return before;
    }
    bool operator==(const Iterator& other) const { return start_ == other.start_; }

   private:
    void Step() {
      while (next_ != end_) {
        const char* text = next_ + 1;
        const auto rest = static_cast<size_t>(end_ - text);
        const void* mark = rest == 0 ? nullptr : std::memchr(text, kSubfieldMark, rest);
        next_ = mark == nullptr ? end_ : static_cast<const char*>(mark);
        if (next_ == text) continue;
        start_ = text;
        current_ = {*text, std::string_view(text + 1, static_cast<size_t>(next_ - text) - 1)};
        return;
      }
      start_ = nullptr;
    }

    const char* start_ = nullptr;
    const char* next_ = nullptr;
    const char* end_ = nullptr;
    Subfield current_;
  };

  SubfieldRange(const char* first, const char* end) : first_(first), end_(end) {}
  Iterator begin() const { return {first_, end_}; }
  Iterator end() const { return {}; }
  bool empty() const { return begin() == end(); }

 private:
  const char* first_;
  const char* end_;
};

/// One field of a record, as its bytes without the terminator. Does not own them.
///
/// A control field's bytes are its data. A data field's are two indicators and then subfields;
/// missing indicators read as blanks, and bytes between the second one and the first mark are
/// passed over.
class THALWEG_EXPORT FieldView {
 public:
  FieldView() = default;
  FieldView(Tag tag, std::string_view bytes)
      : data_(bytes.data()), size_(static_cast<uint32_t>(bytes.size())), tag_(tag) {}

  Tag tag() const { return tag_; }
  bool is_control() const { return tag_.is_control(); }
  std::string_view bytes() const { return {data_, size_}; }
  /// Of a control field; the same as `bytes`.
  std::string_view data() const { return bytes(); }

  char indicator1() const { return IndicatorAt(0); }
  char indicator2() const { return IndicatorAt(1); }
  SubfieldRange subfields() const {
    const char* end = data_ + size_;
    return is_control() ? SubfieldRange(end, end) : SubfieldRange(FirstMark(), end);
  }

  /// Value of the first subfield with this code.
  std::optional<std::string_view> Find(char code) const {
    for (const Subfield& subfield : subfields()) {
      if (subfield.code == code) return subfield.value;
    }
    return {};
  }
  bool Has(char code) const { return Find(code).has_value(); }
  size_t CountSubfields() const;
  /// Values of all subfields whose code stands in `codes`, in their order.
  std::vector<std::string_view> Values(std::string_view codes) const;

  /// A control field's data, or all values, trimmed of white space, with blanks between them.
  std::string Value() const;
  /// The field as people read it: subject subdivisions (`v x y z` of 6XX) behind ` -- `, without
  /// `$6`.
  std::string FormattedText() const;
  /// 6XX.
  bool is_subject() const { return tag_[0] == '6'; }
  /// As a line of MARCMaker's format, without the line end: `=245  10$aTitle`.
  std::string ToString() const;

 private:
  char IndicatorAt(uint32_t place) const {
    if (size_ > 2 && data_[2] == kSubfieldMark && data_[0] != kSubfieldMark &&
        data_[1] != kSubfieldMark) [[likely]] {
      return data_[place];
    }
    return OddIndicator(place);
  }
  const char* FirstMark() const {
    if (size_ > 2 && data_[2] == kSubfieldMark && data_[0] != kSubfieldMark &&
        data_[1] != kSubfieldMark) [[likely]] {
      return data_ + 2;
    }
    const void* mark = size_ == 0 ? nullptr : std::memchr(data_, kSubfieldMark, size_);
    return mark == nullptr ? data_ + size_ : static_cast<const char*>(mark);
  }
  char OddIndicator(uint32_t place) const;

  const char* data_ = nullptr;
  uint32_t size_ = 0;
  Tag tag_;
};

/// A field that is being built or changed. Owns its bytes.
///
/// The bytes 1D, 1E and 1F cannot stand in MARC text: each becomes a blank.
class THALWEG_EXPORT Field {
 public:
  /// A control field.
  static Field Control(Tag tag, std::string_view data);
  Field() = default;
  Field(Tag tag, char indicator1, char indicator2);
  Field(Tag tag, char indicator1, char indicator2, std::initializer_list<Subfield> subfields);
  explicit Field(const FieldView& view) : tag_(view.tag()), bytes_(view.bytes()) {}

  Tag tag() const { return tag_; }
  FieldView view() const { return {tag_, bytes_}; }
  operator FieldView() const { return view(); }  // NOLINT(google-explicit-constructor)

  /// Behind the last subfield. Gives the field, so that calls can be chained.
  Field& Add(char code, std::string_view value);
  /// Before the subfield at `place`; behind the last one when there are fewer.
  Field& Insert(size_t place, char code, std::string_view value);
  /// The value of the subfield at `place`; false when there is none.
  bool SetAt(size_t place, std::string_view value);
  /// The value of the first subfield with this code, which is added when there is none.
  Field& Set(char code, std::string_view value);
  /// Takes the first subfield with this code away; false when there is none.
  bool Remove(char code);
  bool RemoveAt(size_t place);
  Field& SetIndicators(char indicator1, char indicator2);
  Field& SetData(std::string_view data);
  Field& SetTag(Tag tag);

 private:
  Tag tag_;
  std::string bytes_;
};

}  // namespace thalweg::marc

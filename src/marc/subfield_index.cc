#include "thalweg/marc/subfield_index.h"

#include <algorithm>
#include <bit>
#include <optional>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace thalweg::marc {

#if defined(__x86_64__)
namespace {

using Entry = SubfieldIndex::Entry;

constexpr std::ptrdiff_t kStep = 32;

// Follows the marks of consecutive fields, without a branch that depends on what they are:
// subfields and fields come in no order that a processor could guess.
struct Walk {
  Entry* next;
  uint32_t field;
  const char* open;         // The last mark,
  std::ptrdiff_t code = 0;  // and 1 where it is that of a subfield.

  void Take(const char* at) {
    // A mark without a code behind it is no subfield.
    const std::ptrdiff_t size = at - open - 2;
    *next = {open + 2, static_cast<uint32_t>(size), static_cast<uint16_t>(field), open[1]};
    next += code & static_cast<std::ptrdiff_t>(size >= 0);
    open = at;
    code = *at & 1;  // 1F, or 1E.
    field += static_cast<uint32_t>(1 - code);
  }
};

// The fields from `first_field` on stand one behind the other between `at` and `end`, each with its
// terminator, and at least 32 bytes of the record end there. `entries` has room for one more than
// there are.
[[gnu::target("avx2,bmi")]] Entry* IndexAvx2(const char* at, const char* end, uint32_t first_field,
                                             Entry* entries) {
  Walk walk{.next = entries, .field = first_field, .open = at};
  const __m256i lowest = _mm256_set1_epi8(1);
  const __m256i marks = _mm256_set1_epi8(kSubfieldMark);
  const auto bits_at = [&](const char* text) __attribute__((target("avx2"), always_inline)) {
    // 1E and 1F differ in their lowest bit.
    const __m256i bytes = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(text));
    return static_cast<uint32_t>(
        _mm256_movemask_epi8(_mm256_cmpeq_epi8(_mm256_or_si256(bytes, lowest), marks)));
  };
  const auto take_all = [&](uint64_t bits) {
    for (; bits != 0; bits &= bits - 1) walk.Take(at + std::countr_zero(bits));
  };
  for (; end - at >= 2 * kStep; at += 2 * kStep) {
    take_all(bits_at(at) | static_cast<uint64_t>(bits_at(at + kStep)) << kStep);
  }
  const std::ptrdiff_t left = end - at;
  const std::ptrdiff_t tail = left % kStep;
  uint64_t bits = left >= kStep ? bits_at(at) : 0;
  // The last bytes are loaded with some that were looked at before, or that stand in the directory.
  if (tail != 0)
    bits |= static_cast<uint64_t>(bits_at(end - kStep) >> (kStep - tail)) << (left - tail);
  take_all(bits);
  return walk.next;
}

bool HasAvx2() {
  static const bool kHas =
      __builtin_cpu_supports("avx2") != 0 && __builtin_cpu_supports("bmi") != 0;
  return kHas;
}

// The first data field, if all fields from it on are data fields that follow each other.
std::optional<size_t> FirstOfRow(std::span<const FieldView> fields) {
  size_t first = 0;
  while (first < fields.size() && fields[first].is_control()) ++first;
  for (size_t i = first + 1; i < fields.size(); ++i) {
    const FieldView& before = fields[i - 1];
    if (fields[i].bytes().data() != before.bytes().data() + before.bytes().size() + 1 ||
        fields[i].is_control()) {
      return {};
    }
  }
  return first;
}

}  // namespace
#endif

SubfieldIndex::Entry* SubfieldIndex::Room(size_t count) {
  if (capacity_ < count) {
    capacity_ = std::max(count, 2 * capacity_);
    entries_.reset(new Entry[capacity_]);
  }
  return entries_.get();
}

size_t SubfieldIndex::OfFields(const RecordView& record) {
  size_t marks = 0;
  for (const FieldView& field : record.fields()) {
    marks +=
        static_cast<size_t>(std::count(field.bytes().begin(), field.bytes().end(), kSubfieldMark));
  }
  Entry* const first = Room(marks);
  Entry* next = first;
  uint16_t place = 0;
  for (const FieldView& field : record.fields()) {
    for (const Subfield& subfield : field.subfields()) {
      *next++ = {subfield.value.data(), static_cast<uint32_t>(subfield.value.size()), place,
                 subfield.code};
    }
    ++place;
  }
  return static_cast<size_t>(next - first);
}

std::span<const SubfieldIndex::Entry> SubfieldIndex::Build(const RecordView& record) {
#if defined(__x86_64__)
  const std::span<const FieldView> fields = record.fields();
  const auto first = record.clean() && HasAvx2() ? FirstOfRow(fields) : std::nullopt;
  if (first && *first < fields.size()) {
    const char* const start = fields[*first].bytes().data();
    const char* const end = fields.back().bytes().data() + fields.back().bytes().size() + 1;
    // In a copy an empty field lies elsewhere.
    const std::string_view raw = record.raw();
    if (end - raw.data() >= kStep && end <= raw.data() + raw.size()) {
      // A subfield takes at least two bytes.
      Entry* const entries = Room(static_cast<size_t>(end - start) / 2 + 2);
      Entry* const behind = IndexAvx2(start, end, static_cast<uint32_t>(*first), entries);
      return {entries, static_cast<size_t>(behind - entries)};
    }
  }
#endif
  const size_t count = OfFields(record);
  return {entries_.get(), count};
}

}  // namespace thalweg::marc

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

// Follows the marks of consecutive fields.
struct Walk {
  Entry* next;
  uint32_t field;
  const char* open = nullptr;  // The mark of the subfield that has not ended yet.

  void Close(const char* end) {
    // A mark without a code behind it is no subfield.
    if (open != nullptr && end - open > 1) {
      *next++ = {open + 2, static_cast<uint32_t>(end - open - 2), static_cast<uint16_t>(field),
                 open[1]};
    }
  }
  void Take(const char* at) {
    Close(at);
    const bool mark = *at == kSubfieldMark;
    open = mark ? at : nullptr;
    field += mark ? 0 : 1;
  }
};

// The fields from `first_field` on stand one behind the other between `at` and `end`, each with its
// terminator.
[[gnu::target("avx2,bmi")]] Entry* IndexAvx2(const char* at, const char* end, uint32_t first_field,
                                             Entry* entries) {
  constexpr std::ptrdiff_t kStep = 32;
  Walk walk{entries, first_field};
  const __m256i lowest = _mm256_set1_epi8(1);
  const __m256i marks = _mm256_set1_epi8(kSubfieldMark);
  for (; end - at >= kStep; at += kStep) {
    // 1E and 1F differ in their lowest bit.
    const __m256i text = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(at));
    auto bits = static_cast<uint32_t>(
        _mm256_movemask_epi8(_mm256_cmpeq_epi8(_mm256_or_si256(text, lowest), marks)));
    while (bits != 0) {
      walk.Take(at + std::countr_zero(bits));
      bits &= bits - 1;
    }
  }
  for (; at != end; ++at) {
    if ((*at | 1) == kSubfieldMark) walk.Take(at);
  }
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
    // A subfield takes at least two bytes.
    Entry* const entries = Room(static_cast<size_t>(end - start) / 2 + 1);
    Entry* const behind = IndexAvx2(start, end, static_cast<uint32_t>(*first), entries);
    return {entries, static_cast<size_t>(behind - entries)};
  }
#endif
  const size_t count = OfFields(record);
  return {entries_.get(), count};
}

}  // namespace thalweg::marc

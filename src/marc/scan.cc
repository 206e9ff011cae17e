#include "marc/scan.h"

#include <bit>

#include "thalweg/marc/field.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace thalweg::marc {

Scan ScanMarksPortable(std::string_view bytes) {
  Scan scan;
  bool mark = false;
  for (const char c : bytes) {
    const bool high = static_cast<unsigned char>(c) >= 0x80;
    scan.field_ends += c == kFieldEnd ? 1 : 0;
    scan.record_ends += c == kRecordEnd ? 1 : 0;
    scan.ascii = scan.ascii && !high;
    scan.odd_code = scan.odd_code || (mark && high);
    mark = c == kSubfieldMark;
  }
  return scan;
}

#if defined(__x86_64__)
namespace {

[[gnu::target("avx2,bmi,popcnt")]] Scan ScanMarksAvx2(std::string_view bytes) {
  constexpr size_t kStep = 32;
  const size_t size = bytes.size();
  if (size < kStep) return ScanMarksPortable(bytes);
  const __m256i field_end = _mm256_set1_epi8(kFieldEnd);
  const __m256i record_end = _mm256_set1_epi8(kRecordEnd);
  const __m256i mark = _mm256_set1_epi8(kSubfieldMark);
  Scan scan;
  uint32_t high_any = 0;
  uint32_t odd = 0;
  uint32_t carry = 0;
  const auto block = [&](const char* at, uint32_t wanted) __attribute__((target("avx2,bmi,popcnt"),
                                                                         always_inline)) {
    const __m256i text = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(at));
    const auto bits = [](__m256i lanes) __attribute__((target("avx2"), always_inline)) {
      return static_cast<uint32_t>(_mm256_movemask_epi8(lanes));
    };
    const uint32_t marks = bits(_mm256_cmpeq_epi8(text, mark));
    const uint32_t high = bits(text) & wanted;
    scan.field_ends +=
        static_cast<uint32_t>(std::popcount(bits(_mm256_cmpeq_epi8(text, field_end)) & wanted));
    scan.record_ends +=
        static_cast<uint32_t>(std::popcount(bits(_mm256_cmpeq_epi8(text, record_end)) & wanted));
    high_any |= high;
    odd |= ((marks << 1) | carry) & high;
    carry = marks >> 31;
  };
  size_t at = 0;
  for (; at + kStep <= size; at += kStep) block(bytes.data() + at, ~uint32_t{0});
  if (at < size) {
    // The last block reaches back over bytes that were counted already.
    carry = 0;
    const auto counted = static_cast<uint32_t>(kStep - (size - at));
    block(bytes.data() + size - kStep, ~uint32_t{0} << counted);
  }
  scan.ascii = high_any == 0;
  scan.odd_code = odd != 0;
  return scan;
}

}  // namespace
#endif

Scan ScanMarks(std::string_view bytes) {
#if defined(__x86_64__)
  static const bool kFast =
      __builtin_cpu_supports("avx2") != 0 && __builtin_cpu_supports("popcnt") != 0;
  if (kFast) return ScanMarksAvx2(bytes);
#endif
  return ScanMarksPortable(bytes);
}

}  // namespace thalweg::marc

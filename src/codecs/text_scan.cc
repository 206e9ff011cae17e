#include "codecs/text_scan.h"

#include <bit>
#include <cstring>

#if defined(__x86_64__)
#include <immintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif

namespace thalweg::codecs {
namespace internal {
namespace {

// One byte of the exact machine.
enum class ByteKind : uint8_t { kPlain, kDelimiter, kRecordEnd };

ByteKind Step(const TextDialect& dialect, char c, ScanState* s) {
  if (s->quoted) {
    if (s->escaped) {
      s->escaped = false;
    } else if (dialect.escape != dialect.quote && c == dialect.escape) {
      s->escaped = true;
    } else if (c == dialect.quote) {
      s->quoted = false;
      s->closed = dialect.escape == dialect.quote;
    }
    return ByteKind::kPlain;
  }
  if (s->comment) {
    if (c != dialect.newline) return ByteKind::kPlain;
    *s = ScanState();
    return ByteKind::kRecordEnd;
  }
  if (c == dialect.newline) {
    *s = ScanState();
    return ByteKind::kRecordEnd;
  }
  if (s->record_start && dialect.has_comment && c == dialect.comment) {
    s->comment = true;
  } else if (c == dialect.delimiter) {
    *s = ScanState();
    s->record_start = false;
    return ByteKind::kDelimiter;
  } else if (dialect.has_quote && c == dialect.quote && (s->field_start || s->closed)) {
    s->quoted = true;
  }
  s->record_start = s->field_start = s->closed = false;
  return ByteKind::kPlain;
}

}  // namespace

void ScanBytes(const TextDialect& dialect, const char* data, size_t size, ScanState* state,
               uint64_t* separators, uint64_t* ends) {
  *separators = 0;
  *ends = 0;
  for (size_t i = 0; i < size; ++i) {
    const ByteKind kind = Step(dialect, data[i], state);
    const uint64_t bit = uint64_t{1} << i;
    if (kind != ByteKind::kPlain) *separators |= bit;
    if (kind == ByteKind::kRecordEnd) *ends |= bit;
  }
}

}  // namespace internal

namespace {

// Every eight bytes a word: no vector instructions.
namespace portable {

inline uint64_t PrefixXor(uint64_t bits) {
  for (unsigned shift = 1; shift < 64; shift *= 2) bits ^= bits << shift;
  return bits;
}

struct Block {
  uint64_t words[8];
  static Block Load(const char* data) {
    Block block;
    std::memcpy(block.words, data, sizeof(block.words));
    if constexpr (std::endian::native == std::endian::big) {
      for (uint64_t& word : block.words) word = __builtin_bswap64(word);
    }
    return block;
  }
  uint64_t Equals(char byte) const {
    constexpr uint64_t kOnes = 0x0101010101010101;
    constexpr uint64_t kLow = 0x7f7f7f7f7f7f7f7f;
    const uint64_t pattern = kOnes * static_cast<unsigned char>(byte);
    uint64_t mask = 0;
    for (unsigned i = 0; i < 8; ++i) {
      const uint64_t x = words[i] ^ pattern;
      // The high bit of each byte that is zero, exactly; then the eight bits side by side.
      const uint64_t zero = ~(((x & kLow) + kLow) | x | kLow);
      mask |= ((zero >> 7) * 0x0102040810204080 >> 56) << (8 * i);
    }
    return mask;
  }
};

struct NonAsciiMeter {
  uint64_t bits = 0;
  void Add(const Block& block) {
    for (const uint64_t word : block.words) bits |= word;
  }
  bool any() const { return (bits & 0x8080808080808080) != 0; }
};

#define THALWEG_SCAN_TARGET
#include "codecs/text_scan_kernel.inc"
#undef THALWEG_SCAN_TARGET

}  // namespace portable

#if defined(__x86_64__)

namespace avx2 {

#define THALWEG_SCAN_TARGET __attribute__((target("avx2,bmi,bmi2,popcnt,lzcnt,pclmul")))

THALWEG_SCAN_TARGET inline uint64_t PrefixXor(uint64_t bits) {
  const __m128i all = _mm_set1_epi8(static_cast<char>(0xff));
  const __m128i value = _mm_set_epi64x(0, static_cast<long long>(bits));
  return static_cast<uint64_t>(_mm_cvtsi128_si64(_mm_clmulepi64_si128(value, all, 0)));
}

struct Block {
  __m256i low, high;
  THALWEG_SCAN_TARGET static Block Load(const char* data) {
    return {_mm256_loadu_si256(reinterpret_cast<const __m256i*>(data)),
            _mm256_loadu_si256(reinterpret_cast<const __m256i*>(data + 32))};
  }
  THALWEG_SCAN_TARGET static uint64_t Mask(__m256i bytes) {
    return static_cast<uint32_t>(_mm256_movemask_epi8(bytes));
  }
  THALWEG_SCAN_TARGET uint64_t Equals(char byte) const {
    const __m256i pattern = _mm256_set1_epi8(byte);
    return Mask(_mm256_cmpeq_epi8(low, pattern)) | (Mask(_mm256_cmpeq_epi8(high, pattern)) << 32);
  }
};

struct NonAsciiMeter {
  __m256i bits;
  THALWEG_SCAN_TARGET NonAsciiMeter() : bits(_mm256_setzero_si256()) {}
  THALWEG_SCAN_TARGET void Add(const Block& block) {
    bits = _mm256_or_si256(bits, _mm256_or_si256(block.low, block.high));
  }
  THALWEG_SCAN_TARGET bool any() const { return Block::Mask(bits) != 0; }
};

#include "codecs/text_scan_kernel.inc"
#undef THALWEG_SCAN_TARGET

}  // namespace avx2

namespace avx512 {

#define THALWEG_SCAN_TARGET \
  __attribute__((target("avx512f,avx512bw,avx2,bmi,bmi2,popcnt,lzcnt,pclmul")))

THALWEG_SCAN_TARGET inline uint64_t PrefixXor(uint64_t bits) {
  const __m128i all = _mm_set1_epi8(static_cast<char>(0xff));
  const __m128i value = _mm_set_epi64x(0, static_cast<long long>(bits));
  return static_cast<uint64_t>(_mm_cvtsi128_si64(_mm_clmulepi64_si128(value, all, 0)));
}

struct Block {
  __m512i bytes;
  THALWEG_SCAN_TARGET static Block Load(const char* data) { return {_mm512_loadu_si512(data)}; }
  THALWEG_SCAN_TARGET uint64_t Equals(char byte) const {
    return _mm512_cmpeq_epi8_mask(bytes, _mm512_set1_epi8(byte));
  }
};

struct NonAsciiMeter {
  __m512i bits;
  THALWEG_SCAN_TARGET NonAsciiMeter() : bits(_mm512_setzero_si512()) {}
  THALWEG_SCAN_TARGET void Add(const Block& block) { bits = _mm512_or_si512(bits, block.bytes); }
  THALWEG_SCAN_TARGET bool any() const { return _mm512_movepi8_mask(bits) != 0; }
};

#include "codecs/text_scan_kernel.inc"
#undef THALWEG_SCAN_TARGET

}  // namespace avx512

#elif defined(__aarch64__)

namespace neon {

using portable::PrefixXor;

struct Block {
  uint8x16_t parts[4];
  static Block Load(const char* data) {
    const uint8_t* bytes = reinterpret_cast<const uint8_t*>(data);
    return {{vld1q_u8(bytes), vld1q_u8(bytes + 16), vld1q_u8(bytes + 32), vld1q_u8(bytes + 48)}};
  }
  uint64_t Equals(char byte) const {
    const uint8x16_t pattern = vdupq_n_u8(static_cast<uint8_t>(byte));
    const uint8x16_t bit = {1, 2, 4, 8, 16, 32, 64, 128, 1, 2, 4, 8, 16, 32, 64, 128};
    const uint8x16_t a = vpaddq_u8(vandq_u8(vceqq_u8(parts[0], pattern), bit),
                                   vandq_u8(vceqq_u8(parts[1], pattern), bit));
    const uint8x16_t b = vpaddq_u8(vandq_u8(vceqq_u8(parts[2], pattern), bit),
                                   vandq_u8(vceqq_u8(parts[3], pattern), bit));
    const uint8x16_t c = vpaddq_u8(a, b);
    return vgetq_lane_u64(vreinterpretq_u64_u8(vpaddq_u8(c, c)), 0);
  }
};

struct NonAsciiMeter {
  uint8x16_t bits = vdupq_n_u8(0);
  void Add(const Block& block) {
    bits = vorrq_u8(bits, vorrq_u8(vorrq_u8(block.parts[0], block.parts[1]),
                                   vorrq_u8(block.parts[2], block.parts[3])));
  }
  bool any() const { return vmaxvq_u8(bits) >= 0x80; }
};

#define THALWEG_SCAN_TARGET
#include "codecs/text_scan_kernel.inc"
#undef THALWEG_SCAN_TARGET

}  // namespace neon

#endif

// Dialects that the block scan does not cover.

size_t IndexByBytes(const TextDialect& dialect, const char* data, size_t begin, size_t end,
                    ScanState* state, ScanFacts* facts, uint32_t* out) {
  size_t count = 0;
  for (size_t i = begin; i < end; ++i) {
    const char c = data[i];
    facts->non_ascii = facts->non_ascii || static_cast<unsigned char>(c) >= 0x80;
    facts->quotes = facts->quotes || c == dialect.quote;
    const internal::ByteKind kind = internal::Step(dialect, c, state);
    if (kind != internal::ByteKind::kPlain) out[count++] = static_cast<uint32_t>(i);
    if (kind == internal::ByteKind::kRecordEnd) ++facts->records;
  }
  return count;
}

ScanEnds SplitByBytes(const TextDialect& dialect, const char* data, size_t begin, size_t end,
                      ScanState* state) {
  ScanEnds ends;
  for (size_t i = begin; i < end; ++i) {
    if (data[i] == dialect.newline) ++ends.lines;
    if (internal::Step(dialect, data[i], state) == internal::ByteKind::kRecordEnd) {
      ends.last_end = i + 1;
      ends.lines_to_last = ends.lines;
    }
  }
  return ends;
}

using IndexFunction = decltype(ScanKernel::index);
using SplitFunction = decltype(ScanKernel::split);

// The block scan does not keep `record_start`, which only comments need.
template <IndexFunction kIndex>
size_t IndexAny(const TextDialect& dialect, const char* data, size_t begin, size_t end,
                ScanState* state, ScanFacts* facts, uint32_t* out) {
  return (dialect.simple() ? kIndex : IndexByBytes)(dialect, data, begin, end, state, facts, out);
}

template <SplitFunction kSplit>
ScanEnds SplitAny(const TextDialect& dialect, const char* data, size_t begin, size_t end,
                  ScanState* state) {
  return (dialect.simple() ? kSplit : SplitByBytes)(dialect, data, begin, end, state);
}

constexpr ScanKernel kPortable = {"portable", IndexAny<portable::Index>, SplitAny<portable::Split>,
                                  portable::Count};
#if defined(__x86_64__)
constexpr ScanKernel kAvx2 = {"avx2", IndexAny<avx2::Index>, SplitAny<avx2::Split>, avx2::Count};
constexpr ScanKernel kAvx512 = {"avx512", IndexAny<avx512::Index>, SplitAny<avx512::Split>,
                                avx512::Count};
#elif defined(__aarch64__)
constexpr ScanKernel kNeon = {"neon", IndexAny<neon::Index>, SplitAny<neon::Split>, neon::Count};
#endif

}  // namespace

std::vector<const ScanKernel*> UsableScanKernels() {
  std::vector<const ScanKernel*> kernels = {&kPortable};
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi2") &&
      __builtin_cpu_supports("pclmul")) {
    kernels.push_back(&kAvx2);
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw")) {
      kernels.push_back(&kAvx512);
    }
  }
#elif defined(__aarch64__)
  kernels.push_back(&kNeon);
#endif
  return kernels;
}

const ScanKernel& BestScanKernel() {
  static const ScanKernel& best = *UsableScanKernels().back();
  return best;
}

}  // namespace thalweg::codecs

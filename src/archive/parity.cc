#include "archive/parity.h"

#include <isa-l.h>

#include <algorithm>
#include <cstring>

#include "archive/bytes.h"
#include "archive/frame.h"
#include "archive/frame_run.h"
#include "archive/key_copy.h"

namespace thalweg::archive {
namespace {

constexpr std::string_view kDescriptorMagic = "TWAP";
constexpr std::string_view kStripeMagic = "TWAS";
constexpr size_t kDescriptorFixed = 8 + 4 + 4 + 64 + 3 * 8 + 4 * 4 + 2 * 8 + 32;
constexpr size_t kStripeHead = 8 + 4 + 4 + 8;
constexpr int64_t kShardBytesMax = 64 << 10;
constexpr int64_t kShardBytesMin = 512;
constexpr int64_t kShardsMax = int64_t{1} << 28;

ShardHash HashShard(std::string_view shard) {
  const Digest digest = HashOf({shard});
  ShardHash hash;
  std::copy_n(digest.begin(), hash.size(), hash.begin());
  return hash;
}

unsigned char* Unsigned(std::string& bytes) {
  return reinterpret_cast<unsigned char*>(bytes.data());
}

std::vector<unsigned char> Matrix(const ParityLayout& layout) {
  const uint32_t k = layout.data_shards;
  const uint32_t n = k + layout.parity_shards;
  std::vector<unsigned char> matrix(size_t{n} * k);
  gf_gen_cauchy1_matrix(matrix.data(), static_cast<int>(n), static_cast<int>(k));
  return matrix;
}

// Multiplies `rows` rows of `k` coefficients with the shards of `in` into those of `out`.
void Multiply(const ParityLayout& layout, std::vector<unsigned char>& coefficients,
              std::vector<unsigned char*>& in, std::vector<unsigned char*>& out) {
  const auto k = static_cast<int>(layout.data_shards);
  const auto rows = static_cast<int>(out.size());
  std::vector<unsigned char> tables(32 * in.size() * out.size());
  ec_init_tables(k, rows, coefficients.data(), tables.data());
  ec_encode_data(static_cast<int>(layout.shard_bytes), k, rows, tables.data(), in.data(),
                 out.data());
}

void EncodeParity(const ParityLayout& layout, Stripe* data) {
  std::vector<unsigned char> matrix = Matrix(layout);
  const size_t k = layout.data_shards;
  std::vector<unsigned char> rows(matrix.begin() + static_cast<ptrdiff_t>(k * k), matrix.end());
  std::vector<unsigned char*> in;
  std::vector<unsigned char*> out;
  for (size_t i = 0; i < data->shards.size(); ++i) {
    (i < k ? in : out).push_back(Unsigned(data->shards[i]));
  }
  Multiply(layout, rows, in, out);
}

// A shard, with zeros behind the end of what is protected. False where it cannot be read.
bool ReadShard(ByteReader& bytes, const ParityLayout& layout, int64_t shard, std::string* out) {
  out->assign(layout.shard_bytes, '\0');
  const int64_t offset = layout.begin + shard * layout.shard_bytes;
  const int64_t length = std::min<int64_t>(layout.end - offset, layout.shard_bytes);
  if (length <= 0) return true;
  const auto n = bytes.ReadAt(offset, {out->data(), static_cast<size_t>(length)});
  return n.ok() && *n == static_cast<size_t>(length);
}

bool LayoutFits(const ParityLayout& layout) {
  const auto made = LayoutParity(layout.header, layout.trailer_offset, layout.end,
                                 static_cast<int>(std::min<uint32_t>(layout.percent, 101)));
  return made.ok() && made->shard_bytes == layout.shard_bytes &&
         made->data_shards == layout.data_shards && made->parity_shards == layout.parity_shards &&
         made->stripes == layout.stripes && made->shards == layout.shards &&
         made->begin == layout.begin;
}

}  // namespace

int64_t ParityLayout::StripeFrameBytes() const {
  return static_cast<int64_t>(kStripeHead) +
         int64_t{parity_shards} * (int64_t{shard_bytes} + 2 * int64_t{sizeof(ShardHash)});
}

int64_t ParityLayout::KeyCopyBytes() const {
  if (version < kParityWithKeys || header.slot_bytes == 0) return 0;
  return archive::KeyCopyBytes(header);
}

int64_t ParityLayout::DescriptorBytes() const {
  return static_cast<int64_t>(kDescriptorFixed) + shards * int64_t{sizeof(ShardHash)};
}

Result<ParityLayout> LayoutParity(const FixedHeader& header, int64_t trailer_offset, int64_t end,
                                  int percent) {
  ParityLayout layout;
  layout.header = header;
  layout.begin = header.body_start();
  layout.end = end;
  layout.trailer_offset = trailer_offset;
  const int64_t length = end - layout.begin;
  if (percent < 1 || percent > 100 || length < 1 || trailer_offset < layout.begin ||
      trailer_offset > end) {
    return Status::InvalidArgument("parity: nothing to protect, or not 1 to 100 percent");
  }
  layout.percent = static_cast<uint32_t>(percent);
  const int64_t k_max = 255 * 100 / (100 + percent);
  const int64_t wanted = (length + k_max - 1) / k_max;
  const int64_t rounded = (wanted + kShardBytesMin - 1) / kShardBytesMin * kShardBytesMin;
  layout.shard_bytes = static_cast<uint32_t>(std::clamp(rounded, kShardBytesMin, kShardBytesMax));
  layout.shards = (length + layout.shard_bytes - 1) / layout.shard_bytes;
  if (layout.shards > kShardsMax) return Status::Unsupported("parity: the archive is too large");
  layout.stripes = (layout.shards + k_max - 1) / k_max;
  const int64_t k = (layout.shards + layout.stripes - 1) / layout.stripes;
  layout.data_shards = static_cast<uint32_t>(k);
  layout.parity_shards =
      static_cast<uint32_t>(std::min<int64_t>((k * percent + 99) / 100, 255 - k));
  return layout;
}

std::string ParityDescriptor::Encode() const {
  std::string inside(kDescriptorMagic);
  PutNumber(inside, layout.version);
  PutNumber(inside, uint16_t{0});
  inside += layout.header.Encode();
  for (const int64_t value : {layout.begin, layout.end, layout.trailer_offset}) {
    PutNumber(inside, static_cast<uint64_t>(value));
  }
  for (const uint32_t value :
       {layout.percent, layout.shard_bytes, layout.data_shards, layout.parity_shards}) {
    PutNumber(inside, value);
  }
  PutNumber(inside, static_cast<uint64_t>(layout.stripes));
  PutNumber(inside, static_cast<uint64_t>(layout.shards));
  for (const ShardHash& hash : hashes) inside.append(AsView(hash));
  const Digest digest = HashOf({inside});
  inside.append(AsView(digest));
  return SkippableFrame(kParityFrame, inside);
}

Result<ParityDescriptor> ParityDescriptor::Decode(std::string_view bytes) {
  const Status damaged = Status::Corruption("the parity's descriptor is damaged");
  const auto frame = TakeSkippable(kParityFrame, &bytes);
  if (!frame.ok() || frame->size() + 8 < kDescriptorFixed) return damaged;
  const std::string_view text = frame->substr(0, frame->size() - 32);
  const Digest digest = HashOf({text});
  if (AsView(digest) != frame->substr(text.size())) return damaged;
  FieldReader reader(text);
  ParityDescriptor descriptor;
  ParityLayout& layout = descriptor.layout;
  const bool marked = reader.Bytes(4) == kDescriptorMagic;
  layout.version = reader.Number<uint16_t>();
  if (!marked || layout.version < 1 || layout.version > kParityWithKeys ||
      reader.Number<uint16_t>() != 0) {
    return damaged;
  }
  THALWEG_ASSIGN_OR_RETURN(layout.header, FixedHeader::Decode(reader.Bytes(64)));
  for (int64_t* value : {&layout.begin, &layout.end, &layout.trailer_offset}) {
    *value = static_cast<int64_t>(reader.Number<uint64_t>() & (UINT64_MAX >> 2));
  }
  for (uint32_t* value :
       {&layout.percent, &layout.shard_bytes, &layout.data_shards, &layout.parity_shards}) {
    *value = reader.Number<uint32_t>();
  }
  layout.stripes = static_cast<int64_t>(reader.Number<uint64_t>());
  layout.shards = static_cast<int64_t>(reader.Number<uint64_t>());
  if (!reader.ok() || !LayoutFits(layout) ||
      reader.left().size() != static_cast<size_t>(layout.shards) * sizeof(ShardHash)) {
    return damaged;
  }
  descriptor.hashes.resize(static_cast<size_t>(layout.shards));
  std::memcpy(descriptor.hashes.data(), reader.left().data(), reader.left().size());
  return descriptor;
}

std::string EncodeStripe(const ParityLayout& layout, int64_t stripe, const Stripe& data) {
  std::string inside(kStripeMagic);
  PutNumber(inside, uint32_t{0});
  PutNumber(inside, static_cast<uint64_t>(stripe));
  std::string hashes;
  for (size_t i = layout.data_shards; i < data.shards.size(); ++i) {
    hashes.append(AsView(HashShard(data.shards[i])));
  }
  // At both ends, so that no one hole takes both.
  inside.append(hashes);
  for (size_t i = layout.data_shards; i < data.shards.size(); ++i) inside.append(data.shards[i]);
  inside.append(hashes);
  return SkippableFrame(kParityFrame, inside);
}

namespace {

// The hash of each data shard, many shards a job.
Status HashShards(ByteReader& bytes, const ParityLayout& layout, const RunSettings& run,
                  std::vector<ShardHash>* hashes) {
  constexpr int64_t kShardsOfJob = 64;
  hashes->resize(static_cast<size_t>(layout.shards));
  const auto jobs = static_cast<size_t>((layout.shards + kShardsOfJob - 1) / kShardsOfJob);
  const Report report = RunJobs(jobs, kShardsOfJob * layout.shard_bytes, run, "hash", [&] {
    return [&, shard = std::make_shared<std::string>()](size_t job) -> Status {
      const int64_t first = static_cast<int64_t>(job) * kShardsOfJob;
      for (int64_t i = first; i < std::min(first + kShardsOfJob, layout.shards); ++i) {
        if (!ReadShard(bytes, layout, i, shard.get())) {
          return Status::IoError("parity: the archive cannot be read back");
        }
        (*hashes)[static_cast<size_t>(i)] = HashShard(*shard);
      }
      return {};
    };
  });
  return report.outcome;
}

Status MakeStripe(ByteReader& bytes, const ParityLayout& layout, int64_t s, Stripe* stripe) {
  stripe->shards.resize(layout.data_shards + layout.parity_shards);
  for (uint32_t i = 0; i < layout.data_shards; ++i) {
    if (!ReadShard(bytes, layout, layout.ShardOf(s, i), &stripe->shards[i])) {
      return Status::IoError("parity: the archive cannot be read back");
    }
  }
  for (uint32_t i = 0; i < layout.parity_shards; ++i) {
    stripe->shards[layout.data_shards + i].resize(layout.shard_bytes);
  }
  EncodeParity(layout, stripe);
  return {};
}

}  // namespace

Status WriteParity(ByteReader& bytes, const ParityLayout& layout, const RunSettings& settings,
                   const WriteFunction& write) {
  RunSettings run = settings;
  run.on_progress = {};
  ParityDescriptor descriptor{.layout = layout, .hashes = {}};
  THALWEG_RETURN_IF_ERROR(HashShards(bytes, layout, run, &descriptor.hashes));
  const std::string encoded = descriptor.Encode();
  THALWEG_RETURN_IF_ERROR(write(encoded));
  if (layout.KeyCopyBytes() > 0) {
    std::string slots(2 * size_t{layout.header.slot_bytes}, '\0');
    THALWEG_RETURN_IF_ERROR(ReadExactly(bytes, kSlotsOffset, slots));
    THALWEG_RETURN_IF_ERROR(write(EncodeKeyCopy(layout.header, slots)));
  }
  const int64_t stripe_bytes =
      int64_t{layout.data_shards} * layout.shard_bytes + 2 * layout.StripeFrameBytes();
  const Report report = RunTexts(
      static_cast<size_t>(layout.stripes), stripe_bytes, run, "parity",
      [&] {
        return [&, stripe = std::make_shared<Stripe>()](size_t job, std::string* frame) -> Status {
          const auto s = static_cast<int64_t>(job);
          THALWEG_RETURN_IF_ERROR(MakeStripe(bytes, layout, s, stripe.get()));
          *frame = EncodeStripe(layout, s, *stripe);
          return {};
        };
      },
      [&](size_t /*job*/, std::string_view frame) { return write(frame); });
  THALWEG_RETURN_IF_ERROR(report.outcome);
  return write(encoded);
}

Result<ParityDescriptor> ReadDescriptor(ByteReader& bytes, int64_t offset, int64_t end) {
  char head[8];
  THALWEG_RETURN_IF_ERROR(ReadExactly(bytes, offset, head));
  const int64_t size = int64_t{8} + LoadNumber<uint32_t>(head + 4);
  if (size > end - offset) return Status::Corruption("the parity's descriptor is damaged");
  std::string text(static_cast<size_t>(size), '\0');
  THALWEG_RETURN_IF_ERROR(ReadExactly(bytes, offset, text));
  return ParityDescriptor::Decode(text);
}

Result<Stripe> ReadStripe(ByteReader& bytes, ByteReader& parity, int64_t section,
                          const ParityDescriptor& descriptor, int64_t stripe) {
  const ParityLayout& layout = descriptor.layout;
  Stripe data;
  data.shards.resize(layout.data_shards + layout.parity_shards);
  for (uint32_t i = 0; i < layout.data_shards; ++i) {
    const int64_t shard = layout.ShardOf(stripe, i);
    const bool read = ReadShard(bytes, layout, shard, &data.shards[i]);
    const bool counts = shard < layout.shards;
    const bool good = !counts || (read && HashShard(data.shards[i]) ==
                                              descriptor.hashes[static_cast<size_t>(shard)]);
    if (!good) data.bad.push_back(i);
  }
  const int64_t place = section + layout.StripeOffset(stripe);
  std::string frame(static_cast<size_t>(layout.StripeFrameBytes()), '\0');
  const auto n = parity.ReadAt(place, frame);
  const bool read = n.ok() && *n == frame.size();
  const size_t hashes = layout.parity_shards * sizeof(ShardHash);
  const std::string_view first = std::string_view(frame).substr(kStripeHead, hashes);
  const std::string_view second = std::string_view(frame).substr(frame.size() - hashes);
  for (uint32_t i = 0; i < layout.parity_shards; ++i) {
    std::string& shard = data.shards[layout.data_shards + i];
    shard = frame.substr(kStripeHead + hashes + size_t{i} * layout.shard_bytes, layout.shard_bytes);
    const ShardHash own = HashShard(shard);
    const size_t at = i * sizeof(ShardHash);
    const bool known = first.substr(at, sizeof(own)) == AsView(own) ||
                       second.substr(at, sizeof(own)) == AsView(own);
    if (!read || !known) data.bad.push_back(layout.data_shards + i);
  }
  return data;
}

bool RebuildStripe(const ParityDescriptor& descriptor, int64_t stripe, Stripe* data) {
  const ParityLayout& layout = descriptor.layout;
  const size_t k = layout.data_shards;
  if (data->bad.size() > layout.parity_shards) return false;
  std::vector<unsigned char> matrix = Matrix(layout);
  // The rows of any k good shards; their inverse gives the data back.
  std::vector<unsigned char> rows;
  std::vector<unsigned char*> in;
  for (uint32_t i = 0; i < data->shards.size() && in.size() < k; ++i) {
    if (std::find(data->bad.begin(), data->bad.end(), i) != data->bad.end()) continue;
    const auto row = matrix.begin() + static_cast<ptrdiff_t>(size_t{i} * k);
    rows.insert(rows.end(), row, row + static_cast<ptrdiff_t>(k));
    in.push_back(Unsigned(data->shards[i]));
  }
  std::vector<unsigned char> inverse(k * k);
  if (gf_invert_matrix(rows.data(), inverse.data(), static_cast<int>(k)) != 0) return false;
  std::vector<unsigned char> wanted;
  std::vector<unsigned char*> out;
  for (const uint32_t place : data->bad) {
    if (place >= k) continue;
    const auto row = inverse.begin() + static_cast<ptrdiff_t>(place * k);
    wanted.insert(wanted.end(), row, row + static_cast<ptrdiff_t>(k));
    out.push_back(Unsigned(data->shards[place]));
  }
  if (!out.empty()) Multiply(layout, wanted, in, out);
  for (const uint32_t place : data->bad) {
    if (place >= k) continue;
    const auto shard = static_cast<size_t>(layout.ShardOf(stripe, place));
    if (HashShard(data->shards[place]) != descriptor.hashes[shard]) return false;
  }
  EncodeParity(layout, data);
  return true;
}

Result<int> ParityPercentOf(ByteReader& bytes, const Footer& footer) {
  if (footer.parity_offset == 0) return 0;
  // The field alone: the hashes behind it may be many.
  constexpr size_t kPercentOffset = 8 + 8 + 64 + 3 * 8;
  char head[kPercentOffset + 4];
  THALWEG_RETURN_IF_ERROR(ReadExactly(bytes, footer.parity_offset, head));
  const auto percent = LoadNumber<uint32_t>(head + kPercentOffset);
  if (std::string_view(head + 8, 4) == kDescriptorMagic && percent >= 1 && percent <= 100) {
    return static_cast<int>(percent);
  }
  return Status::Corruption("the parity's descriptor is damaged");
}

namespace {

// A copy that was made not to count, as by a rekey that was interrupted, is none.
Status CheckKeyCopy(ByteReader& bytes, const ArchiveHead& head, const ParityLayout& layout,
                    int64_t offset) {
  if (layout.KeyCopyBytes() == 0) return {};
  std::string frame(static_cast<size_t>(layout.KeyCopyBytes()), '\0');
  THALWEG_RETURN_IF_ERROR(ReadExactly(bytes, offset, frame));
  if (frame == WipedKeyCopy(layout.header)) return {};
  const auto slots = DecodeKeyCopy(layout.header, frame);
  if (!slots) return Status::Corruption("the parity's copy of the key slots is damaged");
  if (*slots == head.slot_bytes) return {};
  return Status::Corruption("the key slots are damaged");
}

}  // namespace

Status CheckParity(ByteReader& bytes, const ArchiveHead& head, const Footer& footer,
                   const RunSettings& settings) {
  if (footer.parity_offset == 0) return {};
  THALWEG_ASSIGN_OR_RETURN(const ParityDescriptor descriptor,
                           ReadDescriptor(bytes, footer.parity_offset, footer.offset));
  const ParityLayout& layout = descriptor.layout;
  if (layout.SectionBytes() != footer.parity_bytes || layout.end != footer.parity_offset ||
      layout.trailer_offset != footer.trailer_offset ||
      layout.header.Encode() != head.header.Encode()) {
    return Status::Corruption("the parity belongs to another archive");
  }
  const int64_t second = footer.offset - layout.DescriptorBytes();
  std::string copy(static_cast<size_t>(layout.DescriptorBytes()), '\0');
  THALWEG_RETURN_IF_ERROR(ReadExactly(bytes, second, copy));
  if (copy != descriptor.Encode()) return Status::Corruption("the parity is damaged");
  THALWEG_RETURN_IF_ERROR(
      CheckKeyCopy(bytes, head, layout, footer.parity_offset + layout.KeyCopyOffset()));
  RunSettings run = settings;
  run.on_progress = {};
  const int64_t stripe_bytes =
      int64_t{layout.data_shards} * layout.shard_bytes + 2 * layout.StripeFrameBytes();
  const auto check = [&](size_t job) -> Status {
    const auto s = static_cast<int64_t>(job);
    THALWEG_ASSIGN_OR_RETURN(const Stripe stripe,
                             ReadStripe(bytes, bytes, footer.parity_offset, descriptor, s));
    std::string frame(static_cast<size_t>(layout.StripeFrameBytes()), '\0');
    THALWEG_RETURN_IF_ERROR(
        ReadExactly(bytes, footer.parity_offset + layout.StripeOffset(s), frame));
    if (stripe.bad.empty() && frame == EncodeStripe(layout, s, stripe)) return {};
    return Status::Corruption("the parity is damaged");
  };
  return RunJobs(static_cast<size_t>(layout.stripes), stripe_bytes, run, "parity",
                 [&] { return check; })
      .outcome;
}

}  // namespace thalweg::archive

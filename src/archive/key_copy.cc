#include "archive/key_copy.h"

#include "archive/bytes.h"
#include "archive/digest.h"
#include "archive/frame.h"
#include "archive/parity.h"

namespace thalweg::archive {
namespace {

constexpr std::string_view kMagic = "TWAK";
constexpr std::string_view kLabel = "thalweg.archive/1 key copy";
constexpr size_t kHeadBytes = 16;  // Of the frame: its own head, the mark, whether it counts.

std::string Frame(const FixedHeader& header, uint32_t wiped, std::string_view slots,
                  std::string_view hash) {
  std::string inside(kMagic);
  PutNumber(inside, wiped);
  inside.append(slots);
  inside.append(hash);
  inside.resize(static_cast<size_t>(KeyCopyBytes(header)) - 8, '\0');
  return SkippableFrame(kParityFrame, inside);
}

Status Put(io::UpdatableFile& file, int64_t offset, std::string_view bytes) {
  THALWEG_RETURN_IF_ERROR(file.WriteAt(offset, bytes));
  return file.Sync();
}

}  // namespace

int64_t KeyCopyBytes(const FixedHeader& header) {
  return static_cast<int64_t>(kHeadBytes) + 2 * int64_t{header.slot_bytes} +
         static_cast<int64_t>(sizeof(Digest));
}

std::string EncodeKeyCopy(const FixedHeader& header, std::string_view slots) {
  const Digest header_hash = header.Hash();
  const Digest hash = HashOf({kLabel, AsView(header_hash), slots});
  return Frame(header, 0, slots, AsView(hash));
}

std::string WipedKeyCopy(const FixedHeader& header) { return Frame(header, 1, {}, {}); }

std::optional<std::string> DecodeKeyCopy(const FixedHeader& header, std::string_view frame) {
  if (frame.size() != static_cast<size_t>(KeyCopyBytes(header))) return {};
  std::string slots(frame.substr(kHeadBytes, 2 * size_t{header.slot_bytes}));
  if (frame != EncodeKeyCopy(header, slots)) return {};
  return slots;
}

Result<std::optional<int64_t>> FindKeyCopy(ByteReader& bytes, int64_t section, int64_t end,
                                           const FixedHeader& header) {
  char head[14];
  THALWEG_RETURN_IF_ERROR(ReadExactly(bytes, section, head));
  if (LoadNumber<uint32_t>(head) != kParityFrame || std::string_view(head + 8, 4) != "TWAP") {
    return Status::Corruption("the parity's descriptor is damaged");
  }
  if (LoadNumber<uint16_t>(head + 12) < kParityWithKeys) return std::optional<int64_t>();
  const int64_t offset = section + 8 + LoadNumber<uint32_t>(head + 4);
  if (offset + KeyCopyBytes(header) > end) {
    return Status::Corruption("the parity's descriptor is damaged");
  }
  // Nothing else may be taken for it and written to.
  char mark[12];
  THALWEG_RETURN_IF_ERROR(ReadExactly(bytes, offset, mark));
  const std::string wanted = WipedKeyCopy(header).substr(0, sizeof(mark));
  if (std::string_view(mark, sizeof(mark)) == wanted) return std::optional<int64_t>(offset);
  return Status::Corruption("the parity's copy of the key slots is damaged");
}

Status WipeKeyCopy(io::UpdatableFile& file, int64_t offset, const FixedHeader& header) {
  const std::string wiped = WipedKeyCopy(header);
  THALWEG_RETURN_IF_ERROR(Put(file, offset, wiped.substr(0, kHeadBytes)));
  return Put(file, offset, wiped);
}

Status WriteKeyCopy(io::UpdatableFile& file, int64_t offset, const FixedHeader& header,
                    std::string_view slots) {
  const std::string copy = EncodeKeyCopy(header, slots);
  const auto behind = offset + static_cast<int64_t>(kHeadBytes);
  THALWEG_RETURN_IF_ERROR(Put(file, behind, copy.substr(kHeadBytes)));
  return Put(file, offset, copy.substr(0, kHeadBytes));
}

}  // namespace thalweg::archive

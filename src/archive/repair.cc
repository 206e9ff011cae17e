#include <algorithm>
#include <memory>
#include <optional>
#include <utility>

#include "archive/bytes.h"
#include "archive/key_copy.h"
#include "archive/opened_archive.h"
#include "archive/operations.h"
#include "archive/parity.h"
#include "io/atomic_file.h"
#include "io/local_file_system.h"
#include "io/updatable_file.h"
#include "thalweg/archive/archive.h"

namespace thalweg::archive {
namespace {

constexpr std::string_view kDescriptorStart("\x58\x2A\x4D\x18", 4);

// Where the parity is, and what it says about the archive.
struct FoundParity {
  std::unique_ptr<FileBytes> beside;  // Null: in the archive.
  int64_t section = 0;
  ParityDescriptor descriptor;
};

// Looks for a descriptor from the end of `bytes`: either copy will do.
Result<std::optional<ParityDescriptor>> SearchDescriptor(ByteReader& bytes) {
  constexpr int64_t kWindow = 1 << 20;
  THALWEG_ASSIGN_OR_RETURN(const int64_t size, bytes.Size());
  for (int64_t end = size; end > 0;) {
    const int64_t begin = std::max<int64_t>(end - kWindow, 0);
    // A mark across the edge of two windows is found by the overlap.
    std::string window(static_cast<size_t>(std::min(end + 16, size) - begin), '\0');
    THALWEG_RETURN_IF_ERROR(ReadExactly(bytes, begin, window));
    for (size_t at = window.rfind(kDescriptorStart); at != std::string::npos;
         at = at == 0 ? std::string::npos : window.rfind(kDescriptorStart, at - 1)) {
      if (window.compare(at + 8, 4, "TWAP") != 0) continue;
      auto found = ReadDescriptor(bytes, begin + static_cast<int64_t>(at), size);
      if (found.ok()) return std::optional<ParityDescriptor>(*std::move(found));
    }
    end = begin;
  }
  return std::optional<ParityDescriptor>();
}

Result<FoundParity> FindParity(io::FileSystem& fs, const std::string& path, FileBytes& bytes) {
  FoundParity found;
  THALWEG_ASSIGN_OR_RETURN(const bool beside, io::Exists(fs, path + ".par"));
  if (beside) {
    THALWEG_ASSIGN_OR_RETURN(auto file, fs.OpenRandom(path + ".par"));
    found.beside = std::make_unique<FileBytes>(std::move(file));
  }
  ByteReader& source = found.beside ? *found.beside : bytes;
  THALWEG_ASSIGN_OR_RETURN(auto descriptor, SearchDescriptor(source));
  if (!descriptor) return Status::NotFound("repair: the archive has no parity");
  found.section = found.beside ? 0 : descriptor->layout.end;
  found.descriptor = *std::move(descriptor);
  return found;
}

// A change of some bytes of the archive.
struct Patch {
  int64_t offset = 0;
  std::string bytes;
};

class Repairer {
 public:
  Repairer(FileBytes& bytes, FoundParity& parity, RepairReport& report)
      : bytes_(bytes), parity_(parity), layout_(parity.descriptor.layout), report_(report) {}

  // Calls `patch` with what has to be changed. Without it only counts, and says whether it can be.
  Status Run(const std::function<Status(const Patch&)>& patch) {
    report_ = {};
    report_.shards = layout_.shards;
    THALWEG_RETURN_IF_ERROR(Compare(0, layout_.header.Encode(), patch, &report_.header_corrected));
    THALWEG_RETURN_IF_ERROR(RepairState(patch));
    THALWEG_RETURN_IF_ERROR(RepairKeys(patch));
    ByteReader& source = parity_.beside ? *parity_.beside : bytes_;
    for (int64_t s = 0; s < layout_.stripes; ++s) {
      THALWEG_ASSIGN_OR_RETURN(Stripe stripe,
                               ReadStripe(bytes_, source, parity_.section, parity_.descriptor, s));
      if (stripe.bad.empty()) {
        if (!parity_.beside) THALWEG_RETURN_IF_ERROR(PutFrame(s, stripe, patch));
        continue;
      }
      const std::vector<uint32_t> bad = stripe.bad;
      report_.shards_damaged += static_cast<int64_t>(bad.size());
      if (!RebuildStripe(parity_.descriptor, s, &stripe)) {
        return Status::Corruption("repair: more is damaged than the parity can correct");
      }
      report_.shards_corrected += static_cast<int64_t>(bad.size());
      for (const uint32_t place : bad) THALWEG_RETURN_IF_ERROR(Put(s, place, stripe, patch));
      if (!parity_.beside) THALWEG_RETURN_IF_ERROR(PutFrame(s, stripe, patch));
    }
    return parity_.beside ? PutFooter(0, patch) : PutDescriptors(patch);
  }

 private:
  // What stands where an append would say how far it is: that, or zeros.
  Status RepairState(const std::function<Status(const Patch&)>& patch) {
    std::string state(static_cast<size_t>(kStateBytes), '\0');
    const Digest header_hash = layout_.header.Hash();
    const auto n = bytes_.ReadAt(kFixedHeaderBytes, state);
    if (n.ok() && *n == state.size() && DecodeState(state, AsView(header_hash)).ok()) return {};
    report_.header_corrected = true;
    return Compare(kFixedHeaderBytes, EncodeState({}, AsView(header_hash)), patch, nullptr);
  }

  // The key slots from their copy; or the copy from the slots, where a rekey or an append that was
  // interrupted has left none that counts.
  Status RepairKeys(const std::function<Status(const Patch&)>& patch) {
    if (layout_.KeyCopyBytes() == 0) return {};
    const FixedHeader& header = layout_.header;
    ByteReader& source = parity_.beside ? *parity_.beside : bytes_;
    const int64_t at = parity_.section + layout_.KeyCopyOffset();
    std::string frame(static_cast<size_t>(layout_.KeyCopyBytes()), '\0');
    const auto n = source.ReadAt(at, frame);
    if (const auto copy = DecodeKeyCopy(header, frame); copy && n.ok()) {
      bool differs = false;
      THALWEG_RETURN_IF_ERROR(Compare(kSlotsOffset, *copy, patch, &differs));
      if (differs) report_.bytes_corrected += static_cast<int64_t>(copy->size());
      report_.header_corrected = report_.header_corrected || differs;
      return {};
    }
    std::string slots(2 * size_t{header.slot_bytes}, '\0');
    THALWEG_RETURN_IF_ERROR(ReadExactly(bytes_, kSlotsOffset, slots));
    const auto decoded = DecodeSlots(header, slots);
    if (parity_.beside || !decoded.ok() || !decoded->current()) return {};
    for (const Slot& slot : decoded->slots) {
      if (slot.state == SlotState::kPending) return {};
    }
    return Compare(at, EncodeKeyCopy(header, slots), patch, nullptr);
  }

  Status Put(int64_t stripe, uint32_t place, const Stripe& data,
             const std::function<Status(const Patch&)>& patch) {
    if (place >= layout_.data_shards) return {};
    const int64_t offset =
        layout_.begin + layout_.ShardOf(stripe, place) * int64_t{layout_.shard_bytes};
    const int64_t length = std::min<int64_t>(layout_.shard_bytes, layout_.end - offset);
    if (length <= 0) return {};
    report_.bytes_corrected += length;
    if (!patch) return {};
    return patch({offset, data.shards[place].substr(0, static_cast<size_t>(length))});
  }

  Status PutFrame(int64_t stripe, const Stripe& data,
                  const std::function<Status(const Patch&)>& patch) {
    const int64_t at = parity_.section + layout_.StripeOffset(stripe);
    return Compare(at, EncodeStripe(layout_, stripe, data), patch, nullptr);
  }

  Status PutDescriptors(const std::function<Status(const Patch&)>& patch) {
    const std::string descriptor = parity_.descriptor.Encode();
    const int64_t second = parity_.section + layout_.SectionBytes() - layout_.DescriptorBytes();
    THALWEG_RETURN_IF_ERROR(Compare(parity_.section, descriptor, patch, nullptr));
    THALWEG_RETURN_IF_ERROR(Compare(second, descriptor, patch, nullptr));
    return PutFooter(layout_.SectionBytes(), patch);
  }

  Status PutFooter(int64_t section_bytes, const std::function<Status(const Patch&)>& patch) {
    Footer footer;
    footer.trailer_offset = layout_.trailer_offset;
    footer.trailer_bytes = layout_.end - layout_.trailer_offset;
    footer.parity_offset = section_bytes > 0 ? layout_.end : 0;
    footer.parity_bytes = section_bytes;
    footer.offset = layout_.end + section_bytes;
    return Compare(footer.offset, footer.Encode(layout_.header.Hash()), patch, nullptr);
  }

  // Patches `expected` in where something else stands.
  Status Compare(int64_t offset, const std::string& expected,
                 const std::function<Status(const Patch&)>& patch, bool* differs) {
    std::string there(expected.size(), '\0');
    const auto n = bytes_.ReadAt(offset, there);
    const bool same = n.ok() && *n == there.size() && there == expected;
    if (differs != nullptr) *differs = !same;
    if (same) return {};
    if (differs == nullptr) report_.bytes_corrected += static_cast<int64_t>(expected.size());
    return patch ? patch({offset, expected}) : Status();
  }

  FileBytes& bytes_;
  FoundParity& parity_;
  const ParityLayout& layout_;
  RepairReport& report_;
};

// Cuts off what an interrupted append has left.
Result<bool> UndoAppend(io::FileSystem& fs, const std::string& path) {
  std::unique_ptr<ArchiveHead> head;
  {
    THALWEG_ASSIGN_OR_RETURN(auto file, fs.OpenRandom(path));
    FileBytes bytes(std::move(file));
    auto read = ReadHead(bytes);
    if (!read.ok() || !(*read)->append_pending) return false;
    head = *std::move(read);
  }
  THALWEG_ASSIGN_OR_RETURN(auto file, io::OpenForUpdate(fs, path));
  THALWEG_RETURN_IF_ERROR(file->Truncate(head->file_bytes));
  THALWEG_RETURN_IF_ERROR(file->Sync());
  THALWEG_RETURN_IF_ERROR(
      file->WriteAt(kFixedHeaderBytes, EncodeState({}, AsView(head->header_hash))));
  THALWEG_RETURN_IF_ERROR(file->Sync());
  THALWEG_RETURN_IF_ERROR(file->Close());
  return true;
}

Status CopyFile(io::FileSystem& fs, FileBytes& from, const std::string& to, bool force) {
  THALWEG_ASSIGN_OR_RETURN(auto file, io::AtomicFile::Create(fs, to, {.replace = force}));
  THALWEG_ASSIGN_OR_RETURN(const int64_t size, from.Size());
  std::string piece;
  for (int64_t at = 0; at < size; at += static_cast<int64_t>(piece.size())) {
    piece.resize(static_cast<size_t>(std::min<int64_t>(size - at, 1 << 20)));
    THALWEG_RETURN_IF_ERROR(ReadExactly(from, at, piece));
    THALWEG_RETURN_IF_ERROR(file->Append(piece));
  }
  return file->Commit();
}

}  // namespace

Result<RepairReport> RepairOn(io::FileSystem& fs, const std::string& path,
                              const std::string& output, bool force, const RunSettings& /*run*/) {
  THALWEG_ASSIGN_OR_RETURN(const auto lock, fs.Lock(path));
  const bool in_place = output.empty();
  bool undone = false;
  if (in_place) {
    THALWEG_ASSIGN_OR_RETURN(undone, UndoAppend(fs, path));
  }
  THALWEG_ASSIGN_OR_RETURN(auto file, fs.OpenRandom(path));
  FileBytes bytes(std::move(file));
  auto parity = FindParity(fs, path, bytes);
  RepairReport report;
  report.append_undone = undone;
  if (!parity.ok() && undone && parity.status().code() == StatusCode::kNotFound) return report;
  THALWEG_RETURN_IF_ERROR(parity.status().WithContext("'" + path + "'"));
  Repairer repairer(bytes, *parity, report);
  // First whether all of it can be corrected: what cannot is left as it is, for other means.
  THALWEG_RETURN_IF_ERROR(repairer.Run({}).WithContext("'" + path + "'"));
  const std::string& target = in_place ? path : output;
  if (!in_place) THALWEG_RETURN_IF_ERROR(CopyFile(fs, bytes, output, force));
  THALWEG_ASSIGN_OR_RETURN(const auto updated, io::OpenForUpdate(fs, target));
  THALWEG_RETURN_IF_ERROR(repairer.Run(
      [&](const Patch& patch) { return updated->WriteAt(patch.offset, patch.bytes); }));
  THALWEG_RETURN_IF_ERROR(updated->Sync());
  THALWEG_RETURN_IF_ERROR(updated->Close());
  report.append_undone = undone;
  return report;
}

Result<RepairReport> Repair(const std::string& archive, const std::string& output, bool force,
                            const RunSettings& run) {
  return RepairOn(io::LocalFileSystem(), archive, output, force, run);
}

}  // namespace thalweg::archive

#include <utility>

#include "archive/opened_archive.h"
#include "archive/operations.h"
#include "archive/reencrypt.h"
#include "io/local_file_system.h"
#include "io/updatable_file.h"
#include "thalweg/archive/archive.h"

namespace thalweg::archive {
namespace {

// Writes a slot so that at every moment it is empty, pending or whole: the first sector, which
// says what it is, changes by itself.
class SlotWriter {
 public:
  SlotWriter(io::UpdatableFile& file, const FixedHeader& header) : file_(file), header_(header) {}

  Status Write(int slot, std::string_view bytes) {
    const int64_t at = kSlotsOffset + int64_t{slot} * header_.slot_bytes;
    const auto sector = static_cast<size_t>(kSectorBytes);
    THALWEG_RETURN_IF_ERROR(Put(at, PendingSector()));
    THALWEG_RETURN_IF_ERROR(Put(at + kSectorBytes, bytes.substr(sector)));
    return Put(at, bytes.substr(0, sector));
  }

 private:
  Status Put(int64_t at, std::string_view bytes) {
    THALWEG_RETURN_IF_ERROR(file_.WriteAt(at, bytes));
    return file_.Sync();
  }

  io::UpdatableFile& file_;
  const FixedHeader& header_;
};

Status RekeyStanzas(io::FileSystem& fs, const std::string& path, const RekeyOptions& options) {
  THALWEG_ASSIGN_OR_RETURN(const auto lock, fs.Lock(path));
  THALWEG_ASSIGN_OR_RETURN(auto random, fs.OpenRandom(path));
  FileBytes bytes(std::move(random));
  THALWEG_ASSIGN_OR_RETURN(const auto head, ReadHead(bytes));
  const FixedHeader& header = head->header;
  if (header.cipher == Cipher::kNone) {
    return Status::InvalidArgument("rekey: a plain archive has no keys; rekey it in full");
  }
  THALWEG_ASSIGN_OR_RETURN(const ArchiveKeys keys,
                           Unlock(header, head->slots, options.identities, options.limits.kdf));
  const int current = head->slots.current().value_or(0);
  const uint64_t sequence = head->slots.slots[current].sequence + 1;
  THALWEG_ASSIGN_OR_RETURN(const std::string slot,
                           EncodeSlot(header, keys, sequence, options.recipients));
  THALWEG_ASSIGN_OR_RETURN(const auto file, io::OpenForUpdate(fs, path));
  SlotWriter writer(*file, header);
  THALWEG_RETURN_IF_ERROR(writer.Write(1 - current, slot));
  // Who is no recipient any more must not find his stanza in the old slot.
  THALWEG_RETURN_IF_ERROR(writer.Write(current, std::string(header.slot_bytes, '\0')));
  return file->Close();
}

}  // namespace

Status RekeyOn(io::FileSystem& fs, const std::string& path, const RekeyOptions& options) {
  if (options.recipients.empty() && options.cipher != Cipher::kNone) {
    return Status::InvalidArgument("rekey: nobody could open the archive: give a recipient");
  }
  const Status done = options.full ? Reencrypt(fs, path, options) : RekeyStanzas(fs, path, options);
  return done.WithContext("'" + path + "'");
}

Status Rekey(const std::string& archive, const RekeyOptions& options) {
  return RekeyOn(io::LocalFileSystem(), archive, options);
}

}  // namespace thalweg::archive

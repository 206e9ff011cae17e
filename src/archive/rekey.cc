#include <memory>
#include <utility>
#include <vector>

#include "archive/key_copy.h"
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

// The copies of the key slots that stand with the parity, in the archive and beside it.
class KeyCopies {
 public:
  static Result<KeyCopies> Find(io::FileSystem& fs, const std::string& path, ByteReader& bytes,
                                const ArchiveHead& head) {
    KeyCopies found(head.header);
    char footer_bytes[kFooterBytes];
    const int64_t at = head.file_bytes - kFooterBytes;
    THALWEG_RETURN_IF_ERROR(ReadExactly(bytes, at, footer_bytes));
    THALWEG_ASSIGN_OR_RETURN(
        const Footer footer,
        Footer::Decode({footer_bytes, sizeof(footer_bytes)}, head.header, head.file_bytes));
    if (footer.parity_offset > 0) {
      THALWEG_RETURN_IF_ERROR(found.Add(fs, path, bytes, footer.parity_offset, footer.offset));
    }
    const std::string beside = path + ".par";
    THALWEG_ASSIGN_OR_RETURN(const bool exists, io::Exists(fs, beside));
    if (!exists) return found;
    THALWEG_ASSIGN_OR_RETURN(auto random, fs.OpenRandom(beside));
    FileBytes parity(std::move(random));
    THALWEG_ASSIGN_OR_RETURN(const int64_t size, parity.Size());
    // Behind the frame's head and what marks a descriptor: whose it is.
    std::string whose(static_cast<size_t>(kFixedHeaderBytes), '\0');
    const auto n = parity.ReadAt(16, whose);
    if (n.ok() && whose == head.header.Encode()) {
      THALWEG_RETURN_IF_ERROR(found.Add(fs, beside, parity, 0, size));
    }
    return found;
  }

  Status Wipe() {
    for (const Copy& copy : copies_) {
      THALWEG_RETURN_IF_ERROR(WipeKeyCopy(*copy.file, copy.offset, header_));
    }
    return {};
  }
  Status Write(std::string_view slots) {
    for (const Copy& copy : copies_) {
      THALWEG_RETURN_IF_ERROR(WriteKeyCopy(*copy.file, copy.offset, header_, slots));
      THALWEG_RETURN_IF_ERROR(copy.file->Close());
    }
    return {};
  }

 private:
  struct Copy {
    std::unique_ptr<io::UpdatableFile> file;
    int64_t offset = 0;
  };

  explicit KeyCopies(const FixedHeader& header) : header_(header) {}
  Status Add(io::FileSystem& fs, const std::string& path, ByteReader& bytes, int64_t section,
             int64_t end) {
    THALWEG_ASSIGN_OR_RETURN(const auto offset, FindKeyCopy(bytes, section, end, header_));
    if (!offset) return {};
    THALWEG_ASSIGN_OR_RETURN(auto file, io::OpenForUpdate(fs, path));
    copies_.push_back({std::move(file), *offset});
    return {};
  }

  FixedHeader header_;
  std::vector<Copy> copies_;
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
  // A copy that is older than the slots would bring back who is shut out now.
  THALWEG_ASSIGN_OR_RETURN(KeyCopies copies, KeyCopies::Find(fs, path, bytes, *head));
  THALWEG_RETURN_IF_ERROR(copies.Wipe());
  SlotWriter writer(*file, header);
  THALWEG_RETURN_IF_ERROR(writer.Write(1 - current, slot));
  // Who is no recipient any more must not find his stanza in the old slot.
  THALWEG_RETURN_IF_ERROR(writer.Write(current, std::string(header.slot_bytes, '\0')));
  THALWEG_RETURN_IF_ERROR(file->Close());
  const std::string empty(header.slot_bytes, '\0');
  return copies.Write(current == 0 ? empty + slot : slot + empty);
}

}  // namespace

Status RekeyOn(io::FileSystem& fs, const std::string& path, const RekeyOptions& options) {
  if (options.recipients.empty() && options.cipher != Cipher::kNone) {
    return Status::InvalidArgument("rekey: nobody could open the archive: give a recipient");
  }
  if (options.checkpoint_bytes < 1) {
    return Status::InvalidArgument("checkpoint_bytes must be positive");
  }
  const Status done = options.full ? Reencrypt(fs, path, options) : RekeyStanzas(fs, path, options);
  return done.WithContext("'" + path + "'");
}

Status Rekey(const std::string& archive, const RekeyOptions& options) {
  return RekeyOn(io::LocalFileSystem(), archive, options);
}

}  // namespace thalweg::archive

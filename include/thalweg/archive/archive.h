#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "thalweg/archive/keys.h"
#include "thalweg/archive/options.h"
#include "thalweg/export.h"
#include "thalweg/status.h"

namespace thalweg::archive {

enum class EntryType : uint8_t { kFile = 0, kDirectory = 1, kSymlink = 2, kHardLink = 3 };

struct Entry {
  std::string path;  ///< Relative, `/` between names, no `.` or `..`, valid for no system but Unix.
  EntryType type = EntryType::kFile;
  int64_t size = 0;   ///< Of the content as it was, holes included.
  uint32_t mode = 0;  ///< Low 12 bits.
  int64_t modified_unix_nanos = 0;
  bool has_owner = false;
  uint32_t uid = 0;
  uint32_t gid = 0;
  std::string user;  ///< Names of the owner where they were known.
  std::string group;
  std::string link_target;  ///< Of a symlink: its text; of a hard link: the path of the file.
  std::vector<std::pair<std::string, std::string>> xattrs;
  std::optional<std::array<uint8_t, 32>> sha256;
  /// Offset and length of the regions that hold data, where the file has holes. Empty: all of it.
  std::vector<std::pair<int64_t, int64_t>> extents;
  int64_t stream_offset = 0;  ///< Where its stored bytes stand in the content stream.
  int64_t stored_bytes = 0;   ///< How many there are, holes left out.
};

struct OpenLimits {
  int64_t output_bytes_max = INT64_MAX;  ///< Of one extraction.
  int64_t ratio_max = 100'000;           ///< Content over archive, beyond the first 64 MiB.
  int64_t frame_bytes_max = int64_t{128} << 20;
  int64_t index_bytes_max = int64_t{1} << 30;
  int64_t entries_max = 50'000'000;
  KdfLimits kdf;
};

struct OpenOptions {
  std::vector<Identity> identities;
  /// Only an archive signed by this key opens, and every segment that is read is checked against
  /// what was signed.
  std::string signer;
  bool require_encrypted = false;  ///< A plain archive is `unauthenticated`: no downgrade.
  bool recover = false;  ///< Open an archive that was cut off as far as its last checkpoint.
  OpenLimits limits;
  RunSettings run;
};

/// Where an archive's bytes are, when it is not a file. Thread-safe.
class THALWEG_EXPORT ByteReader {
 public:
  virtual ~ByteReader() = default;
  virtual Result<int64_t> Size() = 0;
  /// Fills `out` from `offset`; fewer bytes only where the bytes end.
  virtual Result<size_t> ReadAt(int64_t offset, std::span<char> out) = 0;
};

struct ExtractOptions {
  /// Paths or patterns; a directory with all beneath. Empty: everything.
  std::vector<std::string> entries = {};
  /// When it is not empty: what is chosen has to be one file, and appears under this name, directly
  /// in the target. Directories that are chosen with it are left out.
  std::string rename = {};
  bool force = false;       ///< Replace files that are there.
  bool owners = false;      ///< Restore owners (root only; by default never).
  bool permissions = true;  ///< Restore modes, less set-id and sticky bits.
  bool set_id = false;      ///< Set-user-id, set-group-id and sticky bits too.
  bool times = true;
  bool xattrs = true;      ///< `user.` attributes; others with `owners`.
  bool symlinks = true;    ///< Restore symlinks. They are made last, and never followed.
  bool hard_links = true;  ///< Else each link becomes a copy.
  bool sync = false;       ///< fsync everything before it returns.
};

struct ExtractReport {
  int64_t entries = 0;
  int64_t bytes = 0;
  std::vector<SkippedEntry> skipped;  ///< Not restored in full, and why (owner, xattr, link).
  Report run;
};

struct VerifyReport {
  bool with_key = false;  ///< Every byte was authenticated, not only compared with the tree.
  bool signature_checked = false;
  std::string signer;   ///< Who signed it; empty: nobody.
  int64_t entries = 0;  ///< With a key.
  int64_t segments = 0;
  int64_t bytes = 0;         ///< Of the archive.
  int64_t files_hashed = 0;  ///< Compared with their SHA-256.
  Report run;
};

struct Difference {
  enum class Kind : uint8_t { kOnlyInArchive, kOnlyOnDisk, kType, kSize, kContent, kMetadata };
  Kind kind;
  std::string path;
  std::string detail;
};

struct ArchiveInfo {
  int version = 0;
  std::string archive_id;
  Cipher cipher = Cipher::kNone;
  int64_t bytes = 0;
  int key_stanzas = 0;
  std::vector<std::string> stanza_kinds;  ///< `x25519`, `argon2id`, `scrypt`, `pbkdf2`, …
  uint64_t key_sequence = 0;              ///< Counts rekeys.
  int64_t segments = 0;
  bool has_parity = false;
  int parity_percent = 0;
  std::string signer;           ///< As claimed; `Verify` checks it.
  bool append_pending = false;  ///< An interrupted append stands behind the end.
  // What only a key shows.
  bool opened = false;
  int64_t entries = 0;
  int64_t content_bytes = 0;
  int64_t stored_bytes = 0;  ///< Of frames, compressed.
  int64_t frames = 0;
  std::string stages;
  std::vector<std::string> lossy;  ///< Stages that lost data.
  int64_t created_unix_micros = 0;
  bool recovered = false;  ///< Cut off: this is what its last checkpoint knows.
};

/// An archive that is open for reading. Thread-safe; operations that use the machine may run at
/// the same time.
class THALWEG_EXPORT Archive {
 public:
  /// `unauthenticated` when no identity fits or something was tampered with in a way that a key
  /// shows; `corruption` for what is no archive, is damaged or cut off.
  static Result<std::unique_ptr<Archive>> Open(const std::string& path, OpenOptions options);
  static Result<std::unique_ptr<Archive>> Open(std::shared_ptr<ByteReader> bytes,
                                               OpenOptions options);
  virtual ~Archive() = default;

  virtual const std::vector<Entry>& entries() const = 0;
  /// The index of `path` in `entries`, or nothing.
  virtual std::optional<size_t> Find(std::string_view path) const = 0;
  virtual ArchiveInfo Info() const = 0;

  /// Fills `out` with content of a file (or hard link) from `offset`; fewer bytes only at its end.
  /// Nothing that was not authenticated is ever put into `out`.
  virtual Result<size_t> ReadAt(size_t entry, int64_t offset, std::span<char> out) const = 0;
  /// Gives the content of the entries, one after the other, `length` bytes from `offset` of each.
  virtual Status Write(const std::vector<size_t>& entries, int64_t offset, int64_t length,
                       const WriteFunction& write) const = 0;
  /// Extracts beneath `target`, which is made when it is missing. Files appear under their names
  /// once all of their bytes are authenticated and there.
  virtual Result<ExtractReport> Extract(const std::string& target,
                                        const ExtractOptions& options) const = 0;
  /// Reads and authenticates everything.
  virtual Result<VerifyReport> Verify() const = 0;
  /// What differs between the archive and files on disk, by the rules by which they are named when
  /// sealed. `content` compares bytes as well, else types, sizes and times.
  virtual Result<std::vector<Difference>> Compare(const std::vector<SealInput>& inputs,
                                                  bool content) const = 0;
};

/// Seals `inputs` into a new archive at `output`. It appears under that name complete and durable,
/// or not at all; an interrupted seal leaves `.NAME.part` beside it, for `resume`.
THALWEG_EXPORT Result<SealReport> Seal(const std::vector<SealInput>& inputs,
                                       const std::string& output, const SealOptions& options);
/// Seals to a stream: no parity, no resume. After a failure what was written is no archive.
THALWEG_EXPORT Result<SealReport> SealToStream(const std::vector<SealInput>& inputs,
                                               const WriteFunction& write,
                                               const SealOptions& options);
/// Adds `inputs` behind what is there; a name that is taken hides the older one. Needs an identity;
/// of `options`, stages but not their cipher count. Interrupted, it leaves the archive as it was.
THALWEG_EXPORT Result<SealReport> Append(const std::string& archive,
                                         const std::vector<SealInput>& inputs,
                                         const SealOptions& options);

/// Opens an archive that comes as a stream, and gives the content of its files one after the
/// other. Each piece is authenticated before it is given; the outcome is OK only when nothing was
/// missing.
THALWEG_EXPORT Result<VerifyReport> OpenStream(const ReadFunction& read, const WriteFunction& write,
                                               const OpenOptions& options);

/// Compares an archive with the SHA-256 tree in its trailer, and its signature where `signer` is
/// given. Needs no key; finds damage, and with a signature malice.
THALWEG_EXPORT Result<VerifyReport> VerifyWithoutKey(const std::string& archive,
                                                     const std::string& signer,
                                                     const RunSettings& run);
/// What can be told without a key.
THALWEG_EXPORT Result<ArchiveInfo> ReadInfo(const std::string& archive);

struct RekeyOptions {
  std::vector<Identity> identities;   ///< One of which opens it now.
  std::vector<Recipient> recipients;  ///< Who opens it from now on.
  /// Encrypt the content anew under a new key. Without it only the key stanzas are replaced: those
  /// who knew the key, or have an old copy, can still read it.
  bool full = false;
  std::string output;            ///< For `full`: the new archive; empty: in place of the old one.
  bool resume = false;           ///< For `full`: go on where it was interrupted.
  std::optional<Cipher> cipher;  ///< For `full`: another cipher.
  std::optional<Signer> signer;  ///< For `full`: the old signature does not carry over.
  int64_t checkpoint_bytes = int64_t{256} << 20;  ///< For `full`: content between checkpoints.
  OpenLimits limits;
  RunSettings run;
};
THALWEG_EXPORT Status Rekey(const std::string& archive, const RekeyOptions& options);

struct RepairReport {
  int64_t shards = 0;
  int64_t shards_damaged = 0;
  int64_t shards_corrected = 0;
  int64_t bytes_corrected = 0;
  bool header_corrected = false;
  bool append_undone = false;  ///< What an interrupted append had left was cut off.
};
/// Corrects damage by the parity in the archive, or beside it in `ARCHIVE.par`. `output` empty: in
/// place. `corruption` when there is more damage than parity; nothing is changed then.
THALWEG_EXPORT Result<RepairReport> Repair(const std::string& archive, const std::string& output,
                                           bool force, const RunSettings& run);

}  // namespace thalweg::archive

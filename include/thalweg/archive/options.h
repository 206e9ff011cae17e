#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "thalweg/archive/keys.h"
#include "thalweg/export.h"
#include "thalweg/governor.h"
#include "thalweg/logger.h"
#include "thalweg/metrics.h"
#include "thalweg/report.h"
#include "thalweg/status.h"
#include "thalweg/tuning.h"

namespace thalweg::archive {

enum class Cipher : uint8_t {
  kNone = 0,  ///< Plain: anybody can read it; a SHA-256 tree shows damage, not malice.
  kAes128Gcm = 1,
  kAes192Gcm = 2,
  kAes256Gcm = 3,
  kChaCha20Poly1305 = 4,
  kXChaCha20Poly1305 = 5,
};
/// `none`, `aes-128-gcm`, `aes-192-gcm`, `aes-256-gcm`, `chacha20-poly1305`, `xchacha20-poly1305`.
THALWEG_EXPORT const char* NameOf(Cipher cipher);
THALWEG_EXPORT Result<Cipher> ParseCipher(std::string_view name);
/// AES-256-GCM where the processor has instructions for it, else ChaCha20-Poly1305.
THALWEG_EXPORT Cipher PreferredCipher();

enum class Codec : uint8_t {
  kStore = 0,
  kZstd = 1,
  kLz4 = 2,
  kBrotli = 3,
  kGzip = 4,
  kAuto = 255,  ///< By a sample of the content and `Priority`; never recorded for a frame.
};
THALWEG_EXPORT const char* NameOf(Codec codec);

enum class Priority : uint8_t { kSpeed, kBalanced, kRatio };

/// What happens to content before it is compressed. All but `pii-mask` leave it as it was.
struct Filter {
  enum class Kind : uint8_t {
    kPassthrough,
    kTee,      ///< Also writes the content to the file `text`.
    kDebug,    ///< Counts it under the label `text` in the metrics.
    kPiiMask,  ///< Masks `text` (`email`, `phone`, `ssn`, `card`, `all`, joined by `+`). Lossy.
    kBase64,   ///< Stored as base64 text, given back as it was.
  };
  Kind kind = Kind::kPassthrough;
  std::string text;
};

/// What sealing does to content: `zstd:9,aes-256-gcm,sha256`.
struct THALWEG_EXPORT Stages {
  Codec codec = Codec::kZstd;
  int level = 3;     ///< zstd 1–22, lz4 0–12, brotli 0–11, gzip 0–9.
  int long_log = 0;  ///< zstd: frames and window of 2^`long_log` bytes, 22 to 27; 0: 4 MiB.
  Priority priority = Priority::kBalanced;  ///< For `auto`.
  std::optional<Cipher> cipher;             ///< Unset: `PreferredCipher()`.
  bool sha256 = false;                      ///< Keep the SHA-256 of each file.
  std::vector<Filter> filters;

  /// Names separated by commas: `zstd[:LEVEL[:long=N]]`, `lz4[:LEVEL]`, `brotli[:LEVEL]`,
  /// `gzip[:LEVEL]`, `store`, `auto[:speed|:ratio]`, a cipher's name, `plain`, `sha256`, `base64`,
  /// `passthrough`, `tee:FILE`, `debug:LABEL`, `pii-mask[:WHAT]`. `invalid_argument` names the
  /// stage that is wrong.
  static Result<Stages> Parse(std::string_view text);
  /// The same in one spelling; parsing it gives the same stages.
  std::string ToString() const;
};

/// How far something is. Called from another thread, ten times a second at most, and at the end.
struct ArchiveProgress {
  int64_t bytes_in = 0;     ///< Of content (sealing) or of the archive (reading).
  int64_t bytes_total = 0;  ///< 0: not known.
  int64_t bytes_out = 0;
  int64_t entries = 0;
  double seconds = 0;
};

/// What every operation may be given.
struct RunSettings {
  int workers = 0;                               ///< 0: all cores.
  int64_t memory_bytes_max = int64_t{96} << 20;  ///< For what is in flight.
  Tuning tuning;
  std::function<void(const ArchiveProgress&)> on_progress;
  Governor* governor = nullptr;        ///< Borrowed. Null: the process's.
  MetricsRegistry* metrics = nullptr;  ///< Borrowed. Null: none.
  Logger* logger = nullptr;            ///< Borrowed. Null: none.
  std::stop_token stop;
};

/// Bytes of the content of one input, from front to back; 0 at the end.
using ReadFunction = std::function<Result<size_t>(std::span<char> out)>;
/// Takes all of `data` or fails. A reader that went away is `cancelled`.
using WriteFunction = std::function<Status(std::string_view data)>;

/// What is put into an archive: a path, or content under a name.
struct SealInput {
  std::string path;        ///< File, directory (with all beneath) or link. Empty: `read` gives it.
  std::string name = {};   ///< In the archive; empty: of a path, its last name.
  ReadFunction read = {};  ///< Called from one thread at a time.
  uint32_t permissions = 0644;      ///< For `read`.
  int64_t modified_unix_nanos = 0;  ///< For `read`.
};

struct SealOptions {
  Stages stages;
  std::vector<Recipient> recipients;  ///< Required unless the cipher is `kNone`.
  std::optional<Signer> signer;
  int parity_percent = 0;      ///< 1–100; 0: none. Needs an output that is a file.
  bool parity_beside = false;  ///< In `OUTPUT.par` instead of the archive.
  bool pad = false;  ///< Padmé (PURBs, PoPETs 2019/4): lengths leak less, at most 12 % are added.
  std::vector<std::string> exclude;  ///< Patterns for paths in the archive, or for last names.
  bool metadata = true;              ///< Owners and extended attributes as well.
  bool mask_binary = false;          ///< `pii-mask` may change content that is not text.
  bool force = false;                ///< Replace an archive of that name.
  bool resume = false;               ///< Go on with what an interrupted seal to this path has left.
  std::vector<Identity> identities;  ///< To resume: they unwrap the archive's key.
  bool sync = true;  ///< fsync of the file and its directory. Only for measurements.
  int64_t checkpoint_bytes = int64_t{256} << 20;  ///< Content between checkpoints.
  int frame_bytes = 4 << 20;                      ///< Content of one frame, 64 KiB to 128 MiB.
  RunSettings run;
};

/// An input that did not come along as it should, and why.
struct SkippedEntry {
  std::string path;
  Status reason;
};

struct SealReport {
  int64_t entries = 0;
  int64_t bytes_content = 0;  ///< Read from inputs.
  int64_t bytes_archive = 0;  ///< Of the whole file.
  int64_t frames = 0;
  int64_t frames_stored = 0;  ///< That did not shrink.
  int64_t bytes_resumed = 0;  ///< Of content that was there already.
  int64_t pii_masked = 0;
  std::vector<SkippedEntry> unreadable;
  std::vector<SkippedEntry> changed;  ///< Changed while they were read: sealed as they were read.
  std::string archive_id;             ///< Hexadecimal.
  Report run;                         ///< What the machine did.
  double compress_s = 0;              ///< Summed over lanes.
  double encrypt_s = 0;
  double hash_s = 0;
  double read_s = 0;
  double write_s = 0;
};

}  // namespace thalweg::archive

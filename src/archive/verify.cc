#include <algorithm>
#include <utility>

#include "archive/content_map.h"
#include "archive/frame_run.h"
#include "archive/key_state.h"
#include "archive/operations.h"
#include "archive/parity.h"
#include "archive/reader.h"
#include "io/local_file_system.h"

namespace thalweg::archive {
namespace {

constexpr int64_t kJobBytes = 4 << 20;

// Compares segments with the hashes in the trailer.
class TreeChecker {
 public:
  TreeChecker(ByteReader& bytes, const ArchiveHead& head, const Trailer& trailer)
      : bytes_(bytes), trailer_(trailer) {
    int64_t offset = head.header.body_start();
    for (const SegmentHash& segment : trailer.segments) {
      offsets_.push_back(offset);
      offset += segment.length;
    }
  }

  Report Run(const RunSettings& settings) {
    return RunJobs(offsets_.size(), kJobBytes, settings, "verify", [this] {
      return [this, buffer = std::make_shared<ByteBuffer>()](size_t job) {
        return Check(job, *buffer);
      };
    });
  }

 private:
  Status Check(size_t job, ByteBuffer& buffer) {
    Sha256 hash;
    int64_t left = trailer_.segments[job].length;
    int64_t at = offsets_[job];
    buffer.Reserve(static_cast<size_t>(std::min(left, kJobBytes)));
    while (left > 0) {
      const auto n = static_cast<size_t>(std::min(left, kJobBytes));
      THALWEG_RETURN_IF_ERROR(ReadExactly(bytes_, at, {buffer.data(), n}));
      hash.Update({buffer.data(), n});
      at += static_cast<int64_t>(n);
      left -= static_cast<int64_t>(n);
    }
    if (hash.Finish() == trailer_.segments[job].hash) return {};
    return Status::Corruption("segment " + std::to_string(job) + " at byte " +
                              std::to_string(offsets_[job]) + " is damaged");
  }

  ByteReader& bytes_;
  const Trailer& trailer_;
  std::vector<int64_t> offsets_;
};

Status CheckSlots(const ArchiveHead& head) {
  for (const Slot& slot : head.slots.slots) {
    if (slot.state == SlotState::kPending) {
      return Status::Corruption("a rekey was interrupted: run it again");
    }
  }
  return {};
}

// The SHA-256 of each file that has one, over frames as they come in order.
class FileHasher {
 public:
  explicit FileHasher(const Reader& reader) : reader_(reader) {
    for (size_t i = 0; i < reader.entries().size(); ++i) {
      const IndexEntry& file = reader.table().ContentOf(i);
      if (reader.entries()[i].type == EntryType::kFile && file.entry.sha256) files_.push_back(i);
    }
  }
  bool empty() const { return files_.empty(); }

  Result<int64_t> Check() {
    for (const size_t i : files_) {
      const Entry& entry = reader_.entries()[i];
      Sha256 hash;
      // Holes are no part of what was hashed.
      THALWEG_RETURN_IF_ERROR(HashRegions(i, entry, hash));
      if (hash.Finish() != *entry.sha256) {
        return Status::Corruption("'" + entry.path + "' does not have the SHA-256 that it had");
      }
    }
    return static_cast<int64_t>(files_.size());
  }

 private:
  Status HashRegions(size_t i, const Entry& entry, Sha256& hash) {
    const auto update = [&](std::string_view data) -> Status {
      hash.Update(data);
      return {};
    };
    return reader_.Write({i}, 0, entry.size, update);
  }

  const Reader& reader_;
  std::vector<size_t> files_;
};

}  // namespace

Result<VerifyReport> Reader::Verify() const {
  VerifyReport report;
  const OpenedArchive& archive = *opened_;
  report.with_key = archive.keys.has_value();
  THALWEG_RETURN_IF_ERROR(CheckSlots(*archive.head));
  const size_t segments = archive.places.size();
  report.run = RunJobs(segments, kJobBytes, options_.run, "verify", [&] {
    return [&archive, reader = std::make_shared<FrameReader>(archive)](size_t job) {
      return reader->Check(job);
    };
  });
  THALWEG_RETURN_IF_ERROR(report.run.outcome);
  if (archive.tail) {
    THALWEG_RETURN_IF_ERROR(
        CheckParity(*archive.bytes, *archive.head, archive.tail->footer, options_.run));
    if (archive.tail->trailer.signature) {
      report.signer = SignerText(archive.tail->trailer.signature->key);
      if (!archive.tail->trailer.SignatureFits(archive.head->header_hash)) {
        return Status::Unauthenticated("the archive's signature is not valid");
      }
      report.signature_checked = true;
    }
  }
  FileHasher hasher(*this);
  if (!hasher.empty()) {
    THALWEG_ASSIGN_OR_RETURN(report.files_hashed, hasher.Check());
  }
  report.entries = static_cast<int64_t>(entries().size());
  report.segments = static_cast<int64_t>(segments);
  report.bytes = archive.head->file_bytes;
  return report;
}

Result<VerifyReport> VerifyWithoutKeyOn(io::FileSystem& fs, const std::string& path,
                                        const std::string& signer, const RunSettings& run) {
  THALWEG_ASSIGN_OR_RETURN(auto file, fs.OpenRandom(path));
  FileBytes bytes(std::move(file));
  const auto named = [&](const Status& status) { return status.WithContext("'" + path + "'"); };
  const auto head = ReadHead(bytes);
  if (!head.ok()) return named(head.status());
  THALWEG_RETURN_IF_ERROR(named(CheckSlots(**head)));
  const auto tail = ReadTail(bytes, **head);
  if (!tail.ok()) return named(tail.status());
  VerifyReport report;
  if (!signer.empty()) {
    THALWEG_RETURN_IF_ERROR(named(tail->trailer.CheckSignature((*head)->header_hash, signer)));
    report.signature_checked = true;
  }
  if (tail->trailer.signature) {
    report.signer = SignerText(tail->trailer.signature->key);
    if (!tail->trailer.SignatureFits((*head)->header_hash)) {
      return named(Status::Unauthenticated("the archive's signature is not valid"));
    }
    report.signature_checked = true;
  }
  report.run = TreeChecker(bytes, **head, tail->trailer).Run(run);
  THALWEG_RETURN_IF_ERROR(named(report.run.outcome));
  THALWEG_RETURN_IF_ERROR(named(CheckParity(bytes, **head, tail->footer, run)));
  report.segments = static_cast<int64_t>(tail->trailer.segments.size());
  report.bytes = (*head)->file_bytes;
  return report;
}

Result<VerifyReport> VerifyWithoutKey(const std::string& archive, const std::string& signer,
                                      const RunSettings& run) {
  return VerifyWithoutKeyOn(io::LocalFileSystem(), archive, signer, run);
}

}  // namespace thalweg::archive

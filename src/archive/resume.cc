#include "archive/resume.h"

#include <memory>
#include <unordered_map>
#include <utility>

#include "archive/body_scan.h"
#include "archive/frame_run.h"
#include "archive/opened_archive.h"

namespace thalweg::archive {
namespace {

// What was not synced before the machine went down may be anything, so each segment is read again.
Status CheckSegments(OpenedArchive& archive, const SegmentRecord& last, const RunSettings& run,
                     std::vector<SegmentHash>* hashes) {
  archive.index.segments.push_back(last);
  THALWEG_RETURN_IF_ERROR(PlaceSegments(archive));
  hashes->resize(archive.places.size());
  const Report report = RunJobs(archive.places.size(), 4 << 20, run, "check", [&] {
    auto reader = std::make_shared<SegmentReader>(*archive.bytes, archive.scheme_or_null());
    return [&archive, hashes, reader](size_t job) -> Status {
      THALWEG_RETURN_IF_ERROR(reader->Read(archive.places[job]).status());
      (*hashes)[job] = {.length = archive.places[job].length, .hash = HashOf({reader->segment()})};
      return {};
    };
  });
  return report.outcome;
}

bool Unchanged(const InputItem& item, const Entry& entry) {
  return item.entry.type == entry.type &&
         item.entry.modified_unix_nanos == entry.modified_unix_nanos &&
         item.entry.link_target == entry.link_target &&
         (item.entry.type != EntryType::kFile || !item.disk_path.empty());
}

}  // namespace

Result<std::optional<Resumption>> ReadPart(io::FileSystem& fs, const std::string& path,
                                           const std::vector<Identity>& identities,
                                           const RunSettings& run) {
  THALWEG_ASSIGN_OR_RETURN(auto file, fs.OpenRandom(path));
  OpenedArchive archive;
  archive.bytes = std::make_shared<FileBytes>(std::move(file));
  auto head = ReadHead(*archive.bytes);
  if (!head.ok() && head.status().code() == StatusCode::kCorruption) {
    return std::optional<Resumption>();
  }
  THALWEG_ASSIGN_OR_RETURN(archive.head, std::move(head));
  const FixedHeader& header = archive.head->header;
  if (header.cipher != Cipher::kNone) {
    THALWEG_ASSIGN_OR_RETURN(archive.keys, Unlock(header, archive.head->slots, identities, {}));
    archive.scheme.emplace(header.cipher, archive.keys->payload_key, archive.head->header_hash);
  }
  THALWEG_ASSIGN_OR_RETURN(
      BodyScan scan, ScanBody(*archive.bytes, *archive.head, archive.scheme_or_null(), {}, true));
  if (!scan.found) return std::optional<Resumption>();
  archive.index = std::move(scan.index);
  Resumption found;
  THALWEG_RETURN_IF_ERROR(CheckSegments(archive, scan.last, run, &found.hashes));
  found.header = header;
  found.index = std::move(archive.index);
  found.keys = std::move(archive.keys);
  found.end = scan.last.offset + scan.last.length;
  found.next_index = scan.next_index;
  found.predecessor = scan.last.commitment;
  return std::optional<Resumption>(std::move(found));
}

Result<std::optional<Resumption>> Resume(io::FileSystem& fs, const std::string& path,
                                         const SealOptions& options) {
  THALWEG_ASSIGN_OR_RETURN(auto found, ReadPart(fs, path, options.identities, options.run));
  const auto& cipher = options.stages.cipher;
  if (found && cipher && *cipher != found->header.cipher) {
    return Status::InvalidArgument("resume: what was begun has another cipher");
  }
  return found;
}

SealStart GoOn(Resumption& resumption, InputTree& tree, BodyWriter::Start& start) {
  Index& index = resumption.index;
  std::unordered_map<std::string_view, const Entry*> sealed;
  for (const IndexEntry& entry : index.entries) sealed[entry.entry.path] = &entry.entry;
  SealStart begin;
  begin.content_bytes = index.content_bytes;
  std::vector<InputItem> left;
  for (InputItem& item : tree.items) {
    const auto found = sealed.find(item.entry.path);
    if (found != sealed.end() && Unchanged(item, *found->second)) continue;
    const bool open = index.open_entry && index.open_entry->entry.path == item.entry.path &&
                      Unchanged(item, index.open_entry->entry);
    if (open && left.empty()) {
      begin.skip = index.open_entry->entry.stored_bytes;
      begin.entry_offset = index.open_entry->entry.stream_offset;
    }
    left.push_back(std::move(item));
  }
  tree.items = std::move(left);
  start.offset = resumption.end;
  start.checkpointed_segments = index.segments.size() - 1;
  start.checkpointed_entries = index.entries.size();
  start.segments = std::move(index.segments);
  start.entries = std::move(index.entries);
  start.hashes = std::move(resumption.hashes);
  start.content_bytes = index.content_bytes;
  start.created_unix_micros = index.created_unix_micros;
  return begin;
}

}  // namespace thalweg::archive

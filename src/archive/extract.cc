#include <algorithm>
#include <map>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <utility>

#include "archive/content_map.h"
#include "archive/frame_run.h"
#include "archive/path_pattern.h"
#include "archive/reader.h"
#include "archive/target_tree.h"

namespace thalweg::archive {
namespace {

// A part of one file in one frame.
struct Piece {
  size_t file = 0;  // Of the plan's files.
  int64_t file_offset = 0;
  size_t begin = 0;
  size_t length = 0;
};

struct PlannedFile {
  const Entry* entry = nullptr;  // Under whose name and attributes it appears.
  const IndexEntry* content = nullptr;
  size_t number = 0;  // In the archive's entries.
  size_t pieces = 0;
};

class Extraction {
 public:
  Extraction(const Reader& reader, const ExtractOptions& options, TargetTree& tree)
      : reader_(reader), options_(options), tree_(tree) {}

  Status Plan() {
    THALWEG_ASSIGN_OR_RETURN(const PathPatterns patterns, PathPatterns::Make(options_.entries));
    std::vector<bool> used(patterns.size(), false);
    const auto& entries = reader_.entries();
    for (size_t i = 0; i < entries.size(); ++i) {
      if (patterns.empty() || patterns.MatchBeneath(entries[i].path, &used)) Choose(i);
    }
    for (size_t i = 0; i < used.size(); ++i) {
      if (!used[i]) return Status::NotFound("no entry is named '" + options_.entries[i] + "'");
    }
    if (!options_.rename.empty()) THALWEG_RETURN_IF_ERROR(RenameOnly());
    THALWEG_RETURN_IF_ERROR(reader_.CheckOutput(stored_));
    PlanFrames();
    return {};
  }

  Status Run(Report* run) {
    for (const std::string& path : parents_) THALWEG_RETURN_IF_ERROR(tree_.MakeDirectory(path));
    for (const Entry* entry : directories_) {
      THALWEG_RETURN_IF_ERROR(tree_.MakeDirectory(entry->path));
    }
    *run =
        RunFrames(reader_.opened(), frames_, reader_.options().run, "extract",
                  [this](size_t job, std::string_view content) { return Take(job, content); }, {});
    THALWEG_RETURN_IF_ERROR(run->outcome);
    for (PlannedFile& file : files_) {
      if (file.pieces == 0) THALWEG_RETURN_IF_ERROR(WriteWhole(file));
    }
    for (const auto& [existing, path] : hard_links_) {
      THALWEG_RETURN_IF_ERROR(tree_.MakeHardLink(*existing, *path));
    }
    for (const Entry* link : symlinks_) THALWEG_RETURN_IF_ERROR(tree_.MakeSymlink(*link));
    // What is inside a directory changes its time, so the innermost come first.
    std::sort(directories_.begin(), directories_.end(),
              [](const Entry* a, const Entry* b) { return a->path > b->path; });
    for (const Entry* entry : directories_) THALWEG_RETURN_IF_ERROR(tree_.FinishDirectory(*entry));
    return {};
  }

  int64_t entries() const { return entries_; }
  int64_t bytes() const { return bytes_; }
  std::vector<SkippedEntry>& skipped() { return skipped_; }

 private:
  void Choose(size_t i) {
    const Entry& entry = reader_.entries()[i];
    const size_t slash = entry.path.rfind('/');
    if (slash != std::string::npos) AddParent(entry.path.substr(0, slash));
    if (entry.type == EntryType::kSymlink) {
      if (!options_.symlinks) {
        skipped_.push_back({entry.path, Status::Unsupported("symlinks are not restored")});
        return;
      }
      symlinks_.push_back(&entry);
    } else if (entry.type == EntryType::kDirectory) {
      directories_.push_back(&entry);
    } else {
      ChooseFile(i);
    }
    ++entries_;
  }

  // Nothing but the one file, under another name.
  Status RenameOnly() {
    if (files_.size() != 1 || !symlinks_.empty()) {
      return Status::InvalidArgument(std::to_string(files_.size() + symlinks_.size()) +
                                     " files do not fit into one\nhint: name one entry");
    }
    if (options_.rename.find('/') != std::string::npos) {
      return Status::InvalidArgument("extract: '" + options_.rename + "': not a name");
    }
    parents_.clear();
    directories_.clear();
    hard_links_.clear();
    entries_ = 1;
    renamed_ = *files_[0].entry;
    renamed_.path = options_.rename;
    files_[0].entry = &renamed_;
    return {};
  }

  void AddParent(std::string path) {
    if (!parents_.empty() && parents_.back() == path) return;
    parents_.push_back(std::move(path));
  }

  void ChooseFile(size_t i) {
    const Entry& entry = reader_.entries()[i];
    const size_t file = reader_.table().FileOf(i);
    const auto [first, fresh] = first_names_.try_emplace(file, &entry.path);
    if (!fresh && options_.hard_links) {
      hard_links_.emplace_back(first->second, &entry.path);
      return;
    }
    const IndexEntry& content = reader_.table().ContentOf(i);
    bytes_ += content.entry.size;
    stored_ += content.entry.stored_bytes;  // Holes take no room.
    files_.push_back({.entry = &entry, .content = &content, .number = i});
  }

  // Files in the order of their content; each frame once, with all that is wanted of it.
  void PlanFrames() {
    std::stable_sort(files_.begin(), files_.end(), [](const auto& a, const auto& b) {
      return a.content->entry.stream_offset < b.content->entry.stream_offset;
    });
    const OpenedArchive& archive = reader_.opened();
    std::map<size_t, std::vector<Piece>> by_frame;
    for (size_t f = 0; f < files_.size(); ++f) {
      const IndexEntry& content = *files_[f].content;
      if (content.base64) continue;
      for (ContentRun run : RunsOf(content.entry, 0, content.entry.size)) {
        while (run.length > 0) {
          const size_t frame = FrameAt(archive, run.stream_offset);
          const int64_t inside = run.stream_offset - archive.frame_offsets[frame];
          const int64_t n =
              std::min(archive.frame_offsets[frame + 1] - run.stream_offset, run.length);
          by_frame[frame].push_back(
              {f, run.file_offset, static_cast<size_t>(inside), static_cast<size_t>(n)});
          ++files_[f].pieces;
          run.file_offset += n;
          run.stream_offset += n;
          run.length -= n;
        }
      }
    }
    for (auto& [frame, pieces] : by_frame) {
      frames_.push_back(frame);
      pieces_.push_back(std::move(pieces));
    }
  }

  Status Take(size_t job, std::string_view content) {
    for (const Piece& piece : pieces_[job]) {
      const std::string_view data = content.substr(piece.begin, piece.length);
      if (files_[piece.file].pieces == 1) {
        THALWEG_ASSIGN_OR_RETURN(const auto file, Create(files_[piece.file]));
        THALWEG_RETURN_IF_ERROR(file->WriteAt(piece.file_offset, data));
        THALWEG_RETURN_IF_ERROR(file->Finish(*files_[piece.file].entry));
        continue;
      }
      THALWEG_RETURN_IF_ERROR(TakeShared(piece, data));
    }
    return {};
  }

  // Frames of one file come in any order and from several lanes.
  Status TakeShared(const Piece& piece, std::string_view data) {
    PlannedFile& planned = files_[piece.file];
    std::shared_ptr<Shared> shared;
    {
      std::scoped_lock lock(mutex_);
      std::shared_ptr<Shared>& place = shared_[piece.file];
      if (place == nullptr) {
        // What could not be made must not stay: another lane would take it for a file.
        THALWEG_ASSIGN_OR_RETURN(auto file, Create(planned));
        place = std::make_shared<Shared>();
        place->file = std::move(file);
        place->pieces_left = planned.pieces;
      }
      shared = place;
    }
    THALWEG_RETURN_IF_ERROR(shared->file->WriteAt(piece.file_offset, data));
    {
      std::scoped_lock lock(mutex_);
      if (--shared->pieces_left > 0) return {};
      shared_.erase(piece.file);
    }
    return shared->file->Finish(*planned.entry);
  }

  Result<std::unique_ptr<TargetTree::NewFile>> Create(const PlannedFile& planned) {
    THALWEG_ASSIGN_OR_RETURN(auto file, tree_.CreateFile(planned.entry->path));
    const Entry& content = planned.content->entry;
    if (content.stored_bytes != content.size) {
      THALWEG_RETURN_IF_ERROR(file->SetSize(content.size));
    } else if (planned.pieces > 1) {
      THALWEG_RETURN_IF_ERROR(file->Reserve(content.size));
    }
    return file;
  }

  // Empty files, holes only, and those whose bytes stand otherwise in the archive.
  Status WriteWhole(const PlannedFile& planned) {
    THALWEG_ASSIGN_OR_RETURN(const auto file, tree_.CreateFile(planned.entry->path));
    const Entry& content = planned.content->entry;
    THALWEG_RETURN_IF_ERROR(file->SetSize(content.size));
    if (planned.content->base64) {
      int64_t at = 0;
      THALWEG_RETURN_IF_ERROR(
          reader_.Write({planned.number}, 0, content.size, [&](std::string_view data) {
            const int64_t offset = std::exchange(at, at + static_cast<int64_t>(data.size()));
            return file->WriteAt(offset, data);
          }));
    }
    return file->Finish(*planned.entry);
  }

  struct Shared {
    std::unique_ptr<TargetTree::NewFile> file;
    size_t pieces_left = 0;
  };

  const Reader& reader_;
  const ExtractOptions& options_;
  TargetTree& tree_;
  std::vector<std::string> parents_;
  std::vector<const Entry*> directories_;
  std::vector<const Entry*> symlinks_;
  std::vector<std::pair<const std::string*, const std::string*>> hard_links_;
  std::unordered_map<size_t, const std::string*> first_names_;
  std::vector<PlannedFile> files_;
  Entry renamed_;
  std::vector<size_t> frames_;
  std::vector<std::vector<Piece>> pieces_;
  std::mutex mutex_;
  std::unordered_map<size_t, std::shared_ptr<Shared>> shared_;
  int64_t entries_ = 0;
  int64_t bytes_ = 0;
  int64_t stored_ = 0;
  std::vector<SkippedEntry> skipped_;
};

}  // namespace

Result<ExtractReport> Reader::Extract(const std::string& target,
                                      const ExtractOptions& options) const {
  THALWEG_ASSIGN_OR_RETURN(const auto tree, TargetTree::Open(target, options));
  ExtractReport report;
  {
    Extraction extraction(*this, options, *tree);
    THALWEG_RETURN_IF_ERROR(extraction.Plan());
    const Status done = extraction.Run(&report.run);
    if (done.ok()) {
      report.entries = extraction.entries();
      report.bytes = extraction.bytes();
      report.skipped = std::move(extraction.skipped());
    } else {
      report.run.outcome = done;
    }
  }
  if (!report.run.outcome.ok()) {
    tree->RollBack();
    return report.run.outcome;
  }
  for (SkippedEntry& skipped : tree->TakeSkipped()) report.skipped.push_back(std::move(skipped));
  return report;
}

}  // namespace thalweg::archive

#include "archive/content_reader.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "io/errno_status.h"
#include "io/local_file_system.h"

namespace thalweg::archive {
namespace {

constexpr size_t kPieceBytes = 256 << 10;

}  // namespace

FilterSet::~FilterSet() = default;

Result<std::unique_ptr<FilterSet>> FilterSet::Make(const SealOptions& options) {
  auto set = std::unique_ptr<FilterSet>(new FilterSet());
  set->metrics_ = options.run.metrics;
  for (const archive::Filter& filter : options.stages.filters) {
    if (filter.kind == Filter::Kind::kPassthrough) continue;
    if (set->base64_) return Status::InvalidArgument("base64 must be the last stage over content");
    if (filter.kind == Filter::Kind::kBase64) {
      set->base64_ = true;
      continue;
    }
    auto& patterns = set->patterns_.emplace_back();
    auto& file = set->files_.emplace_back();
    auto& counts = set->counts_.emplace_back();
    if (filter.kind == Filter::Kind::kPiiMask) {
      THALWEG_ASSIGN_OR_RETURN(patterns, ParsePiiPatterns(filter.text));
      patterns.binary = patterns.binary || options.mask_binary;
    } else if (filter.kind == Filter::Kind::kTee) {
      THALWEG_ASSIGN_OR_RETURN(file, io::LocalFileSystem().OpenForWriting(filter.text, {}));
    } else {
      counts = std::make_unique<DebugCounts>();
      counts->label = filter.text;
    }
    set->filters_.push_back(filter);
  }
  return set;
}

std::vector<std::unique_ptr<ContentStage>> FilterSet::NewSteps() {
  std::vector<std::unique_ptr<ContentStage>> steps;
  for (size_t i = 0; i < filters_.size(); ++i) {
    switch (filters_[i].kind) {
      case Filter::Kind::kPiiMask:
        steps.push_back(MakePiiMask(patterns_[i], &masked_));
        break;
      case Filter::Kind::kTee:
        steps.push_back(MakeTee(files_[i].get()));
        break;
      case Filter::Kind::kDebug:
        steps.push_back(MakeDebug(counts_[i].get()));
        break;
      case Filter::Kind::kPassthrough:
      case Filter::Kind::kBase64:
        break;
    }
  }
  return steps;
}

Status FilterSet::Close() {
  for (const auto& counts : counts_) {
    if (counts == nullptr || metrics_ == nullptr) continue;
    const MetricLabels labels = {{"label", counts->label}};
    metrics_->AddCounter({"archive_debug_bytes", "Content that passed a debug stage."}, labels)
        .Add(counts->bytes);
    metrics_->AddCounter({"archive_debug_pieces", "Pieces that passed a debug stage."}, labels)
        .Add(counts->pieces);
    metrics_->AddCounter({"archive_debug_entries", "Entries that passed a debug stage."}, labels)
        .Add(counts->entries);
  }
  for (auto& file : files_) {
    if (file == nullptr) continue;
    THALWEG_RETURN_IF_ERROR(file->Close());
    file.reset();
  }
  return {};
}

Status ContentReader::Open(const InputItem& item, int64_t skip) {
  Abandon();
  item_ = &item;
  if (sha256_ && !hash_) hash_.emplace();
  steps_ = filters_->NewSteps();
  if (filters_->base64()) base64_ = MakeBase64Encoder(Base64Alphabet::kStandard);
  if (!item.disk_path.empty()) {
    THALWEG_ASSIGN_OR_RETURN(fd_, OpenItem(item));
    if (filters_->empty() && base64_ == nullptr) {
      regions_ = DataRegions(fd_.get(), item.disk_size);
      if (hash_ && !regions_.empty()) HashZeros(regions_.front().first);
    }
    posix_fadvise(fd_.get(), 0, 0, POSIX_FADV_SEQUENTIAL);
  }
  std::string dropped(skip > 0 ? kPieceBytes : 0, '\0');
  while (skip > 0) {
    const size_t wanted = std::min(dropped.size(), static_cast<size_t>(skip));
    THALWEG_ASSIGN_OR_RETURN(const size_t n, Read({dropped.data(), wanted}));
    if (n == 0) return Status::Unavailable("'" + item.disk_path + "': it became shorter");
    skip -= static_cast<int64_t>(n);
  }
  return {};
}

Result<size_t> ContentReader::ReadFile(std::span<char> out) {
  const bool regions = !regions_.empty();
  int64_t offset = position_;
  if (regions) {
    while (region_ < regions_.size() && position_ == regions_[region_].second) {
      HashHole();
      ++region_;
      position_ = 0;
    }
    if (region_ == regions_.size()) return size_t{0};
    offset = regions_[region_].first + position_;
    const auto left = static_cast<size_t>(regions_[region_].second - position_);
    out = out.first(std::min(out.size(), left));
  }
  while (true) {
    const ssize_t n = pread(fd_.get(), out.data(), out.size(), offset);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return io::StatusOfErrno(errno, "read", item_->disk_path);
    if (n == 0 && regions) {
      // The place of what follows is fixed by the regions: a file cut short meanwhile gets zeros.
      std::memset(out.data(), 0, out.size());
      short_region_ = true;
      position_ += static_cast<int64_t>(out.size());
      return out.size();
    }
    position_ += n;
    return static_cast<size_t>(n);
  }
}

// Behind the region that ends here: holes are not stored, but they are part of what is hashed.
void ContentReader::HashHole() {
  if (!hash_) return;
  const auto& [begin, length] = regions_[region_];
  const bool last = region_ + 1 == regions_.size();
  const int64_t until = last ? item_->disk_size : regions_[region_ + 1].first;
  HashZeros(until - (begin + length));
}

void ContentReader::HashZeros(int64_t length) {
  static const std::string zeros(64 << 10, '\0');
  while (length > 0) {
    const auto n = static_cast<size_t>(std::min<int64_t>(length, int64_t{64} << 10));
    hash_->Update(std::string_view(zeros).substr(0, n));
    length -= static_cast<int64_t>(n);
  }
}

Result<size_t> ContentReader::ReadRaw(std::span<char> out) {
  return fd_.valid() ? ReadFile(out) : item_->read(out);
}

void ContentReader::Count(std::string_view content) {
  size_ += static_cast<int64_t>(content.size());
  if (hash_) hash_->Update(content);
}

Status ContentReader::Push(std::string_view piece, bool end) {
  std::string in(piece);
  for (const auto& step : steps_) {
    std::string out;
    if (!in.empty()) THALWEG_RETURN_IF_ERROR(step->Push(in, &out));
    if (end) THALWEG_RETURN_IF_ERROR(step->Finish(&out));
    in = std::move(out);
  }
  Count(in);
  filtered_.clear();
  filtered_at_ = 0;
  if (base64_ == nullptr) {
    filtered_ = std::move(in);
    return {};
  }
  if (!in.empty()) THALWEG_RETURN_IF_ERROR(base64_->Push(in, &filtered_));
  return end ? base64_->Finish(&filtered_) : Status();
}

Result<size_t> ContentReader::ReadFiltered(std::span<char> out) {
  while (filtered_at_ == filtered_.size()) {
    if (raw_ended_) return size_t{0};
    piece_.resize(kPieceBytes);
    THALWEG_ASSIGN_OR_RETURN(const size_t n, ReadRaw(piece_));
    raw_ended_ = n == 0;
    const Status pushed = Push(std::string_view(piece_).substr(0, n), raw_ended_);
    if (!pushed.ok()) return pushed.WithContext("'" + item_->entry.path + "'");
  }
  const size_t n = std::min(out.size(), filtered_.size() - filtered_at_);
  std::memcpy(out.data(), filtered_.data() + filtered_at_, n);
  filtered_at_ += n;
  return n;
}

Result<size_t> ContentReader::Read(std::span<char> out) {
  if (!steps_.empty() || base64_ != nullptr) return ReadFiltered(out);
  THALWEG_ASSIGN_OR_RETURN(const size_t n, ReadRaw(out));
  Count({out.data(), n});
  return n;
}

Result<bool> ContentReader::Finish(IndexEntry* entry) {
  bool changed = short_region_;
  entry->entry.size = size_;
  entry->entry.extents = regions_;
  entry->base64 = base64_ != nullptr;
  if (hash_) entry->entry.sha256 = hash_->Finish();
  if (fd_.valid()) {
    struct stat info{};
    if (fstat(fd_.get(), &info) != 0) return io::StatusOfErrno(errno, "stat", item_->disk_path);
    const int64_t modified = int64_t{info.st_mtim.tv_sec} * 1'000'000'000 + info.st_mtim.tv_nsec;
    changed =
        changed || modified != item_->entry.modified_unix_nanos || info.st_size != item_->disk_size;
    if (!regions_.empty()) entry->entry.size = item_->disk_size;
  }
  Abandon();
  return changed;
}

FileStart ContentReader::start() const {
  const int64_t size = regions_.empty() ? 0 : item_->disk_size;
  return {.base64 = base64_ != nullptr, .size = size, .extents = regions_};
}

void ContentReader::Abandon() {
  item_ = nullptr;
  fd_.Reset();
  regions_.clear();
  region_ = 0;
  position_ = size_ = 0;
  short_region_ = raw_ended_ = false;
  hash_.reset();
  steps_.clear();
  base64_.reset();
  filtered_.clear();
  filtered_at_ = 0;
}

}  // namespace thalweg::archive

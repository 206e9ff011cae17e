#include "archive/given_content.h"

#include <algorithm>
#include <string>

namespace thalweg::archive {
namespace {

Status Contradicts() {
  return Status::Corruption("what a segment says of its files contradicts their content");
}

Status AsAFile(const std::string& what) {
  return Status::Unsupported(what + ": open the archive as a file");
}

}  // namespace

Status GivenContent::Take(std::string_view content, std::vector<FileStart> starts) {
  size_t at = 0;
  for (FileStart& start : starts) {
    THALWEG_RETURN_IF_ERROR(Give(content.substr(at, start.place - at)));
    at = start.place;
    THALWEG_RETURN_IF_ERROR(Begin(std::move(start)));
  }
  return Give(content.substr(at));
}

Status GivenContent::Begin(FileStart file) {
  THALWEG_RETURN_IF_ERROR(End());
  if (static_cast<int64_t>(started_.size()) >= limits_.entries_max) {
    return Status::ResourceExhausted("the archive has more entries than entries_max");
  }
  if (file.base64) base64_ = MakeBase64Decoder(Base64Alphabet::kStandard);
  regions_ = !file.extents.empty();
  region_ = 0;
  in_region_ = in_file_ = 0;
  started_.push_back({stream_, std::move(file)});
  return {};
}

Status GivenContent::End() {
  if (base64_ != nullptr) {
    std::string rest;
    THALWEG_RETURN_IF_ERROR(base64_->Finish(&rest));
    base64_.reset();
  }
  if (!regions_) return {};
  THALWEG_RETURN_IF_ERROR(GiveRegions({}));
  regions_ = false;
  const FileStart& file = started_.back().file;
  if (region_ != file.extents.size()) return Contradicts();
  return WriteZeros(file.size - in_file_);
}

Status GivenContent::Give(std::string_view content) {
  stream_ += static_cast<int64_t>(content.size());
  if (regions_) return GiveRegions(content);
  if (base64_ == nullptr) return Write(content);
  std::string decoded;
  THALWEG_RETURN_IF_ERROR(base64_->Push(content, &decoded));
  return Write(decoded);
}

Status GivenContent::GiveRegions(std::string_view content) {
  const auto& extents = started_.back().file.extents;
  while (region_ < extents.size()) {
    const auto& [begin, length] = extents[region_];
    if (in_region_ == length) {
      // An empty region ends as soon as it begins.
      ++region_;
      in_region_ = 0;
      continue;
    }
    if (content.empty()) return {};
    THALWEG_RETURN_IF_ERROR(WriteZeros(begin + in_region_ - in_file_));
    const auto left = static_cast<size_t>(length - in_region_);
    const std::string_view piece = content.substr(0, std::min(left, content.size()));
    THALWEG_RETURN_IF_ERROR(Write(piece));
    content.remove_prefix(piece.size());
    in_region_ += static_cast<int64_t>(piece.size());
    in_file_ = begin + in_region_;
  }
  return content.empty() ? Status() : Contradicts();
}

Status GivenContent::Write(std::string_view data) {
  if (data.empty()) return {};
  written_ += static_cast<int64_t>(data.size());
  if (written_ > limits_.output_bytes_max) {
    return Status::ResourceExhausted("the content is larger than output_bytes_max");
  }
  return write_(data);
}

Status GivenContent::WriteZeros(int64_t length) {
  static const std::string zeros(1 << 20, '\0');
  if (length > limits_.output_bytes_max - written_) {
    return Status::ResourceExhausted("the content is larger than output_bytes_max");
  }
  while (length > 0) {
    const auto n = std::min(static_cast<size_t>(length), zeros.size());
    THALWEG_RETURN_IF_ERROR(Write(std::string_view(zeros).substr(0, n)));
    length -= static_cast<int64_t>(n);
  }
  return {};
}

Status GivenContent::CompareFile(const IndexEntry& index_entry, size_t* next, bool* as_it_is) {
  const Entry& entry = index_entry.entry;
  const bool one_hole = entry.extents.empty() && entry.stored_bytes == 0 && entry.size > 0;
  const bool plain = !index_entry.base64 && entry.extents.empty() && !one_hole;
  if (*next < started_.size()) {
    const auto& [offset, file] = started_[*next];
    if (offset == entry.stream_offset && file.base64 == index_entry.base64 &&
        file.extents == entry.extents && (file.extents.empty() || file.size == entry.size)) {
      ++*next;
      *as_it_is = plain;
      return {};
    }
  }
  if (plain && (*as_it_is || entry.size == 0)) return {};
  // What follows the last byte of all content had no frame to be named in.
  if (entry.stored_bytes == 0 && entry.stream_offset == stream_ && *next == started_.size()) {
    *as_it_is = plain;
    return WriteZeros(entry.size);
  }
  return AsAFile("'" + entry.path + "' was given as it is stored");
}

Status GivenContent::Finish(const EntryTable& table) {
  THALWEG_RETURN_IF_ERROR(End());
  int64_t at = 0;
  size_t next = 0;
  bool as_it_is = true;
  const auto& all = table.all();
  std::vector<bool> seen(all.size());
  for (size_t i = 0; i < table.entries().size(); ++i) seen[table.FileOf(i)] = true;
  const Entry* hidden = nullptr;
  for (size_t i = 0; i < all.size(); ++i) {
    const Entry& entry = all[i].entry;
    if (entry.type != EntryType::kFile) continue;
    if (entry.stored_bytes > 0 && entry.stream_offset != at) {
      return AsAFile("more was given than the content of the files");
    }
    THALWEG_RETURN_IF_ERROR(CompareFile(all[i], &next, &as_it_is));
    at += entry.stored_bytes;
    if (!seen[i] && entry.size > 0) hidden = &entry;
  }
  if (at != stream_ || next != started_.size()) {
    return AsAFile("more was given than the content of the files");
  }
  if (hidden == nullptr) return {};
  return AsAFile("what was given holds an older '" + hidden->path + "' that a later one hides");
}

}  // namespace thalweg::archive

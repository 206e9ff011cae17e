#include "marc/reject_file.h"

#include <optional>
#include <utility>

#include "io/byte_codec.h"

namespace thalweg::marc {
namespace {

// `rejects.mrc` is `rejects.jsonl` for JSON lines, so that what is mended can be read again.
std::string PathFor(const std::string& path, Format format) {
  const std::optional<Format> named = FormatOfPath(path);
  const std::string_view suffixes = InfoOf(format).suffixes;
  const bool plain = io::CompressionOfPath(path) == io::Compression::kNone;
  if (!named || *named == format || suffixes.empty() || !plain) return path;
  const std::string suffix(suffixes.substr(0, suffixes.find(' ')));
  return path.substr(0, path.rfind('.') + 1) + suffix;
}

}  // namespace

Status RejectFile::Append(std::string_view raw, Format format) {
  std::unique_ptr<OutputFile>& file = files_[format];
  if (file == nullptr) {
    auto made = OutputFile::CreateNumbered(PathFor(path_, format));
    if (!made.ok()) return made.status().WithContext("rejects");
    file = *std::move(made);
  }
  THALWEG_RETURN_IF_ERROR(file->Append(raw));
  const bool lines = format != Format::kIso2709;
  return lines && !raw.ends_with('\n') ? file->Append("\n") : Status();
}

Status RejectFile::Commit() {
  for (const auto& [format, file] : files_) {
    if (Status status = file->Commit(); !status.ok()) return status.WithContext("rejects");
    names_ += (names_.empty() ? "" : ", ") + file->path();
  }
  return {};
}

}  // namespace thalweg::marc

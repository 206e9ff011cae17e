#include "marc/reject_file.h"

#include <utility>

namespace thalweg::marc {
namespace {

// `dir/rejects.mrc` and 2 -> `dir/rejects-2.mrc`.
std::string Numbered(const std::string& path, int number) {
  const size_t slash = path.rfind('/');
  const size_t dot = path.rfind('.');
  const bool suffix = dot != std::string::npos && (slash == std::string::npos || dot > slash + 1);
  const size_t at = suffix ? dot : path.size();
  return path.substr(0, at) + "-" + std::to_string(number) + path.substr(at);
}

}  // namespace

Result<std::unique_ptr<RejectFile>> RejectFile::Create(const std::string& path) {
  constexpr int kNumberMax = 9999;
  for (int number = 1;; ++number) {
    std::string name = number == 1 ? path : Numbered(path, number);
    Result<std::unique_ptr<OutputFile>> file = OutputFile::Create(name, false);
    if (file.ok()) {
      return std::unique_ptr<RejectFile>(new RejectFile(*std::move(file), std::move(name)));
    }
    if (file.status().code() != StatusCode::kAlreadyExists || number == kNumberMax) {
      return file.status().WithContext("rejects");
    }
  }
}

Status RejectFile::Append(std::string_view raw, bool lines) {
  THALWEG_RETURN_IF_ERROR(file_->Append(raw));
  if (lines && !raw.ends_with('\n')) return file_->Append("\n");
  return {};
}

Status RejectFile::Commit() { return file_->Commit(); }

}  // namespace thalweg::marc

// What the subcommands of `thalweg marc` write besides records, and keep meanwhile.

#include <filesystem>
#include <utility>

#include "thalweg/marc.h"

namespace thalweg::cli {

void MarcTextFlags::AddTo(CLI::App& app) {
  app.add_option("-o,--output", output, "File to write; '-': standard output.");
  app.add_flag("--force", force, "Replace a file that is there.");
}

Result<std::unique_ptr<MarcTextOutput>> MarcTextOutput::Create(const std::string& path,
                                                               bool force) {
  auto output = std::make_unique<MarcTextOutput>();
  if (path == "-") return output;
  if (!force && std::filesystem::exists(path)) {
    return Status::AlreadyExists("'" + path + "' exists; --force replaces it");
  }
  output->path_ = path;
  output->part_ = path + ".part";
  output->file_.open(output->part_, std::ios::binary | std::ios::trunc);
  if (!output->file_) return Status::IoError("cannot write '" + output->part_ + "'");
  return output;
}

MarcTextOutput::~MarcTextOutput() {
  std::error_code ignored;
  if (!part_.empty()) std::filesystem::remove(part_, ignored);
}

Result<bool> MarcTextOutput::Append(const std::string& text) {
  if (path_.empty()) return Print(text);
  file_ << text;
  if (!file_) return Status::IoError("cannot write '" + part_ + "'");
  return true;
}

Status MarcTextOutput::Commit() {
  if (path_.empty()) return {};
  file_.close();
  std::error_code error;
  if (file_) std::filesystem::rename(part_, path_, error);
  if (!file_ || error) return Status::IoError("cannot write '" + path_ + "'");
  part_.clear();
  return {};
}

Status WriteMarcText(const MarcTextFlags& flags, const std::string& text) {
  THALWEG_ASSIGN_OR_RETURN(const auto output, MarcTextOutput::Create(flags.output, flags.force));
  THALWEG_RETURN_IF_ERROR(output->Append(text).status());
  return output->Commit();
}

MarcSpool::MarcSpool() : file_(std::tmpfile()) {}

MarcSpool::~MarcSpool() {
  if (file_ != nullptr) std::fclose(file_);
}

Status MarcSpool::Append(std::string_view bytes) {
  if (file_ == nullptr) return Status::IoError("no temporary file can be made");
  // Between reading and writing a file has to be told its place.
  if (std::fseek(file_, 0, SEEK_END) != 0 ||
      std::fwrite(bytes.data(), 1, bytes.size(), file_) != bytes.size()) {
    return Status::IoError("the temporary file cannot be written");
  }
  size_ += static_cast<int64_t>(bytes.size());
  return {};
}

Status MarcSpool::Read(int64_t offset, int64_t size, std::string* out) {
  out->resize(static_cast<size_t>(size));
  if (std::fseek(file_, offset, SEEK_SET) != 0 ||
      std::fread(out->data(), 1, out->size(), file_) != out->size()) {
    return Status::IoError("the temporary file cannot be read");
  }
  return {};
}

}  // namespace thalweg::cli

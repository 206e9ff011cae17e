// What the subcommands of `thalweg marc` write besides records, and keep meanwhile.

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
  THALWEG_ASSIGN_OR_RETURN(output->file_, OutputFile::Create(path, 0666, force));
  return output;
}

Result<bool> MarcTextOutput::Append(const std::string& text) {
  if (file_ == nullptr) return Print(text);
  THALWEG_RETURN_IF_ERROR(file_->Write(text));
  return true;
}

Status MarcTextOutput::Commit() { return file_ != nullptr ? file_->Commit() : Status(); }

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

#include <fnmatch.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "thalweg/archive_command.h"
#include "thalweg/errno_text.h"

namespace thalweg::cli {
namespace {

class DescriptorReader final : public archive::ByteReader {
 public:
  DescriptorReader(int descriptor, int64_t size) : descriptor_(descriptor), size_(size) {}
  Result<int64_t> Size() override { return size_; }
  Result<size_t> ReadAt(int64_t offset, std::span<char> out) override {
    size_t done = 0;
    while (done < out.size()) {
      const ssize_t n = pread(descriptor_, out.data() + done, out.size() - done,
                              offset + static_cast<int64_t>(done));
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) {
        return Status::IoError("standard input: " + ErrnoText(errno));
      }
      if (n == 0) break;
      done += static_cast<size_t>(n);
    }
    return done;
  }

 private:
  const int descriptor_;
  const int64_t size_;
};

bool Matches(const std::string& path, const std::string& name) {
  if (path == name) return true;
  if (path.size() > name.size() && path.starts_with(name) && path[name.size()] == '/') return true;
  if (name.find_first_of("*?[") == std::string::npos) return false;
  return fnmatch(name.c_str(), path.c_str(), FNM_PATHNAME | FNM_LEADING_DIR) == 0;
}

}  // namespace

void OpenFlags::AddTo(CLI::App& app) {
  keys.AddTo(app);
  app.add_option("--signer", signer, "Only if it was signed by this signer (or file with one).");
  app.add_flag("--require-encrypted", require_encrypted, "Refuse a plain archive.");
  app.add_flag("--recover", recover, "Open one that was cut off, up to its last checkpoint.");
  app.add_option("--max-size", size_max, "Refuse more content than this, such as '10 GiB'.");
  app.add_option("--max-ratio", ratio_max, "Refuse content that grows by more than this factor.")
      ->check(CLI::PositiveNumber);
  app.add_option("--max-kdf-memory", kdf_memory_max, "What a passphrase may cost at most (1 GiB).");
}

Result<archive::OpenLimits> OpenFlags::ToLimits() const {
  archive::OpenLimits limits;
  if (!size_max.empty()) {
    THALWEG_ASSIGN_OR_RETURN(limits.output_bytes_max, ParseSize(size_max, "--max-size"));
  }
  if (ratio_max > 0) limits.ratio_max = ratio_max;
  if (!kdf_memory_max.empty()) {
    THALWEG_ASSIGN_OR_RETURN(const int64_t bytes, ParseSize(kdf_memory_max, "--max-kdf-memory"));
    if (bytes > int64_t{64} << 30) {
      return Status::InvalidArgument("--max-kdf-memory: at most 64 GiB");
    }
    limits.kdf.argon2_memory_kib_max = static_cast<uint32_t>(bytes >> 10);
  }
  return limits;
}

Result<archive::OpenOptions> OpenFlags::ToOptions() const {
  archive::OpenOptions options;
  THALWEG_ASSIGN_OR_RETURN(options.signer, LoadSignerText(signer));
  THALWEG_ASSIGN_OR_RETURN(options.limits, ToLimits());
  options.require_encrypted = require_encrypted;
  options.recover = recover;
  return options;
}

std::shared_ptr<archive::ByteReader> SeekableInput() {
  struct stat info{};
  if (fstat(STDIN_FILENO, &info) != 0 || !S_ISREG(info.st_mode)) return nullptr;
  return std::make_shared<DescriptorReader>(STDIN_FILENO, int64_t{info.st_size});
}

Result<std::unique_ptr<archive::Archive>> OpenArchive(const Context& context,
                                                      const std::string& path,
                                                      const OpenFlags& flags,
                                                      archive::RunSettings run) {
  THALWEG_ASSIGN_OR_RETURN(archive::OpenOptions options, flags.ToOptions());
  options.run = std::move(run);
  std::shared_ptr<archive::ByteReader> input;
  if (path == "-") {
    input = SeekableInput();
    if (input == nullptr) {
      return Status::Unsupported(
          "a pipe cannot be read at any place\n"
          "hint: save the archive to a file, or take its contents with: thalweg open - -o -");
    }
    THALWEG_ASSIGN_OR_RETURN(options.identities, flags.keys.Load(context));
    return archive::Archive::Open(std::move(input), std::move(options));
  }
  THALWEG_ASSIGN_OR_RETURN(options.identities, flags.keys.LoadFor(context, path));
  return archive::Archive::Open(path, std::move(options));
}

Result<std::vector<size_t>> SelectEntries(const archive::Archive& archive,
                                          const std::vector<std::string>& names) {
  const auto& entries = archive.entries();
  std::vector<size_t> chosen;
  std::vector<bool> used(names.size(), false);
  for (size_t i = 0; i < entries.size(); ++i) {
    bool wanted = names.empty();
    for (size_t n = 0; n < names.size(); ++n) {
      std::string name = names[n];
      while (name.size() > 1 && name.ends_with('/')) name.pop_back();
      if (!Matches(entries[i].path, name)) continue;
      wanted = used[n] = true;
    }
    if (wanted) chosen.push_back(i);
  }
  for (size_t n = 0; n < names.size(); ++n) {
    if (!used[n]) {
      return Status::NotFound("not in the archive: '" + Printable(names[n]) +
                              "'\nhint: thalweg archive list shows what is");
    }
  }
  return chosen;
}

std::vector<size_t> FilesOf(const archive::Archive& archive, const std::vector<size_t>& entries) {
  std::vector<size_t> files;
  for (const size_t i : entries) {
    const archive::EntryType type = archive.entries()[i].type;
    if (type == archive::EntryType::kFile || type == archive::EntryType::kHardLink) {
      files.push_back(i);
    }
  }
  return files;
}

}  // namespace thalweg::cli

#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "archive/operations.h"
#include "io/local_file_system.h"
#include "testing/status_matchers.h"
#include "testing/temp_dir.h"
#include "thalweg/archive.h"

// What tests of archives share.
namespace thalweg::archive::testing {

inline void WriteText(const std::string& path, std::string_view text) {
  std::filesystem::create_directories(std::filesystem::path(path).parent_path());
  std::ofstream(path, std::ios::binary) << text;
}
inline std::string ReadText(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

/// A whole file of a file system, made durable.
inline void Put(io::FileSystem& fs, const std::string& path, std::string_view bytes) {
  auto file = fs.OpenForWriting(path, {io::WriteMode::kTruncate, 0666, false});
  ASSERT_OK(file);
  ASSERT_OK((*file)->Append(bytes));
  ASSERT_OK((*file)->Sync());
  ASSERT_OK((*file)->Close());
}
inline std::string Get(io::FileSystem& fs, const std::string& path) {
  return io::ReadFile(fs, path, 1 << 30).value_or("");
}

/// Text that compresses to about a third; the same for one seed.
inline std::string SomeText(size_t bytes, uint64_t seed) {
  std::mt19937_64 random(seed);
  std::string text;
  while (text.size() < bytes) {
    text += "line " + std::to_string(random() % 100000) + " of the river\n";
  }
  text.resize(bytes);
  return text;
}
inline std::string Noise(size_t bytes, uint64_t seed) {
  std::mt19937_64 random(seed);
  std::string text(bytes, '\0');
  for (char& c : text) c = static_cast<char>(random());
  return text;
}

inline Secret KeyOf(char fill) { return Secret::CopyOf(std::string(32, fill)); }
inline Recipient RawRecipient(char fill = 'k') { return *Recipient::RawKey(KeyOf(fill)); }
inline Identity RawIdentity(char fill = 'k') { return *Identity::RawKey(KeyOf(fill)); }

/// Sealed for the raw key `k`, or plain, with frames small enough that tests have several.
inline SealOptions SmallOptions(Cipher cipher = Cipher::kAes256Gcm) {
  SealOptions options;
  options.stages.cipher = cipher;
  options.frame_bytes = 64 << 10;
  options.sync = false;
  if (cipher != Cipher::kNone) options.recipients.push_back(RawRecipient());
  return options;
}
inline OpenOptions OpenFor(Cipher cipher = Cipher::kAes256Gcm) {
  OpenOptions options;
  if (cipher != Cipher::kNone) options.identities.push_back(RawIdentity());
  return options;
}

inline SealInput TextInput(std::string name, std::string text) {
  SealInput input;
  input.name = std::move(name);
  auto at = std::make_shared<size_t>(0);
  input.read = [text = std::move(text), at](std::span<char> out) -> Result<size_t> {
    const size_t n = std::min(out.size(), text.size() - *at);
    std::copy_n(text.data() + *at, n, out.data());
    *at += n;
    return n;
  };
  return input;
}

inline std::string SealToText(const std::vector<SealInput>& inputs, const SealOptions& options) {
  std::string bytes;
  const auto report = SealToStream(
      inputs,
      [&](std::string_view part) -> Status {
        bytes += part;
        return {};
      },
      options);
  EXPECT_OK(report);
  return bytes;
}

class TextBytes final : public ByteReader {
 public:
  explicit TextBytes(std::string bytes) : bytes_(std::move(bytes)) {}
  Result<int64_t> Size() override { return static_cast<int64_t>(bytes_.size()); }
  Result<size_t> ReadAt(int64_t offset, std::span<char> out) override {
    const size_t begin = std::min(static_cast<size_t>(offset), bytes_.size());
    const size_t n = std::min(out.size(), bytes_.size() - begin);
    std::copy_n(bytes_.data() + begin, n, out.data());
    return n;
  }

 private:
  std::string bytes_;
};

inline Result<std::unique_ptr<Archive>> OpenText(std::string bytes, OpenOptions options) {
  return Archive::Open(std::make_shared<TextBytes>(std::move(bytes)), std::move(options));
}

/// Content of all files by path, each read and authenticated.
inline Result<std::map<std::string, std::string>> ContentsOf(const Archive& archive) {
  std::map<std::string, std::string> contents;
  for (size_t i = 0; i < archive.entries().size(); ++i) {
    const Entry& entry = archive.entries()[i];
    if (entry.type != EntryType::kFile && entry.type != EntryType::kHardLink) continue;
    std::string& text = contents[entry.path];
    THALWEG_RETURN_IF_ERROR(archive.Write({i}, 0, INT64_MAX, [&](std::string_view part) -> Status {
      text += part;
      return {};
    }));
  }
  return contents;
}

/// Everything under a directory: paths, types, modes, times, content, link targets.
inline std::map<std::string, std::string> TreeOf(const std::string& root) {
  namespace fs = std::filesystem;
  std::map<std::string, std::string> tree;
  for (const auto& entry : fs::recursive_directory_iterator(root)) {
    const std::string path = fs::relative(entry.path(), root).string();
    std::string text;
    if (entry.is_symlink()) {
      text = "link " + fs::read_symlink(entry.path()).string();
    } else {
      text = std::to_string(static_cast<int>(entry.status().permissions())) + " " +
             std::to_string(fs::last_write_time(entry.path()).time_since_epoch().count()) + " ";
      text += entry.is_directory() ? "directory" : ReadText(entry.path().string());
    }
    tree[path] = std::move(text);
  }
  return tree;
}

}  // namespace thalweg::archive::testing

#pragma once

#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <optional>
#include <string>
#include <vector>

// What tests against public vectors share.
namespace thalweg::archive::testing {

namespace fs = std::filesystem;

// Fields of one vector, with those of the section that it stands in. A line without `=` is a field
// without a value, such as FAIL.
using Vector = std::map<std::string, std::string>;

inline std::optional<fs::path> Folder() {
  if (const char* given = std::getenv("THALWEG_VECTORS"); given != nullptr) return given;
  std::error_code error;
  for (const auto& python : fs::directory_iterator(".venv/lib", error)) {
    const fs::path folder = python.path() / "site-packages/cryptography_vectors";
    if (fs::is_directory(folder)) return folder;
  }
  return std::nullopt;
}

inline std::string Trimmed(std::string text) {
  const size_t begin = text.find_first_not_of(" \t\r");
  if (begin == std::string::npos) return "";
  return text.substr(begin, text.find_last_not_of(" \t\r") - begin + 1);
}

inline std::string FromHex(const std::string& hex) {
  std::string bytes;
  for (size_t at = 0; at + 1 < hex.size(); at += 2) {
    bytes.push_back(static_cast<char>(std::stoi(hex.substr(at, 2), nullptr, 16)));
  }
  return bytes;
}

// The vectors of a file; one begins where a field repeats or `first` comes.
inline std::vector<Vector> Load(const fs::path& path, const std::string& first) {
  std::vector<Vector> vectors;
  std::ifstream file(path);
  EXPECT_TRUE(file.is_open()) << path;
  Vector section;
  for (std::string line; std::getline(file, line);) {
    line = Trimmed(line);
    if (line.empty() || line.front() == '#') continue;
    const bool in_section = line.front() == '[';
    if (in_section) line = line.substr(1, line.size() - 2);
    const size_t equals = line.find('=');
    const std::string name = Trimmed(line.substr(0, equals));
    const std::string value = equals == std::string::npos ? "" : Trimmed(line.substr(equals + 1));
    if (in_section) {
      section[name] = value;
      continue;
    }
    if (name == first) vectors.push_back(section);
    if (!vectors.empty()) vectors.back()[name] = value;
  }
  return vectors;
}

inline void PrintCount(const std::string& what, size_t run, size_t of) {
  std::printf("[  VECTORS ] %s: %zu run, %zu not of a kind that is used here\n", what.c_str(), run,
              of - run);
  ::testing::Test::RecordProperty(what, static_cast<int>(run));
}

class PublicVectorsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto folder = Folder();
    if (!folder.has_value()) GTEST_SKIP() << "cryptography-vectors is not installed";
    folder_ = *folder;
  }
  fs::path folder_;
};

}  // namespace thalweg::archive::testing

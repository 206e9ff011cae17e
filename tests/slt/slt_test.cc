// Runs tests/slt/**/*.slt. A file is made of records with an empty line between them:
//
//   # A comment.
//   query [rowsort]            the answer must be these rows; rowsort: in any order
//   SELECT …
//   ----
//   name | name
//   value | value
//
//   error TEXT|TEXT            the statement must fail with a message that holds one of them
//   SELECT …
//
// Every file runs over batch rows {1, 7, 4096} x workers {1, 4}, and answers alike each time. The
// working directory is the repository.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "thalweg/session.h"

namespace thalweg {
namespace {

constexpr char kFolder[] = "tests/slt";

struct Record {
  int line = 0;
  bool fails = false;
  bool any_order = false;
  std::string pattern;
  std::string sql;
  std::vector<std::string> expected;
};

std::vector<Record> ReadRecords(const std::string& path) {
  std::vector<Record> records;
  std::ifstream file(path);
  EXPECT_TRUE(file) << path;
  Record* open = nullptr;
  bool in_rows = false;
  int number = 0;
  for (std::string line; std::getline(file, line);) {
    ++number;
    if (line.empty()) {
      open = nullptr;
    } else if (open == nullptr) {
      if (line[0] == '#') continue;
      Record& record = records.emplace_back();
      record.line = number;
      record.fails = line.starts_with("error ");
      record.any_order = line == "query rowsort";
      EXPECT_TRUE(record.fails || record.any_order || line == "query") << path << ':' << number;
      if (record.fails) record.pattern = line.substr(6);
      open = &record;
      in_rows = false;
    } else if (line == "----") {
      in_rows = true;
    } else if (in_rows) {
      open->expected.push_back(line);
    } else {
      open->sql += line + '\n';
    }
  }
  return records;
}

std::string Trimmed(std::string text) {
  const auto end = text.find_last_not_of(' ');
  text.erase(end == std::string::npos ? 0 : end + 1);
  const auto begin = text.find_first_not_of(' ');
  return begin == std::string::npos ? "" : text.substr(begin);
}

/// The cells of a drawn table: a line of names, then a line a row, ` | ` between the values.
std::vector<std::string> Lines(const QueryResult& result) {
  TextOptions options;
  options.format = TextFormat::kTable;
  options.rows_max = 0;
  options.types = false;
  std::istringstream text(result.ToText(options));
  std::vector<std::string> lines;
  for (std::string drawn; std::getline(text, drawn);) {
    if (!drawn.starts_with('|')) continue;
    std::string line;
    for (size_t at = 1; at < drawn.size();) {
      const size_t bar = std::min(drawn.find('|', at), drawn.size());
      if (at > 1) line += " | ";
      line += Trimmed(drawn.substr(at, bar - at));
      at = bar + 1;
    }
    lines.push_back(line);
  }
  return lines;
}

/// Whether the message holds one of the texts that bars separate.
bool HoldsOne(const std::string& message, const std::string& texts) {
  std::istringstream rest(texts);
  for (std::string text; std::getline(rest, text, '|');) {
    if (message.find(text) != std::string::npos) return true;
  }
  return false;
}

class SltTest : public ::testing::TestWithParam<std::string> {};

void RunFile(const std::string& path, const std::vector<Record>& records,
             const QueryOptions& options) {
  Session session;
  for (const Record& record : records) {
    SCOPED_TRACE(path + ':' + std::to_string(record.line) + "\n" + record.sql);
    std::vector<std::string> lines;
    const Status status = session.Run(record.sql, options, {}, [&](const QueryResult& result) {
      lines = Lines(result);
      return Status();
    });
    if (record.fails) {
      EXPECT_FALSE(status.ok());
      EXPECT_TRUE(HoldsOne(status.message(), record.pattern)) << status.message();
      continue;
    }
    ASSERT_TRUE(status.ok()) << status.message();
    std::vector<std::string> expected = record.expected;
    if (record.any_order && !lines.empty() && !expected.empty()) {
      std::ranges::sort(lines.begin() + 1, lines.end());
      std::ranges::sort(expected.begin() + 1, expected.end());
    }
    EXPECT_EQ(lines, expected);
  }
}

TEST_P(SltTest, AnswersAlikeInAllWays) {
  const std::vector<Record> records = ReadRecords(GetParam());
  ASSERT_FALSE(records.empty());
  for (const int64_t batch_rows : {1, 7, 4096}) {
    for (const int workers : {1, 4}) {
      SCOPED_TRACE("batch rows " + std::to_string(batch_rows) + ", workers " +
                   std::to_string(workers));
      QueryOptions options;
      options.batch_rows = batch_rows;
      options.workers = workers;
      RunFile(GetParam(), records, options);
    }
  }
}

std::vector<std::string> Files() {
  std::vector<std::string> files;
  std::error_code gone;  // ctest runs in the repository; elsewhere there is nothing to run.
  for (const auto& entry : std::filesystem::recursive_directory_iterator(kFolder, gone)) {
    if (entry.path().extension() == ".slt") files.push_back(entry.path().generic_string());
  }
  std::ranges::sort(files);
  return files;
}

std::string NameOf(const ::testing::TestParamInfo<std::string>& file) {
  std::string name = std::filesystem::path(file.param).stem().string();
  std::ranges::replace(name, '-', '_');
  return name;
}

INSTANTIATE_TEST_SUITE_P(Files, SltTest, ::testing::ValuesIn(Files()), NameOf);

}  // namespace
}  // namespace thalweg

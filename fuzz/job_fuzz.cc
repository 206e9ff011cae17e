#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>
#include <vector>

#include "thalweg/job.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

// A job file: its first byte chooses the format. It is refused with a reason or is a job.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static constexpr const char* kFormats[] = {"toml", "yaml", "json", "sql"};
  if (size == 0 || size > (size_t{64} << 10)) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  std::vector<thalweg::Status> problems;
  const auto job = thalweg::Job::Parse(text, kFormats[data[0] % 4], "fuzz", {}, &problems);
  if (job.ok() && !problems.empty()) std::abort();
  if (!job.ok() && job.status().message().empty()) std::abort();
  return 0;
}

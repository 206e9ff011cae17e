#include "io/standard_streams.h"

#include <unistd.h>

#include <utility>

#include "io/descriptor.h"

namespace thalweg::io {

std::unique_ptr<SequentialFile> OpenStandardInput(std::stop_token stop) {
  return MakeDescriptorReader(STDIN_FILENO, false, "standard input", std::move(stop));
}

std::unique_ptr<WritableFile> OpenStandardOutput() {
  return MakeDescriptorWriter(STDOUT_FILENO, false, "standard output");
}

}  // namespace thalweg::io

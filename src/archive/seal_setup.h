#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "archive/operations.h"
#include "archive/seal_graph.h"
#include "io/file_system.h"
#include "thalweg/archive/archive.h"
#include "thalweg/status.h"

// What sealing, going on with it, and appending have in common.
namespace thalweg::archive {

/// Everything that a seal needs besides its output. Stays where it is once it has its scheme.
struct SealSetup {
  InputTree tree;
  NewArchive fresh;
  std::optional<MessageScheme> scheme;
  std::unique_ptr<FilterSet> filters;

  const MessageScheme* scheme_or_null() const { return scheme ? &*scheme : nullptr; }
};

/// Lists the inputs and opens what the filters need.
Result<SealSetup> PrepareSeal(const std::vector<SealInput>& inputs, const std::string& output,
                              const SealOptions& options);
/// From `setup.fresh`.
void MakeScheme(SealSetup& setup);
/// What a body's writer begins with when nothing stands there yet.
BodyWriter::Start StartOfBody(const SealSetup& setup, const SealOptions& options);
/// Runs to the end segment.
Result<SealReport> RunToEnd(SealSetup& setup, const SealOptions& options, BodyWriter& writer,
                            Chain& chain, const SealStart& start);
/// Writes trailer, parity and footer. `written`: the path at which the body can be read back.
Status FinishArchive(BodyWriter& writer, io::FileSystem& fs, const std::string& written,
                     const FixedHeader& header, const std::string& output,
                     const SealOptions& options);

}  // namespace thalweg::archive

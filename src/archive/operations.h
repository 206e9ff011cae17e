#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "archive/header.h"
#include "archive/message.h"
#include "io/file_system.h"
#include "thalweg/archive/archive.h"
#include "thalweg/status.h"

// The public operations over any file system that holds the archives. Inputs and extracted files
// are on the local disk.
namespace thalweg::archive {

Result<SealReport> SealOn(io::FileSystem& fs, const std::vector<SealInput>& inputs,
                          const std::string& output, const SealOptions& options);
Result<std::unique_ptr<Archive>> OpenOn(io::FileSystem& fs, const std::string& path,
                                        OpenOptions options);
Result<SealReport> AppendOn(io::FileSystem& fs, const std::string& path,
                            const std::vector<SealInput>& inputs, const SealOptions& options);
Result<VerifyReport> VerifyWithoutKeyOn(io::FileSystem& fs, const std::string& path,
                                        const std::string& signer, const RunSettings& run);
Result<ArchiveInfo> ReadInfoOn(io::FileSystem& fs, const std::string& path);
Status RekeyOn(io::FileSystem& fs, const std::string& path, const RekeyOptions& options);
Result<RepairReport> RepairOn(io::FileSystem& fs, const std::string& path,
                              const std::string& output, bool force, const RunSettings& run);

/// `invalid_argument` for options that contradict each other or are out of range.
Status CheckSealOptions(const SealOptions& options, bool to_file);

/// What a new archive begins with.
struct NewArchive {
  FixedHeader header;
  std::optional<ArchiveKeys> keys;  // None: plain.
};
Result<NewArchive> MakeNewArchive(Cipher cipher, const std::vector<Recipient>& recipients);

ArchiveInfo InfoOf(ByteReader& bytes, const struct ArchiveHead& head,
                   const struct ArchiveTail* tail);
std::string HexOf(std::string_view bytes);

}  // namespace thalweg::archive

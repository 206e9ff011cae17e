#pragma once

#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "archive/entry_table.h"
#include "archive/opened_archive.h"
#include "thalweg/archive/archive.h"

namespace thalweg::archive {

/// The one implementation of `Archive`.
class Reader final : public Archive {
 public:
  static Result<std::unique_ptr<Reader>> Make(std::unique_ptr<OpenedArchive> opened,
                                              OpenOptions options);

  const std::vector<Entry>& entries() const override { return table_.entries(); }
  std::optional<size_t> Find(std::string_view path) const override { return table_.Find(path); }
  ArchiveInfo Info() const override;
  Result<size_t> ReadAt(size_t entry, int64_t offset, std::span<char> out) const override;
  Status Write(const std::vector<size_t>& entries, int64_t offset, int64_t length,
               const WriteFunction& write) const override;
  Result<ExtractReport> Extract(const std::string& target,
                                const ExtractOptions& options) const override;
  Result<VerifyReport> Verify() const override;
  Result<std::vector<Difference>> Compare(const std::vector<SealInput>& inputs,
                                          bool content) const override;

  const OpenedArchive& opened() const { return *opened_; }
  const EntryTable& table() const { return table_; }
  const OpenOptions& options() const { return options_; }
  /// `resource_exhausted` when that much content is more than the limits allow.
  Status CheckOutput(int64_t content_bytes) const;

 private:
  using Frame = std::shared_ptr<const ByteBuffer>;
  Reader(std::unique_ptr<OpenedArchive> opened, EntryTable table, OpenOptions options)
      : opened_(std::move(opened)), table_(std::move(table)), options_(std::move(options)) {}
  Result<Frame> CachedFrame(size_t frame) const;
  Result<size_t> ReadStored(const Entry& entry, int64_t offset, std::span<char> out) const;
  Result<size_t> ReadBase64(const Entry& entry, int64_t offset, std::span<char> out) const;
  Status WriteSlowly(size_t entry, int64_t offset, int64_t length,
                     const WriteFunction& write) const;

  std::unique_ptr<OpenedArchive> opened_;
  EntryTable table_;
  OpenOptions options_;

  // Frames that were read last, newest first: neighbours are often asked for next.
  mutable std::mutex mutex_;
  mutable std::list<std::pair<size_t, Frame>> cache_;
};

}  // namespace thalweg::archive

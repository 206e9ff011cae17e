// What a power failure leaves of the model.

#include <algorithm>
#include <utility>

#include "testing/faulty_file_system.h"

namespace thalweg::testing {
namespace {

constexpr size_t kSectorBytes = 512;

// Of each sector the old or the new bytes; the length is that of either.
std::string SectorsAfter(const std::string& live, const std::string& durable,
                         std::mt19937_64* random) {
  std::string bytes = (*random)() % 2 == 0 ? live : durable;
  const size_t shared = std::min(live.size(), durable.size());
  for (size_t begin = 0; begin < bytes.size(); begin += kSectorBytes) {
    const size_t end = std::min(bytes.size(), begin + kSectorBytes);
    const bool fresh = (*random)() % 2 == 0;
    if (end <= shared) {
      bytes.replace(begin, end - begin, (fresh ? live : durable), begin, end - begin);
    } else if (!fresh && begin >= durable.size()) {
      std::fill(bytes.begin() + static_cast<ptrdiff_t>(begin),
                bytes.begin() + static_cast<ptrdiff_t>(end), '\0');
    }
  }
  return bytes;
}

}  // namespace

FaultyFileSystem::Names FaultyFileSystem::NamesAfter(Crash crash, std::mt19937_64* random) const {
  if (crash == Crash::kDropUnsyncedBytes) return live_;
  Names names = durable_;
  if (crash == Crash::kDropRandom) {
    for (const Change& change : pending_) {
      if ((*random)() % 2 == 0) Apply(change, &names);
    }
  }
  // A name is reached through its directories only. Those that the model never saw are there.
  std::erase_if(names, [&](const auto& entry) {
    for (std::string dir = io::ParentPath(entry.first); dir != "." && dir != "/";
         dir = io::ParentPath(dir)) {
      const auto found = names.find(dir);
      if (found != names.end()) continue;
      if (live_.contains(dir) || durable_.contains(dir)) return true;
    }
    return false;
  });
  return names;
}

std::string FaultyFileSystem::BytesAfter(const Inode& inode, Crash crash,
                                         std::mt19937_64* random) const {
  if (crash == Crash::kDropUnsyncedNames && !inode.lost) return inode.live;
  if (crash != Crash::kDropRandom) return inode.durable;
  if (inode.updated) return SectorsAfter(inode.live, inode.durable, random);
  if (!inode.live.starts_with(inode.durable) && (*random)() % 2 == 0) return inode.durable;
  const size_t kept = inode.live.starts_with(inode.durable) ? inode.durable.size() : 0;
  std::string bytes = inode.live;
  if ((*random)() % 4 != 0) {
    size_t length = kept + (*random)() % (bytes.size() - kept + 1);
    if (length != bytes.size()) length = std::max(kept, length / kSectorBytes * kSectorBytes);
    bytes.resize(length);
  }
  for (size_t begin = kept; begin < bytes.size();) {
    const size_t end = std::min(bytes.size(), (begin / kSectorBytes + 1) * kSectorBytes);
    if ((*random)() % 4 == 0)
      std::fill(bytes.begin() + static_cast<ptrdiff_t>(begin),
                bytes.begin() + static_cast<ptrdiff_t>(end), '\0');
    begin = end;
  }
  return bytes;
}

Status FaultyFileSystem::PowerFails(Crash crash, uint64_t seed) {
  std::scoped_lock lock(mutex_);
  std::mt19937_64 random(seed);
  Names names = NamesAfter(crash, &random);
  std::map<std::string, std::string> bytes;
  for (auto& [name, inode] : names) {
    std::string content = inode->is_dir ? "" : BytesAfter(*inode, crash, &random);
    bytes[name] = content;
    inode = std::make_shared<Inode>(Inode{inode->is_dir, false, false, content, content});
  }
  ++generation_;
  live_ = durable_ = names;
  pending_.clear();
  return Materialise(names, bytes);
}

Status FaultyFileSystem::Materialise(const Names& names,
                                     const std::map<std::string, std::string>& bytes) {
  for (auto it = touched_.rbegin(); it != touched_.rend(); ++it) {
    const auto found = names.find(it->first);
    const bool stays_dir = found != names.end() && found->second->is_dir;
    if (!stays_dir) THALWEG_RETURN_IF_ERROR(base_.RemoveTree(it->first));
  }
  for (const auto& [name, inode] : names) {
    if (inode->is_dir) {
      THALWEG_RETURN_IF_ERROR(base_.MakeDirs(name));
      continue;
    }
    THALWEG_ASSIGN_OR_RETURN(auto file,
                             base_.OpenForWriting(name, {io::WriteMode::kTruncate, 0666, false}));
    THALWEG_RETURN_IF_ERROR(file->Append(bytes.at(name)));
    THALWEG_RETURN_IF_ERROR(file->Close());
  }
  return {};
}

}  // namespace thalweg::testing

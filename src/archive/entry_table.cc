#include "archive/entry_table.h"

#include <utility>

namespace thalweg::archive {

Result<EntryTable> EntryTable::Make(std::vector<IndexEntry> all) {
  EntryTable table;
  table.all_ = std::move(all);
  // Where the content of each is; a link sees what stood before it.
  std::unordered_map<std::string_view, size_t> latest;
  std::vector<size_t> content(table.all_.size());
  for (size_t i = 0; i < table.all_.size(); ++i) {
    const Entry& entry = table.all_[i].entry;
    content[i] = i;
    if (entry.type == EntryType::kHardLink) {
      const auto found = latest.find(entry.link_target);
      if (found == latest.end() ||
          table.all_[content[found->second]].entry.type != EntryType::kFile) {
        return Status::Corruption("a hard link leads to no file");
      }
      content[i] = content[found->second];
    }
    latest[entry.path] = i;
  }
  for (size_t i = 0; i < table.all_.size(); ++i) {
    const Entry& entry = table.all_[i].entry;
    if (latest.at(entry.path) != i) continue;
    table.entries_.push_back(entry);
    table.content_.push_back(content[i]);
  }
  for (size_t i = 0; i < table.entries_.size(); ++i) {
    if (table.entries_[i].type == EntryType::kHardLink) {
      table.entries_[i].size = table.ContentOf(i).entry.size;
    }
    table.by_path_[table.entries_[i].path] = i;
  }
  return table;
}

std::optional<size_t> EntryTable::Find(std::string_view path) const {
  while (path.ends_with('/')) path.remove_suffix(1);
  while (path.starts_with("./")) path.remove_prefix(2);
  const auto found = by_path_.find(path);
  if (found == by_path_.end()) return {};
  return found->second;
}

}  // namespace thalweg::archive

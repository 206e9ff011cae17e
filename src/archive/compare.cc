#include <algorithm>
#include <cstring>
#include <map>
#include <set>
#include <utility>

#include "archive/content_reader.h"
#include "archive/input_tree.h"
#include "archive/reader.h"

namespace thalweg::archive {
namespace {

constexpr size_t kPieceBytes = 1 << 20;

const char* NameOfType(EntryType type) {
  switch (type) {
    case EntryType::kFile:
    case EntryType::kHardLink:
      return "a file";
    case EntryType::kDirectory:
      return "a directory";
    case EntryType::kSymlink:
      return "a link";
  }
  return "something else";
}

bool SameKind(EntryType a, EntryType b) {
  const auto plain = [](EntryType t) { return t == EntryType::kHardLink ? EntryType::kFile : t; };
  return plain(a) == plain(b);
}

class Comparison {
 public:
  Comparison(const Reader& reader, bool content) : reader_(reader), content_(content) {}

  Status Compare(const InputTree& tree) {
    std::map<std::string_view, const InputItem*> files;
    for (const InputItem& item : tree.items) files[item.entry.path] = &item;
    std::set<std::string_view> seen;
    for (const InputItem& item : tree.items) {
      seen.insert(item.entry.path);
      const auto entry = reader_.Find(item.entry.path);
      if (!entry) {
        Add(Difference::Kind::kOnlyOnDisk, item.entry.path, "");
        continue;
      }
      // A further name of a file has the content of the first one.
      const InputItem* source = &item;
      if (item.entry.type == EntryType::kHardLink) source = files.at(item.entry.link_target);
      THALWEG_RETURN_IF_ERROR(CompareOne(*entry, item, *source));
    }
    for (const Entry& entry : reader_.entries()) {
      if (!seen.contains(entry.path)) Add(Difference::Kind::kOnlyInArchive, entry.path, "");
    }
    return {};
  }

  std::vector<Difference> Take() { return std::move(differences_); }

 private:
  void Add(Difference::Kind kind, const std::string& path, std::string detail) {
    differences_.push_back({kind, path, std::move(detail)});
  }

  Status CompareOne(size_t number, const InputItem& item, const InputItem& source) {
    const Entry& ours = reader_.entries()[number];
    const Entry& theirs = item.entry;
    if (!SameKind(ours.type, theirs.type)) {
      Add(Difference::Kind::kType, ours.path,
          std::string("in the archive ") + NameOfType(ours.type) + ", on disk " +
              NameOfType(theirs.type));
      return {};
    }
    if (ours.type == EntryType::kSymlink && ours.link_target != theirs.link_target) {
      Add(Difference::Kind::kContent, ours.path, "the link leads elsewhere");
    }
    if (source.entry.type == EntryType::kFile) {
      THALWEG_RETURN_IF_ERROR(CompareFile(number, source));
    }
    CompareMetadata(ours, theirs);
    return {};
  }

  Status CompareFile(size_t number, const InputItem& source) {
    const Entry& ours = reader_.entries()[number];
    const int64_t size = reader_.table().ContentOf(number).entry.size;
    if (!source.disk_path.empty() && size != source.disk_size) {
      Add(Difference::Kind::kSize, ours.path,
          "in the archive " + std::to_string(size) + " bytes, on disk " +
              std::to_string(source.disk_size));
      return {};
    }
    if (!content_) return {};
    THALWEG_ASSIGN_OR_RETURN(const bool same, SameContent(number, source));
    if (!same) Add(Difference::Kind::kContent, ours.path, "the content differs");
    return {};
  }

  Result<bool> SameContent(size_t number, const InputItem& source) {
    if (source.disk_path.empty()) {
      return Status::Unsupported("compare: an input that is a stream");
    }
    THALWEG_ASSIGN_OR_RETURN(const io::Descriptor fd, OpenItem(source));
    const auto file = io::MakeDescriptorReader(fd.get(), false, source.disk_path, {});
    std::string piece(kPieceBytes, '\0');
    bool same = true;
    const auto compare = [&](std::string_view data) -> Status {
      while (same && !data.empty()) {
        const size_t wanted = std::min(data.size(), piece.size());
        THALWEG_ASSIGN_OR_RETURN(const size_t n, file->Read({piece.data(), wanted}));
        same = n > 0 && std::memcmp(piece.data(), data.data(), n) == 0;
        data.remove_prefix(n);
      }
      return {};
    };
    const int64_t size = reader_.table().ContentOf(number).entry.size;
    THALWEG_RETURN_IF_ERROR(reader_.Write({number}, 0, size, compare));
    return same;
  }

  void CompareMetadata(const Entry& ours, const Entry& theirs) {
    std::string detail;
    const auto differs = [&detail](const char* what) {
      if (!detail.empty()) detail += ", ";
      detail += what;
    };
    if (ours.mode != theirs.mode) differs("permissions");
    if (ours.modified_unix_nanos != theirs.modified_unix_nanos) differs("time");
    if (ours.has_owner && theirs.has_owner && (ours.uid != theirs.uid || ours.gid != theirs.gid)) {
      differs("owner");
    }
    if (ours.has_owner && theirs.has_owner && ours.xattrs != theirs.xattrs) differs("attributes");
    if (!detail.empty()) Add(Difference::Kind::kMetadata, ours.path, detail);
  }

  const Reader& reader_;
  bool content_;
  std::vector<Difference> differences_;
};

}  // namespace

Result<std::vector<Difference>> Reader::Compare(const std::vector<SealInput>& inputs,
                                                bool content) const {
  THALWEG_ASSIGN_OR_RETURN(const InputTree tree, ListInputs(inputs, {}));
  if (!tree.unreadable.empty()) {
    const SkippedEntry& first = tree.unreadable.front();
    return first.reason.WithContext("compare: '" + first.path + "'");
  }
  Comparison comparison(*this, content);
  THALWEG_RETURN_IF_ERROR(comparison.Compare(tree));
  return comparison.Take();
}

}  // namespace thalweg::archive

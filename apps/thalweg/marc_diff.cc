// `thalweg marc diff A B`: what two inputs do not have in common, by key.

#include <algorithm>
#include <array>
#include <cstdio>
#include <memory>
#include <unordered_map>
#include <utility>

#include "thalweg/marc.h"
#include "thalweg/marc/path.h"

namespace thalweg::cli {
namespace {

// Beyond so many pairs of lines, what differs is not aligned any more.
constexpr size_t kPairsMax = size_t{1} << 22;

struct DiffFlags {
  MarcInputFlags input;
  MarcTextFlags output;
  std::string a;
  std::string b;
  std::string key = "001";
  bool ignore_order = false;
  bool ignore_leader = false;
  bool brief = false;
};

using Lines = std::vector<std::string>;

// The record as lines, in the order in which they are compared. Lengths in the leader follow from
// the rest.
Lines LinesOf(const marc::RecordView& record, const DiffFlags& flags) {
  std::string text;
  marc::AppendMrk(record, &text);
  Lines lines;
  for (size_t at = 0; at < text.size();) {
    const size_t end = text.find('\n', at);
    lines.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  std::string& leader = lines.front();
  leader.replace(6, 5, "     ");
  leader.replace(18, 5, "     ");
  if (flags.ignore_leader) lines.erase(lines.begin());
  if (flags.ignore_order) std::sort(lines.begin(), lines.end());
  return lines;
}

uint64_t HashOf(const Lines& lines) {
  uint64_t hash = 1469598103934665603U;
  for (const std::string& line : lines) {
    hash = (hash ^ std::hash<std::string>{}(line)) * 1099511628211U;
  }
  return hash;
}

// Keys that occur several times are told apart by how often they have occurred.
class Numbering {
 public:
  std::string Of(const std::string& key) {
    const int64_t times = ++times_[key];
    return times == 1 ? key : key + "\x1F" + std::to_string(times);
  }

 private:
  std::unordered_map<std::string, int64_t> times_;
};

std::string Shown(std::string key) {
  const size_t mark = key.find('\x1F');
  if (mark != std::string::npos) key = key.substr(0, mark) + " (" + key.substr(mark + 1) + ")";
  return key;
}

// Calls `take(key, lines)` for each record, in order, until it is false.
template <typename Take>
Result<marc::InputReport> Read(const Context& context, const DiffFlags& flags,
                               const std::string& path, const marc::Path& key, Take take) {
  using Side = std::vector<std::pair<std::string, Lines>>;
  MarcInputFlags input = flags.input;
  input.files = {path};
  THALWEG_ASSIGN_OR_RETURN(marc::InputOptions options, input.ToOptions(false));
  Numbering numbers;
  return ReadMarc(
      context, std::move(options),
      [&](const marc::RecordBatch& batch) -> Result<std::shared_ptr<void>> {
        auto side = std::make_shared<Side>();
        std::string scratch;
        for (const marc::RecordView& record : batch.records) {
          side->emplace_back(std::string(key.First(record, &scratch).value_or("")),
                             LinesOf(record, flags));
        }
        return std::shared_ptr<void>(std::move(side));
      },
      [&](const marc::RecordBatch&, const std::shared_ptr<void>& side) -> Result<bool> {
        for (const auto& [name, lines] : *static_cast<Side*>(side.get())) {
          THALWEG_ASSIGN_OR_RETURN(const bool more, take(numbers.Of(name), lines));
          if (!more) return false;
        }
        return true;
      });
}

void AppendLines(char mark, const Lines& lines, size_t first, size_t end, std::string* text) {
  for (size_t i = first; i < end; ++i) {
    text->append({mark, ' '}).append(lines[i]).push_back('\n');
  }
}

// The lines of both that the other does not have, with marks before them (longest common
// subsequence).
std::string Compare(const Lines& a, const Lines& b, const std::array<char, 2>& marks) {
  size_t same = 0;
  while (same < std::min(a.size(), b.size()) && a[same] == b[same]) ++same;
  size_t a_end = a.size();
  size_t b_end = b.size();
  while (a_end > same && b_end > same && a[a_end - 1] == b[b_end - 1]) {
    --a_end;
    --b_end;
  }
  std::string text;
  const size_t rows = a_end - same;
  const size_t columns = b_end - same;
  if (rows * columns > kPairsMax) {
    AppendLines(marks[0], a, same, a_end, &text);
    AppendLines(marks[1], b, same, b_end, &text);
    return text;
  }
  std::vector<uint32_t> common((rows + 1) * (columns + 1), 0);
  const auto at = [&](size_t i, size_t j) -> uint32_t& { return common[i * (columns + 1) + j]; };
  for (size_t i = rows; i-- > 0;) {
    for (size_t j = columns; j-- > 0;) {
      at(i, j) =
          a[same + i] == b[same + j] ? at(i + 1, j + 1) + 1 : std::max(at(i + 1, j), at(i, j + 1));
    }
  }
  size_t i = 0;
  size_t j = 0;
  while (i < rows || j < columns) {
    if (i < rows && j < columns && a[same + i] == b[same + j]) {
      ++i;
      ++j;
    } else if (j == columns || (i < rows && at(i + 1, j) >= at(i, j + 1))) {
      AppendLines(marks[0], a, same + i, same + i + 1, &text);
      ++i;
    } else {
      AppendLines(marks[1], b, same + j, same + j + 1, &text);
      ++j;
    }
  }
  return text;
}

// Lines of records that differ, until they are shown: on disk.
class Differing {
 public:
  Status Add(const std::string& number, const Lines& lines) {
    std::string text;
    for (const std::string& line : lines) text.append(line).push_back('\n');
    places_[number] = {spool_.size(), static_cast<int64_t>(text.size())};
    return spool_.Append(text);
  }
  Result<Lines> Of(const std::string& number) {
    const auto [offset, size] = places_.at(number);
    std::string text;
    THALWEG_RETURN_IF_ERROR(spool_.Read(offset, size, &text));
    Lines lines;
    for (size_t at = 0; at < text.size();) {
      const size_t end = text.find('\n', at);
      lines.push_back(text.substr(at, end - at));
      at = end + 1;
    }
    return lines;
  }
  bool Has(const std::string& number) const { return places_.contains(number); }
  int64_t size() const { return static_cast<int64_t>(places_.size()); }

 private:
  MarcSpool spool_;
  std::unordered_map<std::string, std::pair<int64_t, int64_t>> places_;
};

// One side is read twice, the other once. First the sums of the one, then the other against them;
// then those records of the one that differ.
class Difference {
 public:
  Difference(const Context& context, const DiffFlags& flags, const marc::Path& key,
             MarcTextOutput* output)
      : context_(context), flags_(flags), key_(key), output_(output) {
    // Standard input can be read once only.
    if (flags.a == "-") {
      std::swap(twice_, once_);
      std::swap(marks_[0], marks_[1]);
      std::swap(only_[0], only_[1]);
    }
  }

  Result<int> Run() {
    if (*twice_ == "-") return Status::InvalidArgument("standard input cannot be both A and B");
    THALWEG_ASSIGN_OR_RETURN(const auto first, Sums());
    THALWEG_ASSIGN_OR_RETURN(const auto second, Against());
    THALWEG_RETURN_IF_ERROR(Show());
    const bool swapped = flags_.a == "-";
    std::fprintf(stderr, "%s changed, %s only in A, %s only in B\n",
                 Grouped(changed_.size()).c_str(), Grouped(swapped ? added_ : removed_).c_str(),
                 Grouped(swapped ? removed_ : added_).c_str());
    if (first.dropped + second.dropped > 0) return 65;
    return changed_.size() == 0 && removed_ == 0 && added_ == 0 ? 0 : 1;
  }

 private:
  struct Entry {
    uint64_t hash = 0;
    bool matched = false;
  };

  Result<marc::InputReport> Sums() {
    return Read(context_, flags_, *twice_, key_,
                [&](const std::string& number, const Lines& lines) -> Result<bool> {
                  sums_[number] = {HashOf(lines), false};
                  return true;
                });
  }
  Result<marc::InputReport> Against() {
    return Read(context_, flags_, *once_, key_,
                [&](const std::string& number, const Lines& lines) -> Result<bool> {
                  const auto found = sums_.find(number);
                  if (found == sums_.end()) {
                    ++added_;
                    only_once_ += only_[1] + Shown(number) + "\n";
                    return true;
                  }
                  found->second.matched = true;
                  if (found->second.hash == HashOf(lines)) return true;
                  THALWEG_RETURN_IF_ERROR(changed_.Add(number, flags_.brief ? Lines() : lines));
                  return true;
                });
  }
  Status Show() {
    const auto take = [&](const std::string& number, const Lines& lines) -> Result<bool> {
      if (!sums_[number].matched) {
        ++removed_;
        return Write(only_[0] + Shown(number) + "\n");
      }
      if (!changed_.Has(number)) return true;
      std::string text = "! " + Shown(number) + "\n";
      if (!flags_.brief) {
        THALWEG_ASSIGN_OR_RETURN(const Lines other, changed_.Of(number));
        text += Compare(lines, other, marks_);
      }
      return Write(text);
    };
    THALWEG_RETURN_IF_ERROR(Read(context_, flags_, *twice_, key_, take).status());
    THALWEG_RETURN_IF_ERROR(Write(only_once_).status());
    return output_->Commit();
  }
  // Counting goes on when the reader of standard output has gone away.
  Result<bool> Write(const std::string& text) {
    if (open_) {
      THALWEG_ASSIGN_OR_RETURN(open_, output_->Append(text));
    }
    return true;
  }

  const Context& context_;
  const DiffFlags& flags_;
  const marc::Path& key_;
  MarcTextOutput* output_;
  const std::string* twice_ = &flags_.a;
  const std::string* once_ = &flags_.b;
  std::array<char, 2> marks_ = {'-', '+'};
  std::array<std::string, 2> only_ = {"< ", "> "};
  std::unordered_map<std::string, Entry> sums_;
  Differing changed_;
  std::string only_once_;
  int64_t added_ = 0;
  int64_t removed_ = 0;
  bool open_ = true;
};

int RunDiff(const Context& context, const DiffFlags& flags) {
  auto key = marc::Path::Compile(flags.key);
  if (!key.ok()) return Fail(context, key.status());
  const auto output = MarcTextOutput::Create(flags.output.output, flags.output.force);
  if (!output.ok()) return Fail(context, output.status());
  const auto status = Difference(context, flags, *key, output->get()).Run();
  return status.ok() ? *status : Fail(context, status.status());
}

}  // namespace

void AddMarcDiff(CLI::App& marc, Context& context) {
  auto flags = std::make_shared<DiffFlags>();
  CLI::App* app = marc.add_subcommand(
      "diff", "Tell what differs between two files, by key; exit status 1 when anything does.");
  app->add_option("a", flags->a, "The one file; '-': standard input.")->required();
  app->add_option("b", flags->b, "The other file, or standard input.")->required();
  flags->input.AddTo(*app, false);
  flags->output.AddTo(*app);
  app->add_option("-k,--key", flags->key, "Path of what names a record.");
  app->add_flag("--ignore-order", flags->ignore_order, "Fields may stand in another order.");
  app->add_flag("--ignore-leader", flags->ignore_leader, "Leaders may differ.");
  app->add_flag("--brief", flags->brief, "Only which records differ.");
  app->callback([&context, flags] {
    context.action = [&context, flags] { return RunDiff(context, *flags); };
  });
}

}  // namespace thalweg::cli

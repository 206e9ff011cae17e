// `thalweg marc diff A B`: what two inputs do not have in common, by key.

#include <algorithm>
#include <cstdio>
#include <map>
#include <memory>
#include <unordered_map>

#include "thalweg/marc.h"
#include "thalweg/marc/path.h"

namespace thalweg::cli {
namespace {

struct DiffFlags {
  MarcInputFlags input;
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

struct Side {
  std::vector<std::pair<std::string, Lines>> records;
};

struct Entry {
  uint64_t hash = 0;
  bool matched = false;
};

uint64_t HashOf(const Lines& lines) {
  uint64_t hash = 1469598103934665603U;
  for (const std::string& line : lines) {
    hash = (hash ^ std::hash<std::string>{}(line)) * 1099511628211U;
  }
  return hash;
}

// Calls `take(key, lines)` for each record, in order.
template <typename Take>
Result<marc::InputReport> Read(const Context& context, const DiffFlags& flags,
                               const std::string& path, const marc::Path& key, Take take) {
  MarcInputFlags input = flags.input;
  input.files = {path};
  THALWEG_ASSIGN_OR_RETURN(const marc::InputOptions options, input.ToOptions(false));
  return marc::ProcessRecords(
      options,
      [&](const marc::RecordBatch& batch) -> Result<std::shared_ptr<void>> {
        auto side = std::make_shared<Side>();
        std::string scratch;
        for (const marc::RecordView& record : batch.records) {
          side->records.emplace_back(std::string(key.First(record, &scratch).value_or("")),
                                     LinesOf(record, flags));
        }
        return std::shared_ptr<void>(std::move(side));
      },
      [&](const marc::RecordBatch&, const std::shared_ptr<void>& side) -> Result<bool> {
        for (auto& [name, lines] : static_cast<Side*>(side.get())->records) take(name, lines);
        return true;
      },
      context.stop);
}

// The lines of both with marks before those that the other does not have (longest common
// subsequence).
std::string Compare(const Lines& a, const Lines& b) {
  std::vector<std::vector<uint32_t>> common(a.size() + 1, std::vector<uint32_t>(b.size() + 1, 0));
  for (size_t i = a.size(); i-- > 0;) {
    for (size_t j = b.size(); j-- > 0;) {
      common[i][j] =
          a[i] == b[j] ? common[i + 1][j + 1] + 1 : std::max(common[i + 1][j], common[i][j + 1]);
    }
  }
  std::string text;
  size_t i = 0;
  size_t j = 0;
  while (i < a.size() || j < b.size()) {
    if (i < a.size() && j < b.size() && a[i] == b[j]) {
      ++i;
      ++j;
    } else if (j == b.size() || (i < a.size() && common[i + 1][j] >= common[i][j + 1])) {
      text += "- " + a[i++] + "\n";
    } else {
      text += "+ " + b[j++] + "\n";
    }
  }
  return text;
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

int RunDiff(const Context& context, const DiffFlags& flags) {
  auto key = marc::Path::Compile(flags.key);
  if (!key.ok()) return Fail(context, key.status());
  // First the sums of A, then B against them; then those records of A that differ.
  std::unordered_map<std::string, Entry> sums;
  Numbering numbers_a;
  auto report = Read(context, flags, flags.a, *key, [&](const std::string& name, const Lines& l) {
    sums[numbers_a.Of(name)] = {HashOf(l), false};
  });
  if (!report.ok()) return Fail(context, report.status());
  std::map<std::string, Lines> changed;
  std::string only_b;
  int64_t added = 0;
  Numbering numbers_b;
  auto second = Read(context, flags, flags.b, *key, [&](const std::string& name, const Lines& l) {
    const std::string number = numbers_b.Of(name);
    const auto found = sums.find(number);
    if (found == sums.end()) {
      ++added;
      only_b += "> " + Shown(number) + "\n";
      return;
    }
    found->second.matched = true;
    if (found->second.hash != HashOf(l)) changed[number] = l;
  });
  if (!second.ok()) return Fail(context, second.status());
  int64_t removed = 0;
  bool open = true;
  Numbering again;
  auto third = Read(context, flags, flags.a, *key, [&](const std::string& name, const Lines& l) {
    const std::string number = again.Of(name);
    if (!sums[number].matched) {
      ++removed;
      open = open && Print("< " + Shown(number) + "\n");
    } else if (const auto found = changed.find(number); found != changed.end()) {
      open = open && Print("! " + Shown(number) + "\n" +
                           (flags.brief ? std::string() : Compare(l, found->second)));
    }
  });
  if (!third.ok()) return Fail(context, third.status());
  Print(only_b);
  std::fprintf(stderr, "%s changed, %s only in A, %s only in B\n",
               Grouped(static_cast<int64_t>(changed.size())).c_str(), Grouped(removed).c_str(),
               Grouped(added).c_str());
  if (report->dropped + second->dropped > 0) return 65;
  return changed.empty() && removed == 0 && added == 0 ? 0 : 1;
}

}  // namespace

void AddMarcDiff(CLI::App& marc, Context& context) {
  auto flags = std::make_shared<DiffFlags>();
  CLI::App* app = marc.add_subcommand(
      "diff", "Tell what differs between two files, by key; exit status 1 when anything does.");
  app->add_option("a", flags->a, "The one file.")->required();
  app->add_option("b", flags->b, "The other file.")->required();
  flags->input.AddTo(*app, false);
  app->add_option("-k,--key", flags->key, "Path of what names a record.");
  app->add_flag("--ignore-order", flags->ignore_order, "Fields may stand in another order.");
  app->add_flag("--ignore-leader", flags->ignore_leader, "Leaders may differ.");
  app->add_flag("--brief", flags->brief, "Only which records differ.");
  app->callback([&context, flags] {
    context.action = [&context, flags] { return RunDiff(context, *flags); };
  });
}

}  // namespace thalweg::cli

#include <unistd.h>

#include <array>
#include <charconv>
#include <cstdio>
#include <ctime>
#include <memory>

#include "thalweg/archive_command.h"

namespace thalweg::cli {
namespace {

using archive::Entry;
using archive::EntryType;

struct ReadFlags {
  std::string archive;
  std::vector<std::string> entries;
  std::string range;
  bool json = false;
  bool null = false;
  bool details = false;
  OpenFlags open;
};

// The bytes that `--range` asks for: from `begin`, or the last `-begin` ones.
struct Range {
  int64_t begin = 0;
  int64_t length = INT64_MAX;
};

// `A-B` with both ends included, `A-` to the end, `-N` the last N bytes: as HTTP has it.
Result<Range> ParseRange(const std::string& text) {
  Range range;
  if (text.empty()) return range;
  const size_t dash = text.find('-');
  const auto number = [](std::string_view digits, int64_t* value) {
    const char* end = digits.data() + digits.size();
    const auto [at, error] = std::from_chars(digits.data(), end, *value);
    return error == std::errc() && at == end && *value >= 0;
  };
  const std::string_view first = std::string_view(text).substr(0, dash);
  const std::string_view last =
      dash == std::string::npos ? std::string_view() : std::string_view(text).substr(dash + 1);
  int64_t begin = 0;
  int64_t end = 0;
  const bool good = dash != std::string::npos && !(first.empty() && last.empty()) &&
                    (first.empty() || number(first, &begin)) &&
                    (last.empty() || number(last, &end));
  if (!good || (!first.empty() && !last.empty() && end < begin)) {
    return Status::InvalidArgument("--range: not A-B, A- or -N: '" + text + "'");
  }
  if (first.empty()) {
    range.begin = -end;
  } else {
    range.begin = begin;
    if (!last.empty()) range.length = end - begin + 1;
  }
  return range;
}

std::string ModeText(const Entry& entry) {
  static constexpr std::string_view kLetters = "rwxrwxrwx";
  std::string text(1, entry.type == EntryType::kDirectory ? 'd'
                      : entry.type == EntryType::kSymlink ? 'l'
                                                          : '-');
  for (size_t bit = 0; bit < kLetters.size(); ++bit) {
    text.push_back((entry.mode >> (8 - bit) & 1) != 0 ? kLetters[bit] : '-');
  }
  if ((entry.mode & 04000) != 0) text[3] = text[3] == 'x' ? 's' : 'S';
  if ((entry.mode & 02000) != 0) text[6] = text[6] == 'x' ? 's' : 'S';
  if ((entry.mode & 01000) != 0) text[9] = text[9] == 'x' ? 't' : 'T';
  return text;
}

std::string TimeText(int64_t unix_nanos, bool utc) {
  const int64_t floor = unix_nanos / 1'000'000'000 - (unix_nanos % 1'000'000'000 < 0 ? 1 : 0);
  const auto seconds = static_cast<time_t>(floor);
  std::tm parts{};
  if ((utc ? gmtime_r(&seconds, &parts) : localtime_r(&seconds, &parts)) == nullptr) return "?";
  std::array<char, 48> text{};
  if (utc) {
    std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%SZ", &parts);
  } else {
    std::strftime(text.data(), text.size(), "%Y-%m-%d %H:%M", &parts);
  }
  return text.data();
}

std::string OwnerText(const Entry& entry) {
  if (!entry.has_owner) return "-";
  const std::string user = entry.user.empty() ? std::to_string(entry.uid) : entry.user;
  const std::string group = entry.group.empty() ? std::to_string(entry.gid) : entry.group;
  return Printable(user + "/" + group);
}

std::string HexText(std::span<const uint8_t> bytes) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  for (const uint8_t byte : bytes) {
    text.push_back(kDigits[byte >> 4]);
    text.push_back(kDigits[byte & 15]);
  }
  return text;
}

const char* TypeText(EntryType type) {
  switch (type) {
    case EntryType::kFile:
      return "file";
    case EntryType::kDirectory:
      return "directory";
    case EntryType::kSymlink:
      return "symlink";
    case EntryType::kHardLink:
      return "hardlink";
  }
  return "?";
}

std::string EntryJson(const Entry& entry) {
  std::string text = "{\"path\":" + JsonText(Printable(entry.path)) + ",\"type\":\"" +
                     TypeText(entry.type) + "\",\"size\":" + std::to_string(entry.size) +
                     ",\"mode\":" + std::to_string(entry.mode) + ",\"modified\":\"" +
                     TimeText(entry.modified_unix_nanos, true) + "\"";
  if (entry.has_owner) {
    text += ",\"uid\":" + std::to_string(entry.uid) + ",\"gid\":" + std::to_string(entry.gid);
  }
  if (!entry.link_target.empty()) {
    text += ",\"target\":" + JsonText(Printable(entry.link_target));
  }
  if (entry.sha256.has_value()) text += ",\"sha256\":\"" + HexText(*entry.sha256) + "\"";
  return text + "}\n";
}

std::string EntryLine(const Context& context, const ReadFlags& flags, const Entry& entry,
                      size_t size_width) {
  if (flags.json) return EntryJson(entry);
  std::string name = context.out_is_terminal || flags.details ? Printable(entry.path) : entry.path;
  if (flags.null) return name + '\0';
  if (!flags.details && context.verbose == 0) return name + "\n";
  if (entry.type == EntryType::kSymlink) name += " -> " + Printable(entry.link_target);
  if (entry.type == EntryType::kHardLink) name += " link to " + Printable(entry.link_target);
  std::string size = std::to_string(entry.size);
  size.insert(0, size_width > size.size() ? size_width - size.size() : 0, ' ');
  return ModeText(entry) + " " + OwnerText(entry) + " " + size + " " +
         TimeText(entry.modified_unix_nanos, false) + " " + name + "\n";
}

int RunList(const Context& context, const ReadFlags& flags) {
  ProtectProcess();
  archive::RunSettings run;
  run.stop = context.stop;
  const auto archive = OpenArchive(context, flags.archive, flags.open, run);
  if (!archive.ok()) return Fail(context, archive.status());
  const auto chosen = SelectEntries(**archive, flags.entries);
  if (!chosen.ok()) return Fail(context, chosen.status());
  const auto& entries = (*archive)->entries();
  int64_t largest = 0;
  for (const size_t i : *chosen) largest = std::max(largest, entries[i].size);
  const size_t width = std::to_string(largest).size();
  std::string text;
  for (const size_t i : *chosen) {
    text += EntryLine(context, flags, entries[i], width);
    if (text.size() < 1 << 16) continue;
    if (!Print(text)) return 0;
    text.clear();
  }
  Print(text);
  if (!(*archive)->Info().recovered) return 0;
  Warn(context, "the archive is cut off: this is what it held up to its last checkpoint");
  return kExitIncomplete;
}

int RunCat(const Context& context, const ReadFlags& flags) {
  const auto range = ParseRange(flags.range);
  if (!range.ok()) return Fail(context, range.status());
  ProtectProcess();
  archive::RunSettings run;
  run.stop = context.stop;
  const auto archive = OpenArchive(context, flags.archive, flags.open, run);
  if (!archive.ok()) return Fail(context, archive.status());
  const auto chosen = SelectEntries(**archive, flags.entries);
  if (!chosen.ok()) return Fail(context, chosen.status());
  const std::vector<size_t> files = FilesOf(**archive, *chosen);
  if (files.empty()) {
    return Fail(context, Status::InvalidArgument("'" + Printable(flags.entries.front()) +
                                                 "' has no content: it is no file"));
  }
  const auto write = [](std::string_view data) { return WriteTo(STDOUT_FILENO, data); };
  for (const size_t file : files) {
    const int64_t size = (*archive)->entries()[file].size;
    const int64_t begin =
        range->begin >= 0 ? range->begin : std::max<int64_t>(0, size + range->begin);
    if (begin >= size) continue;
    const Status status =
        (*archive)->Write({file}, begin, std::min(range->length, size - begin), write);
    if (status.code() == StatusCode::kCancelled && !context.stop.stop_requested()) return 0;
    if (!status.ok()) return Fail(context, status);
  }
  return 0;
}

// Rows of the two forms of `info`.
class InfoText {
 public:
  explicit InfoText(bool json) : json_(json) {}
  void Text(const char* key, const std::string& value) { Add(key, value, JsonText(value)); }
  void Int(const char* key, int64_t value) { Add(key, Grouped(value), std::to_string(value)); }
  void Bool(const char* key, bool value) {
    Add(key, value ? "yes" : "no", value ? "true" : "false");
  }
  std::string Take() { return json_ ? "{" + text_ + "}\n" : text_; }

 private:
  void Add(std::string key, const std::string& text, const std::string& raw) {
    if (json_) {
      text_ += (text_.empty() ? "" : ",") + JsonText(key) + ":" + raw;
      return;
    }
    for (char& c : key) {
      if (c == '_') c = ' ';
    }
    text_ += key + std::string(key.size() < 16 ? 16 - key.size() : 1, ' ') + text + "\n";
  }

  const bool json_;
  std::string text_;
};

std::string Joined(const std::vector<std::string>& texts) {
  std::string out;
  for (const auto& text : texts) out += (out.empty() ? "" : ", ") + text;
  return out;
}

Result<archive::ArchiveInfo> InfoOfArchive(const Context& context, const ReadFlags& flags) {
  if (flags.archive != "-" && !flags.open.keys.any() && !flags.open.recover) {
    THALWEG_ASSIGN_OR_RETURN(archive::ArchiveInfo info, archive::ReadInfo(flags.archive));
    // A plain archive hides nothing, so that it can be opened for the rest.
    if (info.cipher != archive::Cipher::kNone) return info;
  }
  archive::RunSettings run;
  run.stop = context.stop;
  THALWEG_ASSIGN_OR_RETURN(const auto archive,
                           OpenArchive(context, flags.archive, flags.open, run));
  return archive->Info();
}

int RunInfo(const Context& context, const ReadFlags& flags) {
  ProtectProcess();
  const auto info = InfoOfArchive(context, flags);
  if (!info.ok()) return Fail(context, info.status());
  InfoText text(flags.json);
  text.Int("version", info->version);
  text.Text("archive_id", info->archive_id);
  text.Text("cipher", NameOf(info->cipher));
  text.Int("bytes", info->bytes);
  text.Int("segments", info->segments);
  text.Text("keys", Joined(info->stanza_kinds));
  if (info->key_sequence > 0) {
    text.Int("key_changes", static_cast<int64_t>(info->key_sequence) - 1);
  }
  text.Text("signer", info->signer.empty() ? "none" : info->signer);
  text.Int("parity_percent", info->has_parity ? info->parity_percent : 0);
  if (info->append_pending) text.Bool("append_pending", true);
  if (info->opened) {
    text.Int("entries", info->entries);
    text.Int("content_bytes", info->content_bytes);
    text.Int("stored_bytes", info->stored_bytes);
    text.Int("frames", info->frames);
    text.Text("stages", info->stages);
    if (!info->lossy.empty()) text.Text("lossy", Joined(info->lossy));
    text.Text("created", TimeText(info->created_unix_micros * 1000, true));
    if (info->recovered) text.Bool("recovered", true);
  }
  Print(text.Take());
  return 0;
}

template <typename F>
CLI::App* AddReader(CLI::App& archive, Context& context, const char* name, const char* what,
                    std::shared_ptr<ReadFlags> flags, F run) {
  CLI::App* sub = archive.add_subcommand(name, what);
  sub->add_option("archive", flags->archive, "The archive.")->required();
  flags->open.AddTo(*sub);
  sub->callback([&context, flags, run] {
    context.action = [&context, flags, run] { return run(context, *flags); };
  });
  return sub;
}

}  // namespace

void AddArchive(CLI::App& app, Context& context) {
  CLI::App* archive = app.add_subcommand("archive", "Look into sealed archives, and change them.");
  archive->require_subcommand(1);
  auto flags = std::make_shared<ReadFlags>();
  CLI::App* list =
      AddReader(*archive, context, "list", "List what an archive holds.", flags, RunList);
  list->add_option("entry", flags->entries, "Only these: paths, patterns, directories.");
  list->add_flag("-l,--long", flags->details, "Mode, owner, size and time as well.");
  list->add_flag("--json", flags->json, "One JSON object a line.");
  list->add_flag("-0,--null", flags->null, "End names with a zero byte.");
  list->footer("Example: thalweg archive list -l -i key.txt backup.twa 'src/*.h'");

  flags = std::make_shared<ReadFlags>();
  CLI::App* cat = AddReader(*archive, context, "cat", "Print the content of files.", flags, RunCat);
  cat->add_option("entry", flags->entries, "Files: paths, patterns, directories.")->required();
  cat->add_option("--range", flags->range,
                  "Only bytes A-B, counted from 0, both included; also A- and -N.");
  cat->footer("Example: thalweg archive cat -i key.txt backup.twa var/log/syslog --range -4096");

  flags = std::make_shared<ReadFlags>();
  CLI::App* info = AddReader(*archive, context, "info",
                             "Show what an archive is; with a key, what is in it.", flags, RunInfo);
  info->add_flag("--json", flags->json, "As one JSON object.");
  AddArchiveCompare(*archive, context);
  AddArchiveChange(*archive, context);
  AddArchiveProfile(*archive, context);
}

}  // namespace thalweg::cli

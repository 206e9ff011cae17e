#include "marc/detect.h"

#include <algorithm>
#include <string>
#include <utility>

namespace thalweg::marc {
namespace {

constexpr size_t kLookAt = 4096;

bool Contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

constexpr std::string_view kRdf = "http://www.w3.org/1999/02/22-rdf-syntax-ns#";
constexpr std::string_view kBibframe = "http://id.loc.gov/ontologies/bibframe/";

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

Format XmlFormat(std::string_view text) {
  if (Contains(text, "http://www.indexdata.com/turbomarc")) return Format::kTurbomarc;
  if (Contains(text, "http://www.loc.gov/mods/v3")) return Format::kMods;
  if (Contains(text, kRdf) || Contains(text, kBibframe)) return Format::kBibframe;
  return Format::kMarcXml;
}

Format JsonFormat(std::string_view text) {
  if (Contains(text, "\"@context\"") || Contains(text, kBibframe)) return Format::kBibframeJsonLd;
  if (text[0] == '{') return Format::kJsonLines;
  if (Contains(text.substr(0, 512), "\"fields\"")) return Format::kMarcInJson;
  const size_t subfields = text.find("\"subfields\"");
  if (subfields != std::string_view::npos) {
    const size_t value = text.find_first_of("[{", subfields);
    if (value != std::string_view::npos) {
      return text[value] == '{' ? Format::kNativeJson : Format::kMarcJson;
    }
  }
  return Format::kMarcInJson;
}

// A line `<…> <…> … .`, or a blank node's.
bool IsNTriples(std::string_view text) {
  const std::string_view line = text.substr(0, text.find('\n'));
  if (!line.starts_with('<') && !line.starts_with("_:")) return false;
  const size_t space = line.find(' ');
  return space != std::string_view::npos && line.substr(space + 1).starts_with("<http") &&
         line.find_last_of('.') > space;
}

// Directives come first; keywords of SPARQL may stand in their place.
bool IsTurtle(std::string_view text) {
  const bool directive = text.starts_with("@prefix") || text.starts_with("@base") ||
                         text.starts_with("PREFIX ") || text.starts_with("BASE ");
  return directive || (text.starts_with('#') && Contains(text, "\n@prefix ")) ||
         (text.starts_with('#') && Contains(text, "\nPREFIX "));
}

// A leader, of which at least one half is as it should be, and a mark of the format behind it.
bool IsIso2709(std::string_view text) {
  if (text.size() < kLeaderSize) return false;
  const bool length =
      std::all_of(text.begin(), text.begin() + 5, [](char c) { return IsDigit(c) || c == ' '; });
  const bool map = text.substr(10, 2) == "22" || text.substr(20, 2) == "45";
  const bool marks = text.find_first_of("\x1D\x1E\x1F") != std::string_view::npos;
  return marks ? length || map : length && map && text.find('\n') > 30;
}

bool IsLine(std::string_view text) {
  const size_t end = text.find('\n');
  if (end == std::string_view::npos || end < kLeaderSize || end > kLeaderSize + 1) return false;
  return text.size() > end + 4 && IsDigit(text[end + 1]) && text[end + 4] == ' ';
}

}  // namespace

std::optional<Format> DetectFormat(std::string_view start) {
  std::string_view text = start;
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  if (text.starts_with("\xFE\xFF") || text.starts_with("\xFF\xFE")) return Format::kMarcXml;
  text.remove_prefix(std::min(text.find_first_not_of(" \t\r\n"), text.size()));
  if (text.empty()) return {};
  if (IsLine(text)) return Format::kLine;
  if (IsIso2709(text)) return Format::kIso2709;
  if (text[0] == '=' && text.size() > 4) return Format::kMrk;
  if (IsNTriples(text)) return Format::kBibframeNTriples;
  if (IsTurtle(text)) return Format::kBibframeTurtle;
  if (text[0] == '<') return XmlFormat(text);
  if (text[0] == '{' || text[0] == '[') return JsonFormat(text);
  const std::string_view line = text.substr(0, text.find('\n'));
  if (Contains(line, "record") && Contains(line, "tag") && Contains(line, "value")) {
    return Format::kLongCsv;
  }
  if (start.find_first_of("\x1D\x1E\x1F") != std::string_view::npos) return Format::kIso2709;
  return {};
}

Result<DetectedInput> DetectInput(Reader::ReadBytes read, std::optional<Format> given,
                                  const std::string& path) {
  if (given) return DetectedInput{*given, std::move(read)};
  std::string start;
  while (start.size() < kLookAt) {
    const size_t before = start.size();
    start.resize(kLookAt);
    Result<size_t> got = read(std::span<char>(start).subspan(before));
    start.resize(before + (got.ok() ? *got : 0));
    if (!got.ok()) return std::move(got).status();
    if (*got == 0) break;
  }
  const auto by_suffix = FormatOfPath(path);
  auto format = DetectFormat(start);
  if (!format) format = by_suffix;
  // An input without bytes has no records in any format.
  if (!format && start.empty()) format = Format::kIso2709;
  if (!format) {
    return Status::InvalidArgument("'" + path + "' has none of the MARC formats; give one");
  }
  auto rest = [start = std::move(start), used = size_t{0},
               read = std::move(read)](std::span<char> out) mutable -> Result<size_t> {
    if (used == start.size()) return read(out);
    const size_t size = std::min(out.size(), start.size() - used);
    std::copy_n(start.data() + used, size, out.data());
    used += size;
    return size;
  };
  return DetectedInput{*format, std::move(rest)};
}

}  // namespace thalweg::marc

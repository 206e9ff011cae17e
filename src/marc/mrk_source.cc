// MARCMaker's text and the line format, read.

#include <cstring>

#include "marc/mnemonics.h"
#include "marc/text_input.h"

namespace thalweg::marc {
namespace {

// Without the line end; moves `text` behind it.
std::string_view TakeLine(std::string_view* text) {
  const size_t end = text->find('\n');
  std::string_view line = text->substr(0, end);
  text->remove_prefix(end == std::string_view::npos ? text->size() : end + 1);
  if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
  return line;
}

bool IsBlank(std::string_view line) {
  return line.find_first_not_of(" \t\r") == std::string_view::npos;
}

// Records as blocks of lines, parted by blank lines.
class LinesSource : public TextSource {
 public:
  using TextSource::TextSource;

 protected:
  /// Whether a record begins with this line even where no blank line precedes it.
  virtual bool BeginsRecord(std::string_view line) const = 0;
  virtual void ParseLine(std::string_view line) = 0;

  Result<bool> ReadRecord() final {
    if (skipping_) THALWEG_RETURN_IF_ERROR(SkipRest());
    THALWEG_ASSIGN_OR_RETURN(const size_t size, BlockSize());
    if (size == 0) return false;
    const std::string_view block = input_.text().substr(0, size);
    if (IsBlank(block.substr(0, block.find('\n'))) && block.find('\n') + 1 >= size) {
      input_.Skip(size);
      return true;
    }
    builder_.BeginRecord(input_.offset());
    builder_.set_check_utf8(true);
    if (static_cast<int64_t>(size) > options_.record_bytes_max) {
      builder_.LoseTooLong();
      skipping_ = true;
      inside_line_ = block.back() != '\n';
    } else {
      for (std::string_view rest = block; !rest.empty();) ParseLine(TakeLine(&rest));
      FinishField();
    }
    builder_.EndRecord(block);
    input_.Skip(size);
    return true;
  }

  /// What a line holds is added once it is known that the next one does not continue it.
  virtual void FinishField() {}

 private:
  // A leading blank line is a block of its own. 0 at the end of the input; more than a record may
  // have where there is no end within that.
  Result<size_t> BlockSize() {
    const auto bytes_max = static_cast<size_t>(options_.record_bytes_max);
    size_t at = 0;
    size_t looked_at = 0;
    while (true) {
      const std::string_view text = input_.text();
      const size_t end = text.find('\n', std::max(at, looked_at));
      const bool whole = end != std::string_view::npos;
      looked_at = text.size();
      if (at > bytes_max) return at;
      if (!whole && text.size() > bytes_max) return text.size();
      if (whole) looked_at = end + 1;
      if (!whole && !input_.ended()) {
        THALWEG_ASSIGN_OR_RETURN(const bool more, input_.More());
        if (more || input_.ended()) continue;
      }
      if (at == text.size()) return at;
      const std::string_view line = text.substr(at, whole ? end - at : text.size() - at);
      const size_t next = whole ? end + 1 : text.size();
      if (IsBlank(line)) return next;
      if (at > 0 && BeginsRecord(line)) return at;
      at = next;
    }
  }

  // Passes over what is left of a record that was too long: up to a blank line, or to one that
  // begins a record.
  Status SkipRest() {
    constexpr size_t kLineStart = size_t{4} << 10;
    while (true) {
      const std::string_view text = input_.text();
      const size_t end = text.find('\n');
      const bool whole = end != std::string_view::npos;
      if (!whole && !input_.ended() && (inside_line_ || text.size() < kLineStart)) {
        if (inside_line_) input_.Skip(text.size());
        THALWEG_RETURN_IF_ERROR(input_.More().status());
        continue;
      }
      const std::string_view line = text.substr(0, end);
      const bool found = !inside_line_ && ((whole && IsBlank(line)) || BeginsRecord(line));
      if (found || text.empty()) {
        skipping_ = false;
        return {};
      }
      inside_line_ = !whole;
      input_.Skip(whole ? end + 1 : text.size());
    }
  }

  bool skipping_ = false;
  bool inside_line_ = false;  // What is passed over was cut within a line.
};

bool IsLeaderTag(std::string_view tag) { return tag == "LDR" || tag == "000"; }

char IndicatorOf(char c) { return c == '\\' || c == '#' ? ' ' : c; }

class MrkSource final : public LinesSource {
 public:
  using LinesSource::LinesSource;

 protected:
  bool BeginsRecord(std::string_view line) const override {
    return line.size() >= 4 && line[0] == '=' && IsLeaderTag(line.substr(1, 3));
  }

  void ParseLine(std::string_view line) override {
    if (line.empty()) return;
    if (line[0] == '=' && line.size() >= 4) {
      FinishField();
      pending_ = line;
      return;
    }
    // A value with a line end in it, as some programs write it.
    builder_.Report(DefectCode::kMrkInvalid, std::string(line.substr(0, 32)),
                    "a line that begins with `=` and a tag");
    if (pending_.empty()) return;
    if (pending_.data() != joined_.data()) joined_.assign(pending_);
    joined_.append("{0A}").append(line);
    pending_ = joined_;
  }

  void FinishField() override {
    if (pending_.empty()) return;
    const std::string_view tag = pending_.substr(1, 3);
    std::string_view data = pending_.substr(4);
    const size_t blanks = std::min(data.find_first_not_of(' '), size_t{2});
    if (std::min(blanks, data.size()) < 2) {
      builder_.Report(DefectCode::kMrkInvalid, std::string(pending_.substr(0, 16)),
                      "two blanks behind the tag", *Tag::Of(tag));
    }
    data.remove_prefix(std::min(blanks, data.size()));
    if (IsLeaderTag(tag)) {
      builder_.SetLeader(WithBlanks(data));
    } else if (Tag::Of(tag)->is_control()) {
      builder_.AddControl(*Tag::Of(tag), Plain(WithBlanks(data)));
    } else {
      AddDataField(*Tag::Of(tag), data);
    }
    pending_ = {};
  }

 private:
  std::string_view WithBlanks(std::string_view data) {
    blanked_.assign(data);
    for (char& c : blanked_) {
      if (c == '\\') c = ' ';
    }
    return blanked_;
  }

  std::string_view Plain(std::string_view value) {
    if (value.find('{') == std::string_view::npos) return value;
    plain_.clear();
    AppendWithoutMnemonics(value, &plain_);
    return plain_;
  }

  void AddDataField(Tag tag, std::string_view data) {
    size_t mark = data.find('$');
    if (mark == std::string_view::npos) mark = data.size();
    if (mark != 2) {
      builder_.Report(DefectCode::kInvalidIndicator,
                      std::string(data.substr(0, std::min(mark, size_t{16}))), "two indicators",
                      tag);
    }
    builder_.BeginField(tag, mark > 0 ? IndicatorOf(data[0]) : ' ',
                        mark > 1 ? IndicatorOf(data[1]) : ' ');
    data.remove_prefix(mark);
    while (!data.empty()) {
      const size_t next = std::min(data.find('$', 1), data.size());
      if (next > 1) {
        builder_.AddSubfield(data[1], Plain(data.substr(2, next - 2)));
      } else {
        builder_.Report(DefectCode::kBadSubfieldCode, "$", "a code behind `$`", tag);
      }
      data.remove_prefix(next);
    }
    builder_.EndField();
  }

  std::string_view pending_;
  std::string joined_;
  std::string blanked_;
  std::string plain_;
};

// `245 10 $a Title $b rest`, with the leader on a line of its own.
class LineSource final : public LinesSource {
 public:
  using LinesSource::LinesSource;

 protected:
  bool BeginsRecord(std::string_view line) const override { return IsLeader(line); }

  void ParseLine(std::string_view line) override {
    if (IsBlank(line)) return;
    if (IsLeader(line)) return builder_.SetLeader(line.substr(0, kLeaderSize));
    if (line.size() < 4 || line[3] != ' ') {
      return builder_.Report(DefectCode::kTextFormatInvalid, std::string(line.substr(0, 32)),
                             "a tag and a blank");
    }
    const Tag tag = Tag::At(line.data());
    line.remove_prefix(4);
    if (tag.is_control()) return builder_.AddControl(tag, line);
    if (line.size() < 4 || line[2] != ' ' || line[3] != '$') {
      return builder_.Report(DefectCode::kTextFormatInvalid, std::string(line.substr(0, 32)),
                             "two indicators and ` $`", tag);
    }
    builder_.BeginField(tag, line[0], line[1]);
    line.remove_prefix(2);
    while (line.size() > 2) {
      // `line` begins with ` $` and a code; the next subfield with ` $`, a code and a blank.
      size_t next = line.find(" $", 3);
      while (next != std::string_view::npos && next + 3 < line.size() && line[next + 3] != ' ') {
        next = line.find(" $", next + 1);
      }
      next = std::min(next, line.size());
      const size_t value = std::min(line.size() > 3 && line[3] == ' ' ? size_t{4} : 3, next);
      builder_.AddSubfield(line[2], line.substr(value, next - value));
      line.remove_prefix(next);
    }
    builder_.EndField();
  }

 private:
  static bool IsLeader(std::string_view line) {
    if (line.size() != kLeaderSize || line[3] == ' ') return false;
    return line.substr(20, 4) == "4500" || line.substr(10, 2) == "22";
  }
};

}  // namespace

std::unique_ptr<RecordSource> MakeMrkSource(Reader::ReadBytes read, ReaderOptions options) {
  return std::make_unique<MrkSource>(Format::kMrk, std::move(read), std::move(options));
}
std::unique_ptr<RecordSource> MakeLineSource(Reader::ReadBytes read, ReaderOptions options) {
  return std::make_unique<LineSource>(Format::kLine, std::move(read), std::move(options));
}

}  // namespace thalweg::marc

// JSON-LD, read node by node where `@context` stands before `@graph`, and whole otherwise.

#include <string>
#include <utility>

#include "marc/jsonld_parser.h"
#include "marc/rdf_source.h"

namespace thalweg::marc {
namespace {

constexpr size_t kNowhere = std::string_view::npos;

class JsonLdSource final : public RdfSource {
 public:
  JsonLdSource(Reader::ReadBytes read, ReaderOptions options)
      : RdfSource(Format::kBibframeJsonLd, std::move(read), std::move(options)) {}

 private:
  enum class State : uint8_t { kDocument, kNodes, kTail, kDead };

  Result<Step> Next() override {
    if (input_.offset() == 0 && at_ == 0) THALWEG_RETURN_IF_ERROR(SkipMark());
    if (document_end_) {
      document_end_ = false;
      return Step::kDocumentEnd;
    }
    THALWEG_ASSIGN_OR_RETURN(const size_t blanks, SkipBlank(0));
    at_ += blanks;
    switch (state_) {
      case State::kDocument:
        return NextDocument();
      case State::kNodes:
        return NextNode();
      case State::kTail:
        return NextMember();
      case State::kDead:
        break;
    }
    at_ = input_.text().size();
    return Step::kEnd;
  }

  Result<Step> NextDocument() {
    if (Rest().empty()) return Step::kEnd;
    if (Rest()[0] == '[') {
      ++at_;
      context_.reset();
      state_ = State::kNodes;
      in_object_ = needs_comma_ = after_comma_ = false;
      return Step::kUnit;
    }
    if (Rest()[0] != '{') return Dead(0, "expected an object or an array");
    bool is_stream = false;
    THALWEG_RETURN_IF_ERROR(OpenStream(&is_stream));
    if (is_stream) return Step::kUnit;
    if (more_refused()) return Step::kEnd;
    THALWEG_ASSIGN_OR_RETURN(const size_t end, ValueEnd(0));
    if (end == kNowhere) return Unfinished();
    document_end_ = true;
    return Take(end);
  }

  // Steps over `{"@context": …, "@graph": [` if the document begins so.
  Status OpenStream(bool* is_stream) {
    size_t place = 1;
    THALWEG_ASSIGN_OR_RETURN(std::string_view key, Word(&place));
    if (key != "\"@context\"") return {};
    THALWEG_ASSIGN_OR_RETURN(bool found, Sign(':', &place));
    if (!found) return {};
    THALWEG_ASSIGN_OR_RETURN(const size_t first, SkipBlank(place));
    THALWEG_ASSIGN_OR_RETURN(const size_t end, ValueEnd(first));
    if (end == kNowhere) return {};
    place = end;
    THALWEG_ASSIGN_OR_RETURN(found, Sign(',', &place));
    if (!found) return {};
    THALWEG_ASSIGN_OR_RETURN(key, Word(&place));
    if (key != "\"@graph\"") return {};
    THALWEG_ASSIGN_OR_RETURN(found, Sign(':', &place));
    if (!found) return {};
    THALWEG_ASSIGN_OR_RETURN(found, Sign('[', &place));
    if (!found) return {};
    JsonCursor json(Rest().substr(first, end - first));
    // A context that is not understood is told by the parser of the whole.
    if (!JsonLdContext::Parse(&json, nullptr, &context_)) return {};
    at_ += place;
    state_ = State::kNodes;
    in_object_ = *is_stream = true;
    needs_comma_ = after_comma_ = false;
    return {};
  }

  Result<Step> NextNode() {
    if (Rest().empty()) return Unfinished();
    const char c = Rest()[0];
    if (c == ']' && !after_comma_) {
      ++at_;
      state_ = in_object_ ? State::kTail : State::kDocument;
      needs_comma_ = true;
      return in_object_ ? Step::kUnit : Step::kDocumentEnd;
    }
    if (needs_comma_) {
      if (c != ',') return Dead(0, "expected a comma or the array's end");
      ++at_;
      needs_comma_ = false;
      after_comma_ = true;
      return Step::kUnit;
    }
    THALWEG_ASSIGN_OR_RETURN(const size_t end, ValueEnd(0));
    if (end == kNowhere) return Unfinished();
    needs_comma_ = true;
    after_comma_ = false;
    return Take(end);
  }

  // What stands behind the nodes says something of the graph, and nothing of what is in it.
  Result<Step> NextMember() {
    if (Rest().empty()) return Unfinished();
    if (Rest()[0] == '}') {
      ++at_;
      state_ = State::kDocument;
      return Step::kDocumentEnd;
    }
    if (Rest()[0] != ',') return Dead(0, "expected a comma or the object's end");
    size_t place = 1;
    THALWEG_ASSIGN_OR_RETURN(const std::string_view key, Word(&place));
    if (key == "\"@context\"") return Dead(0, "expected no second @context");
    THALWEG_ASSIGN_OR_RETURN(const bool colon, Sign(':', &place));
    if (!colon) return Dead(0, "expected a member");
    THALWEG_ASSIGN_OR_RETURN(const size_t first, SkipBlank(place));
    THALWEG_ASSIGN_OR_RETURN(const size_t end, ValueEnd(first));
    if (end == kNowhere) return Unfinished();
    at_ += end;
    return Step::kUnit;
  }

  // The value of this size: its extent is known, so that what follows can be read in any case.
  Result<Step> Take(size_t size) {
    JsonLdParser parser(Rest().substr(0, size), context_, &unit_, UnitBytesMax());
    const bool parsed = parser.Parse();
    if (!parsed) Broken(at_ + parser.error_at(), parser.error());
    at_ += size;
    if (state_ == State::kDocument) context_.reset();
    return parsed ? Step::kUnit : Step::kBroken;
  }

  Step Unfinished() { return Dead(Rest().size(), "expected more of the document, found the end"); }

  Step Dead(size_t place, std::string reason) {
    if (more_refused()) return Step::kEnd;
    state_ = State::kDead;
    Broken(at_ + place, std::move(reason) + "; nothing behind it is read");
    at_ = input_.text().size();
    return Step::kBroken;
  }

  // Behind the blanks that stand at `place` in `Rest()`.
  Result<size_t> SkipBlank(size_t place) {
    while (true) {
      const size_t found = Rest().find_first_not_of(" \t\r\n", std::min(place, Rest().size()));
      if (found != kNowhere) return found;
      place = Rest().size();
      THALWEG_ASSIGN_OR_RETURN(const bool more, More());
      if (!more) return place;
    }
  }

  Result<bool> Sign(char c, size_t* place) {
    THALWEG_ASSIGN_OR_RETURN(*place, SkipBlank(*place));
    if (*place >= Rest().size() || Rest()[*place] != c) return false;
    ++*place;
    return true;
  }

  // The string at `place`, with its quotes and escapes; empty when there is none.
  Result<std::string_view> Word(size_t* place) {
    THALWEG_ASSIGN_OR_RETURN(const size_t first, SkipBlank(*place));
    if (first >= Rest().size() || Rest()[first] != '"') return std::string_view();
    THALWEG_ASSIGN_OR_RETURN(const size_t end, ValueEnd(first));
    if (end == kNowhere) return std::string_view();
    *place = end;
    return Rest().substr(first, end - first);
  }

  // Where the value at `place` ends, by its brackets and quotes; `kNowhere`: the input ends before.
  Result<size_t> ValueEnd(size_t place) {
    int64_t depth = 0;
    bool in_string = false;
    while (true) {
      const std::string_view rest = Rest();
      while (place < rest.size()) {
        const char c = rest[place];
        if (in_string) {
          if (c == '\\') {
            if (place + 1 == rest.size()) break;
            ++place;
          }
          in_string = c != '"';
          ++place;
          if (!in_string && depth == 0) return place;
          continue;
        }
        const bool closes = c == '}' || c == ']';
        // A number or word ends before what follows it.
        if (depth == 0 && (closes || c == ',')) return place;
        in_string = c == '"';
        if (c == '{' || c == '[') ++depth;
        if (closes && --depth == 0) return place + 1;
        ++place;
      }
      THALWEG_ASSIGN_OR_RETURN(const bool more, More());
      if (!more) return kNowhere;
    }
  }

  // The byte order mark.
  Status SkipMark() {
    while (input_.text().size() < 3) {
      THALWEG_ASSIGN_OR_RETURN(const bool more, More());
      if (!more) break;
    }
    if (input_.text().starts_with("\xEF\xBB\xBF")) at_ = 3;
    return {};
  }

  State state_ = State::kDocument;
  JsonLdContext::Shared context_;
  bool in_object_ = false;
  bool needs_comma_ = false;
  bool after_comma_ = false;
  bool document_end_ = false;
};

}  // namespace

std::unique_ptr<RecordSource> MakeJsonLdSource(Reader::ReadBytes read, ReaderOptions options) {
  return std::make_unique<JsonLdSource>(std::move(read), std::move(options));
}

}  // namespace thalweg::marc

// Turtle and N-Triples, read statement by statement.

#include <algorithm>
#include <utility>

#include "marc/rdf_source.h"
#include "marc/turtle_parser.h"

namespace thalweg::marc {
namespace {

class TurtleSource final : public RdfSource {
 public:
  using RdfSource::RdfSource;

 private:
  Result<Step> Next() override {
    if (input_.offset() == 0 && at_ == 0) THALWEG_RETURN_IF_ERROR(SkipMark());
    // A statement that does not end in the text is read again once there is twice as much of it.
    size_t wanted = 1;
    while (true) {
      while (Rest().size() < wanted && !final_) {
        THALWEG_ASSIGN_OR_RETURN(const bool more, More());
        if (more_refused()) return Step::kEnd;
        final_ = !more;
      }
      unit_.Clear();
      TurtleParser parser(Rest(), final_, &names_, &unit_, UnitBytesMax());
      switch (parser.Statement()) {
        case TurtleParser::Outcome::kStatement:
          at_ += parser.at();
          return Step::kUnit;
        case TurtleParser::Outcome::kNothing:
          at_ += parser.at();
          return Step::kEnd;
        case TurtleParser::Outcome::kMore:
          wanted = std::max(wanted, Rest().size()) * 2;
          break;
        case TurtleParser::Outcome::kBroken:
          Broken(at_ + parser.at(), parser.error());
          at_ += std::min(parser.at(), Rest().size());
          return SkipBroken();
      }
    }
  }

  // Goes on behind the next line that ends a statement.
  Result<Step> SkipBroken() {
    size_t from = 0;
    while (true) {
      const std::string_view rest = Rest();
      for (size_t end = rest.find('\n', from); end != std::string_view::npos;
           end = rest.find('\n', end + 1)) {
        const size_t last = rest.find_last_not_of(" \t\r\n", end);
        if (last == std::string_view::npos || rest[last] != '.') continue;
        at_ += end + 1;
        return Step::kBroken;
      }
      from = rest.size();
      THALWEG_ASSIGN_OR_RETURN(const bool more, More());
      if (more) continue;
      at_ += Rest().size();
      final_ = true;
      return Step::kBroken;
    }
  }

  // The byte order mark.
  Status SkipMark() {
    while (input_.text().size() < 3 && !final_) {
      THALWEG_ASSIGN_OR_RETURN(const bool more, More());
      final_ = !more;
    }
    if (input_.text().starts_with("\xEF\xBB\xBF")) at_ = 3;
    return {};
  }

  TurtleNames names_;
  bool final_ = false;
};

}  // namespace

std::unique_ptr<RecordSource> MakeTurtleSource(Format format, Reader::ReadBytes read,
                                               ReaderOptions options) {
  return std::make_unique<TurtleSource>(format, std::move(read), std::move(options));
}

}  // namespace thalweg::marc

#include "marc/text_pattern.h"

#include <re2/re2.h>

#include <utility>

namespace thalweg::marc {
namespace {

class Re2Pattern final : public TextPattern {
 public:
  explicit Re2Pattern(const std::string& expression) : expression_(expression, Options()) {}
  bool ok() const { return expression_.ok(); }
  const std::string& error() const { return expression_.error(); }

  bool Matches(std::string_view text) const override {
    return RE2::PartialMatch(re2::StringPiece(text.data(), text.size()), expression_);
  }
  int Replace(std::string_view text, const std::string& replacement, bool all,
              std::string* out) const override {
    std::string changed(text);
    int count = 0;
    if (all) {
      count = RE2::GlobalReplace(&changed, expression_, replacement);
    } else {
      count = RE2::Replace(&changed, expression_, replacement) ? 1 : 0;
    }
    out->append(changed);
    return count;
  }
  const std::string& text() const override { return expression_.pattern(); }

 private:
  static RE2::Options Options() {
    RE2::Options options;
    options.set_log_errors(false);
    return options;
  }
  RE2 expression_;
};

}  // namespace

Result<std::shared_ptr<const TextPattern>> TextPattern::Compile(const std::string& expression) {
  auto pattern = std::make_shared<Re2Pattern>(expression);
  if (!pattern->ok()) {
    return Status::InvalidArgument("regular expression '" + expression + "': " + pattern->error());
  }
  return std::shared_ptr<const TextPattern>(std::move(pattern));
}

}  // namespace thalweg::marc

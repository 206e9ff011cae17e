#include <utility>

#include "marc/path_program.h"
#include "thalweg/marc/path.h"

namespace thalweg::marc {

struct Condition::Node {
  enum class Kind : uint8_t { kTest, kCount, kNot, kAnd, kOr };

  Kind kind = Kind::kTest;
  std::shared_ptr<const Path::Program> path;
  Test test;
  std::vector<std::shared_ptr<const Node>> parts;

  bool Holds(const RecordView& record, std::string* scratch) const;
  bool TestHolds(const RecordView& record, std::string* scratch) const;

  class Parser;
};

bool Condition::Node::TestHolds(const RecordView& record, std::string* scratch) const {
  bool found = false;
  if (kind == Kind::kCount) {
    size_t count = 0;
    path->Values(record, scratch, [&count](std::string_view) {
      ++count;
      return true;
    });
    found = test.Holds(std::to_string(count));
  } else {
    path->Values(record, scratch, [this, &found](std::string_view value) {
      found = test.Holds(value);
      return !found;
    });
  }
  return found != test.negated;
}

bool Condition::Node::Holds(const RecordView& record, std::string* scratch) const {
  switch (kind) {
    case Kind::kTest:
    case Kind::kCount:
      return TestHolds(record, scratch);
    case Kind::kNot:
      return !parts.front()->Holds(record, scratch);
    case Kind::kAnd:
      for (const auto& part : parts) {
        if (!part->Holds(record, scratch)) return false;
      }
      return true;
    case Kind::kOr:
      for (const auto& part : parts) {
        if (part->Holds(record, scratch)) return true;
      }
      return false;
  }
  return false;
}

class Condition::Node::Parser {
 public:
  using NodePtr = std::shared_ptr<const Node>;

  explicit Parser(std::string_view text) : text_(text) {}

  Result<NodePtr> Run() {
    THALWEG_ASSIGN_OR_RETURN(NodePtr node, List(Kind::kOr));
    SkipBlanks(text_, &at_);
    if (at_ != text_.size()) return PathError(text_, at_, "and, or, or the end");
    return node;
  }

 private:
  // Nested parentheses come from people; more are an attack on the stack.
  static constexpr int kDepthMax = 200;

  bool Word(std::string_view word);
  Result<NodePtr> List(Kind kind);
  Result<NodePtr> Unary();
  Result<NodePtr> Comparison();

  std::string_view text_;
  size_t at_ = 0;
  int depth_ = 0;
};

// Takes a keyword, in any case, if it comes next.
bool Condition::Node::Parser::Word(std::string_view word) {
  SkipBlanks(text_, &at_);
  if (text_.size() - at_ < word.size()) return false;
  for (size_t i = 0; i < word.size(); ++i) {
    if ((text_[at_ + i] | 0x20) != word[i]) return false;
  }
  const size_t end = at_ + word.size();
  if (end < text_.size() && text_[end] != ' ' && text_[end] != '(') return false;
  at_ = end;
  return true;
}

Result<Condition::Node::Parser::NodePtr> Condition::Node::Parser::List(Kind kind) {
  auto node = std::make_shared<Node>();
  node->kind = kind;
  do {
    auto part = kind == Kind::kOr ? List(Kind::kAnd) : Unary();
    if (!part.ok()) return part;
    node->parts.push_back(*std::move(part));
  } while (Word(kind == Kind::kOr ? "or" : "and"));
  if (node->parts.size() == 1) return node->parts.front();
  return NodePtr(std::move(node));
}

Result<Condition::Node::Parser::NodePtr> Condition::Node::Parser::Unary() {
  if (++depth_ > kDepthMax) return PathError(text_, at_, "fewer levels");
  const bool negated = Word("not");
  SkipBlanks(text_, &at_);
  Result<NodePtr> node = NodePtr();
  if (negated) {
    node = Unary();
    if (!node.ok()) return node;
    auto made = std::make_shared<Node>();
    made->kind = Kind::kNot;
    made->parts.push_back(*std::move(node));
    node = NodePtr(std::move(made));
  } else if (at_ < text_.size() && text_[at_] == '(') {
    ++at_;
    node = List(Kind::kOr);
    if (!node.ok()) return node;
    SkipBlanks(text_, &at_);
    if (at_ >= text_.size() || text_[at_] != ')') return PathError(text_, at_, ")");
    ++at_;
  } else {
    node = Comparison();
  }
  --depth_;
  return node;
}

Result<Condition::Node::Parser::NodePtr> Condition::Node::Parser::Comparison() {
  auto node = std::make_shared<Node>();
  const bool counts = Word("count");
  SkipBlanks(text_, &at_);
  if (counts) {
    node->kind = Kind::kCount;
    if (at_ >= text_.size() || text_[at_] != '(') return PathError(text_, at_, "(");
    ++at_;
    SkipBlanks(text_, &at_);
  }
  THALWEG_ASSIGN_OR_RETURN(node->path, ParsePath(text_, &at_));
  if (counts) {
    SkipBlanks(text_, &at_);
    if (at_ >= text_.size() || text_[at_] != ')') return PathError(text_, at_, ")");
    ++at_;
  }
  THALWEG_ASSIGN_OR_RETURN(auto test, ParseTest(text_, &at_, ")"));
  if (counts && !test) return PathError(text_, at_, "a comparison of the count");
  if (test) node->test = *std::move(test);
  return NodePtr(std::move(node));
}

Condition::Condition(std::shared_ptr<const Node> root, std::string text)
    : root_(std::move(root)), text_(std::move(text)) {}

Result<Condition> Condition::Compile(std::string_view text) {
  THALWEG_ASSIGN_OR_RETURN(auto root, Node::Parser(text).Run());
  return Condition(std::move(root), std::string(text));
}

bool Condition::Matches(const RecordView& record) const {
  std::string scratch;
  return root_->Holds(record, &scratch);
}

const std::string& Condition::text() const { return text_; }

}  // namespace thalweg::marc

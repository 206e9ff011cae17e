#include <charconv>
#include <utility>

#include "sql/binder.h"

namespace thalweg::sql {

// An option's value is written, not computed: a literal, a bare word, a list or a struct of these.
Result<OptionValue> Binder::BindOption(const Expr& expr) {
  switch (expr.kind) {
    case ExprKind::kNull:
      return OptionValue(std::monostate());
    case ExprKind::kBool:
      return OptionValue(expr.text == "true");
    case ExprKind::kString:
      return OptionValue(expr.text);
    case ExprKind::kInteger: {
      int64_t value = 0;
      const char* end = expr.text.data() + expr.text.size();
      if (std::from_chars(expr.text.data(), end, value).ec != std::errc()) {
        return source_.Invalid(expr.span, "the number is too large for an option");
      }
      return OptionValue(value);
    }
    case ExprKind::kDecimal:
    case ExprKind::kDouble: {
      double value = 0;
      const char* end = expr.text.data() + expr.text.size();
      if (std::from_chars(expr.text.data(), end, value).ec != std::errc()) {
        return source_.Invalid(expr.span, "the number is too large for an option");
      }
      return OptionValue(value);
    }
    case ExprKind::kParameter:
      return ParameterOption(expr);
    case ExprKind::kColumn:
      if (expr.names.size() == 1) return OptionValue(expr.names[0]);
      break;
    case ExprKind::kList: {
      std::vector<std::string> list;
      for (const Expr* item : expr.children) {
        THALWEG_ASSIGN_OR_RETURN(std::string text, OptionText(*item));
        list.push_back(std::move(text));
      }
      return OptionValue(std::move(list));
    }
    case ExprKind::kStruct: {
      std::map<std::string, std::string> map;
      for (size_t i = 0; i < expr.children.size(); ++i) {
        THALWEG_ASSIGN_OR_RETURN(std::string text, OptionText(*expr.children[i]));
        if (!map.emplace(expr.names[i], std::move(text)).second) {
          return source_.Invalid(expr.children[i]->span,
                                 "a key is given twice: '" + Shortened(expr.names[i]) + "'");
        }
      }
      return OptionValue(std::move(map));
    }
    default:
      break;
  }
  return source_.Invalid(expr.span, "an option takes a literal, a list or a struct",
                         "such as ';', true, 10, ['a', 'b'] or {'a': 'VARCHAR'}");
}

Result<OptionValue> Binder::ParameterOption(const Expr& expr) {
  if (context_.parameters != nullptr) {
    const auto found = context_.parameters->find(expr.text);
    if (found != context_.parameters->end()) return found->second;
  }
  // The same message as in an expression.
  THALWEG_RETURN_IF_ERROR(BindParameter(expr).status());
  return Status::Internal("sql: a parameter was found and not found");
}

Result<std::string> Binder::OptionText(const Expr& expr) {
  THALWEG_ASSIGN_OR_RETURN(OptionValue value, BindOption(expr));
  if (const std::string* text = std::get_if<std::string>(&value)) return *text;
  const bool number = expr.kind == ExprKind::kInteger || expr.kind == ExprKind::kDecimal ||
                      expr.kind == ExprKind::kDouble || expr.kind == ExprKind::kBool;
  if (number) return expr.text;
  if (const int64_t* integer = std::get_if<int64_t>(&value)) return std::to_string(*integer);
  if (const bool* flag = std::get_if<bool>(&value)) return std::string(*flag ? "true" : "false");
  return source_.Invalid(expr.span, "lists and structs of an option hold strings");
}

Result<OptionValue> Binder::BindOptionItem(const OptionItem& item) {
  if (item.is_list) {
    std::vector<std::string> list;
    for (const Expr* expr : item.list) {
      THALWEG_ASSIGN_OR_RETURN(std::string text, OptionText(*expr));
      list.push_back(std::move(text));
    }
    return OptionValue(std::move(list));
  }
  if (item.value == nullptr) return OptionValue(true);
  return BindOption(*item.value);
}

}  // namespace thalweg::sql

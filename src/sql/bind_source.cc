#include <algorithm>
#include <set>
#include <utility>

#include "sql/binder.h"
#include "sql/lexer.h"

namespace thalweg::sql {
namespace {

constexpr size_t kHintNamesMax = 4096;

/// `dir/flights.csv.gz` is called `flights`.
std::string AliasOfPath(std::string_view path) {
  const size_t slash = path.find_last_of('/');
  if (slash != std::string_view::npos) path.remove_prefix(slash + 1);
  return std::string(path.substr(0, path.find('.')));
}

}  // namespace

Relation::Relation(LogicalPtr plan, std::string alias)
    : plan_(std::move(plan)), alias_(std::move(alias)), width_(plan_->columns.size()) {
  for (size_t i = 0; i < width_; ++i) {
    by_name_[LowerAscii(plan_->columns[i].name)].push_back(static_cast<int>(i));
  }
}

std::vector<int> Relation::Find(std::string_view name) {
  const auto found = by_name_.find(LowerAscii(name));
  if (found != by_name_.end()) {
    std::vector<int> exact;
    for (const int at : found->second) {
      if (plan_->columns[static_cast<size_t>(at)].name == name) exact.push_back(at);
    }
    return exact.empty() ? found->second : exact;
  }
  if (plan_->table == nullptr) return {};
  std::optional<TypePtr> type = plan_->table->ResolveColumn(name);
  if (!type) return {};
  const int at = static_cast<int>(plan_->columns.size());
  plan_->columns.push_back({std::string(name), *std::move(type)});
  by_name_[LowerAscii(name)].push_back(at);
  return {at};
}

std::vector<std::string> Relation::Names() const {
  std::vector<std::string> names;
  const size_t count = std::min(plan_->columns.size(), kHintNamesMax);
  for (size_t i = 0; i < count; ++i) names.push_back(plan_->columns[i].name);
  return names;
}

void MakeNamesUnique(std::vector<OutputColumn>* columns) {
  std::set<std::string> taken;
  for (const OutputColumn& column : *columns) taken.insert(LowerAscii(column.name));
  std::set<std::string> seen;
  for (OutputColumn& column : *columns) {
    if (seen.insert(LowerAscii(column.name)).second) continue;
    for (int i = 1;; ++i) {
      std::string next = column.name + "_" + std::to_string(i);
      if (!taken.insert(LowerAscii(next)).second) continue;
      seen.insert(LowerAscii(next));
      column.name = std::move(next);
      break;
    }
  }
}

Result<Relation> Binder::BindSource(const TableRef& ref, const CteScope* scope) {
  switch (ref.kind) {
    case TableRef::Kind::kNone:
      break;
    case TableRef::Kind::kName:
      return BindNamed(ref, scope);
    case TableRef::Kind::kPath: {
      TableReference reference;
      reference.kind = TableReference::Kind::kPath;
      reference.name = ref.text;
      return BindTable(ref, std::move(reference), AliasOfPath(ref.text));
    }
    case TableRef::Kind::kFunction: {
      TableReference reference;
      reference.kind = TableReference::Kind::kFunction;
      reference.name = ref.text;
      for (const OptionItem& argument : ref.arguments) {
        THALWEG_ASSIGN_OR_RETURN(OptionValue value, BindOptionItem(argument));
        if (argument.name.text.empty()) {
          if (!reference.options.empty()) {
            return source_.Invalid(argument.name.span,
                                   "an argument without a name stands after one with a name");
          }
          reference.arguments.push_back(std::move(value));
        } else {
          reference.options.emplace_back(argument.name.text, std::move(value));
        }
      }
      return BindTable(ref, std::move(reference), ref.text);
    }
    case TableRef::Kind::kQuery: {
      THALWEG_ASSIGN_OR_RETURN(LogicalPtr plan, BindQuery(*ref.query, scope));
      return BindDerived(ref, std::move(plan), ref.alias.text, ref.column_aliases);
    }
  }
  return Status::Internal("sql: a source of no known kind");
}

Result<Relation> Binder::BindNamed(const TableRef& ref, const CteScope* scope) {
  std::string name = ref.names[0];
  for (size_t i = 1; i < ref.names.size(); ++i) name += "." + ref.names[i];
  for (const CteScope* at = scope; at != nullptr && ref.names.size() == 1; at = at->outer) {
    if (!EqualsIgnoreCase(at->table->name.text, name)) continue;
    const DepthScope depth(depth_);
    if (!depth.ok()) return source_.Invalid(ref.span, "common tables are nested too deeply");
    THALWEG_ASSIGN_OR_RETURN(LogicalPtr plan, BindQuery(*at->table->query, at->outer));
    if (!at->table->columns.empty()) {
      THALWEG_RETURN_IF_ERROR(RenameColumns(ref, at->table->columns, &plan));
    }
    const std::string alias = ref.alias.text.empty() ? at->table->name.text : ref.alias.text;
    return BindDerived(ref, std::move(plan), alias, ref.column_aliases);
  }
  TableReference reference;
  reference.kind = TableReference::Kind::kName;
  reference.name = name;
  return BindTable(ref, std::move(reference), ref.names.back());
}

Result<Relation> Binder::BindTable(const TableRef& ref, TableReference reference,
                                   std::string alias) {
  auto table = context_.catalog->Resolve(reference);
  if (!table.ok()) {
    std::string message = table.status().message();
    if (table.status().code() == StatusCode::kNotFound &&
        reference.kind == TableReference::Kind::kName &&
        message.find("did you mean") == std::string::npos) {
      message += DidYouMean(Shortened(reference.name), context_.catalog->TableNames());
    }
    return source_.Error(table.status().code(), ref.span, message);
  }
  auto scan = std::make_unique<Logical>(Logical::Kind::kScan);
  for (const auto& field : (*table)->schema()->fields()) {
    scan->columns.push_back({field->name(), field->type()});
  }
  scan->table = *std::move(table);
  if (!ref.alias.text.empty()) alias = ref.alias.text;
  if (ref.column_aliases.empty()) return Relation(std::move(scan), std::move(alias));
  // A scan's names are the table's; other names need a step of their own.
  std::vector<BoundPtr> exprs;
  std::vector<std::string> names;
  for (size_t i = 0; i < scan->columns.size(); ++i) {
    const OutputColumn& column = scan->columns[i];
    exprs.push_back(BoundColumn(static_cast<int>(i), column.name, column.type, ref.span));
    names.push_back(column.name);
  }
  LogicalPtr plan = MakeProject(std::move(scan), std::move(exprs), std::move(names));
  return BindDerived(ref, std::move(plan), std::move(alias), ref.column_aliases);
}

Result<Relation> Binder::BindDerived(const TableRef& ref, LogicalPtr plan, std::string alias,
                                     const std::vector<Name>& columns) {
  MakeNamesUnique(&plan->columns);
  if (!columns.empty()) THALWEG_RETURN_IF_ERROR(RenameColumns(ref, columns, &plan));
  return Relation(std::move(plan), std::move(alias));
}

Status Binder::RenameColumns(const TableRef& ref, const std::vector<Name>& names,
                             LogicalPtr* plan) {
  const size_t width = (*plan)->columns.size();
  if (names.size() > width) {
    return source_.Invalid(names[width].span,
                           "more names than columns: " + std::to_string(names.size()) + " for " +
                               std::to_string(width));
  }
  std::vector<BoundPtr> exprs;
  std::vector<std::string> renamed;
  for (size_t i = 0; i < width; ++i) {
    const OutputColumn& column = (*plan)->columns[i];
    exprs.push_back(BoundColumn(static_cast<int>(i), column.name, column.type, ref.span));
    renamed.push_back(i < names.size() ? names[i].text : column.name);
  }
  *plan = MakeProject(std::move(*plan), std::move(exprs), std::move(renamed));
  return {};
}

}  // namespace thalweg::sql

#pragma once

#include <arrow/compute/api.h>
#include <arrow/compute/initialize.h>

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "columnar/arrow_status.h"
#include "engine/registry.h"
#include "sql/session.h"
#include "thalweg/runtime/graph.h"

// For the tests of this layer: tables without rows, and as many functions and operators as the
// binder and planner must tell apart.
namespace thalweg::sql::fake {

using columnar::TypePtr;

class Table final : public engine::Table {
 public:
  Table(std::string name, arrow::FieldVector fields)
      : name_(std::move(name)), schema_(arrow::schema(std::move(fields))) {}
  const columnar::SchemaPtr& schema() const override { return schema_; }
  /// Any name that starts with `_` is a text.
  std::optional<TypePtr> ResolveColumn(std::string_view name) const override {
    if (name.empty() || name[0] != '_') return {};
    return arrow::utf8();
  }
  std::string Describe() const override { return name_; }
  Result<runtime::NodeId> Plan(runtime::Graph&, const engine::ScanRequest&) const override {
    return Status::Unsupported("a fake table has no rows");
  }

 private:
  std::string name_;
  columnar::SchemaPtr schema_;
};

class Catalog final : public sql::Catalog {
 public:
  void Add(const std::string& name, arrow::FieldVector fields) {
    tables_[name] = std::make_shared<const Table>(name, std::move(fields));
  }
  Result<std::shared_ptr<const engine::Table>> Resolve(const TableReference& table) const override {
    last_ = table;
    const auto found = tables_.find(table.name);
    if (found == tables_.end()) {
      return Status::NotFound("no such table: '" + table.name + "'");
    }
    return std::shared_ptr<const engine::Table>(found->second);
  }
  std::vector<std::string> TableNames() const override {
    std::vector<std::string> names;
    for (const auto& [name, table] : tables_) names.push_back(name);
    return names;
  }
  const TableReference& last() const { return last_; }

 private:
  std::map<std::string, std::shared_ptr<const Table>> tables_;
  mutable TableReference last_;
};

inline engine::ScalarKernel ArrowKernel(std::string name) {
  return [name = std::move(name)](std::span<const arrow::Datum> arguments, int64_t,
                                  const engine::EvalContext&) -> Result<arrow::Datum> {
    static const arrow::Status ready = arrow::compute::Initialize();
    THALWEG_RETURN_IF_ARROW_ERROR(ready);
    return columnar::FromArrow(arrow::compute::CallFunction(
        name, std::vector<arrow::Datum>(arguments.begin(), arguments.end())));
  };
}

inline bool IsNumber(const arrow::DataType& type) {
  return arrow::is_integer(type.id()) || arrow::is_floating(type.id()) ||
         arrow::is_decimal(type.id());
}

/// Two numbers of one type give that type.
inline engine::ScalarFunction Arithmetic(std::string name, std::string kernel,
                                         TypePtr result = {}) {
  engine::ScalarFunction function;
  function.spec.name = name;
  function.bind = [=](std::span<const engine::BindArgument> args) -> Result<engine::BoundScalar> {
    if (args.size() != 2 || !IsNumber(*args[0].type) || !IsNumber(*args[1].type)) {
      return Status::InvalidArgument(name + ": takes two numbers");
    }
    THALWEG_ASSIGN_OR_RETURN(TypePtr type, engine::CommonType(args[0].type, args[1].type));
    if (result) type = result;
    return engine::BoundScalar{{type, type}, type, ArrowKernel(kernel), true};
  };
  return function;
}

inline engine::ScalarFunction Comparison(std::string name, std::string kernel) {
  engine::ScalarFunction function;
  function.spec.name = name;
  function.bind = [=](std::span<const engine::BindArgument> args) -> Result<engine::BoundScalar> {
    return engine::BoundScalar{
        {args[0].type, args[1].type}, arrow::boolean(), ArrowKernel(kernel), true};
  };
  return function;
}

/// Fixed parameters and result.
inline engine::ScalarFunction Plain(std::string name, std::vector<TypePtr> parameters,
                                    TypePtr result, std::string kernel = "no_such_kernel",
                                    bool foldable = true) {
  engine::ScalarFunction function;
  function.spec.name = name;
  function.bind = [=](std::span<const engine::BindArgument> args) -> Result<engine::BoundScalar> {
    if (args.size() != parameters.size()) {
      return Status::InvalidArgument(name + ": takes " + std::to_string(parameters.size()) +
                                     " values");
    }
    for (size_t i = 0; i < args.size(); ++i) {
      if (parameters[i] && !engine::CanCastImplicitly(*args[i].type, *parameters[i])) {
        return Status::InvalidArgument(name + ": takes (" + columnar::SqlTypeName(*parameters[i]) +
                                       ")");
      }
    }
    engine::BoundScalar bound{{}, result, ArrowKernel(kernel), foldable};
    for (size_t i = 0; i < args.size(); ++i) {
      bound.parameters.push_back(parameters[i] ? parameters[i] : args[i].type);
    }
    return bound;
  };
  return function;
}

/// Takes anything; the result is the type of the first argument.
inline engine::AggregateFunction AnyAggregate(std::string name, TypePtr result = {}) {
  engine::AggregateFunction function;
  function.spec.name = name;
  function.bind = [=](std::span<const engine::BindArgument> args,
                      bool) -> Result<engine::BoundAggregate> {
    engine::BoundAggregate bound;
    for (const auto& arg : args) bound.parameters.push_back(arg.type);
    if (!result && args.empty()) return Status::InvalidArgument(name + ": takes one value");
    bound.result = result ? result : args[0].type;
    return bound;
  };
  return function;
}

inline engine::ScalarFunction StructExtract() {
  engine::ScalarFunction function;
  function.spec.name = "struct_extract";
  function.bind = [](std::span<const engine::BindArgument> args) -> Result<engine::BoundScalar> {
    const auto& name = static_cast<const arrow::BaseBinaryScalar&>(*args[1].constant);
    const auto& type = static_cast<const arrow::StructType&>(*args[0].type);
    return engine::BoundScalar{{args[0].type, args[1].type},
                               type.GetFieldByName(std::string(name.view()))->type(),
                               ArrowKernel("no_such_kernel"),
                               true};
  };
  return function;
}

inline void AddFunctions(engine::Registry* registry) {
  registry->Add(Arithmetic("add", "add_checked"));
  registry->Add(Arithmetic("subtract", "subtract_checked"));
  registry->Add(Arithmetic("multiply", "multiply_checked"));
  registry->Add(Arithmetic("divide", "divide", arrow::float64()));
  registry->Add(Arithmetic("modulo", "no_such_kernel"));
  registry->Add(Comparison("eq", "equal"));
  registry->Add(Comparison("ne", "not_equal"));
  registry->Add(Comparison("lt", "less"));
  registry->Add(Comparison("le", "less_equal"));
  registry->Add(Comparison("gt", "greater"));
  registry->Add(Comparison("ge", "greater_equal"));
  registry->Add(Comparison("is_distinct_from", "no_such_kernel"));
  registry->Add(Plain("negate", {arrow::int32()}, arrow::int32(), "negate_checked"));
  registry->Add(Plain("is_null", {nullptr}, arrow::boolean(), "is_null"));
  registry->Add(Plain("is_not_null", {nullptr}, arrow::boolean(), "is_valid"));
  registry->Add(Plain("like", {arrow::utf8(), arrow::utf8()}, arrow::boolean()));
  registry->Add(Plain("upper", {arrow::utf8()}, arrow::utf8(), "utf8_upper"));
  registry->Add(Plain("lower", {arrow::utf8()}, arrow::utf8(), "utf8_lower"));
  registry->Add(Plain("length", {arrow::utf8()}, arrow::int64()));
  registry->Add(Plain("concat_op", {arrow::utf8(), arrow::utf8()}, arrow::utf8()));
  registry->Add(Plain("random", {}, arrow::float64(), "random", false));
  registry->Add(StructExtract());
}

inline void AddAggregates(engine::Registry* registry) {
  registry->Add(AnyAggregate("count", arrow::int64()));
  registry->Add(AnyAggregate("sum"));
  registry->Add(AnyAggregate("min"));
  registry->Add(AnyAggregate("max"));
  registry->Add(AnyAggregate("avg", arrow::float64()));
}

inline engine::Registry MakeRegistry() {
  engine::Registry registry;
  AddFunctions(&registry);
  AddAggregates(&registry);
  for (const char* name :
       {"filter", "project", "aggregate_partial", "aggregate_final", "sort", "limit"}) {
    engine::OperatorFactory factory;
    factory.spec.name = name;
    registry.Add(std::move(factory));
  }
  return registry;
}

}  // namespace thalweg::sql::fake

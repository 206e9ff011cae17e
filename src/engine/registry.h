#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/codec.h"
#include "engine/expression.h"
#include "engine/operator.h"
#include "engine/table.h"
#include "thalweg/status.h"

namespace thalweg::engine {

/// Everything that can be named. A value: a host can add to its own. Not changed while in use.
class Registry {
 public:
  // Adding a name twice is a bug of the one who adds: the process ends.
  void Add(Codec codec);
  void Add(ScalarFunction function);
  void Add(AggregateFunction function);
  void Add(OperatorFactory factory);
  void Add(Connector connector);

  // Lookups ignore case and know aliases. Null where there is none.
  const Codec* FindCodec(std::string_view name) const;
  /// By the suffix of a path, after a compression suffix has been taken off.
  const Codec* FindCodecBySuffix(std::string_view path) const;
  const ScalarFunction* FindScalar(std::string_view name) const;
  const AggregateFunction* FindAggregate(std::string_view name) const;
  const OperatorFactory* FindOperator(std::string_view name) const;
  const Connector* FindConnector(std::string_view name) const;

  const std::vector<std::unique_ptr<Codec>>& codecs() const { return codecs_; }
  const std::vector<std::unique_ptr<ScalarFunction>>& scalars() const { return scalars_; }
  const std::vector<std::unique_ptr<AggregateFunction>>& aggregates() const { return aggregates_; }
  const std::vector<std::unique_ptr<OperatorFactory>>& operators() const { return operators_; }
  const std::vector<std::unique_ptr<Connector>>& connectors() const { return connectors_; }
  /// Names of scalar and aggregate functions, for hints.
  std::vector<std::string> FunctionNames() const;

 private:
  std::vector<std::unique_ptr<Codec>> codecs_;
  std::vector<std::unique_ptr<ScalarFunction>> scalars_;
  std::vector<std::unique_ptr<AggregateFunction>> aggregates_;
  std::vector<std::unique_ptr<OperatorFactory>> operators_;
  std::vector<std::unique_ptr<Connector>> connectors_;
  std::map<std::string, const ScalarFunction*, std::less<>> scalar_names_;
  std::map<std::string, const AggregateFunction*, std::less<>> aggregate_names_;
};

}  // namespace thalweg::engine

#pragma once

#include "functions/signature.h"

// What lists share with text: a few functions have one name for both.
namespace thalweg::functions {

/// Lists one after the other; nulls are passed over by `concat` and make `concat_op` null.
Result<BoundScalar> BindListConcat(std::string_view name, std::span<const BindArgument> arguments);

/// The number of items.
Result<BoundScalar> BindListLength(std::string_view name, std::span<const BindArgument> arguments);

/// Builds `list<utf8>` rows.
class TextListWriter {
 public:
  explicit TextListWriter(int64_t rows);
  ~TextListWriter();
  void Item(std::string_view text);
  void NullItem();
  void EndRow();
  void EndNull();
  Result<ArrayPtr> Finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// A kernel that calls `f` on each row without nulls, which writes the row's items. `f` takes
/// (TextListWriter&, In…), and gives nothing or Status.
template <typename... In, typename F>
ScalarKernel TextListKernel(F f) {
  return [f = std::move(f)](std::span<const arrow::Datum> datums, int64_t rows,
                            const EvalContext&) -> Result<arrow::Datum> {
    const TypePtr type = arrow::list(arrow::utf8());
    THALWEG_ASSIGN_OR_RETURN(const std::vector<Argument> arguments, engine::ArgumentsOf(datums));
    for (const Argument& argument : arguments) {
      if (argument.always_null()) return engine::NullDatum(type);
    }
    THALWEG_ASSIGN_OR_RETURN(const Validity validity, engine::Intersect(arguments, rows));
    TextListWriter out(rows);
    Status status = [&]<size_t... I>(std::index_sequence<I...>) -> Status {
      const std::tuple<engine::RowReader<In>...> readers{engine::RowReader<In>(arguments[I])...};
      for (int64_t row = 0; row < rows; ++row) {
        if (validity.IsNull(row)) {
          out.EndNull();
          continue;
        }
        using Answer = std::invoke_result_t<const F&, TextListWriter&, In...>;
        if constexpr (std::is_same_v<Answer, Status>) {
          THALWEG_RETURN_IF_ERROR(f(out, std::get<I>(readers)[row]...));
        } else {
          f(out, std::get<I>(readers)[row]...);
        }
        out.EndRow();
      }
      return {};
    }(std::index_sequence_for<In...>());
    THALWEG_RETURN_IF_ERROR(status);
    THALWEG_ASSIGN_OR_RETURN(ArrayPtr array, out.Finish());
    return arrow::Datum(std::move(array));
  };
}

}  // namespace thalweg::functions

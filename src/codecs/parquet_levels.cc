#include "codecs/parquet_levels.h"

#include <arrow/array.h>
#include <arrow/compute/cast.h>
#include <arrow/extension_type.h>
#include <arrow/util/bit_util.h>
#include <arrow/util/bitmap_ops.h>

#include <cstring>
#include <limits>
#include <numeric>
#include <utility>

#include "codecs/parquet_text.h"
#include "columnar/arrow_status.h"

namespace thalweg::codecs::parquet {

namespace {

using arrow::Type;
using columnar::ArrayPtr;

// Marks an entry whose way ended at a null or an empty list.
constexpr uint32_t kEnded = std::numeric_limits<uint32_t>::max();

Result<ArrayPtr> DecodeLayers(ArrayPtr array) {
  for (;;) {
    switch (array->type_id()) {
      case Type::EXTENSION:
        array = static_cast<const arrow::ExtensionArray&>(*array).storage();
        break;
      case Type::DICTIONARY:
      case Type::RUN_END_ENCODED: {
        const auto options = arrow::compute::CastOptions::Safe(
            array->type_id() == Type::DICTIONARY
                ? static_cast<const arrow::DictionaryType&>(*array->type()).value_type()
                : static_cast<const arrow::RunEndEncodedType&>(*array->type()).value_type());
        THALWEG_ASSIGN_OR_RETURN_ARROW(const arrow::Datum plain,
                                       arrow::compute::Cast(arrow::Datum(array), options));
        array = plain.make_array();
        break;
      }
      case Type::INTERVAL_MONTHS:
      case Type::INTERVAL_DAY_TIME:
      case Type::INTERVAL_MONTH_DAY_NANO:
        return IntervalsToText(*array);
      default:
        return array;
    }
  }
}

// Up to 64 validity bits from bit `offset`, the first one lowest.
uint64_t LoadBits(const uint8_t* bitmap, int64_t offset, int64_t count) {
  const uint8_t* from = bitmap + offset / 8;
  const int64_t shift = offset % 8;
  const int64_t bytes = (shift + count + 7) / 8;
  uint64_t low = 0;
  std::memcpy(&low, from, static_cast<size_t>(bytes < 8 ? bytes : 8));
  low >>= shift;
  if (bytes > 8) low |= static_cast<uint64_t>(from[8]) << (64 - shift);
  return count == 64 ? low : low & ((uint64_t{1} << count) - 1);
}

void CollectPresent(const arrow::Array& array, Present* present) {
  const int64_t rows = array.length();
  const uint8_t* bitmap = array.null_bitmap_data();
  uint32_t* out = present->rows.Extend(static_cast<size_t>(rows) + 64);
  uint32_t* const begin = out;
  for (int64_t row = 0; row < rows; row += 64) {
    const int64_t count = rows - row < 64 ? rows - row : 64;
    uint64_t word = LoadBits(bitmap, array.offset() + row, count);
    auto base = static_cast<uint32_t>(row);
    if (word == ~uint64_t{0}) {
      std::iota(out, out + 64, base);
      out += 64;
      continue;
    }
    for (; word != 0; word &= word - 1) {
      *out++ = base + static_cast<uint32_t>(__builtin_ctzll(word));
    }
  }
  present->count = out - begin;
  present->rows.Truncate(static_cast<size_t>(present->count));
}

void AppendValidBits(int64_t rows, bool value, Levels* levels) {
  const auto bytes = static_cast<size_t>((levels->count + rows + 7) / 8);
  levels->bits.AppendZeros(bytes - levels->bits.size());
  arrow::bit_util::SetBitsTo(levels->bits.data(), levels->count, rows, value);
}

void AppendFlat(const arrow::Array& array, Levels* levels, Present* present) {
  const int64_t rows = array.length();
  const bool all_null = array.type_id() == Type::NA;
  const int64_t nulls = all_null ? rows : array.null_count();
  if (nulls > 0 && !levels->has_bits) {
    levels->has_bits = true;
    const int64_t before = std::exchange(levels->count, 0);
    AppendValidBits(before, true, levels);
    levels->count = before;
  }
  present->all = nulls == 0;
  present->count = rows - nulls;
  if (levels->has_bits) {
    AppendValidBits(rows, nulls == 0, levels);
    if (nulls > 0 && !all_null) {
      arrow::internal::CopyBitmap(array.null_bitmap_data(), array.offset(), rows,
                                  levels->bits.data(), levels->count);
      CollectPresent(array, present);
    }
  }
  levels->count += rows;
  levels->null_count += nulls;
}

// The entries of a nested column on their way down: one a level that will be written.
struct Entries {
  GrowArray<uint8_t> repetition;
  GrowArray<uint8_t> definition;
  GrowArray<uint32_t> row;  // In the present array, or kEnded.

  void Push(uint8_t rep, uint8_t def, uint32_t at) {
    repetition.Push(rep);
    definition.Push(def);
    row.Push(at);
  }
};

Status StepOptional(const arrow::Array& array, bool required, Entries* entries) {
  const bool may_be_null = array.type_id() == Type::NA || array.null_count() > 0;
  for (size_t i = 0; i < entries->row.size(); ++i) {
    const uint32_t at = entries->row[i];
    if (at == kEnded) continue;
    const bool null = may_be_null && array.IsNull(at);
    if (required) {
      if (null) return Status::InvalidArgument("parquet: a null in a column that must not be null");
    } else if (null) {
      entries->row[i] = kEnded;
    } else {
      ++entries->definition[i];
    }
  }
  return {};
}

template <typename ListArray>
Status Expand(const arrow::Array& array, uint8_t level, Entries* entries) {
  const auto& list = static_cast<const ListArray&>(array);
  Entries next;
  next.row.Reserve(entries->row.size());
  for (size_t i = 0; i < entries->row.size(); ++i) {
    const uint32_t at = entries->row[i];
    uint8_t rep = entries->repetition[i];
    const uint8_t def = entries->definition[i];
    const int64_t length = at == kEnded ? 0 : static_cast<int64_t>(list.value_length(at));
    if (length == 0) {
      next.Push(rep, def, kEnded);
      continue;
    }
    const auto first = static_cast<int64_t>(list.value_offset(at));
    if (first + length >= kEnded) return Status::Unsupported("parquet: too many list items");
    for (int64_t k = 0; k < length; ++k) {
      next.Push(rep, static_cast<uint8_t>(def + 1), static_cast<uint32_t>(first + k));
      rep = level;
    }
  }
  *entries = std::move(next);
  return {};
}

template <typename ListArray>
Result<ArrayPtr> StepItems(const ArrayPtr& array, uint8_t level, Entries* entries) {
  THALWEG_RETURN_IF_ERROR(Expand<ListArray>(*array, level, entries));
  return static_cast<const ListArray&>(*array).values();
}

Result<ArrayPtr> StepDown(const Step& step, const ArrayPtr& array, uint8_t level,
                          Entries* entries) {
  const Type::type id = array->type_id();
  switch (step.kind) {
    case Step::Kind::kChild:
      if (id != Type::STRUCT || step.child >= array->num_fields()) break;
      return static_cast<const arrow::StructArray&>(*array).field(step.child);
    case Step::Kind::kKey:
    case Step::Kind::kValue: {
      if (id != Type::MAP) break;
      const auto& map = static_cast<const arrow::MapArray&>(*array);
      THALWEG_RETURN_IF_ERROR(Expand<arrow::MapArray>(*array, level, entries));
      return step.kind == Step::Kind::kKey ? map.keys() : map.items();
    }
    default:
      if (id == Type::LIST) return StepItems<arrow::ListArray>(array, level, entries);
      if (id == Type::LARGE_LIST) return StepItems<arrow::LargeListArray>(array, level, entries);
      if (id == Type::LIST_VIEW) return StepItems<arrow::ListViewArray>(array, level, entries);
      if (id == Type::LARGE_LIST_VIEW) {
        return StepItems<arrow::LargeListViewArray>(array, level, entries);
      }
      if (id == Type::FIXED_SIZE_LIST) {
        return StepItems<arrow::FixedSizeListArray>(array, level, entries);
      }
      break;
  }
  return Status::InvalidArgument("parquet: a batch does not have the schema of its file: found " +
                                 array->type()->ToString());
}

Result<ArrayPtr> AppendNested(const Leaf& leaf, const ArrayPtr& column, Levels* levels,
                              Present* present) {
  Entries entries;
  const auto rows = static_cast<size_t>(column->length());
  entries.repetition.AppendZeros(rows);
  entries.definition.AppendZeros(rows);
  uint32_t* at = entries.row.Extend(rows);
  std::iota(at, at + rows, 0U);
  uint8_t level = 0;
  ArrayPtr array = column;
  for (const Step& step : leaf.steps) {
    if (step.kind == Step::Kind::kOptional || step.kind == Step::Kind::kRequired) {
      THALWEG_ASSIGN_OR_RETURN(array, DecodeLayers(std::move(array)));
      THALWEG_RETURN_IF_ERROR(StepOptional(*array, step.kind == Step::Kind::kRequired, &entries));
      continue;
    }
    if (step.kind != Step::Kind::kChild) ++level;
    THALWEG_ASSIGN_OR_RETURN(array, StepDown(step, array, level, &entries));
  }
  const size_t count = entries.row.size();
  levels->repetition.Append(entries.repetition.data(), count);
  levels->definition.Append(entries.definition.data(), count);
  uint32_t* out = present->rows.Extend(count);
  size_t values = 0;
  for (size_t i = 0; i < count; ++i) {
    out[values] = entries.row[i];
    values += static_cast<size_t>(entries.row[i] != kEnded);
  }
  present->rows.Truncate(values);
  present->all = false;
  present->count = static_cast<int64_t>(values);
  levels->count += static_cast<int64_t>(count);
  levels->null_count += static_cast<int64_t>(count - values);
  return array;
}

}  // namespace

void Levels::Clear() {
  count = 0;
  null_count = 0;
  has_bits = false;
  bits.clear();
  definition.clear();
  repetition.clear();
}

Result<ArrayPtr> AppendLevels(const Leaf& leaf, const ArrayPtr& column, Levels* levels,
                              Present* present) {
  present->rows.clear();
  if (column->length() >= kEnded) return Status::Unsupported("parquet: too many rows in a batch");
  if (!leaf.flat()) return AppendNested(leaf, column, levels, present);
  THALWEG_ASSIGN_OR_RETURN(ArrayPtr array, DecodeLayers(column));
  AppendFlat(*array, levels, present);
  if (leaf.max_definition == 0 && levels->null_count > 0) {
    return Status::InvalidArgument("parquet: a null in a column that must not be null");
  }
  return array;
}

}  // namespace thalweg::codecs::parquet

#include "codecs/marc_rows.h"

#include <arrow/array.h>
#include <arrow/record_batch.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "codecs/marc_decoder.h"
#include "marc/path_program.h"
#include "thalweg/marc/path.h"

namespace thalweg::codecs {
namespace {

using thalweg::marc::Comparison;
using thalweg::marc::Field;
using thalweg::marc::FieldFilter;
using thalweg::marc::Leader;
using thalweg::marc::Path;
using thalweg::marc::Record;
using thalweg::marc::Subfield;

constexpr std::string_view kLeaderName = "leader";
// A new record of a book, in UTF-8.
constexpr std::string_view kNewLeader = "00000nam a2200000   4500";

Status CannotWrite(std::string_view name, std::string_view why) {
  return Status::InvalidArgument("marc: the column '" + std::string(name) +
                                 "' cannot be written: " + std::string(why));
}

// How long MARC 21 has a field of places; 0: as long as is needed.
size_t UsualSize(thalweg::marc::Tag tag) {
  if (tag == thalweg::marc::Tag("008")) return 40;
  return tag == thalweg::marc::Tag("006") ? 18 : 0;
}

bool IsTextOrList(const arrow::DataType& type, bool list) {
  if (!list) return columnar::IsString(type);
  const bool is_list = type.id() == arrow::Type::LIST || type.id() == arrow::Type::LARGE_LIST;
  // A list that is always empty has no type of its items.
  return is_list && (columnar::IsString(*type.field(0)->type()) ||
                     type.field(0)->type()->id() == arrow::Type::NA);
}

// What a filter says of a field that is to be made: an indicator, or a subfield.
bool ApplyFilter(const FieldFilter& filter, char (&indicators)[2],
                 std::vector<std::pair<char, std::string>>* fixed) {
  if (filter.indicator != 0) {
    if (filter.allowed.count() != 1) return false;
    char& indicator = indicators[filter.indicator - 1];
    for (size_t c = 0; c < filter.allowed.size(); ++c) {
      if (filter.allowed[c]) indicator = static_cast<char>(c);
    }
    return true;
  }
  if (filter.test.comparison != Comparison::kEqual || filter.test.negated) return false;
  fixed->emplace_back(filter.code, filter.test.value);
  return true;
}

}  // namespace

// One column of a batch.
struct MarcRows::View::Values {
  explicit Values(const columnar::ArrayPtr& array, bool list_column) : array_of(array) {
    if (!list_column) {
      text.emplace(array);
      return;
    }
    if (array->type_id() == arrow::Type::LARGE_LIST) {
      large = static_cast<const arrow::LargeListArray*>(array.get());
    } else {
      small = static_cast<const arrow::ListArray*>(array.get());
    }
    const columnar::ArrayPtr items = large != nullptr ? large->values() : small->values();
    if (items->type_id() != arrow::Type::NA) text.emplace(items);
  }
  // The items of a row: of a column that is no list, one or none.
  std::pair<int64_t, int64_t> Range(int64_t row) const {
    if (array_of->IsNull(row)) return {0, 0};
    if (large != nullptr) return {large->value_offset(row), large->value_offset(row + 1)};
    if (small != nullptr) return {small->value_offset(row), small->value_offset(row + 1)};
    return {row, row + 1};
  }
  std::optional<std::string_view> Item(int64_t item) const {
    if (!text || text->IsNull(item)) return {};
    return (*text)[item];
  }

  columnar::ArrayPtr array_of;
  const arrow::ListArray* small = nullptr;
  const arrow::LargeListArray* large = nullptr;
  std::optional<columnar::StringColumn> text;
};

bool MarcRows::Names(std::string_view name) {
  return name == kLeaderName || ResolveMarcColumn(name).has_value();
}

// Fills `group` and `part` as the name of a column says.
Status MarcRows::Describe(std::string_view name, Group* group, Part* part) {
  if (!Names(name)) {
    return CannotWrite(name, "it is no path such as 245$a or 001, and there is no column 'record'");
  }
  THALWEG_ASSIGN_OR_RETURN(const Path path, Path::Compile(name == kLeaderName ? "LDR" : name));
  const Path::Program& program = path.program();
  part->list = program.list;
  if (!program.leader && !program.exact) return CannotWrite(name, "its tag is not one tag");
  if (program.range) {
    if (program.range->last == std::string::npos) return CannotWrite(name, "places without an end");
    part->first = program.range->first;
    part->count = program.range->last - program.range->first + 1;
  }
  group->kind = program.leader             ? Group::Kind::kLeader
                : program.tag.is_control() ? Group::Kind::kControl
                                           : Group::Kind::kData;
  if (!program.leader) group->tag = program.tag;
  group->key = program.leader ? "LDR" : program.tag.ToString() + std::to_string(program.nth);
  if (group->kind != Group::Kind::kData) {
    if (!program.filters.empty() || program.list || program.nth != 0) {
      return CannotWrite(name, "a control field has one value");
    }
    if (part->first + part->count > 4096) return CannotWrite(name, "no field is so long");
    return {};
  }
  if (program.codes.size() != 1 || program.all_codes()) {
    return CannotWrite(name, "it has to name one subfield, such as 245$a");
  }
  if (program.range) return CannotWrite(name, "places of a subfield");
  part->code = program.codes[0];
  for (const FieldFilter& filter : program.filters) {
    if (!ApplyFilter(filter, group->indicators, &group->fixed)) {
      return CannotWrite(name, "its filter does not say what the field is");
    }
  }
  group->key.append(group->indicators, 2);
  for (const auto& [code, value] : group->fixed) {
    group->key.append(1, '$').append(1, code).append(value);
  }
  return {};
}

Result<MarcRows> MarcRows::Make(const arrow::Schema& schema) {
  MarcRows rows;
  for (int column = 0; column < schema.num_fields(); ++column) {
    const std::string& name = schema.field(column)->name();
    Group group;
    Part part{.column = column};
    THALWEG_RETURN_IF_ERROR(Describe(name, &group, &part));
    const arrow::DataType& type = *schema.field(column)->type();
    if (type.id() != arrow::Type::NA && !IsTextOrList(type, part.list)) {
      return CannotWrite(name, "it is " + columnar::SqlTypeName(type) + ", not " +
                                   (part.list ? "VARCHAR[]" : "VARCHAR"));
    }
    if (type.id() == arrow::Type::NA) continue;
    const auto same = std::find_if(rows.groups_.begin(), rows.groups_.end(),
                                   [&](const Group& made) { return made.key == group.key; });
    if (same != rows.groups_.end()) {
      same->parts.push_back(part);
    } else {
      group.parts.push_back(part);
      rows.groups_.push_back(std::move(group));
    }
  }
  return rows;
}

MarcRows::View MarcRows::Of(const arrow::RecordBatch& batch) const {
  View view(*this);
  view.columns_.resize(static_cast<size_t>(batch.num_columns()));
  for (const Group& group : groups_) {
    for (const Part& part : group.parts) {
      view.columns_[static_cast<size_t>(part.column)] =
          std::make_shared<const View::Values>(batch.column(part.column), part.list);
    }
  }
  return view;
}

// The text of a leader or control field, of its whole or of its places.
Status MarcRows::View::Places(const Group& group, int64_t row, std::string* text) const {
  for (const Part& part : group.parts) {
    const Values& values = *columns_[static_cast<size_t>(part.column)];
    const auto [item, end] = values.Range(row);
    const auto value = item == end ? std::nullopt : values.Item(item);
    if (!value) continue;
    if (part.count == 0) {
      text->assign(*value);
      continue;
    }
    if (value->size() > part.count) {
      return Status::InvalidArgument("marc: '" + std::string(*value) + "' is longer than " +
                                     group.key + "'s places from " + std::to_string(part.first));
    }
    const size_t size = std::max(part.first + part.count, UsualSize(group.tag));
    if (text->size() < size) text->resize(size, ' ');
    text->replace(part.first, value->size(), *value);
    std::fill_n(text->begin() + static_cast<std::ptrdiff_t>(part.first + value->size()),
                part.count - value->size(), ' ');
  }
  return {};
}

void MarcRows::View::AddFields(const Group& group, int64_t row, Record* record) const {
  const bool lists = std::any_of(group.parts.begin(), group.parts.end(),
                                 [](const Part& part) { return part.list; });
  int64_t fields = lists ? 0 : 1;
  for (const Part& part : group.parts) {
    const auto [first, end] = columns_[static_cast<size_t>(part.column)]->Range(row);
    if (part.list) fields = std::max(fields, end - first);
  }
  for (int64_t i = 0; i < fields; ++i) {
    Field field(group.tag, group.indicators[0], group.indicators[1]);
    bool any = false;
    for (const Part& part : group.parts) {
      const Values& values = *columns_[static_cast<size_t>(part.column)];
      const auto [first, end] = values.Range(row);
      const int64_t item = part.list ? first + i : first;
      if (item >= end) continue;
      if (const auto value = values.Item(item)) {
        field.Add(part.code, *value);
        any = any || part.list || !lists;
      }
    }
    if (!any) continue;
    for (const auto& [code, value] : group.fixed) field.Add(code, value);
    record->Add(field);
  }
}

Result<Record> MarcRows::View::RecordOf(int64_t row) const {
  std::string leader(kNewLeader);
  for (const Group& group : rows_.groups_) {
    if (group.kind != Group::Kind::kLeader) continue;
    THALWEG_RETURN_IF_ERROR(Places(group, row, &leader));
  }
  Leader made(leader);
  made.set_coding_scheme('a');  // What columns hold is Unicode.
  Record record(made);
  for (const Group& group : rows_.groups_) {
    if (group.kind == Group::Kind::kData) {
      AddFields(group, row, &record);
    } else if (group.kind == Group::Kind::kControl) {
      std::string text;
      THALWEG_RETURN_IF_ERROR(Places(group, row, &text));
      if (!text.empty()) record.Add(Field::Control(group.tag, text));
    }
  }
  return record;
}

}  // namespace thalweg::codecs

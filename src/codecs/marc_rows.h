#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "columnar/batch.h"
#include "thalweg/marc/record.h"
#include "thalweg/status.h"

namespace thalweg::codecs {

/// Makes records of rows whose columns are named by paths: `leader`, `001`, `008/35-37`, `245$a`,
/// `650[ind2=0]$a[]`. Immutable: several threads may use one.
///
/// Columns that agree in all but their code make one field; lists side by side make one field an
/// item, and what is no list stands in each of these. Fields stand in the order of their columns,
/// subfields likewise. Null makes nothing.
class MarcRows {
 public:
  /// `invalid_argument` names the first column that cannot be written.
  static Result<MarcRows> Make(const arrow::Schema& schema);
  /// Whether `name` is a column of this kind.
  static bool Names(std::string_view name);

  /// Looks at one batch of the schema; valid as long as the batch.
  class View;
  View Of(const arrow::RecordBatch& batch) const;

 private:
  // A part of a record that a column fills.
  struct Part {
    int column = 0;
    bool list = false;
    char code = 0;     // Of a subfield.
    size_t first = 0;  // Of characters; `count` 0: all.
    size_t count = 0;
  };
  // What becomes of neighbours: the leader, a control field, or the fields of a tag.
  struct Group {
    enum class Kind : uint8_t { kLeader, kControl, kData };
    Kind kind = Kind::kData;
    std::string key;
    thalweg::marc::Tag tag;
    char indicators[2] = {' ', ' '};
    std::vector<std::pair<char, std::string>> fixed;  // Subfields that a filter asks for.
    std::vector<Part> parts;
  };

  static Status Describe(std::string_view name, Group* group, Part* part);

  std::vector<Group> groups_;
};

class MarcRows::View {
 public:
  Result<thalweg::marc::Record> RecordOf(int64_t row) const;

 private:
  friend class MarcRows;
  struct Values;
  explicit View(const MarcRows& rows) : rows_(rows) {}

  Status Places(const Group& group, int64_t row, std::string* text) const;
  void AddFields(const Group& group, int64_t row, thalweg::marc::Record* record) const;

  const MarcRows& rows_;
  std::vector<std::shared_ptr<const Values>> columns_;  // By their place in the schema.
};

}  // namespace thalweg::codecs

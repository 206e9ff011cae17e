#include "engine/rejected_rows.h"

#include <algorithm>
#include <cstring>
#include <iterator>
#include <string>
#include <utility>

namespace thalweg::engine {
namespace {

constexpr size_t kRawBytesMax = size_t{1} << 20;

/// Finds places of rows in ascending order; counts each newline once.
class OriginReader {
 public:
  explicit OriginReader(const Origin& origin) : origin_(origin) {
    if (origin.bytes) {
      text_ = {reinterpret_cast<const char*>(origin.bytes->data()),
               static_cast<size_t>(origin.bytes->size())};
    }
  }

  void Fill(int64_t row, RejectedRow* out) {
    if (origin_.file) out->file = *origin_.file;
    const auto at = static_cast<size_t>(origin_.rows ? (*origin_.rows)[static_cast<size_t>(row)]
                                                     : static_cast<int32_t>(row));
    const auto* offsets = origin_.row_offsets.get();
    if (offsets == nullptr || at >= offsets->size()) {
      if (at == 0) {
        out->byte_offset = origin_.byte_offset;
        out->line = origin_.first_line;
      }
      if (out->line == 0 && origin_.first_row >= 0) {
        out->reason += " (row " + std::to_string(origin_.first_row + static_cast<int64_t>(at) + 1) +
                       " of the file)";
      }
      return;
    }
    const size_t offset = (*offsets)[at];
    if (origin_.byte_offset >= 0) {
      out->byte_offset = origin_.byte_offset + static_cast<int64_t>(offset);
    }
    if (at == 0) out->line = origin_.first_line;
    if (offset > text_.size() || text_.empty()) return;
    if (origin_.first_line > 0) out->line = LineAt(offset);
    out->raw = RawAt(offset, at + 1 < offsets->size() ? (*offsets)[at + 1] : text_.size(),
                     at + 1 < offsets->size());
  }

 private:
  int64_t LineAt(size_t offset) {
    if (offset < counted_) {
      counted_ = 0;
      newlines_ = 0;
    }
    newlines_ += std::count(text_.begin() + static_cast<ptrdiff_t>(counted_),
                            text_.begin() + static_cast<ptrdiff_t>(offset), '\n');
    counted_ = offset;
    return origin_.first_line + newlines_;
  }

  /// The last row's end is not known: it is taken to be the end of its line.
  std::string RawAt(size_t begin, size_t end, bool end_known) const {
    std::string_view raw =
        text_.substr(begin, std::max(begin, std::min(end, text_.size())) - begin);
    // Records that were rejected before may stand between this one and the next that is known;
    // without quotes a record ends with its line.
    if (!end_known || raw.find('"') == std::string_view::npos) raw = raw.substr(0, raw.find('\n'));
    while (!raw.empty() && (raw.back() == '\n' || raw.back() == '\r')) raw.remove_suffix(1);
    return std::string(raw.substr(0, kRawBytesMax));
  }

  const Origin& origin_;
  std::string_view text_;
  size_t counted_ = 0;
  int64_t newlines_ = 0;
};

}  // namespace

Status RejectRows(const Batch& batch, std::string_view column, const std::vector<RowError>& errors,
                  Emitter& out) {
  const Origin unknown;
  OriginReader origin(batch.origin() ? *batch.origin() : unknown);
  for (const RowError& error : errors) {
    RejectedRow row;
    row.column = column;
    row.reason = error.reason;
    origin.Fill(error.row, &row);
    THALWEG_RETURN_IF_ERROR(out.Reject(std::move(row)));
  }
  return {};
}

columnar::Selection RowsWithout(const std::vector<RowError>& errors, int64_t num_rows) {
  auto rows = std::make_shared<std::vector<int32_t>>();
  rows->reserve(static_cast<size_t>(num_rows) -
                std::min(errors.size(), static_cast<size_t>(num_rows)));
  auto next = errors.begin();
  for (int64_t row = 0; row < num_rows; ++row) {
    while (next != errors.end() && next->row < row) ++next;
    if (next != errors.end() && next->row == row) continue;
    rows->push_back(static_cast<int32_t>(row));
  }
  return rows;
}

void MergeRowErrors(std::vector<RowError> more, std::vector<RowError>* errors) {
  const auto by_row = [](const RowError& a, const RowError& b) { return a.row < b.row; };
  std::vector<RowError> merged;
  merged.reserve(more.size() + errors->size());
  std::merge(std::make_move_iterator(errors->begin()), std::make_move_iterator(errors->end()),
             std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()),
             std::back_inserter(merged), by_row);
  const auto end = std::unique(merged.begin(), merged.end(),
                               [](const RowError& a, const RowError& b) { return a.row == b.row; });
  merged.erase(end, merged.end());
  *errors = std::move(merged);
}

}  // namespace thalweg::engine

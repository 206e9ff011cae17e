#include "job/table_text.h"

#include <algorithm>
#include <array>
#include <utility>

#include "engine/expression.h"

namespace thalweg::job {
namespace {

using Row = std::vector<std::string>;

struct Lines {
  const char* vertical;
  const char* horizontal;
  std::array<const char*, 3> top, middle, bottom;  ///< Left, cross, right.
};
constexpr Lines kBox = {"│", "─", {"┌", "┬", "┐"}, {"├", "┼", "┤"}, {"└", "┴", "┘"}};
constexpr Lines kAscii = {"|", "-", {"+", "+", "+"}, {"+", "+", "+"}, {"+", "+", "+"}};

// Columns on a terminal: code points, which is right for all but wide and combining ones.
size_t Width(std::string_view text) {
  return static_cast<size_t>(std::ranges::count_if(
      text, [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

// At most `width` code points, with an ellipsis where something was cut.
std::string Fit(const std::string& text, size_t width) {
  if (Width(text) <= width) return text;
  std::string out;
  size_t points = 0;
  for (const char c : text) {
    if ((static_cast<unsigned char>(c) & 0xC0) != 0x80 && ++points == width) break;
    out.push_back(c);
  }
  return out + "…";
}

// Control characters would move the cursor, or worse.
std::string Printable(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '\n') {
      out += "\\n";
    } else if (c == '\t') {
      out += "\\t";
    } else if (c == '\r') {
      out += "\\r";
    } else if (byte < 0x20 || byte == 0x7F) {
      out += "�";
    } else {
      out.push_back(c);
    }
  }
  return out;
}

void AppendRows(const columnar::RecordBatchPtr& batch, int64_t begin, int64_t end,
                const std::string& null_text, std::vector<Row>* rows) {
  const auto slice = batch->Slice(begin, end - begin);
  const size_t first = rows->size();
  rows->resize(first + static_cast<size_t>(end - begin),
               Row(static_cast<size_t>(batch->num_columns())));
  for (int c = 0; c < slice->num_columns(); ++c) {
    const auto type = slice->column(c)->type();
    const auto column = engine::MakeColumn(c, "", type);
    auto cast = engine::MakeCast(column, arrow::utf8(), /*try_cast=*/true);
    Result<arrow::Datum> text = Status::Internal("no cast");
    if (cast.ok()) text = (*cast)->Evaluate(*slice, {});
    const auto plain = text.ok() ? text->make_array() : nullptr;
    for (int64_t r = 0; r < slice->num_rows(); ++r) {
      std::string& cell = (*rows)[first + static_cast<size_t>(r)][static_cast<size_t>(c)];
      if (slice->column(c)->IsNull(r)) {
        cell = null_text;
      } else if (plain != nullptr) {
        cell = Printable(columnar::StringColumn(plain)[r]);
      } else {
        cell = "?";
      }
    }
  }
}

// Rows [begin, end) of the whole answer.
std::vector<Row> Texts(const QueryResult::State& result, int64_t begin, int64_t end,
                       const std::string& null_text) {
  std::vector<Row> rows;
  int64_t offset = 0;
  for (const auto& batch : result.batches) {
    const int64_t from = std::max<int64_t>(begin - offset, 0);
    const int64_t to = std::min(end - offset, batch->num_rows());
    if (from < to) AppendRows(batch, from, to, null_text, &rows);
    offset += batch->num_rows();
  }
  return rows;
}

std::string Rule(const std::vector<size_t>& widths, const Lines& lines,
                 const std::array<const char*, 3>& ends) {
  std::string out = ends[0];
  for (size_t i = 0; i < widths.size(); ++i) {
    if (i > 0) out += ends[1];
    for (size_t k = 0; k < widths[i] + 2; ++k) out += lines.horizontal;
  }
  return out + ends[2] + "\n";
}

std::string Line(const Row& cells, const std::vector<size_t>& widths,
                 const std::vector<bool>& right, const char* vertical) {
  std::string out = vertical;
  for (size_t i = 0; i < cells.size(); ++i) {
    const std::string cell = Fit(cells[i], widths[i]);
    const std::string space(widths[i] - std::min(widths[i], Width(cell)), ' ');
    out.append(1, ' ').append(right[i] ? space + cell : cell + space).append(1, ' ');
    out += vertical;
  }
  return out + "\n";
}

bool IsNumber(const std::string& type) {
  return type.starts_with("DECIMAL") || type.ends_with("INT") || type.ends_with("INTEGER") ||
         type == "DOUBLE" || type == "FLOAT";
}

// Narrows the widest columns until the line fits.
void Narrow(std::vector<size_t>* widths, int width_max) {
  if (width_max <= 0) return;
  const auto total = [&] {
    size_t sum = 1;
    for (const size_t width : *widths) sum += width + 3;
    return sum;
  };
  while (total() > static_cast<size_t>(width_max)) {
    auto widest = std::ranges::max_element(*widths);
    if (*widest <= 4) return;
    --*widest;
  }
}

std::string Grouped(int64_t value) {
  std::string digits = std::to_string(value);
  for (auto at = static_cast<int64_t>(digits.size()) - 3; at > 0; at -= 3) {
    digits.insert(static_cast<size_t>(at), 1, ',');
  }
  return digits;
}

std::string Markdown(const std::vector<Row>& rows, const Row& names) {
  std::string out = "|";
  const auto escaped = [](std::string text) {
    for (size_t at = 0; (at = text.find('|', at)) != std::string::npos; at += 2)
      text.insert(at, 1, '\\');
    return text;
  };
  for (const auto& name : names) out.append(1, ' ').append(escaped(name)).append(" |");
  out += "\n|";
  for (size_t i = 0; i < names.size(); ++i) out += " --- |";
  out += "\n";
  for (const auto& row : rows) {
    out += "|";
    for (const auto& cell : row) out.append(1, ' ').append(escaped(cell)).append(" |");
    out += "\n";
  }
  return out;
}

}  // namespace

std::string TableText(const QueryResult::State& result, const std::vector<ColumnInfo>& columns,
                      const TextOptions& options) {
  Row names;
  Row types;
  std::vector<bool> right;
  for (const auto& column : columns) {
    names.push_back(Printable(column.name));
    types.push_back(column.type);
    right.push_back(IsNumber(column.type));
  }
  const bool markdown = options.format == TextFormat::kMarkdown;
  const bool cut = options.rows_max > 0 && result.rows > options.rows_max && !markdown;
  const int64_t head = cut ? (options.rows_max + 1) / 2 : result.rows;
  std::vector<Row> rows = Texts(result, 0, head, markdown ? "" : "NULL");
  if (markdown) return Markdown(rows, names);
  std::vector<Row> tail;
  if (cut) tail = Texts(result, result.rows - options.rows_max / 2, result.rows, "NULL");
  std::vector<size_t> widths;
  for (size_t i = 0; i < names.size(); ++i) {
    size_t width = std::max(Width(names[i]), options.types ? Width(types[i]) : 0);
    for (const auto& row : rows) width = std::max(width, Width(row[i]));
    for (const auto& row : tail) width = std::max(width, Width(row[i]));
    widths.push_back(std::max<size_t>(width, 1));
  }
  Narrow(&widths, options.width_max);
  const Lines& lines = options.format == TextFormat::kBox ? kBox : kAscii;
  std::string out = Rule(widths, lines, lines.top);
  const std::vector<bool> left(names.size(), false);
  out += Line(names, widths, left, lines.vertical);
  if (options.types) out += Line(types, widths, left, lines.vertical);
  out += Rule(widths, lines, lines.middle);
  for (const auto& row : rows) out += Line(row, widths, right, lines.vertical);
  if (cut) {
    const char* dots = options.format == TextFormat::kBox ? "·" : ".";
    out += Line(Row(names.size(), dots), widths, right, lines.vertical);
    for (const auto& row : tail) out += Line(row, widths, right, lines.vertical);
  }
  out += Rule(widths, lines, lines.bottom);
  if (cut) out += Grouped(result.rows) + " rows (" + Grouped(options.rows_max) + " shown)\n";
  return out;
}

}  // namespace thalweg::job

#include "marc_table.h"

#include <array>
#include <cerrno>
#include <utility>

namespace thalweg::python {
namespace {

using marc::PathColumn;
using marc::RecordView;
using Chunks = std::vector<std::shared_ptr<TableChunk>>;
using Columns = std::shared_ptr<const std::vector<PathColumn>>;

// Chunks stay far below what 32-bit offsets can say.
constexpr size_t kChunkBytes = size_t{64} << 20;
constexpr int64_t kChunkRows = int64_t{1} << 20;

int32_t SizeOf(size_t size) { return static_cast<int32_t>(size); }

void AppendValue(std::string_view value, TableChunk::Column* column) {
  column->text += value;
  column->ends.push_back(SizeOf(column->text.size()));
}

void AppendRow(const PathColumn& path, const RecordView& record, int64_t row, std::string* scratch,
               TableChunk::Column* column) {
  if (column->is_list) {
    path.path.ForEach(record, scratch, [column](std::string_view value) {
      AppendValue(value, column);
      return true;
    });
    column->list_ends.push_back(SizeOf(column->ends.size() - 1));
    return;
  }
  if (row % 8 == 0) column->valid.push_back(0);
  const auto value = path.path.First(record, scratch);
  if (value) {
    column->valid.back() = static_cast<uint8_t>(column->valid.back() | 1U << (row % 8));
  } else {
    ++column->nulls;
  }
  AppendValue(value.value_or(std::string_view()), column);
}

// --- schemas
// --------------------------------------------------------------------------------------

// Everything that a schema points at, released at once.
struct SchemaHolder {
  std::vector<std::string> names;
  std::vector<ArrowSchema> nodes;  // Columns, then the elements of lists.
  std::vector<ArrowSchema*> children;
  std::vector<ArrowSchema*> elements;
};

void ReleaseNothing(ArrowSchema* schema) { schema->release = nullptr; }
void ReleaseSchema(ArrowSchema* schema) {
  delete static_cast<SchemaHolder*>(schema->private_data);
  schema->release = nullptr;
}

ArrowSchema Node(const char* format, const char* name) {
  ArrowSchema schema{};
  schema.format = format;
  schema.name = name;
  schema.flags = ARROW_FLAG_NULLABLE;
  schema.release = ReleaseNothing;
  return schema;
}

void ExportSchema(const std::vector<PathColumn>& columns, ArrowSchema* out) {
  auto holder = std::make_unique<SchemaHolder>();
  const size_t count = columns.size();
  holder->nodes.reserve(count * 2);
  holder->elements.resize(count);
  for (const PathColumn& column : columns) holder->names.push_back(column.name);
  for (size_t i = 0; i < count; ++i) {
    holder->nodes.push_back(Node(columns[i].path.is_list() ? "+l" : "u", holder->names[i].c_str()));
  }
  for (size_t i = 0; i < count; ++i) {
    holder->nodes.push_back(Node("u", "item"));
    holder->elements[i] = &holder->nodes[count + i];
    if (columns[i].path.is_list()) {
      holder->nodes[i].n_children = 1;
      holder->nodes[i].children = &holder->elements[i];
    }
    holder->children.push_back(&holder->nodes[i]);
  }
  *out = Node("+s", "");
  out->flags = 0;
  out->n_children = static_cast<int64_t>(count);
  out->children = holder->children.data();
  out->release = ReleaseSchema;
  out->private_data = holder.release();
}

// --- arrays
// ---------------------------------------------------------------------------------------

struct ArrayHolder {
  std::shared_ptr<const TableChunk> chunk;
  std::vector<ArrowArray> nodes;
  std::vector<ArrowArray*> children;
  std::vector<ArrowArray*> elements;
  std::vector<std::array<const void*, 3>> buffers;
  const void* none = nullptr;
};

// A consumer may take a child and release it by itself; the buffers are kept by all of them.
struct ChildHolder {
  std::shared_ptr<ArrayHolder> holder;
};
void ReleaseChild(ArrowArray* array) {
  for (int64_t i = 0; i < array->n_children; ++i) {
    if (array->children[i]->release != nullptr) array->children[i]->release(array->children[i]);
  }
  array->release = nullptr;
  delete static_cast<ChildHolder*>(array->private_data);
}

void SetTextNode(const TableChunk::Column& column, bool element, ArrayHolder* holder,
                 size_t place) {
  ArrowArray& array = holder->nodes[place];
  array.length = static_cast<int64_t>(column.ends.size()) - 1;
  array.null_count = element ? 0 : column.nulls;
  array.n_buffers = 3;
  holder->buffers[place] = {element || column.nulls == 0 ? nullptr : column.valid.data(),
                            column.ends.data(), column.text.data()};
}

void ExportChunk(const std::shared_ptr<TableChunk>& chunk, ArrowArray* out) {
  auto holder = std::make_shared<ArrayHolder>();
  const size_t count = chunk->columns.size();
  holder->chunk = chunk;
  holder->nodes.resize(count * 2);
  holder->buffers.resize(count * 2);
  holder->elements.resize(count);
  for (size_t i = 0; i < count; ++i) {
    const TableChunk::Column& column = chunk->columns[i];
    holder->children.push_back(&holder->nodes[i]);
    holder->elements[i] = &holder->nodes[count + i];
    if (column.is_list) {
      ArrowArray& array = holder->nodes[i];
      array.length = chunk->rows;
      array.n_buffers = 2;
      array.n_children = 1;
      array.children = &holder->elements[i];
      holder->buffers[i] = {nullptr, column.list_ends.data(), nullptr};
      SetTextNode(column, true, holder.get(), count + i);
    } else {
      SetTextNode(column, false, holder.get(), i);
    }
  }
  for (size_t i = 0; i < count * 2; ++i) {
    ArrowArray& array = holder->nodes[i];
    array.buffers = holder->buffers[i].data();
    if (i >= count && !chunk->columns[i - count].is_list) continue;
    array.private_data = new ChildHolder{holder};
    array.release = ReleaseChild;
  }
  *out = {};
  out->length = chunk->rows;
  out->n_buffers = 1;
  out->buffers = &holder->none;
  out->n_children = static_cast<int64_t>(count);
  out->children = holder->children.data();
  out->private_data = new ChildHolder{holder};
  out->release = ReleaseChild;
}

// --- streams
// --------------------------------------------------------------------------------------

struct StreamHolder {
  Columns columns;
  Chunks chunks;
  size_t next = 0;
};

int StreamSchema(ArrowArrayStream* stream, ArrowSchema* out) {
  ExportSchema(*static_cast<StreamHolder*>(stream->private_data)->columns, out);
  return 0;
}
int StreamNext(ArrowArrayStream* stream, ArrowArray* out) {
  auto* holder = static_cast<StreamHolder*>(stream->private_data);
  *out = {};
  if (holder->next < holder->chunks.size()) ExportChunk(holder->chunks[holder->next++], out);
  return 0;
}
const char* StreamError(ArrowArrayStream* /*stream*/) { return nullptr; }
void StreamRelease(ArrowArrayStream* stream) {
  delete static_cast<StreamHolder*>(stream->private_data);
  stream->release = nullptr;
}

}  // namespace

Result<MarcTable> MarcTable::Compile(std::string_view columns) {
  THALWEG_ASSIGN_OR_RETURN(std::vector<PathColumn> compiled, marc::CompileColumns(columns));
  MarcTable table;
  table.columns_ = std::make_shared<const std::vector<PathColumn>>(std::move(compiled));
  return table;
}

std::shared_ptr<TableChunk> MarcTable::NewChunk() const {
  auto chunk = std::make_shared<TableChunk>();
  chunk->columns.resize(columns_->size());
  for (size_t i = 0; i < columns_->size(); ++i) {
    chunk->columns[i].is_list = (*columns_)[i].path.is_list();
  }
  return chunk;
}

TableChunk& MarcTable::Open() {
  if (chunks_.empty() || chunks_.back()->bytes >= kChunkBytes ||
      chunks_.back()->rows >= kChunkRows) {
    chunks_.push_back(NewChunk());
  }
  return *chunks_.back();
}

void MarcTable::AppendTo(const RecordView& record, TableChunk* chunk) const {
  std::string scratch;
  for (size_t i = 0; i < columns_->size(); ++i) {
    TableChunk::Column& column = chunk->columns[i];
    const size_t before = column.text.size();
    AppendRow((*columns_)[i], record, chunk->rows, &scratch, &column);
    chunk->bytes += column.text.size() - before;
  }
  ++chunk->rows;
}

void MarcTable::Add(std::shared_ptr<TableChunk> chunk) {
  if (chunk->rows > 0) chunks_.push_back(std::move(chunk));
}

int64_t MarcTable::num_rows() const {
  int64_t rows = 0;
  for (const auto& chunk : chunks_) rows += chunk->rows;
  return rows;
}

void MarcTable::Export(ArrowArrayStream* out) const {
  out->get_schema = StreamSchema;
  out->get_next = StreamNext;
  out->get_last_error = StreamError;
  out->release = StreamRelease;
  out->private_data = new StreamHolder{columns_, chunks_, 0};
}

}  // namespace thalweg::python

#include "codecs/parquet_column.h"

#include <arrow/util/bitmap_ops.h>

#include <algorithm>
#include <cstring>
#include <limits>
#include <utility>

#include "codecs/parquet_rle.h"
#include "codecs/parquet_statistics.h"

namespace thalweg::codecs::parquet {

namespace {

// A page is what a reader decompresses at a time.
constexpr size_t kPageBytes = size_t{1} << 20;
constexpr size_t kPageLevelsMin = 64;

class PageWriter {
 public:
  PageWriter(const Leaf& leaf, ColumnScratch* scratch, std::string* out)
      : leaf_(leaf), levels_(scratch->levels), scratch_(*scratch), out_(*out) {
    meta_.num_values = levels_.count;
    meta_.statistics.null_count = levels_.null_count;
  }

  ColumnChunkMeta& meta() { return meta_; }
  GrowArray<uint8_t>& body() { return scratch_.body; }

  // The entries stand in `body`.
  Status WriteDictionaryPage(size_t entries) {
    meta_.dictionary = true;
    meta_.dictionary_page_offset = static_cast<int64_t>(out_.size());
    return WriteBody([entries](int32_t uncompressed, int32_t compressed, std::string* out) {
      AppendDictionaryPageHeader(static_cast<int32_t>(entries), uncompressed, compressed, out);
    });
  }

  /// Writes all data pages. `bytes_per_value` sizes them; `append(first, last)` adds the values of
  /// one page to `body`; `fit(first, last)` may move `last` down so that they are few enough.
  template <typename Append>
  Status WriteDataPages(PageEncoding encoding, size_t bytes_per_value, const Append& append) {
    meta_.data_page_offset = static_cast<int64_t>(out_.size());
    const auto count = static_cast<size_t>(levels_.count);
    // A multiple of eight keeps the validity bits of a page on a byte's edge.
    const size_t per_page =
        std::max(kPageLevelsMin, kPageBytes / std::max<size_t>(bytes_per_value, 1)) / 8 * 8;
    size_t value = 0;
    for (size_t level = 0; level < count;) {
      // A rest that is not worth a page of its own joins the last one.
      size_t end = count - level <= per_page + per_page / 4 ? count : level + per_page;
      end = RowEnd(end, count);
      const size_t value_end = value + ValuesIn(level, end);
      scratch_.body.clear();
      AppendLevelBytes(level, end);
      append(value, value_end);
      THALWEG_RETURN_IF_ERROR(WriteDataBody(encoding, end - level));
      ++meta_.data_pages;
      level = end;
      value = value_end;
    }
    return {};
  }

 private:
  // A page ends where a row ends.
  size_t RowEnd(size_t level, size_t count) const {
    if (leaf_.max_repetition == 0) return level;
    while (level < count && levels_.repetition[level] != 0) ++level;
    return level;
  }

  size_t ValuesIn(size_t first, size_t last) const {
    if (levels_.null_count == 0) return last - first;
    if (leaf_.flat()) {
      return static_cast<size_t>(arrow::internal::CountSetBits(
          levels_.bits.data(), static_cast<int64_t>(first), static_cast<int64_t>(last - first)));
    }
    const uint8_t* definition = levels_.definition.data();
    return static_cast<size_t>(std::count(definition + first, definition + last,
                                          static_cast<uint8_t>(leaf_.max_definition)));
  }

  template <typename AppendTo>
  void AppendSized(const AppendTo& append) {
    const size_t start = scratch_.body.size();
    scratch_.body.Extend(sizeof(uint32_t));
    append();
    const auto size = static_cast<uint32_t>(scratch_.body.size() - start - sizeof(uint32_t));
    std::memcpy(scratch_.body.data() + start, &size, sizeof(size));
  }

  void AppendLevelBytes(size_t first, size_t last) {
    GrowArray<uint8_t>* body = &scratch_.body;
    const size_t count = last - first;
    if (leaf_.max_repetition > 0) {
      const int width = BitWidth(static_cast<uint32_t>(leaf_.max_repetition));
      AppendSized([&] { AppendHybrid(levels_.repetition.data() + first, count, width, body); });
    }
    if (leaf_.max_definition == 0) return;
    if (!leaf_.flat()) {
      const int width = BitWidth(static_cast<uint32_t>(leaf_.max_definition));
      AppendSized([&] { AppendHybrid(levels_.definition.data() + first, count, width, body); });
    } else if (levels_.has_bits) {
      AppendSized([&] { AppendHybridBits(levels_.bits.data() + first / 8, count, body); });
    } else {
      AppendSized([&] { AppendRun(1, count, 1, body); });
    }
  }

  Status WriteDataBody(PageEncoding encoding, size_t count) {
    if (count > static_cast<size_t>(std::numeric_limits<int32_t>::max())) {
      return Status::ResourceExhausted("parquet: a page holds too many values");
    }
    const DataPageInfo info{static_cast<int32_t>(count), encoding};
    return WriteBody([&info](int32_t uncompressed, int32_t compressed, std::string* out) {
      AppendDataPageHeader(info, uncompressed, compressed, out);
    });
  }

  template <typename AppendHeader>
  Status WriteBody(const AppendHeader& append_header) {
    constexpr auto kMax = static_cast<size_t>(std::numeric_limits<int32_t>::max());
    const GrowArray<uint8_t>* stored = &scratch_.body;
    if (scratch_.compressor && scratch_.body.size() <= kMax) {
      THALWEG_RETURN_IF_ERROR(scratch_.compressor->Compress(
          scratch_.body.data(), scratch_.body.size(), &scratch_.compressed));
      stored = &scratch_.compressed;
    }
    if (scratch_.body.size() > kMax || stored->size() > kMax) {
      return Status::ResourceExhausted("parquet: a page is larger than 2 GiB");
    }
    const size_t start = out_.size();
    append_header(static_cast<int32_t>(scratch_.body.size()), static_cast<int32_t>(stored->size()),
                  &out_);
    const size_t header = out_.size() - start;
    out_.append(reinterpret_cast<const char*>(stored->data()), stored->size());
    meta_.uncompressed_size += static_cast<int64_t>(header + scratch_.body.size());
    meta_.compressed_size += static_cast<int64_t>(header + stored->size());
    return {};
  }

  const Leaf& leaf_;
  const Levels& levels_;
  ColumnScratch& scratch_;
  std::string& out_;
  ColumnChunkMeta meta_;
};

template <typename Value>
void AppendRaw(const Value* values, size_t count, GrowArray<uint8_t>* body) {
  body->Append(reinterpret_cast<const uint8_t*>(values), count * sizeof(Value));
}

void AppendWide(const Int128* values, size_t count, int32_t width, GrowArray<uint8_t>* body) {
  uint8_t* to = body->Extend(count * static_cast<size_t>(width));
  for (size_t i = 0; i < count; ++i, to += width) StoreWide(values[i], width, to);
}

void AppendBytes(const BytesRef* values, size_t count, GrowArray<uint8_t>* body) {
  size_t total = 0;
  for (size_t i = 0; i < count; ++i) total += sizeof(uint32_t) + values[i].length();
  uint8_t* to = body->Extend(total);
  for (size_t i = 0; i < count; ++i) {
    const uint32_t length = values[i].length();
    std::memcpy(to, &length, sizeof(length));
    to += sizeof(length);
    const std::string_view view = values[i].view();
    std::memcpy(to, view.data(), length);
    to += length;
  }
}

Status WriteIndices(size_t entries, const DictionaryScratch& dictionary, PageWriter* pages) {
  // Zero bits are allowed for a single entry, but not every reader has met them.
  const int width = std::max(1, BitWidth(static_cast<uint32_t>(entries - 1)));
  return pages->WriteDataPages(PageEncoding::kRleDictionary, static_cast<size_t>(width) / 8 + 1,
                               [&](size_t first, size_t last) {
                                 pages->body().Push(static_cast<uint8_t>(width));
                                 AppendHybrid(dictionary.indices.data() + first, last - first,
                                              width, &pages->body());
                               });
}

template <typename Value>
Status EncodeIntegers(const Leaf& leaf, bool dictionary, const GrowArray<Value>& values,
                      GrowArray<Value>* entries, DictionaryScratch* scratch, PageWriter* pages) {
  const size_t count = values.size();
  Bounds<Value> bounds{0, static_cast<Value>(~Value{0})};
  ColumnStatistics* statistics = &pages->meta().statistics;
  if (leaf.kind == ValueKind::kFloat || leaf.kind == ValueKind::kDouble) {
    SetFloatStatistics(values.data(), count, statistics);
  } else if (count > 0) {
    bounds = BoundsOf(values.data(), count, leaf.logical.is_signed);
    SetIntegerStatistics(bounds, statistics);
  }
  if (dictionary && BuildDictionary(values.data(), count, bounds.least, bounds.greatest, scratch)) {
    pages->body().clear();
    AppendRaw(entries->data(), entries->size(), &pages->body());
    THALWEG_RETURN_IF_ERROR(pages->WriteDictionaryPage(entries->size()));
    return WriteIndices(entries->size(), *scratch, pages);
  }
  return pages->WriteDataPages(PageEncoding::kPlain, sizeof(Value), [&](size_t first, size_t last) {
    AppendRaw(values.data() + first, last - first, &pages->body());
  });
}

Status EncodeWide(const Leaf& leaf, bool dictionary, const GrowArray<Int128>& values,
                  DictionaryScratch* scratch, PageWriter* pages) {
  const size_t count = values.size();
  if (count > 0) {
    SetWideStatistics(BoundsOf(values.data(), count), leaf.type_length, &pages->meta().statistics);
  }
  if (dictionary && BuildDictionary(values.data(), count, leaf.type_length, scratch)) {
    pages->body().clear();
    AppendWide(scratch->wides.data(), scratch->wides.size(), leaf.type_length, &pages->body());
    THALWEG_RETURN_IF_ERROR(pages->WriteDictionaryPage(scratch->wides.size()));
    return WriteIndices(scratch->wides.size(), *scratch, pages);
  }
  return pages->WriteDataPages(
      PageEncoding::kPlain, static_cast<size_t>(leaf.type_length), [&](size_t first, size_t last) {
        AppendWide(values.data() + first, last - first, leaf.type_length, &pages->body());
      });
}

Status EncodeBytes(bool dictionary, const GrowArray<BytesRef>& values, DictionaryScratch* scratch,
                   PageWriter* pages) {
  const size_t count = values.size();
  if (dictionary && BuildDictionary(values.data(), count, scratch)) {
    const size_t entries = scratch->refs.size();
    SetBytesStatistics(scratch->refs.data(), entries, &pages->meta().statistics);
    pages->body().clear();
    AppendBytes(scratch->refs.data(), entries, &pages->body());
    THALWEG_RETURN_IF_ERROR(pages->WriteDictionaryPage(entries));
    return WriteIndices(entries, *scratch, pages);
  }
  SetBytesStatistics(values.data(), count, &pages->meta().statistics);
  size_t total = 0;
  for (size_t i = 0; i < count; ++i) total += sizeof(uint32_t) + values[i].length();
  const size_t mean = count == 0 ? 1 : total / count;
  return pages->WriteDataPages(PageEncoding::kPlain, mean, [&](size_t first, size_t last) {
    AppendBytes(values.data() + first, last - first, &pages->body());
  });
}

Status EncodeBools(const GrowArray<uint8_t>& values, PageWriter* pages) {
  SetBoolStatistics(values.data(), values.size(), &pages->meta().statistics);
  return pages->WriteDataPages(PageEncoding::kPlain, 1, [&](size_t first, size_t last) {
    const size_t bytes = (last - first + 7) / 8;
    if (bytes == 0) return;
    uint8_t* to = pages->body().Extend(bytes);
    std::memset(to, 0, bytes);
    for (size_t i = 0; i < last - first; ++i) {
      to[i / 8] = static_cast<uint8_t>(to[i / 8] | (values[first + i] << (i % 8)));
    }
  });
}

Status EncodeFixed(const Leaf& leaf, const GrowArray<uint8_t>& values, PageWriter* pages) {
  const auto width = static_cast<size_t>(leaf.type_length);
  return pages->WriteDataPages(PageEncoding::kPlain, width, [&](size_t first, size_t last) {
    AppendRaw(values.data() + first * width, (last - first) * width, &pages->body());
  });
}

Status EncodeValues(const Leaf& leaf, bool dictionary, ColumnScratch* scratch, PageWriter* pages) {
  const DenseValues& values = scratch->values;
  DictionaryScratch* dict = &scratch->dictionary;
  switch (leaf.kind) {
    case ValueKind::kBool:
      return EncodeBools(values.bytes, pages);
    case ValueKind::kInt32:
    case ValueKind::kFloat:
      return EncodeIntegers(leaf, dictionary, values.words, &dict->words, dict, pages);
    case ValueKind::kInt64:
    case ValueKind::kDouble:
      return EncodeIntegers(leaf, dictionary, values.longs, &dict->longs, dict, pages);
    case ValueKind::kWide:
      return EncodeWide(leaf, dictionary, values.wides, dict, pages);
    case ValueKind::kBytes:
      return EncodeBytes(dictionary, values.refs, dict, pages);
    case ValueKind::kFixed:
      return EncodeFixed(leaf, values.bytes, pages);
  }
  return {};
}

}  // namespace

Result<ColumnChunkMeta> EncodeColumn(const Leaf& leaf, std::span<const columnar::ArrayPtr> chunks,
                                     bool dictionary, ColumnScratch* scratch, std::string* out) {
  scratch->levels.Clear();
  scratch->values.Clear();
  // The values point into these arrays until the pages are written.
  std::vector<columnar::ArrayPtr> kept;
  kept.reserve(chunks.size());
  for (const columnar::ArrayPtr& chunk : chunks) {
    THALWEG_ASSIGN_OR_RETURN(columnar::ArrayPtr array,
                             AppendLevels(leaf, chunk, &scratch->levels, &scratch->present));
    THALWEG_RETURN_IF_ERROR(AppendValues(leaf, *array, scratch->present, &scratch->values));
    kept.push_back(std::move(array));
  }
  PageWriter pages(leaf, scratch, out);
  THALWEG_RETURN_IF_ERROR(EncodeValues(leaf, dictionary, scratch, &pages));
  return std::move(pages.meta());
}

}  // namespace thalweg::codecs::parquet

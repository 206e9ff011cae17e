#include "engine/group_index.h"

#include <arrow/array.h>
#include <arrow/array/concatenate.h>
#include <arrow/compute/api.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include "columnar/arrow_status.h"
#include "columnar/gather.h"
#include "engine/bytes_table.h"
#include "engine/fixed_table.h"
#include "engine/row_key.h"

namespace thalweg::engine {
namespace {

/// The keys as they first came, a chunk for each batch that brought some.
class KeyStore {
 public:
  explicit KeyStore(std::vector<TypePtr> types) {
    for (TypePtr& type : types) types_.push_back(columnar::WithoutViews(type));
  }

  /// Keeps rows `rows` of `keys`.
  Status Append(std::span<const ArrayPtr> keys, const std::vector<int32_t>& rows) {
    for (size_t i = 0; i < keys.size(); ++i) {
      THALWEG_ASSIGN_OR_RETURN(ArrayPtr chunk, columnar::Gather(keys[i], rows));
      THALWEG_ASSIGN_OR_RETURN(chunk, columnar::WithoutViews(chunk));
      if (!chunk->type()->Equals(*types_[i])) {
        THALWEG_ASSIGN_OR_RETURN_ARROW(arrow::Datum cast, arrow::compute::Cast(chunk, types_[i]));
        chunk = cast.make_array();
      }
      for (const auto& buffer : chunk->data()->buffers) {
        if (buffer) bytes_ += buffer->size();
      }
      chunks_.resize(keys.size());
      chunks_[i].push_back(std::move(chunk));
    }
    return {};
  }
  const ArrayPtr& last_chunk(size_t key) const { return chunks_[key].back(); }

  Result<std::vector<ArrayPtr>> Keys() const {
    std::vector<ArrayPtr> out;
    for (size_t i = 0; i < types_.size(); ++i) {
      if (chunks_.empty()) {
        THALWEG_ASSIGN_OR_RETURN_ARROW(ArrayPtr none, arrow::MakeEmptyArray(types_[i]));
        out.push_back(std::move(none));
      } else {
        THALWEG_ASSIGN_OR_RETURN_ARROW(ArrayPtr all, arrow::Concatenate(chunks_[i]));
        out.push_back(std::move(all));
      }
    }
    return out;
  }
  int64_t ByteSize() const { return bytes_; }

 private:
  std::vector<TypePtr> types_;
  std::vector<arrow::ArrayVector> chunks_;
  int64_t bytes_ = 0;
};

Result<std::vector<ArrayPtr>> PlainKeys(std::span<const ArrayPtr> keys) {
  std::vector<ArrayPtr> out;
  out.reserve(keys.size());
  for (const ArrayPtr& key : keys) {
    THALWEG_ASSIGN_OR_RETURN(ArrayPtr plain, PlainKey(key));
    out.push_back(std::move(plain));
  }
  return out;
}

void LoadValid(const arrow::Array& array, uint8_t* out) {
  for (int64_t i = 0; i < array.length(); ++i) out[i] = array.IsValid(i);
}

/// One key of at most 64 bits. Null has its number aside.
class WordIndex final : public GroupIndex {
 public:
  explicit WordIndex(std::vector<TypePtr> types)
      : table_(ProcessHashSeed()), store_(std::move(types)) {}

  Status Map(std::span<const ArrayPtr> keys, int64_t rows, uint32_t* groups) override {
    THALWEG_ASSIGN_OR_RETURN(const std::vector<ArrayPtr> plain, PlainKeys(keys));
    const arrow::Array& key = *plain[0];
    words_.resize(static_cast<size_t>(rows));
    LoadKeyBits(key, words_.data());
    new_rows_.clear();
    if (key.null_count() == 0) {
      THALWEG_RETURN_IF_ERROR(table_.Map(words_.data(), nullptr, rows, groups, &new_rows_));
    } else {
      THALWEG_RETURN_IF_ERROR(MapWithNulls(key, rows, groups));
    }
    return new_rows_.empty() ? Status() : store_.Append(plain, new_rows_);
  }
  int64_t count() const override { return table_.count(); }
  Result<std::vector<ArrayPtr>> Keys() const override { return store_.Keys(); }
  int64_t ByteSize() const override { return table_.ByteSize() + store_.ByteSize(); }

 private:
  static constexpr uint32_t kNone = ~uint32_t{0};

  Status MapWithNulls(const arrow::Array& key, int64_t rows, uint32_t* groups) {
    valid_.resize(static_cast<size_t>(rows));
    if (key.type_id() == arrow::Type::NA) {
      std::fill(valid_.begin(), valid_.end(), uint8_t{0});
    } else {
      LoadValid(key, valid_.data());
    }
    const uint8_t* valid = valid_.data();
    int64_t begin = 0;
    // The first null takes its number in its turn: rows before it are mapped first.
    if (null_group_ == kNone) {
      const int64_t first = std::find(valid, valid + rows, uint8_t{0}) - valid;
      THALWEG_RETURN_IF_ERROR(table_.Map(words_.data(), nullptr, first, groups, &new_rows_));
      begin = first;
      null_group_ = table_.TakeNumber();
      new_rows_.push_back(static_cast<int32_t>(first));
    }
    const size_t before = new_rows_.size();
    THALWEG_RETURN_IF_ERROR(
        table_.Map(words_.data() + begin, valid + begin, rows - begin, groups + begin, &new_rows_));
    for (size_t i = before; i < new_rows_.size(); ++i) {
      new_rows_[i] += static_cast<int32_t>(begin);
    }
    for (int64_t i = begin; i < rows; ++i) {
      if (!valid[i]) groups[i] = null_group_;
    }
    return {};
  }

  FixedTable<uint64_t> table_;
  KeyStore store_;
  uint32_t null_group_ = kNone;
  std::vector<uint64_t> words_;
  std::vector<uint8_t> valid_;
  std::vector<int32_t> new_rows_;
};

/// Keeps only the first `length` bytes of the 12 that an inline key holds.
struct InlineMask {
  uint64_t lo[BytesKey::kInlineMax + 1];
  uint64_t hi[BytesKey::kInlineMax + 1];
};

constexpr InlineMask MakeInlineMask() {
  InlineMask mask{};
  for (uint32_t length = 0; length <= BytesKey::kInlineMax; ++length) {
    const uint32_t in_lo = length < 4 ? length : 4;
    mask.lo[length] = in_lo == 4 ? ~uint64_t{0} : (uint64_t{1} << (32 + 8 * in_lo)) - 1;
    const uint32_t in_hi = length - in_lo;
    mask.hi[length] = in_hi == 8 ? ~uint64_t{0} : (uint64_t{1} << (8 * in_hi)) - 1;
  }
  return mask;
}
constexpr InlineMask kInlineMask = MakeInlineMask();

/// Views have the layout of keys; what a foreign producer left behind a short string is masked off.
void LoadViews(const arrow::Array& array, int64_t begin, int64_t end, uint64_t seed, BytesKey* keys,
               uint64_t* hashes) {
  using View = arrow::BinaryViewType::c_type;
  const arrow::ArrayData& data = *array.data();
  const View* views = data.GetValues<View>(1);
  const std::shared_ptr<arrow::Buffer>* buffers = data.buffers.data() + 2;
  for (int64_t i = begin; i < end; ++i, ++keys, ++hashes) {
    BytesKey key{LoadU64(&views[i]), LoadU64(reinterpret_cast<const char*>(&views[i]) + 8)};
    const uint32_t length = key.length();
    if (length <= BytesKey::kInlineMax) [[likely]] {
      key.lo &= kInlineMask.lo[length];
      key.hi &= kInlineMask.hi[length];
      *hashes = HashPair(key.lo, key.hi, seed);
    } else {
      const uint8_t* address = buffers[views[i].ref.buffer_index]->data() + views[i].ref.offset;
      key.hi = reinterpret_cast<uint64_t>(address);
      *hashes = HashBytes(address, length, seed);
    }
    *keys = key;
  }
}

/// Texts by offsets: twelve bytes are read at once where the buffer has them.
template <typename Offset>
void LoadOffsets(const arrow::Array& array, int64_t begin, int64_t end, uint64_t seed,
                 BytesKey* keys, uint64_t* hashes) {
  const arrow::ArrayData& data = *array.data();
  const Offset* offsets = data.GetValues<Offset>(1);
  const auto* bytes =
      data.buffers[2] ? reinterpret_cast<const char*>(data.buffers[2]->data()) : nullptr;
  const int64_t readable = data.buffers[2] ? data.buffers[2]->size() - 12 : -1;
  for (int64_t i = begin; i < end; ++i, ++keys, ++hashes) {
    const auto length = static_cast<uint64_t>(offsets[i + 1] - offsets[i]);
    const char* text = bytes + offsets[i];
    if (length <= BytesKey::kInlineMax && offsets[i] <= readable) [[likely]] {
      keys->lo = (length | LoadU64(text) << 32) & kInlineMask.lo[length];
      keys->hi = LoadU64(text + 4) & kInlineMask.hi[length];
      *hashes = HashPair(keys->lo, keys->hi, seed);
    } else {
      *keys = BytesKey::Of({text, static_cast<size_t>(length)});
      *hashes = keys->Hash(seed);
    }
  }
}

void LoadTexts(const ArrayPtr& array, const columnar::StringColumn& text, int64_t begin,
               int64_t end, uint64_t seed, BytesKey* keys, uint64_t* hashes) {
  const bool has_nulls = array->null_count() > 0;
  for (int64_t i = begin; i < end; ++i, ++keys, ++hashes) {
    *keys = has_nulls && array->IsNull(i) ? BytesKey::Null() : BytesKey::Of(text[i]);
    *hashes = keys->Hash(seed);
  }
}

/// One string or binary key. Long keys live in the store's chunks.
class TextIndex final : public GroupIndex {
 public:
  explicit TextIndex(std::vector<TypePtr> types) : store_(std::move(types)) {}

  Status Map(std::span<const ArrayPtr> keys, int64_t rows, uint32_t* groups) override {
    THALWEG_ASSIGN_OR_RETURN(const std::vector<ArrayPtr> plain, PlainKeys(keys));
    const columnar::StringColumn text(plain[0]);
    new_rows_.clear();
    const int64_t before = table_.count();
    for (int64_t begin = 0; begin < rows; begin += kBlockRows) {
      const int64_t end = std::min(rows, begin + kBlockRows);
      Load(plain[0], text, begin, end);
      THALWEG_RETURN_IF_ERROR(
          table_.Map(keys_.data(), hashes_.data(), end - begin, groups + begin, &new_rows_, begin));
    }
    return new_rows_.empty() ? Status() : Keep(plain, before);
  }
  int64_t count() const override { return table_.count(); }
  Result<std::vector<ArrayPtr>> Keys() const override { return store_.Keys(); }
  int64_t ByteSize() const override { return table_.ByteSize() + store_.ByteSize(); }

 private:
  /// Rows whose keys and hashes stay in the first-level cache until they are looked up.
  static constexpr int64_t kBlockRows = 512;

  void Load(const ArrayPtr& key, const columnar::StringColumn& text, int64_t begin, int64_t end) {
    switch (key->null_count() == 0 ? key->type_id() : arrow::Type::NA) {
      case arrow::Type::STRING_VIEW:
      case arrow::Type::BINARY_VIEW:
        return LoadViews(*key, begin, end, seed_, keys_.data(), hashes_.data());
      case arrow::Type::STRING:
      case arrow::Type::BINARY:
        return LoadOffsets<int32_t>(*key, begin, end, seed_, keys_.data(), hashes_.data());
      case arrow::Type::LARGE_STRING:
      case arrow::Type::LARGE_BINARY:
        return LoadOffsets<int64_t>(*key, begin, end, seed_, keys_.data(), hashes_.data());
      default:
        return LoadTexts(key, text, begin, end, seed_, keys_.data(), hashes_.data());
    }
  }

  Status Keep(const std::vector<ArrayPtr>& keys, int64_t before) {
    THALWEG_RETURN_IF_ERROR(store_.Append(keys, new_rows_));
    const columnar::StringColumn kept(store_.last_chunk(0));
    for (int64_t i = 0; i < kept.length(); ++i) {
      if (table_.key(before + i).is_long()) table_.Rebase(before + i, kept[i].data());
    }
    return {};
  }

  const uint64_t seed_ = ProcessHashSeed();
  BytesTable table_;
  KeyStore store_;
  std::array<BytesKey, kBlockRows> keys_;
  std::array<uint64_t, kBlockRows> hashes_;
  std::vector<int32_t> new_rows_;
};

/// Several keys whose bits, with one for null each, fit 128. A text counts as the number that a
/// table of its own gives it.
class PackedIndex final : public GroupIndex {
 public:
  explicit PackedIndex(const std::vector<TypePtr>& types)
      : table_(ProcessHashSeed()), store_(StoredTypes(types)) {
    for (const TypePtr& type : types) {
      texts_.push_back(IsText(*type) ? std::make_unique<TextIndex>(std::vector<TypePtr>{type})
                                     : nullptr);
    }
  }

  static bool Fits(const std::vector<TypePtr>& types) {
    int bits = 0;
    for (const TypePtr& type : types) {
      const int of_type = IsText(*type) ? 32 : KeyBits(*type);
      if (of_type == 0 || of_type > 64) return false;
      bits += of_type + 1;
    }
    return bits <= 128;
  }

  Status Map(std::span<const ArrayPtr> keys, int64_t rows, uint32_t* groups) override {
    THALWEG_ASSIGN_OR_RETURN(std::vector<ArrayPtr> plain, PlainKeys(keys));
    words_.resize(static_cast<size_t>(rows));
    packed_.assign(static_cast<size_t>(rows), UInt128{0});
    int shift = 0;
    for (size_t i = 0; i < plain.size(); ++i) {
      ArrayPtr& key = plain[i];
      if (texts_[i] != nullptr) {
        THALWEG_ASSIGN_OR_RETURN(key, NumbersOf(*texts_[i], key, rows));
      }
      shift += Pack(*key, shift);
    }
    new_rows_.clear();
    THALWEG_RETURN_IF_ERROR(table_.Map(packed_.data(), nullptr, rows, groups, &new_rows_));
    return new_rows_.empty() ? Status() : store_.Append(plain, new_rows_);
  }
  int64_t count() const override { return table_.count(); }
  Result<std::vector<ArrayPtr>> Keys() const override {
    THALWEG_ASSIGN_OR_RETURN(std::vector<ArrayPtr> keys, store_.Keys());
    for (size_t i = 0; i < keys.size(); ++i) {
      if (texts_[i] == nullptr) continue;
      THALWEG_ASSIGN_OR_RETURN(const std::vector<ArrayPtr> texts, texts_[i]->Keys());
      // Numbers beyond 2^31 do not occur: the texts of one array end before.
      const std::span<const int32_t> numbers(keys[i]->data()->GetValues<int32_t>(1),
                                             static_cast<size_t>(keys[i]->length()));
      THALWEG_ASSIGN_OR_RETURN(keys[i], columnar::Gather(texts[0], numbers));
    }
    return keys;
  }
  int64_t ByteSize() const override {
    int64_t bytes = table_.ByteSize() + store_.ByteSize();
    for (const auto& text : texts_) bytes += text ? text->ByteSize() : 0;
    return bytes;
  }

 private:
  static bool IsText(const arrow::DataType& type) {
    return columnar::IsString(type) || columnar::IsBinary(type);
  }
  static std::vector<TypePtr> StoredTypes(std::vector<TypePtr> types) {
    for (TypePtr& type : types) {
      if (IsText(*type)) type = arrow::uint32();
    }
    return types;
  }

  Result<ArrayPtr> NumbersOf(TextIndex& index, const ArrayPtr& key, int64_t rows) {
    THALWEG_ASSIGN_OR_RETURN_ARROW(
        std::shared_ptr<arrow::Buffer> numbers,
        arrow::AllocateBuffer(rows * static_cast<int64_t>(sizeof(uint32_t))));
    auto* out = reinterpret_cast<uint32_t*>(numbers->mutable_data());
    THALWEG_RETURN_IF_ERROR(index.Map(std::span(&key, 1), rows, out));
    return ArrayPtr(std::make_shared<arrow::UInt32Array>(rows, std::move(numbers)));
  }

  /// Puts a key's values at `shift`; returns the bits that it takes.
  int Pack(const arrow::Array& key, int shift) {
    LoadKeyBits(key, words_.data());
    const int bits = KeyBits(*key.type());
    const bool has_nulls = key.null_count() > 0;
    for (size_t i = 0; i < words_.size(); ++i) {
      const bool null = has_nulls && key.IsNull(static_cast<int64_t>(i));
      const UInt128 field = null ? UInt128{1} << bits : UInt128{words_[i]};
      packed_[i] |= field << shift;
    }
    return bits + 1;
  }

  FixedTable<UInt128> table_;
  KeyStore store_;
  std::vector<std::unique_ptr<TextIndex>> texts_;
  std::vector<uint64_t> words_;
  std::vector<UInt128> packed_;
  std::vector<int32_t> new_rows_;
};

/// Any keys, by their encoded rows.
class RowIndex final : public GroupIndex {
 public:
  explicit RowIndex(std::vector<TypePtr> types) : store_(std::move(types)) {}

  Status Map(std::span<const ArrayPtr> keys, int64_t rows, uint32_t* groups) override {
    THALWEG_ASSIGN_OR_RETURN(const std::vector<ArrayPtr> plain, PlainKeys(keys));
    THALWEG_RETURN_IF_ERROR(encoder_.Encode(plain, rows));
    keys_.resize(static_cast<size_t>(rows));
    hashes_.resize(static_cast<size_t>(rows));
    for (int64_t i = 0; i < rows; ++i) {
      const auto at = static_cast<size_t>(i);
      keys_[at] = BytesKey::Of(encoder_.row(i));
      hashes_[at] = keys_[at].Hash(seed_);
    }
    new_rows_.clear();
    const int64_t before = table_.count();
    THALWEG_RETURN_IF_ERROR(table_.Map(keys_.data(), hashes_.data(), rows, groups, &new_rows_));
    if (new_rows_.empty()) return {};
    KeepLongKeys(before);
    return store_.Append(plain, new_rows_);
  }
  int64_t count() const override { return table_.count(); }
  Result<std::vector<ArrayPtr>> Keys() const override { return store_.Keys(); }
  int64_t ByteSize() const override { return table_.ByteSize() + store_.ByteSize() + arena_bytes_; }

 private:
  void KeepLongKeys(int64_t before) {
    size_t bytes = 0;
    for (int64_t number = before; number < table_.count(); ++number) {
      if (table_.key(number).is_long()) bytes += table_.key(number).length();
    }
    if (bytes == 0) return;
    arena_bytes_ += static_cast<int64_t>(bytes);
    arena_.push_back(std::make_unique<char[]>(bytes));
    char* at = arena_.back().get();
    for (int64_t number = before; number < table_.count(); ++number) {
      const BytesKey key = table_.key(number);
      if (!key.is_long()) continue;
      std::memcpy(at, key.address(), key.length());
      table_.Rebase(number, at);
      at += key.length();
    }
  }

  const uint64_t seed_ = ProcessHashSeed();
  BytesTable table_;
  KeyStore store_;
  RowEncoder encoder_;
  std::vector<std::unique_ptr<char[]>> arena_;
  int64_t arena_bytes_ = 0;
  std::vector<BytesKey> keys_;
  std::vector<uint64_t> hashes_;
  std::vector<int32_t> new_rows_;
};

/// The type that `PlainKey` gives.
TypePtr PlainType(const TypePtr& type) {
  if (type->id() == arrow::Type::DICTIONARY) {
    return static_cast<const arrow::DictionaryType&>(*type).value_type();
  }
  if (type->id() == arrow::Type::EXTENSION) {
    return static_cast<const arrow::ExtensionType&>(*type).storage_type();
  }
  return type;
}

}  // namespace

std::unique_ptr<GroupIndex> MakeGroupIndex(const std::vector<TypePtr>& types) {
  std::vector<TypePtr> plain;
  for (const TypePtr& type : types) plain.push_back(PlainType(type));
  if (plain.size() == 1) {
    const int bits = KeyBits(*plain[0]);
    if (bits > 0 && bits <= 64) return std::make_unique<WordIndex>(std::move(plain));
    if (columnar::IsString(*plain[0]) || columnar::IsBinary(*plain[0])) {
      return std::make_unique<TextIndex>(std::move(plain));
    }
  }
  if (PackedIndex::Fits(plain)) return std::make_unique<PackedIndex>(plain);
  return std::make_unique<RowIndex>(std::move(plain));
}

}  // namespace thalweg::engine

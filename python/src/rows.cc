#include "rows.h"

#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "binding.h"
#include "thalweg/arrow_c.h"

// Values are made from the columns of the Arrow C data interface, whose format strings and layouts
// are those of https://arrow.apache.org/docs/format/CDataInterface.html and Columnar.html.
namespace thalweg::python {
namespace {

namespace nb = nanobind;

struct Makers {
  explicit Makers(nb::object of_interval) : interval(std::move(of_interval)) {}

  nb::object interval;
  nb::object decimal = nb::module_::import_("decimal").attr("Decimal");
  nb::object from_bytes = nb::handle(reinterpret_cast<PyObject*>(&PyLong_Type)).attr("from_bytes");
  nb::object date = nb::module_::import_("datetime").attr("date");
  nb::object time = nb::module_::import_("datetime").attr("time");
  nb::object timedelta = nb::module_::import_("datetime").attr("timedelta");
  nb::object epoch_day = date(1970, 1, 1);
  nb::object epoch = nb::module_::import_("datetime").attr("datetime")(1970, 1, 1);
  nb::object utc = nb::module_::import_("datetime").attr("timezone").attr("utc");
};

[[noreturn]] void Refuse(const std::string& what) {
  Raise(Status::InvalidArgument(what + "; arrow() keeps such values"));
}

bool Bit(const void* bits, int64_t i) {
  return ((static_cast<const uint8_t*>(bits)[i >> 3] >> (i & 7)) & 1) != 0;
}

template <typename T>
T Get(const void* values, int64_t i) {
  T value;
  std::memcpy(&value, static_cast<const char*>(values) + (i * static_cast<int64_t>(sizeof(T))),
              sizeof(T));
  return value;
}

// Makes the values of one column. A reader stands for a type; `At` is given an array of that type
// and an index that its offset has been added to, at a value that is not null.
class Reader {
 public:
  virtual ~Reader() = default;
  virtual nb::object At(const ArrowArray& array, int64_t i) const = 0;
  nb::object Value(const ArrowArray& array, int64_t i) const {
    const int64_t at = i + array.offset;
    if (array.n_buffers > 0 && array.buffers[0] != nullptr && has_validity() &&
        !Bit(array.buffers[0], at)) {
      return nb::none();
    }
    return At(array, at);
  }

 protected:
  virtual bool has_validity() const { return true; }
};

class NullReader final : public Reader {
  nb::object At(const ArrowArray&, int64_t) const override { return nb::none(); }
  bool has_validity() const override { return false; }
};

class BoolReader final : public Reader {
  nb::object At(const ArrowArray& array, int64_t i) const override {
    return nb::bool_(Bit(array.buffers[1], i));
  }
};

template <typename T>
class NumberReader final : public Reader {
  nb::object At(const ArrowArray& array, int64_t i) const override {
    return nb::cast(Get<T>(array.buffers[1], i));
  }
};

nb::object TextOrBytes(const char* data, int64_t size, bool text) {
  PyObject* made =
      text ? PyUnicode_DecodeUTF8(data, size, nullptr) : PyBytes_FromStringAndSize(data, size);
  if (made == nullptr) throw nb::python_error();
  return nb::steal(made);
}

template <typename Offset>
class BinaryReader final : public Reader {
 public:
  explicit BinaryReader(bool text) : text_(text) {}

 private:
  nb::object At(const ArrowArray& array, int64_t i) const override {
    const auto begin = Get<Offset>(array.buffers[1], i);
    const auto end = Get<Offset>(array.buffers[1], i + 1);
    return TextOrBytes(static_cast<const char*>(array.buffers[2]) + begin, end - begin, text_);
  }
  const bool text_;
};

class ViewReader final : public Reader {
 public:
  explicit ViewReader(bool text) : text_(text) {}

 private:
  nb::object At(const ArrowArray& array, int64_t i) const override {
    constexpr int32_t kInline = 12;
    const char* view = static_cast<const char*>(array.buffers[1]) + (i * 16);
    const auto size = Get<int32_t>(view, 0);
    if (size <= kInline) return TextOrBytes(view + 4, size, text_);
    const auto buffer = Get<int32_t>(view, 2);
    const auto offset = Get<int32_t>(view, 3);
    return TextOrBytes(static_cast<const char*>(array.buffers[2 + buffer]) + offset, size, text_);
  }
  const bool text_;
};

class FixedBinaryReader final : public Reader {
 public:
  explicit FixedBinaryReader(int64_t size) : size_(size) {}

 private:
  nb::object At(const ArrowArray& array, int64_t i) const override {
    return TextOrBytes(static_cast<const char*>(array.buffers[1]) + (i * size_), size_, false);
  }
  const int64_t size_;
};

class DecimalReader final : public Reader {
 public:
  DecimalReader(const Makers& makers, int scale, int64_t bytes)
      : makers_(makers),
        bytes_(bytes),
        exponent_(nb::str(("E" + std::to_string(-scale)).c_str())),
        whole_(scale == 0) {}

 private:
  nb::object At(const ArrowArray& array, int64_t i) const override {
    const nb::object bytes = TextOrBytes(static_cast<const char*>(array.buffers[1]) + (i * bytes_),
                                         bytes_, /*text=*/false);
    nb::object number = makers_.from_bytes(bytes, "little", nb::arg("signed") = true);
    if (whole_) return number;
    return makers_.decimal(nb::str(number) + exponent_);
  }
  const Makers& makers_;
  const int64_t bytes_;
  const nb::object exponent_;
  const bool whole_;
};

template <typename Days>
class DateReader final : public Reader {
 public:
  DateReader(const Makers& makers, int64_t per_day) : makers_(makers), per_day_(per_day) {}

 private:
  nb::object At(const ArrowArray& array, int64_t i) const override {
    return makers_.epoch_day + makers_.timedelta(Get<Days>(array.buffers[1], i) / per_day_);
  }
  const Makers& makers_;
  const int64_t per_day_;
};

/// Ticks of the unit `s`, `m`, `u` or `n` since some moment, as a `timedelta`.
template <typename Ticks>
class DurationReader : public Reader {
 public:
  DurationReader(const Makers& makers, char unit) : makers_(makers) {
    if (unit == 's') factor_ = nb::int_(1'000'000);
    if (unit == 'm') factor_ = nb::int_(1'000);
    if (unit == 'n') divisor_ = 1'000;
  }

 protected:
  nb::object At(const ArrowArray& array, int64_t i) const override {
    const int64_t ticks = Get<Ticks>(array.buffers[1], i);
    if (ticks % divisor_ != 0) Refuse("nanoseconds that a Python time cannot hold");
    return makers_.timedelta(0, 0, nb::int_(ticks / divisor_) * factor_);
  }
  const Makers& makers_;

 private:
  nb::object factor_ = nb::int_(1);
  int64_t divisor_ = 1;
};

template <typename Ticks>
class TimeReader final : public DurationReader<Ticks> {
 public:
  using DurationReader<Ticks>::DurationReader;

 private:
  nb::object At(const ArrowArray& array, int64_t i) const override {
    return (this->makers_.epoch + DurationReader<Ticks>::At(array, i)).attr("time")();
  }
};

class TimestampReader final : public DurationReader<int64_t> {
 public:
  TimestampReader(const Makers& makers, char unit, std::string_view zone)
      : DurationReader(makers, unit) {
    if (zone.empty()) return;
    zone_ =
        zone == "UTC"
            ? makers.utc
            : nb::module_::import_("zoneinfo").attr("ZoneInfo")(nb::str(zone.data(), zone.size()));
  }

 private:
  nb::object At(const ArrowArray& array, int64_t i) const override {
    nb::object moment = makers_.epoch + DurationReader::At(array, i);
    if (!zone_.is_valid()) return moment;
    return moment.attr("replace")(nb::arg("tzinfo") = makers_.utc).attr("astimezone")(zone_);
  }
  nb::object zone_;
};

class IntervalReader final : public Reader {
 public:
  explicit IntervalReader(const Makers& makers) : makers_(makers) {}

 private:
  nb::object At(const ArrowArray& array, int64_t i) const override {
    const char* value = static_cast<const char*>(array.buffers[1]) + (i * 16);
    return makers_.interval(Get<int32_t>(value, 0), Get<int32_t>(value, 1), Get<int64_t>(value, 1));
  }
  const Makers& makers_;
};

using Readers = std::vector<std::unique_ptr<Reader>>;

template <typename Offset>
class ListReader final : public Reader {
 public:
  explicit ListReader(std::unique_ptr<Reader> items) : items_(std::move(items)) {}

 private:
  nb::object At(const ArrowArray& array, int64_t i) const override {
    nb::list out;
    const auto end = Get<Offset>(array.buffers[1], i + 1);
    for (auto at = Get<Offset>(array.buffers[1], i); at < end; ++at) {
      out.append(items_->Value(*array.children[0], at));
    }
    return out;
  }
  const std::unique_ptr<Reader> items_;
};

class FixedListReader final : public Reader {
 public:
  FixedListReader(std::unique_ptr<Reader> items, int64_t size)
      : items_(std::move(items)), size_(size) {}

 private:
  nb::object At(const ArrowArray& array, int64_t i) const override {
    nb::list out;
    for (int64_t at = i * size_; at < (i + 1) * size_; ++at) {
      out.append(items_->Value(*array.children[0], at));
    }
    return out;
  }
  const std::unique_ptr<Reader> items_;
  const int64_t size_;
};

class StructReader final : public Reader {
 public:
  StructReader(std::vector<nb::object> names, Readers fields, bool pairs)
      : names_(std::move(names)), fields_(std::move(fields)), pairs_(pairs) {}

 private:
  nb::object At(const ArrowArray& array, int64_t i) const override {
    const auto field = [&](size_t f) { return fields_[f]->Value(*array.children[f], i); };
    if (pairs_) return nb::make_tuple(field(0), field(1));
    nb::dict out;
    for (size_t f = 0; f < fields_.size(); ++f) out[names_[f]] = field(f);
    return out;
  }
  const std::vector<nb::object> names_;
  const Readers fields_;
  const bool pairs_;  ///< The entries of a map.
};

template <typename Index>
class DictionaryReader final : public Reader {
 public:
  explicit DictionaryReader(std::unique_ptr<Reader> values) : values_(std::move(values)) {}

 private:
  nb::object At(const ArrowArray& array, int64_t i) const override {
    return values_->Value(*array.dictionary, static_cast<int64_t>(Get<Index>(array.buffers[1], i)));
  }
  const std::unique_ptr<Reader> values_;
};

template <template <typename> typename R, typename... A>
std::unique_ptr<Reader> OfInteger(char format, A&&... given) {
  switch (format) {
    case 'c':
      return std::make_unique<R<int8_t>>(std::forward<A>(given)...);
    case 'C':
      return std::make_unique<R<uint8_t>>(std::forward<A>(given)...);
    case 's':
      return std::make_unique<R<int16_t>>(std::forward<A>(given)...);
    case 'S':
      return std::make_unique<R<uint16_t>>(std::forward<A>(given)...);
    case 'i':
      return std::make_unique<R<int32_t>>(std::forward<A>(given)...);
    case 'I':
      return std::make_unique<R<uint32_t>>(std::forward<A>(given)...);
    case 'l':
      return std::make_unique<R<int64_t>>(std::forward<A>(given)...);
    case 'L':
      return std::make_unique<R<uint64_t>>(std::forward<A>(given)...);
    default:
      return nullptr;
  }
}

std::unique_ptr<Reader> ReaderOf(const ArrowSchema& schema, const Makers& makers, bool pairs);

// Formats of one letter.
std::unique_ptr<Reader> PlainReader(char format) {
  switch (format) {
    case 'n':
      return std::make_unique<NullReader>();
    case 'b':
      return std::make_unique<BoolReader>();
    case 'f':
      return std::make_unique<NumberReader<float>>();
    case 'g':
      return std::make_unique<NumberReader<double>>();
    case 'u':
    case 'z':
      return std::make_unique<BinaryReader<int32_t>>(format == 'u');
    case 'U':
    case 'Z':
      return std::make_unique<BinaryReader<int64_t>>(format == 'U');
    default:
      return OfInteger<NumberReader>(format);
  }
}

// Formats that begin with `t`.
std::unique_ptr<Reader> TimeReaderOf(std::string_view format, const Makers& makers) {
  const char unit = format[2];
  switch (format[1]) {
    case 'd':
      if (unit == 'D') return std::make_unique<DateReader<int32_t>>(makers, 1);
      return std::make_unique<DateReader<int64_t>>(makers, 86'400'000);
    case 't':
      if (unit == 's' || unit == 'm') return std::make_unique<TimeReader<int32_t>>(makers, unit);
      return std::make_unique<TimeReader<int64_t>>(makers, unit);
    case 's':
      return std::make_unique<TimestampReader>(makers, unit, format.substr(4));
    case 'D':
      return std::make_unique<DurationReader<int64_t>>(makers, unit);
    default:
      return unit == 'n' ? std::make_unique<IntervalReader>(makers) : nullptr;
  }
}

// Formats that begin with `+`.
std::unique_ptr<Reader> NestedReader(const ArrowSchema& schema, const Makers& makers, bool pairs) {
  const std::string_view format = schema.format;
  if (format == "+s") {
    Readers fields;
    std::vector<nb::object> names;
    for (int64_t f = 0; f < schema.n_children; ++f) {
      names.emplace_back(nb::str(schema.children[f]->name));
      fields.push_back(ReaderOf(*schema.children[f], makers, false));
    }
    return std::make_unique<StructReader>(std::move(names), std::move(fields), pairs);
  }
  auto items = ReaderOf(*schema.children[0], makers, format == "+m");
  if (format == "+l" || format == "+m")
    return std::make_unique<ListReader<int32_t>>(std::move(items));
  if (format == "+L") return std::make_unique<ListReader<int64_t>>(std::move(items));
  if (format.starts_with("+w:")) {
    return std::make_unique<FixedListReader>(std::move(items), std::stoll(schema.format + 3));
  }
  return nullptr;
}

std::unique_ptr<Reader> ReaderOf(const ArrowSchema& schema, const Makers& makers, bool pairs) {
  const std::string_view format = schema.format;
  std::unique_ptr<Reader> reader;
  if (schema.dictionary != nullptr) {
    reader = OfInteger<DictionaryReader>(format[0], ReaderOf(*schema.dictionary, makers, false));
  } else if (format.size() == 1) {
    reader = PlainReader(format[0]);
  } else if (format == "vu" || format == "vz") {
    reader = std::make_unique<ViewReader>(format == "vu");
  } else if (format.starts_with("w:")) {
    reader = std::make_unique<FixedBinaryReader>(std::stoll(schema.format + 2));
  } else if (format.starts_with("d:")) {
    // d:PRECISION,SCALE[,BITS]
    const size_t scale = format.find(',') + 1;
    const size_t bits = format.find(',', scale);
    reader = std::make_unique<DecimalReader>(
        makers, std::stoi(schema.format + scale),
        bits == std::string_view::npos ? 16 : std::stoll(schema.format + bits + 1) / 8);
  } else if (format[0] == 't') {
    reader = TimeReaderOf(format, makers);
  } else if (format[0] == '+') {
    reader = NestedReader(schema, makers, pairs);
  }
  if (!reader) Refuse("no Python value for the Arrow type '" + std::string(format) + "'");
  return reader;
}

// Of a struct that the C interface gives; released with it.
template <typename T>
struct Owned {
  T value{};
  Owned() = default;
  Owned(const Owned&) = delete;
  Owned& operator=(const Owned&) = delete;
  ~Owned() {
    if (value.release != nullptr) value.release(&value);
  }
};

}  // namespace

nb::list RowsOf(const QueryResult& result, const nb::object& interval) {
  Owned<ArrowArrayStream> stream;
  Check(result.Export(&stream.value));
  const auto must = [&](int error) {
    if (error != 0) Raise(Status::Internal(stream.value.get_last_error(&stream.value)));
  };
  Owned<ArrowSchema> schema;
  must(stream.value.get_schema(&stream.value, &schema.value));
  const Makers makers(interval);
  Readers readers;
  for (int64_t c = 0; c < schema.value.n_children; ++c) {
    readers.push_back(ReaderOf(*schema.value.children[c], makers, false));
  }
  nb::list rows;
  for (;;) {
    Owned<ArrowArray> batch;
    must(stream.value.get_next(&stream.value, &batch.value));
    if (batch.value.release == nullptr) return rows;
    if (PyErr_CheckSignals() != 0) throw nb::python_error();
    for (int64_t i = 0; i < batch.value.length; ++i) {
      const nb::object row = nb::steal(PyTuple_New(static_cast<Py_ssize_t>(readers.size())));
      if (!row.is_valid()) throw nb::python_error();
      for (size_t c = 0; c < readers.size(); ++c) {
        nb::object value;
        try {
          value = readers[c]->Value(*batch.value.children[c], i + batch.value.offset);
        } catch (const nb::python_error& error) {
          // What `datetime` says of a year that it has not.
          if (!error.matches(PyExc_OverflowError)) throw;
          Refuse(std::string("a time that Python cannot hold in column '") +
                 schema.value.children[c]->name + "'");
        }
        PyTuple_SetItem(row.ptr(), static_cast<Py_ssize_t>(c), value.release().ptr());
      }
      rows.append(row);
    }
  }
}

}  // namespace thalweg::python

#include "codecs/arrow_ipc_reader.h"

#include <arrow/ipc/reader.h>

#include <algorithm>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "codecs/arrow_ipc_batch.h"
#include "codecs/arrow_ipc_file.h"
#include "codecs/arrow_ipc_types.h"
#include "columnar/arrow_status.h"

namespace thalweg::codecs::arrow_ipc {

namespace {

// A reader of one projection. Arrow's own is for one thread at a time, and opening it reads the
// footer and the dictionaries, so lanes hand readers on.
struct OpenReader {
  std::vector<int> fields;
  std::shared_ptr<ArrowFile> source;
  std::shared_ptr<arrow::ipc::RecordBatchFileReader> reader;
};

class IpcFileReader : public engine::UnitReader {
 public:
  explicit IpcFileReader(std::shared_ptr<engine::RandomAccess> file)
      : file_(std::move(file)), name_(std::make_shared<const std::string>(file_->name())) {}

  Status Open() {
    auto source = std::make_shared<ArrowFile>(file_);
    THALWEG_RETURN_IF_ERROR(CheckMagic());
    auto options = arrow::ipc::IpcReadOptions::Defaults();
    options.use_threads = false;
    auto reader = columnar::FromArrow(arrow::ipc::RecordBatchFileReader::Open(source, options));
    if (!reader.ok()) return FileStatus(reader.status(), *source);
    schema_ = EngineSchema(*(*reader)->schema());
    units_ = (*reader)->num_record_batches();
    return {};
  }

  const columnar::SchemaPtr& schema() const override { return schema_; }
  int64_t num_units() const override { return units_; }
  int64_t unit_bytes(int64_t /*unit*/) const override {
    // The blocks' own lengths are not to be had; batches of one file are mostly alike.
    return file_->size() / std::max<int64_t>(1, units_);
  }
  std::optional<int64_t> num_rows() const override { return {}; }

  Status ReadUnit(int64_t unit, const engine::Projection& projection, int64_t batch_rows_max,
                  engine::Emitter& out) const override {
    THALWEG_ASSIGN_OR_RETURN(std::vector<int> fields, FieldsOf(projection, *schema_, *name_));
    const BatchReader batches(fields, schema_, name_);
    THALWEG_ASSIGN_OR_RETURN(OpenReader open, Take(std::move(fields), batches));
    Status consumer;
    const Status status = [&]() -> Status {
      THALWEG_ASSIGN_OR_RETURN_ARROW(const auto read,
                                     open.reader->ReadRecordBatch(static_cast<int>(unit)));
      return batches.Emit(read, batch_rows_max, out, &consumer);
    }();
    if (!status.ok()) return FileStatus(status, *open.source);
    Give(std::move(open));
    return consumer;
  }

 private:
  Status CheckMagic() const {
    constexpr std::string_view kMagic = "ARROW1";
    if (file_->size() >= 8) {
      THALWEG_ASSIGN_OR_RETURN(const auto head, file_->ReadAt(0, 8));
      const std::string_view bytes(reinterpret_cast<const char*>(head->data()), 8);
      if (bytes.substr(0, kMagic.size()) == kMagic) return {};
      if (bytes.substr(0, 4) == "\xFF\xFF\xFF\xFF") {
        return Status::InvalidArgument("arrow: '" + *name_ +
                                       "' is an Arrow stream, not a file: read it as 'arrows'");
      }
    }
    return Status::Corruption("arrow: '" + *name_ + "' is not an Arrow IPC file");
  }

  Status FileStatus(const Status& status, const ArrowFile& source) const {
    const Status failure = source.failure();
    return (failure.ok() ? InputStatus(status) : failure).WithContext("arrow: '" + *name_ + "'");
  }

  Result<OpenReader> Take(std::vector<int> fields, const BatchReader& batches) const {
    {
      const std::lock_guard lock(mutex_);
      const auto found = std::find_if(free_.begin(), free_.end(), [&fields](const OpenReader& r) {
        return r.fields == fields;
      });
      if (found != free_.end()) {
        OpenReader taken = std::move(*found);
        free_.erase(found);
        return taken;
      }
    }
    OpenReader open;
    open.fields = std::move(fields);
    open.source = std::make_shared<ArrowFile>(file_);
    auto reader = columnar::FromArrow(
        arrow::ipc::RecordBatchFileReader::Open(open.source, batches.ReadOptions()));
    if (!reader.ok()) return FileStatus(reader.status(), *open.source);
    open.reader = *std::move(reader);
    return open;
  }

  void Give(OpenReader open) const {
    const std::lock_guard lock(mutex_);
    free_.push_back(std::move(open));
  }

  std::shared_ptr<engine::RandomAccess> file_;
  std::shared_ptr<const std::string> name_;
  columnar::SchemaPtr schema_;
  int units_ = 0;
  mutable std::mutex mutex_;
  mutable std::vector<OpenReader> free_;
};

}  // namespace

Result<std::shared_ptr<const engine::UnitReader>> OpenFile(
    std::shared_ptr<engine::RandomAccess> file) {
  auto reader = std::make_shared<IpcFileReader>(std::move(file));
  THALWEG_RETURN_IF_ERROR(reader->Open());
  return std::shared_ptr<const engine::UnitReader>(std::move(reader));
}

}  // namespace thalweg::codecs::arrow_ipc

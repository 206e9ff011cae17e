#include "connectors/file_input.h"

#include <arrow/buffer.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "columnar/arrow_status.h"
#include "engine/flow.h"
#include "io/buffer_pool.h"
#include "io/standard_streams.h"

namespace thalweg::connectors {
namespace {

constexpr size_t kSpareSlabs = 16;

// A slab's memory, which goes back to its pool with the last batch that points into it.
class SlabBuffer final : public arrow::Buffer {
 public:
  SlabBuffer(std::shared_ptr<char> memory, int64_t capacity)
      : arrow::Buffer(reinterpret_cast<const uint8_t*>(memory.get()), capacity),
        memory_(std::move(memory)) {}

 private:
  std::shared_ptr<char> memory_;
};

}  // namespace

Result<std::unique_ptr<io::SequentialFile>> OpenInput(io::FileSystem& fs, const std::string& path,
                                                      std::optional<io::Compression> compression,
                                                      std::stop_token stop) {
  // The engine reads in bounded memory whatever the ratio, so only the window is limited here.
  io::DecodeLimits limits;
  limits.ratio_max = 0;
  if (path == "-") {
    return io::MakeDecodingFile(io::OpenStandardInput(std::move(stop)), compression, limits,
                                "standard input");
  }
  return io::OpenDecoded(fs, path, compression, limits, std::move(stop));
}

namespace {

class SlabSource final : public runtime::Source {
 public:
  SlabSource(std::vector<InputFile> files, io::FileSystem& fs, int64_t slab_bytes)
      : files_(std::move(files)),
        fs_(fs),
        slab_bytes_(slab_bytes),
        pool_(io::BufferPool::Make(kSpareSlabs)) {}

  Result<runtime::Progress> Produce(runtime::Output& out) override {
    if (input_ == nullptr) {
      if (next_ >= files_.size()) return runtime::Progress::kDone;
      THALWEG_RETURN_IF_ERROR(OpenNext(out.stop()));
    }
    THALWEG_RETURN_IF_ERROR(Fill());
    const std::string_view data(buffer_.get(), filled_);
    THALWEG_ASSIGN_OR_RETURN(const auto cut, splitter_->Next(data, ended_));
    if (cut.bytes == 0 && !ended_) {
      THALWEG_RETURN_IF_ERROR(Renew(2 * capacity_, data));
      return runtime::Progress::kNeedRoom;
    }
    const bool last = ended_ && cut.bytes == filled_;
    THALWEG_RETURN_IF_ERROR(EmitSlab(cut, last, out));
    if (last) {
      input_.reset();
      buffer_.reset();
    }
    return runtime::Progress::kNeedRoom;
  }

 private:
  Status OpenNext(const std::stop_token& stop) {
    InputFile& file = files_[next_];
    input_ = file.opened;
    if (input_ == nullptr) {
      THALWEG_ASSIGN_OR_RETURN(auto input, OpenInput(fs_, file.path, file.compression, stop));
      input_ = std::move(input);
    }
    name_ = std::make_shared<const std::string>(file.path == "-" ? "standard input" : file.path);
    splitter_ = file.format->MakeSplitter();
    offset_ = 0;
    line_ = 1;
    first_ = true;
    ended_ = false;
    file_index_ = next_++;
    return Renew(std::max(static_cast<size_t>(slab_bytes_), file.sample.size()), file.sample);
  }

  Status Fill() {
    while (!ended_ && filled_ < capacity_) {
      const std::span<char> room(buffer_.get() + filled_, capacity_ - filled_);
      THALWEG_ASSIGN_OR_RETURN(const size_t got, input_->Read(room));
      ended_ = got == 0;
      filled_ += got;
    }
    return {};
  }

  // Another buffer of `capacity` bytes, which begins with `front`.
  Status Renew(size_t capacity, std::string_view front) {
    std::shared_ptr<char> fresh = pool_->Take(capacity);
    if (fresh == nullptr) {
      return Status::ResourceExhausted("read: '" + *name_ + "': out of memory for " +
                                       std::to_string(capacity) + " bytes");
    }
    std::memcpy(fresh.get(), front.data(), front.size());
    buffer_ = std::move(fresh);
    capacity_ = capacity;
    filled_ = front.size();
    return {};
  }

  Status EmitSlab(const engine::Splitter::Cut& cut, bool last, runtime::Output& out) {
    auto payload = std::make_unique<engine::SlabPayload>();
    engine::Slab& slab = payload->slab;
    runtime::Chunk chunk;
    chunk.bytes = static_cast<int64_t>(capacity_);
    slab.owner = std::make_shared<SlabBuffer>(buffer_, chunk.bytes);
    const std::string_view data(buffer_.get(), filled_);
    if (!last) {
      const std::string_view rest = data.substr(cut.bytes);
      THALWEG_RETURN_IF_ERROR(
          Renew(std::max(static_cast<size_t>(slab_bytes_), 2 * rest.size()), rest));
    }
    slab.data = data.substr(0, cut.bytes);
    slab.file = name_;
    slab.byte_offset = offset_;
    slab.first_line = line_;
    slab.first = std::exchange(first_, false);
    slab.last = last;
    payload->file_index = file_index_;
    chunk.payload = std::move(payload);
    offset_ += static_cast<int64_t>(cut.bytes);
    line_ += cut.lines;
    out.Emit(std::move(chunk));
    return {};
  }

  std::vector<InputFile> files_;
  io::FileSystem& fs_;
  int64_t slab_bytes_;
  std::shared_ptr<io::BufferPool> pool_;
  size_t next_ = 0;
  size_t file_index_ = 0;
  std::shared_ptr<io::SequentialFile> input_;
  std::shared_ptr<const std::string> name_;
  std::unique_ptr<engine::Splitter> splitter_;
  std::shared_ptr<char> buffer_;
  size_t capacity_ = 0;
  size_t filled_ = 0;
  int64_t offset_ = 0;
  int64_t line_ = 1;
  bool first_ = true;
  bool ended_ = false;
};

struct UnitPayload final : runtime::Payload {
  size_t file = 0;
  int64_t unit = 0;
};

class UnitSource final : public runtime::Source {
 public:
  explicit UnitSource(std::vector<std::shared_ptr<const engine::UnitReader>> readers)
      : readers_(std::move(readers)) {}
  Result<runtime::Progress> Produce(runtime::Output& out) override {
    while (file_ < readers_.size() && unit_ >= readers_[file_]->num_units()) {
      ++file_;
      unit_ = 0;
    }
    if (file_ >= readers_.size()) return runtime::Progress::kDone;
    auto payload = std::make_unique<UnitPayload>();
    payload->file = file_;
    payload->unit = unit_;
    runtime::Chunk chunk;
    chunk.bytes = readers_[file_]->unit_bytes(unit_);
    chunk.payload = std::move(payload);
    ++unit_;
    out.Emit(std::move(chunk));
    return runtime::Progress::kNeedRoom;
  }

 private:
  std::vector<std::shared_ptr<const engine::UnitReader>> readers_;
  size_t file_ = 0;
  int64_t unit_ = 0;
};

class UnitStep final : public runtime::Step {
 public:
  UnitStep(std::vector<std::shared_ptr<const engine::UnitReader>> readers,
           engine::Projection projection, int64_t batch_rows_max)
      : readers_(std::move(readers)),
        projection_(std::move(projection)),
        batch_rows_max_(batch_rows_max) {}
  Result<runtime::Progress> OnChunk(runtime::Chunk& chunk, runtime::Output& out) override {
    const auto& payload = chunk.As<UnitPayload>();
    engine::OutputEmitter emitter(out);
    THALWEG_RETURN_IF_ERROR(
        readers_[payload.file]->ReadUnit(payload.unit, projection_, batch_rows_max_, emitter));
    return runtime::Progress::kNeedInput;
  }

 private:
  std::vector<std::shared_ptr<const engine::UnitReader>> readers_;
  engine::Projection projection_;
  int64_t batch_rows_max_;
};

class LocalRandomAccess final : public engine::RandomAccess {
 public:
  LocalRandomAccess(std::unique_ptr<io::RandomAccessFile> file, std::string name, int64_t size)
      : file_(std::move(file)), name_(std::move(name)), size_(size) {}
  int64_t size() const override { return size_; }
  const std::string& name() const override { return name_; }
  Result<std::shared_ptr<arrow::Buffer>> ReadAt(int64_t offset, int64_t length) override {
    if (offset < 0 || length < 0 || offset > size_ - length) {
      return Status::Corruption(name_ + ": refers to bytes behind the end of the file");
    }
    THALWEG_ASSIGN_OR_RETURN_ARROW(std::unique_ptr<arrow::Buffer> buffer,
                                   arrow::AllocateBuffer(length));
    std::span<char> out(reinterpret_cast<char*>(buffer->mutable_data()),
                        static_cast<size_t>(length));
    THALWEG_ASSIGN_OR_RETURN(const size_t got, file_->ReadAt(offset, out));
    if (got != out.size()) {
      return Status::IoError(name_ + ": the file became shorter while it was read");
    }
    return std::shared_ptr<arrow::Buffer>(std::move(buffer));
  }

 private:
  std::unique_ptr<io::RandomAccessFile> file_;
  std::string name_;
  int64_t size_;
};

}  // namespace

std::unique_ptr<runtime::Source> MakeSlabSource(std::vector<InputFile> files, io::FileSystem& fs,
                                                int64_t slab_bytes) {
  return std::make_unique<SlabSource>(std::move(files), fs, slab_bytes);
}

runtime::NodeId AddUnitScan(runtime::Graph& graph, std::vector<InputFile> files,
                            engine::Projection projection, int64_t batch_rows_max) {
  std::vector<std::shared_ptr<const engine::UnitReader>> readers;
  for (auto& file : files) readers.push_back(std::move(file.units));
  const auto source = graph.AddSource({.name = "scan"}, std::make_unique<UnitSource>(readers));
  return graph.AddParallel(
      {.name = "decode", .counts_input = true},
      [readers, projection = std::move(projection),
       batch_rows_max]() -> Result<std::unique_ptr<runtime::Step>> {
        return std::unique_ptr<runtime::Step>(
            std::make_unique<UnitStep>(readers, projection, batch_rows_max));
      },
      source);
}

Result<std::shared_ptr<engine::RandomAccess>> OpenRandomAccess(io::FileSystem& fs,
                                                               const std::string& path) {
  THALWEG_ASSIGN_OR_RETURN(auto file, fs.OpenRandom(path));
  THALWEG_ASSIGN_OR_RETURN(const int64_t size, file->Size());
  return std::shared_ptr<engine::RandomAccess>(
      std::make_shared<LocalRandomAccess>(std::move(file), path, size));
}

}  // namespace thalweg::connectors

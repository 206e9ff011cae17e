#include "thalweg/marc/reader.h"

#include <algorithm>
#include <utility>

#include "io/compressed_file.h"
#include "io/local_file_system.h"
#include "io/standard_streams.h"
#include "marc/batch_block.h"
#include "marc/frame_source.h"
#include "marc/open_input.h"
#include "marc/parse.h"

namespace thalweg::marc {

FrameSource::Limits LimitsOf(const ReaderOptions& options) {
  constexpr int64_t kRecordBytesMax = int64_t{1} << 30;  // Sizes of records have 31 bits.
  return {.record_bytes_max = static_cast<size_t>(
              std::clamp<int64_t>(options.record_bytes_max, 64, kRecordBytesMax)),
          .slab_bytes = static_cast<size_t>(std::max<int64_t>(options.batch_bytes, 1)),
          .slab_records = static_cast<size_t>(std::max<int64_t>(options.batch_records, 1))};
}

Status TooManyDefects(const ReaderOptions& options) {
  Defect defect;
  defect.code = DefectCode::kFatalReaderError;
  defect.source = options.source;
  defect.found = "more than " + std::to_string(options.errors_max) + " defects";
  return defect.ToStatus();
}

int64_t CountErrors(std::span<const Defect> defects) {
  return std::count_if(defects.begin(), defects.end(), [](const Defect& defect) {
    return defect.info().severity == Severity::kError;
  });
}

Result<Reader::ReadBytes> OpenInput(const std::string& path, std::stop_token stop) {
  std::shared_ptr<io::SequentialFile> file;
  if (path == "-") {
    THALWEG_ASSIGN_OR_RETURN(
        file, io::MakeDecodingFile(io::OpenStandardInput(stop), {}, {}, "standard input"));
  } else {
    THALWEG_ASSIGN_OR_RETURN(file, io::OpenDecoded(io::LocalFileSystem(), path, {}, {}, stop));
  }
  return Reader::ReadBytes([file](std::span<char> out) { return file->Read(out); });
}

Result<Reader::ReadBytes> OpenBytes(const std::string& path, std::stop_token stop) {
  return OpenInput(path, std::move(stop));
}

class Reader::Impl {
 public:
  Impl(FrameSource source, ReaderOptions options)
      : source_(std::move(source)), options_(std::move(options)), parser_(options_) {}

  Result<RecordBatch> ReadBatch();
  Result<std::optional<Record>> Next();

  std::span<const Defect> defects() const { return defects_; }
  std::string_view raw_chunk() const { return raw_chunk_; }
  int64_t records_read() const { return records_; }
  int64_t records_dropped() const { return dropped_; }
  int64_t bytes_read() const { return bytes_; }
  const ReaderOptions& options() const { return options_; }

 private:
  Result<bool> Refill();
  // Everything up to the record that `Next` is about to give out or to tell of.
  void TakeDefects(int64_t index);
  std::optional<Status> TakeDropped();

  FrameSource source_;
  ReaderOptions options_;
  RecordParser parser_;
  FrameSlab slab_;
  size_t next_frame_ = 0;
  std::shared_ptr<BlockPool> blocks_ = BlockPool::Make(1);
  int64_t records_ = 0;
  int64_t dropped_ = 0;
  int64_t bytes_ = 0;
  int64_t errors_ = 0;
  Status failure_;

  // Of `Next`.
  RecordBatch batch_;
  size_t next_record_ = 0;
  size_t next_dropped_ = 0;
  size_t next_defect_ = 0;
  int64_t index_ = 0;
  std::span<const Defect> defects_;
  std::string_view raw_chunk_;
};

Result<bool> Reader::Impl::Refill() {
  if (next_frame_ < slab_.frames.size()) return true;
  next_frame_ = 0;
  return source_.Next(&slab_);
}

Result<RecordBatch> Reader::Impl::ReadBatch() {
  THALWEG_RETURN_IF_ERROR(failure_);
  Result<bool> more = Refill();
  if (!more.ok()) return failure_ = more.status();
  if (!*more) return RecordBatch();
  const std::shared_ptr<BatchBlock> taken = blocks_->Take();
  BatchBlock& block = *taken;
  block.first_index = parser_.next_index;
  const size_t left = slab_.frames.size() - next_frame_;
  block.records.reserve(left);
  block.offsets.reserve(left);
  block.chunks.reserve(left);
  const size_t start = slab_.frames[next_frame_].offset;
  block.byte_offset = slab_.data_offset + static_cast<int64_t>(start);
  block.bytes_owner = slab_.owner;
  size_t end = start;
  while (next_frame_ < slab_.frames.size()) {
    const Frame& frame = slab_.frames[next_frame_++];
    end = frame.offset + frame.length;
    if (!parser_.Add(frame, slab_.data, slab_.data_offset, &block)) break;
  }
  block.bytes = static_cast<int64_t>(end - start);
  bytes_ += block.bytes;
  records_ += static_cast<int64_t>(block.records.size());
  dropped_ += std::count_if(block.dropped.begin(), block.dropped.end(),
                            [](const DroppedRecord& record) { return record.is_record; });
  if (next_frame_ == slab_.frames.size()) slab_.owner.reset();
  errors_ += CountErrors(block.defects);
  if (options_.errors_max > 0 && errors_ > options_.errors_max) {
    failure_ = TooManyDefects(options_);
  }
  return BatchBlock::Show(taken);
}

void Reader::Impl::TakeDefects(int64_t index) {
  const size_t first = next_defect_;
  while (next_defect_ < batch_.defects.size() &&
         batch_.defects[next_defect_].record_index <= index) {
    ++next_defect_;
  }
  defects_ = batch_.defects.subspan(first, next_defect_ - first);
}

// The dropped record that comes next, if one does: a failure in `strict`.
std::optional<Status> Reader::Impl::TakeDropped() {
  const DroppedRecord& dropped = batch_.dropped[next_dropped_++];
  raw_chunk_ = dropped.raw;
  const int64_t index = index_;
  if (dropped.is_record) ++index_;
  if (options_.recovery != Recovery::kStrict) return {};
  TakeDefects(dropped.is_record ? index : index - 1);
  if (!dropped.is_record) {
    // Junk has the index of the record behind it.
    next_defect_ = dropped.defect + 1;
    defects_ = batch_.defects.subspan(dropped.defect, 1);
  }
  return batch_.defects[dropped.defect].ToStatus();
}

Result<std::optional<Record>> Reader::Impl::Next() {
  while (true) {
    const bool dropped_next = next_dropped_ < batch_.dropped.size() &&
                              batch_.dropped[next_dropped_].before <= next_record_;
    if (dropped_next) {
      if (const auto failure = TakeDropped()) return *failure;
      continue;
    }
    if (next_record_ < batch_.records.size()) break;
    batch_ = RecordBatch();
    defects_ = {};
    raw_chunk_ = {};
    THALWEG_ASSIGN_OR_RETURN(batch_, ReadBatch());
    if (batch_.empty()) return std::optional<Record>();
    next_record_ = next_dropped_ = next_defect_ = 0;
    index_ = batch_.first_index;
  }
  TakeDefects(index_++);
  raw_chunk_ = batch_.chunks[next_record_];
  return std::optional<Record>(batch_.Own(next_record_++));
}

Reader::Reader(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Reader::Reader(Reader&&) noexcept = default;
Reader& Reader::operator=(Reader&&) noexcept = default;
Reader::~Reader() = default;

Reader Reader::OverMemory(std::string_view bytes, std::shared_ptr<const void> owner,
                          ReaderOptions options) {
  FrameSource source = FrameSource::OverMemory(bytes, std::move(owner), LimitsOf(options));
  return Reader(std::make_unique<Impl>(std::move(source), std::move(options)));
}

Reader Reader::OverStream(ReadBytes read, ReaderOptions options) {
  FrameSource source = FrameSource::OverStream(std::move(read), LimitsOf(options));
  return Reader(std::make_unique<Impl>(std::move(source), std::move(options)));
}

Result<Reader> Reader::Open(const std::string& path, ReaderOptions options, std::stop_token stop) {
  if (options.source.empty()) options.source = path;
  THALWEG_ASSIGN_OR_RETURN(ReadBytes read, OpenInput(path, std::move(stop)));
  return OverStream(std::move(read), std::move(options));
}

Result<RecordBatch> Reader::ReadBatch() { return impl_->ReadBatch(); }
Result<std::optional<Record>> Reader::Next() { return impl_->Next(); }
std::span<const Defect> Reader::defects() const { return impl_->defects(); }
std::string_view Reader::raw_chunk() const { return impl_->raw_chunk(); }
int64_t Reader::records_read() const { return impl_->records_read(); }
int64_t Reader::records_dropped() const { return impl_->records_dropped(); }
int64_t Reader::bytes_read() const { return impl_->bytes_read(); }
const ReaderOptions& Reader::options() const { return impl_->options(); }

Result<Record> ParseRecord(std::string_view bytes, const ReaderOptions& options,
                           std::vector<Defect>* defects) {
  auto copy = std::make_shared<const std::string>(bytes);
  Reader reader = Reader::OverMemory(*copy, copy, options);
  THALWEG_ASSIGN_OR_RETURN(auto record, reader.Next());
  if (defects != nullptr) defects->assign(reader.defects().begin(), reader.defects().end());
  if (!record)
    return Status::Corruption("marc: no record in " + std::to_string(bytes.size()) + " bytes");
  return *std::move(record);
}

}  // namespace thalweg::marc

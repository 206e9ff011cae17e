// Files of any format, written.

#include <utility>

#include "marc/output_file.h"
#include "thalweg/marc/formats.h"

namespace thalweg::marc {

struct RecordWriter::Impl {
  static constexpr size_t kBlockBytes = size_t{256} << 10;

  std::unique_ptr<RecordEncoder> encoder;
  std::unique_ptr<OutputFile> file;  // Null: `write` is the caller's.
  Writer::WriteBytes write;
  std::string block;
  int64_t records = 0;
  int64_t bytes = 0;
  Status failure;
  bool closed = false;

  Status Begin() {
    block.append(records == 0 ? encoder->head() : encoder->between());
    return {};
  }
  Status WriteOut() {
    if (!failure.ok()) return failure;
    if (block.empty()) return {};
    bytes += static_cast<int64_t>(block.size());
    failure = write(block);
    block.clear();
    return failure;
  }
};

RecordWriter::RecordWriter(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
RecordWriter::RecordWriter(RecordWriter&&) noexcept = default;
RecordWriter& RecordWriter::operator=(RecordWriter&&) noexcept = default;
RecordWriter::~RecordWriter() = default;

Result<RecordWriter> RecordWriter::ToStream(Format format, Writer::WriteBytes write,
                                            EncoderOptions options) {
  auto impl = std::make_unique<Impl>();
  THALWEG_ASSIGN_OR_RETURN(impl->encoder, MakeEncoder(format, std::move(options)));
  impl->write = std::move(write);
  return RecordWriter(std::move(impl));
}

Result<RecordWriter> RecordWriter::Create(const std::string& path, bool force, Format format,
                                          EncoderOptions options) {
  auto impl = std::make_unique<Impl>();
  THALWEG_ASSIGN_OR_RETURN(impl->encoder, MakeEncoder(format, std::move(options)));
  THALWEG_ASSIGN_OR_RETURN(impl->file, OutputFile::Create(path, force));
  impl->write = [file = impl->file.get()](std::string_view data) { return file->Append(data); };
  return RecordWriter(std::move(impl));
}

Status RecordWriter::Write(const RecordView& record) {
  Impl& impl = *impl_;
  if (!impl.failure.ok()) return impl.failure;
  const size_t before = impl.block.size();
  THALWEG_RETURN_IF_ERROR(impl.Begin());
  Status status = impl.encoder->Append(record, impl.records, &impl.block);
  if (!status.ok()) {
    impl.block.resize(before);
    return status;
  }
  ++impl.records;
  return impl.block.size() < Impl::kBlockBytes ? Status() : impl.WriteOut();
}

Status RecordWriter::WriteEncoded(std::string_view text, int64_t count) {
  Impl& impl = *impl_;
  if (!impl.failure.ok()) return impl.failure;
  if (count == 0) return {};
  THALWEG_RETURN_IF_ERROR(impl.Begin());
  impl.records += count;
  if (text.size() < Impl::kBlockBytes / 4) {
    impl.block.append(text);
    return impl.block.size() < Impl::kBlockBytes ? Status() : impl.WriteOut();
  }
  THALWEG_RETURN_IF_ERROR(impl.WriteOut());
  impl.bytes += static_cast<int64_t>(text.size());
  impl.failure = impl.write(text);
  return impl.failure;
}

Status RecordWriter::Flush() { return impl_->WriteOut(); }

Status RecordWriter::Close() {
  Impl& impl = *impl_;
  if (impl.closed) return impl.failure;
  impl.closed = true;
  if (!impl.failure.ok()) return impl.failure;
  if (impl.records == 0) impl.block.append(impl.encoder->head());
  impl.block.append(impl.encoder->tail());
  THALWEG_RETURN_IF_ERROR(impl.WriteOut());
  if (impl.file != nullptr) impl.failure = impl.file->Commit();
  return impl.failure;
}

int64_t RecordWriter::records_written() const { return impl_->records; }
int64_t RecordWriter::bytes_written() const { return impl_->bytes; }

}  // namespace thalweg::marc

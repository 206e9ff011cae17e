#include "thalweg/marc/writer.h"

#include <utility>

#include "io/atomic_file.h"
#include "io/compressed_file.h"
#include "io/local_file_system.h"
#include "io/standard_streams.h"

namespace thalweg::marc {
namespace {

constexpr size_t kBlock = size_t{256} << 10;

}  // namespace

Status AppendIso2709(const Record& record, const WriterOptions& options, std::string* out) {
  if (options.encoding == OutputEncoding::kKeep && options.normalize == Normalization::kNone) {
    return AppendIso2709(record.view(), options.oversize, out);
  }
  if (options.encoding == OutputEncoding::kMarc8) {
    size_t lost = 0;
    THALWEG_ASSIGN_OR_RETURN(const Record made, ToMarc8(record, options.encode, &lost));
    return AppendIso2709(made.view(), options.oversize, out);
  }
  Record made = record;
  if (options.encoding == OutputEncoding::kUtf8) {
    THALWEG_ASSIGN_OR_RETURN(made, ToUnicode(record, options.decode, nullptr));
  }
  THALWEG_ASSIGN_OR_RETURN(made, Normalized(made, options.normalize));
  return AppendIso2709(made.view(), options.oversize, out);
}

struct Writer::Impl {
  WriterOptions options;
  WriteBytes write;
  std::function<Status()> finish;
  std::string block;
  int64_t records = 0;
  int64_t bytes = 0;
  bool closed = false;
  Status failure;

  Status Flush() {
    THALWEG_RETURN_IF_ERROR(failure);
    if (block.empty()) return {};
    failure = write(block);
    bytes += static_cast<int64_t>(block.size());
    block.clear();
    return failure;
  }
  Status Took(Status appended) {
    THALWEG_RETURN_IF_ERROR(appended);
    ++records;
    return block.size() < kBlock ? Status() : Flush();
  }
};

Writer::Writer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Writer::Writer(Writer&&) noexcept = default;
Writer& Writer::operator=(Writer&&) noexcept = default;
Writer::~Writer() = default;

Writer Writer::ToStream(WriteBytes write, WriterOptions options) {
  auto impl = std::make_unique<Impl>();
  impl->options = std::move(options);
  impl->write = std::move(write);
  return Writer(std::move(impl));
}

Result<Writer> Writer::Create(const std::string& path, bool force, WriterOptions options) {
  if (path == "-") {
    const std::shared_ptr<io::WritableFile> file = io::OpenStandardOutput();
    return ToStream([file](std::string_view data) { return file->Append(data); },
                    std::move(options));
  }
  io::AtomicFile::Options file_options;
  file_options.replace = force;
  THALWEG_ASSIGN_OR_RETURN(std::shared_ptr<io::AtomicFile> file,
                           io::AtomicFile::Create(io::LocalFileSystem(), path, file_options));
  THALWEG_ASSIGN_OR_RETURN(
      std::shared_ptr<io::EncodingWriter> encoder,
      io::EncodingWriter::Make(io::CompressionOfPath(path), {},
                               [file](std::string_view data) { return file->Append(data); }));
  Writer writer = ToStream([encoder](std::string_view data) { return encoder->Append(data); },
                           std::move(options));
  writer.impl_->finish = [file, encoder]() -> Status {
    THALWEG_RETURN_IF_ERROR(encoder->Finish());
    return file->Commit();
  };
  return writer;
}

Status Writer::Write(const Record& record) {
  THALWEG_RETURN_IF_ERROR(impl_->failure);
  return impl_->Took(AppendIso2709(record, impl_->options, &impl_->block));
}

Status Writer::Write(const RecordView& record) {
  const bool as_it_is = impl_->options.encoding == OutputEncoding::kKeep &&
                        impl_->options.normalize == Normalization::kNone;
  if (!as_it_is) return Write(Record(record, nullptr));
  THALWEG_RETURN_IF_ERROR(impl_->failure);
  return impl_->Took(AppendIso2709(record, impl_->options.oversize, &impl_->block));
}

Status Writer::Flush() { return impl_->Flush(); }

Status Writer::Close() {
  if (impl_->closed) return impl_->failure;
  impl_->closed = true;
  THALWEG_RETURN_IF_ERROR(Flush());
  if (impl_->finish) impl_->failure = impl_->finish();
  return impl_->failure;
}

int64_t Writer::records_written() const { return impl_->records; }
int64_t Writer::bytes_written() const {
  return impl_->bytes + static_cast<int64_t>(impl_->block.size());
}

}  // namespace thalweg::marc

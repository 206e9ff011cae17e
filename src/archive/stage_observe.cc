#include <memory>
#include <string>
#include <string_view>

#include "archive/content_stage.h"

namespace thalweg::archive {
namespace {

class Debug final : public ContentStage {
 public:
  explicit Debug(DebugCounts* counts) : counts_(counts) {}

  Status Push(std::string_view in, std::string* out) override {
    ++counts_->pieces;
    counts_->bytes += static_cast<int64_t>(in.size());
    out->append(in);
    return {};
  }
  Status Finish(std::string* /*out*/) override {
    ++counts_->entries;
    return {};
  }

 private:
  DebugCounts* const counts_;
};

class Tee final : public ContentStage {
 public:
  explicit Tee(io::WritableFile* file) : file_(file) {}

  Status Push(std::string_view in, std::string* out) override {
    THALWEG_RETURN_IF_ERROR(file_->Append(in).WithContext("tee"));
    out->append(in);
    return {};
  }
  Status Finish(std::string* /*out*/) override { return {}; }

 private:
  io::WritableFile* const file_;
};

}  // namespace

std::unique_ptr<ContentStage> MakeDebug(DebugCounts* counts) {
  return std::make_unique<Debug>(counts);
}
std::unique_ptr<ContentStage> MakeTee(io::WritableFile* file) {
  return std::make_unique<Tee>(file);
}

}  // namespace thalweg::archive

#include "io/updatable_file.h"

namespace thalweg::io {

Result<std::unique_ptr<UpdatableFile>> OpenForUpdate(FileSystem& fs, const std::string& path) {
  auto* updating = dynamic_cast<UpdatingFileSystem*>(&fs);
  if (updating == nullptr) {
    return Status::Unsupported("open to update: '" + path + "': files here cannot be changed");
  }
  return updating->OpenForUpdate(path);
}

}  // namespace thalweg::io

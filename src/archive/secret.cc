#include "thalweg/archive/secret.h"

#include <sys/mman.h>
#include <unistd.h>

#include <cstring>

#include "base/check.h"

namespace thalweg::archive {
namespace {

size_t MappedBytes(size_t size) {
  const auto page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  return (size + page - 1) / page * page;
}

}  // namespace

// Each secret has pages of its own: unlocking one then never unlocks a neighbour, and nothing else
// is kept out of core files.
Secret::Secret(size_t size) : size_(size) {
  if (size == 0) return;
  void* pages =
      mmap(nullptr, MappedBytes(size), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  THALWEG_CHECK(pages != MAP_FAILED);
  // Both are best effort: a limit on locked memory must not keep anybody from his files.
  (void)mlock(pages, MappedBytes(size));
  (void)madvise(pages, MappedBytes(size), MADV_DONTDUMP);
  data_ = static_cast<char*>(pages);
}

Secret Secret::CopyOf(std::string_view bytes) {
  Secret copy(bytes.size());
  if (!bytes.empty()) std::memcpy(copy.data_, bytes.data(), bytes.size());
  return copy;
}

void Secret::Wipe() {
  if (data_ == nullptr) return;
  explicit_bzero(data_, size_);
  munmap(data_, MappedBytes(size_));
  data_ = nullptr;
  size_ = 0;
}

}  // namespace thalweg::archive

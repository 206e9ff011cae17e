// Ways to read a file from front to back: pread, mmap, io_uring.
//
//   bench_micro_file_reads FOLDER [ROUNDS]
//
// Makes files of 1, 10, 50, 100 MB and 1 GB in FOLDER, and reads each in slabs of 4 MiB, from the
// page cache ("warm") and from the disk ("cold"), with every byte looked at. Prints the median of
// the wall and of the processor time of each way; rounds take turns.

#include <fcntl.h>
#include <linux/io_uring.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <map>
#include <string>
#include <vector>

namespace {

constexpr size_t kSlab = 4 << 20;
constexpr int kDepth = 4;

[[noreturn]] void Die(const char* what) {
  std::perror(what);
  std::exit(1);
}

uint64_t Look(const char* bytes, size_t size) {
  uint64_t sum = 0;
  uint64_t word = 0;
  for (; size >= sizeof(word); size -= sizeof(word), bytes += sizeof(word)) {
    std::memcpy(&word, bytes, sizeof(word));
    sum += word;
  }
  return sum;
}

// On a page, as buffers for reading have to be: 16 bytes into one, as malloc gives them, reading is
// five times slower here.
char* NewSlab() { return static_cast<char*>(std::aligned_alloc(4096, kSlab)); }

uint64_t ByRead(int fd, size_t size) {
  static char* const slab = NewSlab();
  posix_fadvise(fd, 0, 0, POSIX_FADV_SEQUENTIAL);
  uint64_t sum = 0;
  for (size_t at = 0; at < size;) {
    const ssize_t n = pread(fd, slab, kSlab, static_cast<off_t>(at));
    if (n <= 0) Die("pread");
    sum += Look(slab, static_cast<size_t>(n));
    at += static_cast<size_t>(n);
  }
  return sum;
}

// Pages behind the cursor are released, so that what is resident stays bounded.
uint64_t ByMap(int fd, size_t size) {
  void* map = mmap(nullptr, size, PROT_READ, MAP_SHARED, fd, 0);
  if (map == MAP_FAILED) Die("mmap");
  char* bytes = static_cast<char*>(map);
  madvise(bytes, size, MADV_SEQUENTIAL);
  uint64_t sum = 0;
  for (size_t at = 0; at < size; at += kSlab) {
    const size_t n = std::min(kSlab, size - at);
    sum += Look(bytes + at, n);
    madvise(bytes + at, n, MADV_DONTNEED);
  }
  munmap(map, size);
  return sum;
}

// One ring of `kDepth` reads ahead, completed in any order and looked at in order.
class Ring {
 public:
  bool Open() {
    io_uring_params params{};
    fd_ = static_cast<int>(syscall(SYS_io_uring_setup, kDepth, &params));
    if (fd_ < 0) return false;
    const auto map = [&](size_t bytes, off_t offset) {
      void* at =
          mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, fd_, offset);
      if (at == MAP_FAILED) Die("io_uring");
      return static_cast<char*>(at);
    };
    char* sq = map(params.sq_off.array + params.sq_entries * sizeof(uint32_t), IORING_OFF_SQ_RING);
    char* cq =
        map(params.cq_off.cqes + params.cq_entries * sizeof(io_uring_cqe), IORING_OFF_CQ_RING);
    entries_ = reinterpret_cast<io_uring_sqe*>(
        map(params.sq_entries * sizeof(io_uring_sqe), IORING_OFF_SQES));
    sq_tail_ = reinterpret_cast<uint32_t*>(sq + params.sq_off.tail);
    sq_mask_ = *reinterpret_cast<uint32_t*>(sq + params.sq_off.ring_mask);
    sq_array_ = reinterpret_cast<uint32_t*>(sq + params.sq_off.array);
    cq_head_ = reinterpret_cast<uint32_t*>(cq + params.cq_off.head);
    cq_tail_ = reinterpret_cast<uint32_t*>(cq + params.cq_off.tail);
    cq_mask_ = *reinterpret_cast<uint32_t*>(cq + params.cq_off.ring_mask);
    completions_ = reinterpret_cast<io_uring_cqe*>(cq + params.cq_off.cqes);
    return true;
  }

  void Read(int fd, char* to, size_t bytes, size_t offset, uint64_t number) {
    const uint32_t tail = *sq_tail_;
    io_uring_sqe& entry = entries_[tail & sq_mask_];
    entry = {};
    entry.opcode = IORING_OP_READ;
    entry.fd = fd;
    entry.addr = reinterpret_cast<uint64_t>(to);
    entry.len = static_cast<uint32_t>(bytes);
    entry.off = offset;
    entry.user_data = number;
    sq_array_[tail & sq_mask_] = tail & sq_mask_;
    std::atomic_ref(*sq_tail_).store(tail + 1, std::memory_order_release);
    if (syscall(SYS_io_uring_enter, fd_, 1, 0, 0, nullptr, 0) < 0) Die("io_uring_enter");
  }

  io_uring_cqe Wait() {
    while (*cq_head_ == std::atomic_ref(*cq_tail_).load(std::memory_order_acquire)) {
      if (syscall(SYS_io_uring_enter, fd_, 0, 1, IORING_ENTER_GETEVENTS, nullptr, 0) < 0) {
        Die("io_uring_enter");
      }
    }
    const io_uring_cqe completion = completions_[*cq_head_ & cq_mask_];
    std::atomic_ref(*cq_head_).store(*cq_head_ + 1, std::memory_order_release);
    return completion;
  }

 private:
  int fd_ = -1;
  io_uring_sqe* entries_ = nullptr;
  uint32_t* sq_tail_ = nullptr;
  uint32_t* sq_array_ = nullptr;
  uint32_t* cq_head_ = nullptr;
  uint32_t* cq_tail_ = nullptr;
  io_uring_cqe* completions_ = nullptr;
  uint32_t sq_mask_ = 0;
  uint32_t cq_mask_ = 0;
};

uint64_t ByRing(Ring& ring, int fd, size_t size) {
  static const std::vector<char*> slabs = {NewSlab(), NewSlab(), NewSlab(), NewSlab()};
  const size_t all = (size + kSlab - 1) / kSlab;
  std::vector<bool> done(all);
  const auto length = [&](size_t i) { return std::min(kSlab, size - i * kSlab); };
  const auto submit = [&](size_t i) {
    if (i < all) ring.Read(fd, slabs[i % kDepth], length(i), i * kSlab, i);
  };
  for (size_t i = 0; i < kDepth; ++i) submit(i);
  uint64_t sum = 0;
  for (size_t next = 0; next < all;) {
    const io_uring_cqe completion = ring.Wait();
    const auto number = static_cast<size_t>(completion.user_data);
    if (completion.res != static_cast<int32_t>(length(number))) Die("a short read");
    done[number] = true;
    for (; next < all && done[next]; ++next) {
      sum += Look(slabs[next % kDepth], length(next));
      submit(next + kDepth);
    }
  }
  return sum;
}

void Make(const std::string& path, size_t size) {
  if (access(path.c_str(), R_OK) == 0) return;
  std::FILE* file = std::fopen(path.c_str(), "wb");
  if (file == nullptr) Die(path.c_str());
  std::vector<uint64_t> piece(1 << 17);
  uint64_t state = 88172645463325252ULL;
  for (size_t at = 0; at < size;) {
    for (uint64_t& word : piece) {
      state ^= state << 13;
      state ^= state >> 7;
      state ^= state << 17;
      word = state;
    }
    const size_t n = std::min(piece.size() * sizeof(uint64_t), size - at);
    if (std::fwrite(piece.data(), 1, n, file) != n) Die("write");
    at += n;
  }
  std::fclose(file);
}

double ProcessorSeconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + 1e-6 * static_cast<double>(t.tv_usec);
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

double Median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

using Way = std::function<uint64_t(int fd, size_t size)>;

void Measure(const std::string& path, size_t size, bool cold, int rounds,
             const std::map<std::string, Way>& ways) {
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) Die(path.c_str());
  fsync(fd);
  const uint64_t wanted = ByRead(fd, size);
  std::map<std::string, std::vector<double>> wall;
  std::map<std::string, std::vector<double>> processor;
  for (int round = 0; round < rounds; ++round) {
    for (const auto& [name, way] : ways) {
      if (cold) posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
      const auto begin = std::chrono::steady_clock::now();
      const double busy = ProcessorSeconds();
      if (way(fd, size) != wanted) Die("other bytes");
      processor[name].push_back(ProcessorSeconds() - busy);
      const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - begin;
      wall[name].push_back(taken.count());
    }
  }
  close(fd);
  for (const auto& [name, seconds] : wall) {
    const double middle = Median(seconds);
    std::printf("%5zu MB  %s  %-8s %9.2f ms  %7.0f MB/s  %9.2f ms of processor\n", size / 1'000'000,
                cold ? "cold" : "warm", name.c_str(), 1e3 * middle,
                static_cast<double>(size) / middle * 1e-6, 1e3 * Median(processor[name]));
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr, "usage: %s FOLDER [ROUNDS]\n", argv[0]);
    return 2;
  }
  const int rounds = argc > 2 ? std::atoi(argv[2]) : 5;
  Ring ring;
  std::map<std::string, Way> ways = {{"read", ByRead}, {"map", ByMap}};
  if (ring.Open()) {
    ways["io_uring"] = [&](int fd, size_t size) { return ByRing(ring, fd, size); };
  } else {
    std::printf("io_uring is not to be had here\n");
  }
  for (const size_t megabytes : {1UL, 10UL, 50UL, 100UL, 1000UL}) {
    const size_t size = megabytes * 1'000'000;
    const std::string path = std::string(argv[1]) + "/reads-" + std::to_string(megabytes) + "mb";
    Make(path, size);
    for (const bool cold : {false, true}) Measure(path, size, cold, rounds, ways);
  }
  return 0;
}

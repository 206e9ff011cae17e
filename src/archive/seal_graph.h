#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "archive/body_writer.h"
#include "archive/byte_buffer.h"
#include "archive/content_reader.h"
#include "archive/input_tree.h"
#include "archive/segment_builder.h"
#include "thalweg/archive/archive.h"
#include "thalweg/runtime/graph.h"
#include "thalweg/runtime/run.h"
#include "thalweg/status.h"

// Sealing on the machine: one node reads and cuts content into frames and fixes their order, lanes
// compress and encrypt them, one node writes them.
namespace thalweg::archive {

/// Numbers that several nodes add to.
struct SealCounters {
  std::atomic<int64_t> read_ns{0};
  std::atomic<int64_t> compress_ns{0};
  std::atomic<int64_t> encrypt_ns{0};
  std::atomic<int64_t> hash_ns{0};
  std::atomic<int64_t> write_ns{0};
  std::atomic<int64_t> bytes_read{0};
  std::atomic<int64_t> frames{0};
  std::atomic<int64_t> frames_stored{0};
  std::atomic<int64_t> entries{0};
};

/// Where a seal that goes on begins.
struct SealStart {
  size_t item = 0;
  int64_t skip = 0;           ///< Stored bytes of that item that are there already.
  int64_t entry_offset = 0;   ///< Where those begin in the content stream.
  int64_t content_bytes = 0;  ///< Length of the content stream so far.
};

/// What a seal works with. Lives as long as its run.
struct SealJob {
  const SealOptions* options = nullptr;
  const InputTree* tree = nullptr;
  const MessageScheme* scheme = nullptr;  ///< Null: plain.
  Chain* chain = nullptr;
  FilterSet* filters = nullptr;
  BodyWriter* writer = nullptr;
  SealStart start;
  size_t frame_bytes = 0;
  SealCounters counters;
  BufferPool buffers;
  std::vector<SkippedEntry> unreadable;  ///< Of the reading node.
  std::vector<SkippedEntry> changed;
};

/// Bytes of content in a frame, by the tuning and the size of the input.
size_t FrameBytesFor(const SealOptions& options, int64_t input_bytes);

/// Runs `job` to the end segment; the trailer is left to the caller.
Report RunSeal(SealJob& job);

}  // namespace thalweg::archive

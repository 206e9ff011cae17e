// `thalweg marc sort | dedup | split | sample | join`: which records, and in which order.

#include <algorithm>
#include <array>
#include <bit>
#include <cstdio>
#include <cstring>
#include <memory>
#include <random>
#include <unordered_set>

#include "thalweg/marc.h"
#include "thalweg/marc/join.h"
#include "thalweg/marc/path.h"

namespace thalweg::cli {
namespace {

struct ArrangeFlags {
  MarcInputFlags input;
  MarcOutputFlags output;
  std::string key = "001";
  bool numeric = false;
  bool reverse = false;
  bool whole = false;
  int64_t number = 0;
  uint64_t seed = 1;
  std::string prefix = "part-";
};

struct Prepared {
  marc::ConvertOptions options;
  marc::Format format = marc::Format::kIso2709;
  std::vector<marc::PathColumn> keys;
};

Result<Prepared> Prepare(const ArrangeFlags& flags, std::stop_token stop) {
  Prepared prepared;
  THALWEG_ASSIGN_OR_RETURN(marc::InputOptions input, flags.input.ToOptions(true));
  THALWEG_ASSIGN_OR_RETURN(prepared.options, flags.output.ToOptions(std::move(input)));
  THALWEG_RETURN_IF_ERROR(KeepBytesWherePossible(flags.output, &prepared.options));
  THALWEG_ASSIGN_OR_RETURN(prepared.format, marc::OutputFormat(prepared.options, stop));
  THALWEG_ASSIGN_OR_RETURN(prepared.keys, marc::CompileColumns(flags.key));
  return prepared;
}

// All values of all key paths, with signs between them that text does not have.
std::string KeyOf(const std::vector<marc::PathColumn>& keys, const marc::RecordView& record,
                  std::string* scratch) {
  std::string key;
  for (const marc::PathColumn& column : keys) {
    column.path.ForEach(record, scratch, [&](std::string_view value) {
      key.append(value).push_back('\x1F');
      return column.path.is_list();
    });
    key.push_back('\x1E');
  }
  return key;
}

// Where records are only taken in their order.
Result<std::shared_ptr<void>> NoWork(const marc::RecordBatch& /*batch*/) {
  return std::shared_ptr<void>();
}

// Whoever reads standard output has seen enough: an end like any other.
bool ReaderWentAway(const Context& context, const Status& status) {
  return status.code() == StatusCode::kCancelled && !context.stop.stop_requested();
}

struct Place {
  std::string key;
  double number = 0;
  int64_t offset = 0;
  int64_t size = 0;
};

// What a batch looks like on its way to the spool.
struct Spooled {
  std::string bytes;
  std::vector<Place> places;
};

Result<std::shared_ptr<void>> MakeSpooled(const marc::RecordBatch& batch,
                                          const std::vector<marc::PathColumn>& keys) {
  auto made = std::make_shared<Spooled>();
  std::string scratch;
  for (const marc::RecordView& record : batch.records) {
    Place place;
    place.offset = static_cast<int64_t>(made->bytes.size());
    THALWEG_RETURN_IF_ERROR(marc::AppendIso2709(record, marc::Oversize::kZero, &made->bytes));
    place.size = static_cast<int64_t>(made->bytes.size()) - place.offset;
    place.key = KeyOf(keys, record, &scratch);
    place.number = std::strtod(place.key.c_str(), nullptr);
    made->places.push_back(std::move(place));
  }
  return std::shared_ptr<void>(std::move(made));
}

Status WriteSorted(const Context& context, const std::vector<Place>& places, MarcSpool* spool,
                   const Prepared& prepared) {
  THALWEG_ASSIGN_OR_RETURN(
      marc::RecordWriter writer,
      marc::RecordWriter::Create(prepared.options.output, prepared.options.force, prepared.format,
                                 prepared.options.encoder));
  std::string bytes;
  marc::ReaderOptions reader;
  reader.recovery = marc::Recovery::kLenient;
  reader.to_unicode = false;
  for (const Place& place : places) {
    if (context.stop.stop_requested()) return Status::Cancelled("stopped");
    THALWEG_RETURN_IF_ERROR(spool->Read(place.offset, place.size, &bytes));
    THALWEG_ASSIGN_OR_RETURN(const marc::Record record, marc::ParseRecord(bytes, reader, nullptr));
    THALWEG_RETURN_IF_ERROR(writer.Write(record));
  }
  return writer.Close();
}

int RunSort(const Context& context, const ArrangeFlags& flags) {
  auto prepared = Prepare(flags, context.stop);
  if (!prepared.ok()) return Fail(context, prepared.status());
  MarcSpool spool;
  std::vector<Place> places;
  auto report = ReadMarc(
      context, prepared->options.input,
      [&](const marc::RecordBatch& batch) { return MakeSpooled(batch, prepared->keys); },
      [&](const marc::RecordBatch&, const std::shared_ptr<void>& made) -> Result<bool> {
        auto& part = *static_cast<Spooled*>(made.get());
        for (Place& place : part.places) {
          place.offset += spool.size();
          places.push_back(std::move(place));
        }
        THALWEG_RETURN_IF_ERROR(spool.Append(part.bytes));
        return true;
      });
  if (!report.ok()) return Fail(context, report.status());
  const bool numeric = flags.numeric;
  const auto less = [numeric](const Place& a, const Place& b) {
    return numeric ? a.number < b.number : a.key < b.key;
  };
  if (flags.reverse) {
    std::stable_sort(places.begin(), places.end(),
                     [&](const Place& a, const Place& b) { return less(b, a); });
  } else {
    std::stable_sort(places.begin(), places.end(), less);
  }
  const Status status = WriteSorted(context, places, &spool, *prepared);
  if (!status.ok() && !ReaderWentAway(context, status)) return Fail(context, status);
  return FinishMarc(context, *report);
}

// 128 bits that stand for a text, so that memory does not grow with what keys say. SipHash-2-4
// (Aumasson and Bernstein) with a key of this run: nobody can make texts that share a digest.
using Digest = std::array<uint64_t, 2>;

struct DigestHash {
  size_t operator()(const Digest& digest) const { return digest[0]; }
};

class Digester {
 public:
  Digester() {
    std::random_device random;
    for (uint64_t& part : key_) part = uint64_t{random()} << 32 | random();
  }

  Digest operator()(std::string_view text) const {
    State state = {key_[0] ^ 0x736f6d6570736575U, key_[1] ^ 0x646f72616e646f6dU ^ 0xeeU,
                   key_[0] ^ 0x6c7967656e657261U, key_[1] ^ 0x7465646279746573U};
    for (size_t at = 0; at <= text.size(); at += kWord) Absorb(WordAt(text, at), &state);
    state[2] ^= 0xee;
    for (int i = 0; i < 4; ++i) Mix(&state);
    Digest digest;
    digest[0] = state[0] ^ state[1] ^ state[2] ^ state[3];
    state[1] ^= 0xdd;
    for (int i = 0; i < 4; ++i) Mix(&state);
    digest[1] = state[0] ^ state[1] ^ state[2] ^ state[3];
    return digest;
  }

 private:
  using State = std::array<uint64_t, 4>;
  static constexpr size_t kWord = sizeof(uint64_t);

  // The last word is what is left, with the length in its highest byte.
  static uint64_t WordAt(std::string_view text, size_t at) {
    uint64_t word = 0;
    const size_t size = std::min(kWord, text.size() - at);
    std::memcpy(&word, text.data() + at, size);
    if (size < kWord) word |= static_cast<uint64_t>(text.size()) << 56;
    return word;
  }
  static void Absorb(uint64_t word, State* state) {
    (*state)[3] ^= word;
    Mix(state);
    Mix(state);
    (*state)[0] ^= word;
  }
  static void Mix(State* state) {
    auto& [a, b, c, d] = *state;
    a += b;
    c += d;
    b = std::rotl(b, 13) ^ a;
    d = std::rotl(d, 16) ^ c;
    a = std::rotl(a, 32);
    c += b;
    a += d;
    b = std::rotl(b, 17) ^ c;
    d = std::rotl(d, 21) ^ a;
    c = std::rotl(c, 32);
  }

  std::array<uint64_t, 2> key_{};
};

// What makes two records the same: their keys, or all they say.
std::string Identity(const ArrangeFlags& flags, const Prepared& prepared,
                     const marc::RecordView& record, std::string* scratch) {
  if (!flags.whole) return KeyOf(prepared.keys, record, scratch);
  std::string text(record.leader_text().substr(5, 7));
  for (const marc::FieldView& field : record.fields()) {
    field.tag().AppendTo(&text);
    text.append(field.bytes()).push_back('\x1E');
  }
  return text;
}

using Identities = std::vector<Digest>;

Result<std::shared_ptr<void>> MakeIdentities(const ArrangeFlags& flags, const Prepared& prepared,
                                             const Digester& digester,
                                             const marc::RecordBatch& batch) {
  auto made = std::make_shared<Identities>();
  std::string scratch;
  for (const marc::RecordView& record : batch.records) {
    made->push_back(digester(Identity(flags, prepared, record, &scratch)));
  }
  return std::shared_ptr<void>(std::move(made));
}

int RunDedup(const Context& context, const ArrangeFlags& flags) {
  auto prepared = Prepare(flags, context.stop);
  if (!prepared.ok()) return Fail(context, prepared.status());
  auto writer = marc::RecordWriter::Create(prepared->options.output, prepared->options.force,
                                           prepared->format, prepared->options.encoder);
  if (!writer.ok()) return Fail(context, writer.status());
  const Digester digester;
  const Digest empty_key = digester(std::string(prepared->keys.size(), '\x1E'));
  std::unordered_set<Digest, DigestHash> seen;
  int64_t repeated = 0;
  auto report = ReadMarc(
      context, prepared->options.input,
      [&](const marc::RecordBatch& batch) {
        return MakeIdentities(flags, *prepared, digester, batch);
      },
      [&](const marc::RecordBatch& batch, const std::shared_ptr<void>& made) -> Result<bool> {
        const auto& identities = *static_cast<Identities*>(made.get());
        for (size_t i = 0; i < batch.records.size(); ++i) {
          // Records without the key are not each other's copies.
          if (identities[i] != empty_key && !seen.insert(identities[i]).second) {
            ++repeated;
            continue;
          }
          const Status status = writer->Write(batch.records[i]);
          if (ReaderWentAway(context, status)) return false;
          THALWEG_RETURN_IF_ERROR(status);
        }
        return true;
      });
  if (!report.ok()) return Fail(context, report.status());
  const Status status = writer->Close();
  if (!status.ok() && !ReaderWentAway(context, status)) return Fail(context, status);
  if (!context.quiet) std::fprintf(stderr, "%s repeated\n", Grouped(repeated).c_str());
  return FinishMarc(context, *report);
}

std::string PartName(const ArrangeFlags& flags, int64_t number, const char* suffix) {
  char digits[24];
  std::snprintf(digits, sizeof digits, "%04lld", static_cast<long long>(number));
  return flags.prefix + digits + "." + suffix;
}

int RunSplit(const Context& context, const ArrangeFlags& flags) {
  auto prepared = Prepare(flags, context.stop);
  if (!prepared.ok()) return Fail(context, prepared.status());
  const std::string suffixes = InfoOf(prepared->format).suffixes;
  const std::string suffix = suffixes.substr(0, suffixes.find(' '));
  std::unique_ptr<marc::RecordWriter> writer;
  int64_t parts = 0;
  auto report =
      ReadMarc(context, prepared->options.input, NoWork,
               [&](const marc::RecordBatch& batch, const std::shared_ptr<void>&) -> Result<bool> {
                 for (const marc::RecordView& record : batch.records) {
                   if (writer != nullptr && writer->records_written() == flags.number) {
                     THALWEG_RETURN_IF_ERROR(writer->Close());
                     writer.reset();
                   }
                   if (writer == nullptr) {
                     THALWEG_ASSIGN_OR_RETURN(
                         marc::RecordWriter next,
                         marc::RecordWriter::Create(PartName(flags, ++parts, suffix.c_str()),
                                                    prepared->options.force, prepared->format,
                                                    prepared->options.encoder));
                     writer = std::make_unique<marc::RecordWriter>(std::move(next));
                   }
                   THALWEG_RETURN_IF_ERROR(writer->Write(record));
                 }
                 return true;
               });
  if (!report.ok()) return Fail(context, report.status());
  if (writer != nullptr) {
    if (Status status = writer->Close(); !status.ok()) return Fail(context, status);
  }
  if (!context.quiet) std::fprintf(stderr, "%s files\n", Grouped(parts).c_str());
  return FinishMarc(context, *report);
}

// Reservoir sampling (Vitter's algorithm R): one pass, and each record is as likely as any other.
int RunSample(const Context& context, const ArrangeFlags& flags) {
  auto prepared = Prepare(flags, context.stop);
  if (!prepared.ok()) return Fail(context, prepared.status());
  std::mt19937_64 random(flags.seed);
  std::vector<std::pair<int64_t, marc::Record>> kept;
  int64_t seen = 0;
  auto report =
      ReadMarc(context, prepared->options.input, NoWork,
               [&](const marc::RecordBatch& batch, const std::shared_ptr<void>&) -> Result<bool> {
                 for (const marc::RecordView& record : batch.records) {
                   const int64_t place = seen++;
                   if (place < flags.number) {
                     kept.emplace_back(place, marc::Record::CopyOf(record));
                     continue;
                   }
                   const auto chosen = static_cast<int64_t>(random() % static_cast<uint64_t>(seen));
                   if (chosen >= flags.number) continue;
                   kept[static_cast<size_t>(chosen)] = {place, marc::Record::CopyOf(record)};
                 }
                 return true;
               });
  if (!report.ok()) return Fail(context, report.status());
  std::sort(kept.begin(), kept.end(),
            [](const auto& a, const auto& b) { return a.first < b.first; });
  auto writer = marc::RecordWriter::Create(prepared->options.output, prepared->options.force,
                                           prepared->format, prepared->options.encoder);
  if (!writer.ok()) return Fail(context, writer.status());
  Status status;
  for (const auto& [place, record] : kept) {
    if (status.ok()) status = writer->Write(record);
  }
  if (status.ok()) status = writer->Close();
  if (!status.ok() && !ReaderWentAway(context, status)) return Fail(context, status);
  return FinishMarc(context, *report);
}

int RunJoin(const Context& context, const ArrangeFlags& flags) {
  auto prepared = Prepare(flags, context.stop);
  if (!prepared.ok()) return Fail(context, prepared.status());
  auto writer = marc::RecordWriter::Create(prepared->options.output, prepared->options.force,
                                           prepared->format, prepared->options.encoder);
  if (!writer.ok()) return Fail(context, writer.status());
  marc::RecordJoiner joiner;
  auto report =
      ReadMarc(context, prepared->options.input, NoWork,
               [&](const marc::RecordBatch& batch, const std::shared_ptr<void>&) -> Result<bool> {
                 for (size_t i = 0; i < batch.records.size(); ++i) {
                   const std::optional<marc::Record> whole = joiner.Push(batch.Own(i));
                   const Status status = whole ? writer->Write(*whole) : Status();
                   if (ReaderWentAway(context, status)) return false;
                   THALWEG_RETURN_IF_ERROR(status);
                 }
                 return true;
               });
  if (!report.ok()) return Fail(context, report.status());
  Status status;
  if (const std::optional<marc::Record> last = joiner.Finish()) status = writer->Write(*last);
  if (status.ok()) status = writer->Close();
  if (!status.ok() && !ReaderWentAway(context, status)) return Fail(context, status);
  if (!context.quiet) std::fprintf(stderr, "%s joined\n", Grouped(joiner.joined()).c_str());
  return FinishMarc(context, *report);
}

CLI::App* AddOne(CLI::App& marc, Context& context, const char* name, const char* summary,
                 const std::shared_ptr<ArrangeFlags>& flags,
                 int (*run)(const Context&, const ArrangeFlags&)) {
  CLI::App* app = marc.add_subcommand(name, summary);
  flags->input.AddTo(*app);
  flags->output.AddTo(*app);
  app->callback([&context, flags, run] {
    context.action = [&context, flags, run] { return run(context, *flags); };
  });
  return app;
}

}  // namespace

void AddMarcArrange(CLI::App& marc, Context& context) {
  auto sort = std::make_shared<ArrangeFlags>();
  CLI::App* app =
      AddOne(marc, context, "sort", "Sort records by the values of paths.", sort, RunSort);
  app->add_option("-k,--key", sort->key, "Paths, with commas between them.");
  app->add_flag("-n,--numeric", sort->numeric, "By the number that the key begins with.");
  app->add_flag("-r,--reverse", sort->reverse, "The last first.");

  auto dedup = std::make_shared<ArrangeFlags>();
  app = AddOne(marc, context, "dedup", "Keep the first record of each key.", dedup, RunDedup);
  app->add_option("-k,--key", dedup->key, "Paths, with commas between them.");
  app->add_flag("--whole", dedup->whole, "Records are the same when all they say is.");

  auto split = std::make_shared<ArrangeFlags>();
  app = AddOne(marc, context, "split", "Write files of N records each.", split, RunSplit);
  app->add_option("-n,--number", split->number, "Records a file.")
      ->required()
      ->check(CLI::PositiveNumber);
  app->add_option("--prefix", split->prefix, "Of the files' names: part-0001.mrc and so on.");

  auto sample = std::make_shared<ArrangeFlags>();
  app = AddOne(marc, context, "sample", "Write N records chosen at random, in their order.", sample,
               RunSample);
  app->add_option("-n,--number", sample->number, "How many.")
      ->required()
      ->check(CLI::PositiveNumber);
  app->add_option("--seed", sample->seed, "The same seed chooses the same records.");

  AddOne(marc, context, "join",
         "Join records that were split because they were too large: neighbours with the same "
         "control fields.",
         std::make_shared<ArrangeFlags>(), RunJoin);
}

}  // namespace thalweg::cli

// Parity over what stands before the body, and that it never brings an old key back.
#include "archive/key_copy.h"

#include <gmock/gmock.h>

#include <cerrno>

#include "archive/archive_test_support.h"
#include "archive/parity.h"
#include "io/memory_file_system.h"
#include "testing/faulty_file_system.h"

namespace thalweg::archive {
namespace {

using testing::ContentsOf;
using testing::Get;
using testing::Noise;
using testing::OpenFor;
using testing::Put;
using testing::RawIdentity;
using testing::RawRecipient;
using testing::SmallOptions;
using testing::TextInput;
using thalweg::testing::Crash;
using thalweg::testing::FaultyFileSystem;
using thalweg::testing::StatusIs;

void SealWithParity(io::FileSystem& fs, bool beside) {
  SealOptions options = SmallOptions();
  options.parity_percent = 20;
  options.parity_beside = beside;
  ASSERT_OK(SealOn(fs, {TextInput("a", Noise(100'000, 1))}, "/a.twa", options));
}

Status RekeyFor(io::FileSystem& fs, char from, char to, bool full = false) {
  RekeyOptions options;
  options.full = full;
  options.identities.push_back(RawIdentity(from));
  options.recipients.push_back(RawRecipient(to));
  return RekeyOn(fs, "/a.twa", options);
}

bool OpensWith(io::FileSystem& fs, char key) {
  OpenOptions options;
  options.identities.push_back(RawIdentity(key));
  const auto archive = OpenOn(fs, "/a.twa", options);
  return archive.ok() && ContentsOf(**archive).ok();
}

// What the stanzas of the archive hold now.
std::string Stanzas(io::FileSystem& fs) {
  const std::string bytes = Get(fs, "/a.twa");
  const auto header = FixedHeader::Decode(std::string_view(bytes).substr(0, 64));
  const auto slots =
      DecodeSlots(*header, std::string_view(bytes).substr(576, 2 * size_t{header->slot_bytes}));
  return std::string(slots->slots[*slots->current()].stanzas.at(0).body);
}

TEST(KeyCopyTest, AllThatStandsBeforeTheBodyIsRepaired) {
  const uint64_t seed = 21;
  std::mt19937_64 random(seed);
  SCOPED_TRACE("seed " + std::to_string(seed));
  for (const bool beside : {false, true}) {
    io::MemoryFileSystem fs;
    SealWithParity(fs, beside);
    const std::string whole = Get(fs, "/a.twa");
    const auto body = static_cast<size_t>(
        FixedHeader::Decode(std::string_view(whole).substr(0, 64))->body_start());
    for (int round = 0; round < 12; ++round) {
      std::string damaged = whole;
      const size_t at = round == 0 ? 0 : random() % body;
      const size_t end = round == 0 ? body : std::min(body, at + 1 + random() % 600);
      for (size_t i = at; i < end; ++i) damaged[i] = static_cast<char>(damaged[i] ^ 0x55);
      Put(fs, "/a.twa", damaged);
      // What is beside the archive does not vouch for it.
      EXPECT_TRUE(beside || !VerifyWithoutKeyOn(fs, "/a.twa", "", {}).ok());
      ASSERT_OK_AND_ASSIGN(const RepairReport report, RepairOn(fs, "/a.twa", "", false, {}));
      EXPECT_TRUE(report.header_corrected);
      EXPECT_EQ(Get(fs, "/a.twa"), whole);
    }
  }
}

TEST(KeyCopyTest, ADamagedCopyIsMadeAnew) {
  io::MemoryFileSystem fs;
  SealWithParity(fs, false);
  const std::string whole = Get(fs, "/a.twa");
  const size_t mark = whole.rfind("TWAK");
  ASSERT_GT(mark, whole.size() / 2);
  for (const size_t place : {mark - 8, mark, mark + 4, mark + 8, mark + 1000}) {
    std::string damaged = whole;
    damaged[place] ^= 2;
    Put(fs, "/a.twa", damaged);
    EXPECT_THAT(VerifyWithoutKeyOn(fs, "/a.twa", "", {}), StatusIs(StatusCode::kCorruption));
    ASSERT_OK(RepairOn(fs, "/a.twa", "", false, {}));
    EXPECT_EQ(Get(fs, "/a.twa"), whole);
  }
}

TEST(KeyCopyTest, NoOldStanzaIsLeft) {
  for (const bool beside : {false, true}) {
    for (const bool append : {false, true}) {
      io::MemoryFileSystem fs;
      SealWithParity(fs, beside);
      const std::string old = Stanzas(fs);
      if (append) {
        SealOptions options = SmallOptions();
        options.identities.push_back(RawIdentity());
        options.parity_percent = 10;
        options.parity_beside = beside;
        ASSERT_OK(AppendOn(fs, "/a.twa", {TextInput("b", "more")}, options));
      }
      EXPECT_EQ(Stanzas(fs), old);
      ASSERT_OK(RekeyFor(fs, 'k', 'n'));
      EXPECT_EQ(Get(fs, "/a.twa").find(old), std::string::npos);
      EXPECT_EQ(Get(fs, "/a.twa.par").find(old), std::string::npos);
      EXPECT_OK(VerifyWithoutKeyOn(fs, "/a.twa", "", {}));
      std::string damaged = Get(fs, "/a.twa");
      for (size_t i = 576; i < 700; ++i) damaged[i] = 'x';
      Put(fs, "/a.twa", damaged);
      ASSERT_OK(RepairOn(fs, "/a.twa", "", false, {}));
      EXPECT_TRUE(OpensWith(fs, 'n'));
      EXPECT_FALSE(OpensWith(fs, 'k'));
      EXPECT_OK(VerifyWithoutKeyOn(fs, "/a.twa", "", {}));
    }
  }
}

TEST(KeyCopyTest, ANewFileKeyKeepsAsMuchParity) {
  for (const bool beside : {false, true}) {
    io::MemoryFileSystem fs;
    SealWithParity(fs, beside);
    const std::string parity = Get(fs, "/a.twa.par");
    ASSERT_OK(RekeyFor(fs, 'k', 'n', true));
    EXPECT_EQ(Get(fs, "/a.twa.par") != parity, beside);
    const std::string whole = Get(fs, "/a.twa");
    std::string damaged = whole;
    for (size_t i = 30'000; i < 40'000; ++i) damaged[i] = 'x';
    Put(fs, "/a.twa", damaged);
    ASSERT_OK(RepairOn(fs, "/a.twa", "", false, {}));
    EXPECT_EQ(Get(fs, "/a.twa"), whole);
    EXPECT_TRUE(OpensWith(fs, 'n'));
    EXPECT_FALSE(OpensWith(fs, 'k'));
  }
}

// A rekey that is interrupted anywhere, and then repaired: whoever could open it still can, and
// nobody else.
TEST(KeyCopyTest, RepairBringsNoOldKeyBack) {
  for (const bool beside : {false, true}) {
    io::MemoryFileSystem sealed;
    SealWithParity(sealed, beside);
    for (int64_t k = 1;; ++k) {
      SCOPED_TRACE("power fails at operation " + std::to_string(k));
      io::MemoryFileSystem memory;
      FaultyFileSystem fs(memory);
      Put(fs, "/a.twa", Get(sealed, "/a.twa"));
      if (beside) Put(fs, "/a.twa.par", Get(sealed, "/a.twa.par"));
      ASSERT_OK(fs.SyncDir("/"));
      fs.FailOperation(k, EIO, true);
      const Status done = RekeyFor(fs, 'k', 'n');
      const bool hit = fs.operations() >= k;
      fs.Heal();
      ASSERT_OK(fs.PowerFails(Crash::kDropRandom, static_cast<uint64_t>(k)));
      const bool by_old = OpensWith(fs, 'k');
      const bool by_new = OpensWith(fs, 'n');
      EXPECT_TRUE(by_old || by_new);
      EXPECT_FALSE(done.ok() && by_old);
      ASSERT_OK(RepairOn(fs, "/a.twa", "", false, {}));
      EXPECT_EQ(OpensWith(fs, 'k'), by_old);
      EXPECT_EQ(OpensWith(fs, 'n'), by_new);
      if (by_old) {
        ASSERT_OK(RekeyFor(fs, 'k', 'n'));
      }
      EXPECT_TRUE(OpensWith(fs, 'n'));
      EXPECT_FALSE(OpensWith(fs, 'k'));
      if (!hit || ::testing::Test::HasFailure()) break;
    }
  }
}

// An append that fails leaves the archive as it was, its parity too.
TEST(KeyCopyTest, AnAppendThatFailsLeavesTheCopy) {
  io::MemoryFileSystem sealed;
  SealWithParity(sealed, false);
  const std::string before = Get(sealed, "/a.twa");
  for (int64_t k = 1;; ++k) {
    SCOPED_TRACE("operation " + std::to_string(k));
    io::MemoryFileSystem memory;
    FaultyFileSystem fs(memory);
    Put(fs, "/a.twa", before);
    fs.FailOperation(k, ENOSPC, false);
    SealOptions options = SmallOptions();
    options.identities.push_back(RawIdentity());
    const Status done = AppendOn(fs, "/a.twa", {TextInput("b", "more")}, options).status();
    const bool hit = fs.operations() >= k;
    fs.Heal();
    if (!done.ok()) {
      ASSERT_OK(RepairOn(fs, "/a.twa", "", false, {}));
      EXPECT_EQ(Get(fs, "/a.twa"), before);
    } else {
      EXPECT_OK(VerifyWithoutKeyOn(fs, "/a.twa", "", {}));
    }
    if (!hit || ::testing::Test::HasFailure()) break;
  }
}

TEST(KeyCopyTest, InfoTellsHowMuchParityThereIs) {
  io::MemoryFileSystem fs;
  SealWithParity(fs, false);
  ASSERT_OK_AND_ASSIGN(const auto archive, OpenOn(fs, "/a.twa", OpenFor()));
  EXPECT_TRUE(archive->Info().has_parity);
  EXPECT_EQ(archive->Info().parity_percent, 20);
}

// Several threads make the bytes that one makes.
TEST(ParityTest, DoesNotDependOnTheNumberOfWorkers) {
  FixedHeader header;
  header.cipher = Cipher::kNone;
  std::vector<std::string> sections;
  const std::string bytes = Noise(20'000'000, 3);
  for (const int workers : {1, 2, 5}) {
    testing::TextBytes text(bytes);
    ASSERT_OK_AND_ASSIGN(const ParityLayout layout,
                         LayoutParity(header, 19'000'000, static_cast<int64_t>(bytes.size()), 7));
    EXPECT_EQ(layout.stripes, 2);
    RunSettings run;
    run.workers = workers;
    std::string& section = sections.emplace_back();
    ASSERT_OK(WriteParity(text, layout, run, [&](std::string_view part) -> Status {
      section += part;
      return {};
    }));
    EXPECT_EQ(section.size(), static_cast<size_t>(layout.SectionBytes()));
  }
  EXPECT_EQ(sections[0], sections[1]);
  EXPECT_EQ(sections[0], sections[2]);
}

}  // namespace
}  // namespace thalweg::archive

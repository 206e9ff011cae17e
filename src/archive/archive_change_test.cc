// Archives that are changed, and that are interrupted while they are.
#include <gmock/gmock.h>

#include <cerrno>

#include "archive/archive_test_support.h"
#include "archive/bytes.h"
#include "archive/message.h"
#include "archive/part_file.h"
#include "io/memory_file_system.h"
#include "testing/faulty_file_system.h"

namespace thalweg::archive {
namespace {

using testing::ContentsOf;
using testing::Get;
using ::testing::HasSubstr;
using testing::KeyOf;
using testing::Noise;
using testing::OpenFor;
using testing::Put;
using testing::RawIdentity;
using testing::RawRecipient;
using testing::SealToText;
using testing::SmallOptions;
using testing::SomeText;
using testing::TextInput;
using testing::WriteText;
using thalweg::testing::Crash;
using thalweg::testing::FaultyFileSystem;
using thalweg::testing::StatusIs;
using thalweg::testing::TempDir;

using Contents = std::map<std::string, std::string>;

Result<Contents> ContentsOn(io::FileSystem& fs, const std::string& path, OpenOptions options) {
  THALWEG_ASSIGN_OR_RETURN(const auto archive, OpenOn(fs, path, std::move(options)));
  THALWEG_RETURN_IF_ERROR(archive->Verify().status());
  return ContentsOf(*archive);
}

SealOptions AppendOptions(Cipher cipher = Cipher::kAes256Gcm) {
  SealOptions options;
  options.frame_bytes = 64 << 10;
  if (cipher != Cipher::kNone) options.identities.push_back(RawIdentity());
  return options;
}

TEST(ArchiveChangeTest, AppendsBehindWhatIsThere) {
  for (const Cipher cipher : {Cipher::kNone, Cipher::kAes256Gcm, Cipher::kXChaCha20Poly1305}) {
    io::MemoryFileSystem fs;
    ASSERT_OK(SealOn(fs, {TextInput("a", "one"), TextInput("b", SomeText(150'000, 1))}, "/a.twa",
                     SmallOptions(cipher)));
    const std::string before = Get(fs, "/a.twa");
    ASSERT_OK(AppendOn(fs, "/a.twa", {TextInput("c", "three"), TextInput("a", "new")},
                       AppendOptions(cipher)));
    ASSERT_OK(AppendOn(fs, "/a.twa", {TextInput("d", SomeText(99'999, 2))}, AppendOptions(cipher)));
    const std::string after = Get(fs, "/a.twa");
    EXPECT_EQ(after.substr(0, before.size()), before);  // Nothing written is written again.
    ASSERT_OK_AND_ASSIGN(const Contents contents, ContentsOn(fs, "/a.twa", OpenFor(cipher)));
    const Contents expected = {
        {"a", "new"}, {"b", SomeText(150'000, 1)}, {"c", "three"}, {"d", SomeText(99'999, 2)}};
    EXPECT_EQ(contents, expected);
    EXPECT_OK(VerifyWithoutKeyOn(fs, "/a.twa", "", {}));
  }
}

// Fails each operation in turn until none is left; `check` looks at what stands there then.
void SweepFaults(const std::string& sealed, const std::function<Status(io::FileSystem&)>& change,
                 const std::function<void(io::FileSystem&, bool changed)>& check) {
  for (const int error : {ENOSPC, EIO}) {
    for (int64_t k = 1;; ++k) {
      SCOPED_TRACE("operation " + std::to_string(k) + " fails with " + std::to_string(error));
      io::MemoryFileSystem memory;
      FaultyFileSystem fs(memory);
      Put(fs, "/a.twa", sealed);
      fs.FailOperation(k, error, false);
      const Status done = change(fs);
      const bool hit = fs.operations() >= k;
      fs.Heal();
      check(fs, done.ok());
      if (::testing::Test::HasFailure()) return;
      if (!hit) break;
    }
  }
  // The power fails at each operation, and the machine comes back with what was synced.
  for (const Crash crash : {Crash::kDropUnsynced, Crash::kDropUnsyncedNames,
                            Crash::kDropUnsyncedBytes, Crash::kDropRandom}) {
    for (int64_t k = 1;; ++k) {
      SCOPED_TRACE("power fails at " + std::to_string(k) + ", crash " +
                   std::to_string(static_cast<int>(crash)));
      io::MemoryFileSystem memory;
      FaultyFileSystem fs(memory);
      Put(fs, "/a.twa", sealed);
      ASSERT_OK(fs.SyncDir("/"));
      fs.FailOperation(k, EIO, true);
      const Status done = change(fs);
      const bool hit = fs.operations() >= k;
      fs.Heal();
      ASSERT_OK(fs.PowerFails(crash, static_cast<uint64_t>(k)));
      check(fs, done.ok());
      if (::testing::Test::HasFailure()) return;
      if (!hit) break;
    }
  }
}

TEST(ArchiveChangeTest, AnAppendThatFailsLeavesTheArchiveAsItWas) {
  const std::string sealed = SealToText({TextInput("a", "one")}, SmallOptions());
  const Contents before = {{"a", "one"}};
  const Contents after = {{"a", "one"}, {"b", "two"}};
  SweepFaults(
      sealed,
      [](io::FileSystem& fs) {
        return AppendOn(fs, "/a.twa", {TextInput("b", "two")}, AppendOptions()).status();
      },
      [&](io::FileSystem& fs, bool changed) {
        const auto contents = ContentsOn(fs, "/a.twa", OpenFor());
        ASSERT_OK(contents);
        EXPECT_TRUE(*contents == after || (!changed && *contents == before));
        // And it can be appended to again.
        ASSERT_OK(AppendOn(fs, "/a.twa", {TextInput("b", "two")}, AppendOptions()));
        ASSERT_OK_AND_ASSIGN(const Contents again, ContentsOn(fs, "/a.twa", OpenFor()));
        EXPECT_EQ(again, after);
      });
}

RekeyOptions RekeyTo(char fill, bool full) {
  RekeyOptions options;
  options.identities = {RawIdentity('k'), RawIdentity(fill)};
  options.recipients = {RawRecipient(fill)};
  options.full = full;
  return options;
}

TEST(ArchiveChangeTest, RekeyChangesStanzasAndNothingElse) {
  io::MemoryFileSystem fs;
  ASSERT_OK(SealOn(fs, {TextInput("a", SomeText(100'000, 1))}, "/a.twa", SmallOptions()));
  const std::string before = Get(fs, "/a.twa");
  ASSERT_OK(RekeyOn(fs, "/a.twa", RekeyTo('n', false)));
  const std::string after = Get(fs, "/a.twa");
  const size_t body = 576 + 2 * 4096;
  EXPECT_EQ(before.substr(body), after.substr(body));
  EXPECT_NE(before, after);
  EXPECT_THAT(OpenOn(fs, "/a.twa", OpenFor()), StatusIs(StatusCode::kUnauthenticated));
  OpenOptions open;
  open.identities = {RawIdentity('n')};
  EXPECT_OK(ContentsOn(fs, "/a.twa", open));
  EXPECT_OK(VerifyWithoutKeyOn(fs, "/a.twa", "", {}));
  ASSERT_OK_AND_ASSIGN(const ArchiveInfo info, ReadInfoOn(fs, "/a.twa"));
  EXPECT_EQ(info.key_sequence, 2U);
  // Nothing of the old stanza is left.
  const std::string old_stanza = before.substr(576 + 24, 100);
  EXPECT_EQ(after.find(old_stanza), std::string::npos);
}

TEST(ArchiveChangeTest, ARekeyThatFailsLeavesAnArchiveThatOpens) {
  const std::string sealed = SealToText({TextInput("a", "one")}, SmallOptions());
  SweepFaults(
      sealed, [](io::FileSystem& fs) { return RekeyOn(fs, "/a.twa", RekeyTo('n', false)); },
      [&](io::FileSystem& fs, bool changed) {
        OpenOptions open;
        open.identities = {RawIdentity('n')};
        if (!changed) open.identities.push_back(RawIdentity('k'));
        ASSERT_OK_AND_ASSIGN(const auto archive, OpenOn(fs, "/a.twa", open));
        EXPECT_OK(ContentsOf(*archive));
        ASSERT_OK(RekeyOn(fs, "/a.twa", RekeyTo('n', false)));
        open.identities = {RawIdentity('n')};
        EXPECT_OK(ContentsOn(fs, "/a.twa", open));
        EXPECT_THAT(OpenOn(fs, "/a.twa", OpenFor()), StatusIs(StatusCode::kUnauthenticated));
      });
}

TEST(ArchiveChangeTest, RekeyInFullMakesANewKey) {
  io::MemoryFileSystem fs;
  const std::string text = SomeText(300'000, 1);
  ASSERT_OK(SealOn(fs, {TextInput("a", text)}, "/a.twa", SmallOptions()));
  const std::string before = Get(fs, "/a.twa");
  RekeyOptions options = RekeyTo('n', true);
  options.cipher = Cipher::kChaCha20Poly1305;
  ASSERT_OK(RekeyOn(fs, "/a.twa", options));
  OpenOptions open;
  open.identities = {RawIdentity('n')};
  ASSERT_OK_AND_ASSIGN(const Contents contents, ContentsOn(fs, "/a.twa", open));
  EXPECT_EQ(contents.at("a"), text);
  EXPECT_THAT(OpenOn(fs, "/a.twa", OpenFor()), StatusIs(StatusCode::kUnauthenticated));
  EXPECT_NE(Get(fs, "/a.twa").substr(24, 32), before.substr(24, 32));
  const std::string changed = Get(fs, "/a.twa");
  SweepFaults(
      SealToText({TextInput("a", "one")}, SmallOptions()),
      [](io::FileSystem& faulty) { return RekeyOn(faulty, "/a.twa", RekeyTo('n', true)); },
      [&](io::FileSystem& faulty, bool done) {
        OpenOptions either;
        either.identities = {RawIdentity('n')};
        if (!done) either.identities.push_back(RawIdentity('k'));
        EXPECT_OK(ContentsOn(faulty, "/a.twa", either));
      });
}

// Salt and place of every message in the bytes of an archive or a part, whole or cut off, with
// what was encrypted there.
void CollectMessages(const std::string& bytes, std::map<std::string, std::string>* seen) {
  if (bytes.size() < 576 + 8192) return;
  for (size_t at = 576 + 8192; at + 32 + 56 <= bytes.size();) {
    if (bytes.compare(at + 8, 4, "TWAM") != 0) {
      at += 8 + LoadNumber<uint32_t>(bytes.data() + at + 4);
      continue;
    }
    const auto length = LoadNumber<uint64_t>(bytes.data() + at + 24);
    // The salt alone decides about key and nonce under one archive's key.
    const std::string key = bytes.substr(24, 32) + bytes.substr(at + 32, kSaltBytes);
    const std::string text = bytes.substr(at + 32, length);
    const auto [place, fresh] = seen->try_emplace(key, text);
    if (!fresh) {
      const size_t shared = std::min(place->second.size(), text.size());
      EXPECT_EQ(place->second.substr(0, shared), text.substr(0, shared))
          << "a nonce was used twice";
    }
    at += 32 + length;
  }
}

TEST(ArchiveChangeTest, ASealThatFailsIsResumedWithoutANonceTwice) {
  const TempDir dir;
  Contents expected;
  for (int i = 0; i < 6; ++i) {
    const std::string name = "in/f" + std::to_string(i);
    expected[name] = SomeText(static_cast<size_t>(40'000 + 35'000 * i), static_cast<uint64_t>(i));
    WriteText(dir / name, expected[name]);
  }
  SealOptions options = SmallOptions();
  options.checkpoint_bytes = 100'000;
  options.stages.sha256 = true;
  options.identities = {RawIdentity()};
  std::map<std::string, std::string> seen;
  int resumed = 0;
  for (int64_t k = 1;; ++k) {
    SCOPED_TRACE("operation " + std::to_string(k));
    io::MemoryFileSystem memory;
    FaultyFileSystem fs(memory);
    fs.FailOperation(k, ENOSPC, true);
    options.resume = false;
    const auto first = SealOn(fs, {{.path = dir / "in"}}, "/a.twa", options);
    const bool hit = fs.operations() >= k;
    fs.Heal();
    EXPECT_EQ(first.ok(), !Get(fs, "/a.twa").empty());
    CollectMessages(Get(fs, "/.a.twa.part"), &seen);
    if (!first.ok()) {
      options.resume = true;
      ASSERT_OK_AND_ASSIGN(const auto second,
                           SealOn(fs, {{.path = dir / "in"}}, "/a.twa", options));
      if (second.bytes_resumed > 0) ++resumed;
    }
    CollectMessages(Get(fs, "/a.twa"), &seen);
    ASSERT_OK_AND_ASSIGN(const Contents contents, ContentsOn(fs, "/a.twa", OpenFor()));
    EXPECT_EQ(contents, expected);
    if (HasFailure()) return;
    if (!hit) break;
  }
  EXPECT_GT(resumed, 3);
}

TEST(ArchiveChangeTest, WhatWasCutOffOpensToItsLastCheckpoint) {
  const TempDir dir;
  for (int i = 0; i < 8; ++i) {
    WriteText(dir / ("in/f" + std::to_string(i)), SomeText(70'000, static_cast<uint64_t>(i)));
  }
  for (const Cipher cipher : {Cipher::kNone, Cipher::kAes256Gcm}) {
    SealOptions options = SmallOptions(cipher);
    options.checkpoint_bytes = 100'000;
    io::MemoryFileSystem fs;
    ASSERT_OK(SealOn(fs, {{.path = dir / "in"}}, "/a.twa", options));
    const std::string whole = Get(fs, "/a.twa");
    size_t most = 0;
    for (size_t length = whole.size() - 1; length > 12'000; length -= 3001) {
      OpenOptions open = OpenFor(cipher);
      EXPECT_FALSE(testing::OpenText(whole.substr(0, length), open).ok());
      open.recover = true;
      const auto archive = testing::OpenText(whole.substr(0, length), open);
      if (!archive.ok()) continue;
      EXPECT_TRUE((*archive)->Info().recovered);
      ASSERT_OK_AND_ASSIGN(const Contents contents, ContentsOf(**archive));
      for (const auto& [name, text] : contents) EXPECT_EQ(text, testing::ReadText(dir / name));
      most = std::max(most, contents.size());
    }
    EXPECT_GE(most, 6U);
  }
}

TEST(ArchiveChangeTest, ParityCorrectsDamageWhereverItIs) {
  const uint64_t seed = 20;
  std::mt19937_64 random(seed);
  SCOPED_TRACE("seed " + std::to_string(seed));
  const std::string text = Noise(400'000, 1);
  for (const bool beside : {false, true}) {
    io::MemoryFileSystem fs;
    SealOptions options = SmallOptions();
    options.parity_percent = 10;
    options.parity_beside = beside;
    ASSERT_OK(SealOn(fs, {TextInput("a", text)}, "/a.twa", options));
    const std::string whole = Get(fs, "/a.twa");
    EXPECT_OK(ContentsOn(fs, "/a.twa", OpenFor()));
    EXPECT_OK(VerifyWithoutKeyOn(fs, "/a.twa", "", {}));
    for (int round = 0; round < 20; ++round) {
      std::string damaged = whole;
      if (round % 2 == 0) {
        const size_t at = 8800 + random() % (damaged.size() - 30'000);
        for (size_t i = 0; i < 20'000; ++i) damaged[at + i] = static_cast<char>(random());
      } else {
        for (int i = 0; i < 10; ++i) damaged[8800 + random() % (damaged.size() - 8800)] ^= 1;
        damaged[random() % 64] ^= 4;
      }
      Put(fs, "/a.twa", damaged);
      EXPECT_FALSE(VerifyWithoutKeyOn(fs, "/a.twa", "", {}).ok());
      ASSERT_OK_AND_ASSIGN(const RepairReport report, RepairOn(fs, "/a.twa", "", false, {}));
      EXPECT_GT(report.bytes_corrected, 0);
      EXPECT_EQ(Get(fs, "/a.twa"), whole);
    }
    std::string hopeless = whole;
    for (size_t i = 20'000; i < 120'000; ++i) hopeless[i] = 'x';
    Put(fs, "/a.twa", hopeless);
    EXPECT_THAT(RepairOn(fs, "/a.twa", "", false, {}), StatusIs(StatusCode::kCorruption));
    EXPECT_EQ(Get(fs, "/a.twa"), hopeless);
  }
}

TEST(ArchiveChangeTest, SignaturesAreAskedFor) {
  ASSERT_OK_AND_ASSIGN(const Secret text, GenerateKeyFile());
  ASSERT_OK_AND_ASSIGN(const KeyFile keys, ParseKeyFile(text));
  ASSERT_OK_AND_ASSIGN(const Secret other_text, GenerateKeyFile());
  ASSERT_OK_AND_ASSIGN(const KeyFile other, ParseKeyFile(other_text));
  io::MemoryFileSystem fs;
  SealOptions options = SmallOptions();
  options.signer = keys.signers[0];
  ASSERT_OK_AND_ASSIGN(const Recipient recipient, Recipient::Parse(keys.recipients[0]));
  options.recipients.push_back(recipient);
  ASSERT_OK(SealOn(fs, {TextInput("a", "signed")}, "/a.twa", options));
  OpenOptions open;
  open.identities = keys.identities;
  open.signer = keys.signer_texts[0];
  EXPECT_OK(ContentsOn(fs, "/a.twa", open));
  EXPECT_OK(VerifyWithoutKeyOn(fs, "/a.twa", keys.signer_texts[0], {}));
  EXPECT_THAT(VerifyWithoutKeyOn(fs, "/a.twa", other.signer_texts[0], {}),
              StatusIs(StatusCode::kUnauthenticated));
  open.signer = other.signer_texts[0];
  EXPECT_THAT(OpenOn(fs, "/a.twa", open), StatusIs(StatusCode::kUnauthenticated));
  EXPECT_THAT(AppendOn(fs, "/a.twa", {TextInput("b", "x")}, AppendOptions()),
              StatusIs(StatusCode::kInvalidArgument, HasSubstr("signed")));
  ASSERT_OK(SealOn(fs, {TextInput("a", "unsigned")}, "/b.twa", SmallOptions()));
  EXPECT_THAT(VerifyWithoutKeyOn(fs, "/b.twa", keys.signer_texts[0], {}),
              StatusIs(StatusCode::kUnauthenticated, HasSubstr("not signed")));
}

}  // namespace
}  // namespace thalweg::archive

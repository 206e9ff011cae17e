// Archives that somebody has damaged or made up.
#include <gmock/gmock.h>
#include <sys/resource.h>

#include <thread>

#include "archive/archive_test_support.h"
#include "archive/body_writer.h"
#include "archive/bytes.h"
#include "archive/frame.h"
#include "archive/seal_setup.h"
#include "archive/stanza.h"
#include "io/memory_file_system.h"

namespace thalweg::archive {
namespace {

using ::testing::AnyOf;
using testing::ContentsOf;
using ::testing::HasSubstr;
using testing::OpenFor;
using testing::OpenText;
using testing::RawIdentity;
using testing::RawRecipient;
using testing::SealToText;
using testing::SmallOptions;
using testing::SomeText;
using testing::TextInput;
using thalweg::testing::StatusIs;
using thalweg::testing::TempDir;

// A small archive of each kind; slots as small as they can be, so that every bit can be tried.
std::string SmallArchive(Cipher cipher, const char* codec, bool checkpoint) {
  SealOptions options = SmallOptions(cipher);
  options.stages = *Stages::Parse(codec);
  options.stages.cipher = cipher;
  if (checkpoint) options.checkpoint_bytes = 64 << 10;
  const std::string text = checkpoint ? std::string(140'000, 'x') : "a little content";
  return SealToText({TextInput("a.txt", text), TextInput("b.txt", "more")}, options);
}

// Whether anything of it is taken for good.
Status Accept(const std::string& bytes, Cipher cipher) {
  OpenOptions options = OpenFor(cipher);
  options.run.workers = 1;
  THALWEG_ASSIGN_OR_RETURN(const auto archive, OpenText(bytes, options));
  THALWEG_RETURN_IF_ERROR(ContentsOf(*archive).status());
  return archive->Verify().status();
}

Status AcceptStream(const std::string& bytes, Cipher cipher) {
  size_t at = 0;
  const auto read = [&](std::span<char> out) -> Result<size_t> {
    const size_t n = std::min(out.size(), bytes.size() - at);
    std::copy_n(bytes.data() + at, n, out.data());
    at += n;
    return n;
  };
  return OpenStream(read, [](std::string_view) { return Status(); }, OpenFor(cipher)).status();
}

auto IsTyped() {
  return AnyOf(StatusIs(StatusCode::kCorruption), StatusIs(StatusCode::kUnauthenticated),
               StatusIs(StatusCode::kUnsupported), StatusIs(StatusCode::kResourceExhausted));
}

struct Kind {
  Cipher cipher;
  const char* codec;
  bool checkpoint;
};
constexpr Kind kKinds[] = {
    {Cipher::kNone, "zstd", false},
    {Cipher::kNone, "lz4", true},
    {Cipher::kAes256Gcm, "zstd", false},
    {Cipher::kAes128Gcm, "store", true},
    {Cipher::kChaCha20Poly1305, "gzip", false},
    {Cipher::kXChaCha20Poly1305, "brotli", false},
};

TEST(ArchiveHostileTest, EveryTruncationIsRejected) {
  for (const Kind& kind : kKinds) {
    SCOPED_TRACE(std::string(NameOf(kind.cipher)) + " " + kind.codec);
    const std::string whole = SmallArchive(kind.cipher, kind.codec, kind.checkpoint);
    ASSERT_OK(Accept(whole, kind.cipher));
    ASSERT_OK(AcceptStream(whole, kind.cipher));
    for (size_t length = 0; length < whole.size(); ++length) {
      // Deep inside the zeros of the slots one length is as good as another.
      if (length > 700 && length < 8700 && length % 97 != 0) continue;
      // And so it is deep inside content that is not compressed.
      if (length > 9500 && whole.size() - length > 3000 && length % 499 != 0) continue;
      ASSERT_THAT(Accept(whole.substr(0, length), kind.cipher), IsTyped()) << length;
      if (length % 17 == 0) {
        ASSERT_THAT(AcceptStream(whole.substr(0, length), kind.cipher), IsTyped()) << length;
      }
    }
    EXPECT_THAT(Accept(whole + "x", kind.cipher), IsTyped());
    EXPECT_THAT(AcceptStream(whole + "x", kind.cipher), IsTyped());
    EXPECT_THAT(Accept(whole + whole, kind.cipher), IsTyped());
  }
}

TEST(ArchiveHostileTest, EveryBitFlipIsRejected) {
  for (const Kind& kind : kKinds) {
    SCOPED_TRACE(std::string(NameOf(kind.cipher)) + " " + kind.codec);
    const std::string whole = SmallArchive(kind.cipher, kind.codec, kind.checkpoint);
    for (size_t at = 0; at < whole.size(); ++at) {
      for (int bit = 0; bit < 8; ++bit) {
        // Every bit of what has a meaning; of zeros behind it, and of long content, a sample.
        const bool filler = at > 760 && at < 8700 && (at + static_cast<size_t>(bit)) % 97 != 0;
        const bool content =
            at > 9500 && whole.size() - at > 1600 && (at + static_cast<size_t>(bit)) % 997 != 0;
        if (filler || content) continue;
        std::string flipped = whole;
        flipped[at] = static_cast<char>(flipped[at] ^ (1 << bit));
        ASSERT_THAT(Accept(flipped, kind.cipher), IsTyped()) << "byte " << at << " bit " << bit;
        if ((at + static_cast<size_t>(bit)) % 31 == 0) {
          ASSERT_THAT(AcceptStream(flipped, kind.cipher), IsTyped()) << at;
        }
      }
    }
  }
}

TEST(ArchiveHostileTest, DamageLeavesNoFile) {
  const TempDir dir;
  const std::string whole =
      SealToText({TextInput("a", SomeText(300'000, 1)), TextInput("b/c", SomeText(300'000, 2))},
                 SmallOptions());
  for (size_t at = 9000; at + 2000 < whole.size(); at += 5003) {
    std::string flipped = whole;
    flipped[at] = static_cast<char>(flipped[at] ^ 1);
    const auto archive = OpenText(flipped, OpenFor());
    if (!archive.ok()) continue;
    EXPECT_THAT((*archive)->Extract(dir / "out", {}), IsTyped());
    EXPECT_TRUE(std::filesystem::is_empty(dir / "out"));
  }
}

// Offsets and lengths of the segments of the body.
std::vector<std::pair<size_t, size_t>> SegmentsOf(const std::string& bytes) {
  std::vector<std::pair<size_t, size_t>> segments;
  for (size_t at = 576 + 2 * LoadNumber<uint32_t>(bytes.data() + 20);
       bytes.compare(at + 8, 4, "TWAM") == 0;) {
    const size_t length = 32 + LoadNumber<uint64_t>(bytes.data() + at + 24);
    segments.emplace_back(at, length);
    at += length;
  }
  return segments;
}

std::string WithSegments(const std::string& bytes, const std::vector<std::string>& segments) {
  const auto old = SegmentsOf(bytes);
  std::string made = bytes.substr(0, old.front().first);
  for (const std::string& segment : segments) made += segment;
  return made + bytes.substr(old.back().first + old.back().second);
}

TEST(ArchiveHostileTest, SegmentsCannotBeReorderedDuplicatedDroppedOrSpliced) {
  const std::string text(64 << 10, 'a');
  // Equal lengths, so that nothing but the cryptography tells them apart.
  SealOptions options = SmallOptions();
  options.stages.codec = Codec::kStore;
  const std::string mine = SealToText({TextInput("a", text + text + text + text)}, options);
  const std::string other = SealToText({TextInput("a", text + text + text + text)}, options);
  std::vector<std::string> segments;
  for (const auto& [at, length] : SegmentsOf(mine)) segments.push_back(mine.substr(at, length));
  std::vector<std::string> foreign;
  for (const auto& [at, length] : SegmentsOf(other)) foreign.push_back(other.substr(at, length));
  ASSERT_EQ(segments.size(), 5U);
  ASSERT_OK(Accept(WithSegments(mine, segments), Cipher::kAes256Gcm));
  std::vector<size_t> order = {0, 1, 2, 3, 4};
  int tried = 0;
  while (std::next_permutation(order.begin(), order.end())) {
    std::vector<std::string> shuffled;
    for (const size_t i : order) {
      std::string segment = segments[i];
      // With the number that belongs there, so that not only the number tells.
      StoreNumber(segment.data() + 16, static_cast<uint64_t>(shuffled.size()));
      shuffled.push_back(std::move(segment));
    }
    ASSERT_THAT(Accept(WithSegments(mine, shuffled), Cipher::kAes256Gcm), IsTyped());
    ASSERT_THAT(AcceptStream(WithSegments(mine, shuffled), Cipher::kAes256Gcm), IsTyped());
    ++tried;
  }
  EXPECT_EQ(tried, 119);
  for (size_t i = 0; i < segments.size(); ++i) {
    std::vector<std::string> changed = segments;
    changed[i] = foreign[i];
    EXPECT_THAT(Accept(WithSegments(mine, changed), Cipher::kAes256Gcm), IsTyped()) << "spliced";
    changed = segments;
    changed.insert(changed.begin() + static_cast<ptrdiff_t>(i), segments[i]);
    EXPECT_THAT(Accept(WithSegments(mine, changed), Cipher::kAes256Gcm), IsTyped()) << "twice";
    changed = segments;
    changed.erase(changed.begin() + static_cast<ptrdiff_t>(i));
    EXPECT_THAT(AcceptStream(WithSegments(mine, changed), Cipher::kAes256Gcm), IsTyped()) << "lost";
  }
}

TEST(ArchiveHostileTest, WrongKeysAndDowngradesAreRefused) {
  const std::string sealed = SealToText({TextInput("a", "x")}, SmallOptions());
  OpenOptions open;
  EXPECT_THAT(OpenText(sealed, open), StatusIs(StatusCode::kUnauthenticated));
  open.identities = {RawIdentity('w')};
  EXPECT_THAT(OpenText(sealed, open), StatusIs(StatusCode::kUnauthenticated));
  open.identities = {*Identity::Passphrase(Secret::CopyOf("guess"))};
  EXPECT_THAT(OpenText(sealed, open), StatusIs(StatusCode::kUnauthenticated));
  // A plain archive is not taken from who gives a key, nor where encryption is required.
  const std::string plain = SealToText({TextInput("a", "x")}, SmallOptions(Cipher::kNone));
  EXPECT_THAT(OpenText(plain, OpenFor()), StatusIs(StatusCode::kUnauthenticated));
  OpenOptions strict;
  strict.require_encrypted = true;
  EXPECT_THAT(OpenText(plain, strict), StatusIs(StatusCode::kUnauthenticated));
  for (uint8_t suite = 0; suite < 7; ++suite) {
    if (suite == 3) continue;
    std::string changed = sealed;
    changed[18] = static_cast<char>(suite);
    const Digest digest = HashOf({std::string_view(changed).substr(0, 56)});
    std::copy_n(AsView(digest).data(), 8, changed.data() + 56);
    EXPECT_FALSE(Accept(changed, Cipher::kAes256Gcm).ok()) << int{suite};
  }
}

TEST(ArchiveHostileTest, PassphrasesWorkAndTheirCostIsBounded) {
  PassphraseCost cheap;
  cheap.argon2_memory_kib = 64;
  cheap.argon2_passes = 1;
  cheap.argon2_lanes = 1;
  for (const PassphraseKdf kdf :
       {PassphraseKdf::kArgon2id, PassphraseKdf::kScrypt, PassphraseKdf::kPbkdf2}) {
    cheap.kdf = kdf;
    cheap.scrypt_log_n = 4;
    cheap.pbkdf2_iterations = 10;
    EXPECT_THAT(Recipient::Passphrase(Secret::CopyOf("river"), cheap),
                StatusIs(StatusCode::kInvalidArgument, HasSubstr("weak")));
    SealOptions options = SmallOptions();
    options.recipients = {*Recipient::Passphrase(Secret::CopyOf("river"), cheap, true)};
    std::string sealed = SealToText({TextInput("a", "x")}, options);
    OpenOptions open;
    open.identities = {*Identity::Passphrase(Secret::CopyOf("river"))};
    EXPECT_OK(OpenText(sealed, open));
    open.identities = {*Identity::Passphrase(Secret::CopyOf("lake"))};
    EXPECT_THAT(OpenText(sealed, open), StatusIs(StatusCode::kUnauthenticated));
    // The stanza's first parameter: memory, log N or iterations.
    StoreNumber(sealed.data() + 576 + 24 + 4 + 4, uint32_t{0x7FFFFFFF});
    EXPECT_THAT(OpenText(sealed, open), StatusIs(StatusCode::kResourceExhausted));
  }
}

// An archive whose index says what the test wants.
std::string Forge(std::vector<IndexEntry> entries, const std::string& content) {
  SealOptions options = SmallOptions();
  SealSetup setup;
  setup.fresh = *MakeNewArchive(Cipher::kAes256Gcm, options.recipients);
  MakeScheme(setup);
  std::string bytes;
  BodyWriter writer(StartOfBody(setup, options), [&](std::string_view part) -> Status {
    bytes += part;
    return {};
  });
  EXPECT_OK(writer.WriteHead(options.recipients));
  Chain chain(setup.scheme_or_null(), 0, Digest{});
  auto encoder = *FrameEncoder::Make(options.stages);
  SegmentBuilder builder(setup.scheme_or_null());
  ByteBuffer frame;
  const Codec codec = *encoder->Encode(content, frame);
  BuiltSegment built;
  builder.Build(*chain.Next(SegmentKind::kData), frame.view(), built);
  EXPECT_OK(writer.PutData(built, static_cast<uint32_t>(content.size()),
                           static_cast<uint32_t>(frame.size()), codec));
  writer.AddEntries(std::move(entries));
  const Digest predecessor = chain.predecessor();
  EXPECT_OK(writer.PutEnd(*chain.Next(SegmentKind::kEnd), predecessor));
  EXPECT_OK(writer.PutTrailer(nullptr));
  EXPECT_OK(writer.PutFooter(0, 0));
  return bytes;
}

IndexEntry FileEntry(std::string path, int64_t size) {
  IndexEntry entry;
  entry.entry.path = std::move(path);
  entry.entry.mode = 0644;
  entry.entry.size = entry.entry.stored_bytes = size;
  return entry;
}

TEST(ArchiveHostileTest, PathsThatLeadOutAreNoEntries) {
  EXPECT_OK(OpenText(Forge({FileEntry("fine", 4)}, "text"), OpenFor()));
  const std::string long_path(4097, 'x');
  for (const std::string& path :
       {std::string("../x"), std::string("/etc/x"), std::string("a/../../x"), std::string("a//b"),
        std::string("."), std::string(".."), std::string("a/"), std::string("a/./b"),
        std::string(""), std::string("a\0b", 3), long_path}) {
    EXPECT_THAT(OpenText(Forge({FileEntry(path, 4)}, "text"), OpenFor()),
                StatusIs(StatusCode::kCorruption))
        << path;
  }
  for (const int64_t size : {int64_t{5}, int64_t{1} << 40, INT64_MAX, int64_t{-1}}) {
    EXPECT_THAT(OpenText(Forge({FileEntry("x", size)}, "text"), OpenFor()),
                StatusIs(StatusCode::kCorruption));
  }
}

TEST(ArchiveHostileTest, LinksOfTheArchiveAreNeverFollowed) {
  const TempDir dir;
  testing::WriteText(dir / "secret/target", "untouched");
  IndexEntry link;
  link.entry.path = "out";
  link.entry.type = EntryType::kSymlink;
  link.entry.link_target = dir / "secret";
  {
    const std::string bytes = Forge({link, FileEntry("out/target", 4)}, "evil");
    ASSERT_OK_AND_ASSIGN(const auto archive, OpenText(bytes, OpenFor()));
    // The link comes last, where a directory of its name is by then.
    EXPECT_FALSE(archive->Extract(dir / "x", {}).ok());
    EXPECT_EQ(testing::ReadText(dir / "secret/target"), "untouched");
  }
  {
    // A link that an earlier extraction has left.
    std::filesystem::create_directories(dir / "y");
    std::filesystem::create_symlink(dir / "secret", dir / "y/out");
    const std::string bytes = Forge({FileEntry("out/target", 4), FileEntry("out/new", 4)}, "evil");
    ASSERT_OK_AND_ASSIGN(const auto archive, OpenText(bytes, OpenFor()));
    EXPECT_FALSE(archive->Extract(dir / "y", {.force = true}).ok());
    EXPECT_EQ(testing::ReadText(dir / "secret/target"), "untouched");
    EXPECT_FALSE(std::filesystem::exists(dir / "secret/new"));
  }
  {
    std::filesystem::create_directories(dir / "z");
    std::filesystem::create_symlink(dir / "secret/target", dir / "z/file");
    const std::string bytes = Forge({FileEntry("file", 4)}, "evil");
    ASSERT_OK_AND_ASSIGN(const auto archive, OpenText(bytes, OpenFor()));
    EXPECT_THAT(archive->Extract(dir / "z", {}), StatusIs(StatusCode::kAlreadyExists));
    ASSERT_OK(archive->Extract(dir / "z", {.force = true}));
    EXPECT_EQ(testing::ReadText(dir / "secret/target"), "untouched");
    EXPECT_EQ(testing::ReadText(dir / "z/file"), "evil");
  }
  IndexEntry hard;
  hard.entry.path = "hard";
  hard.entry.type = EntryType::kHardLink;
  hard.entry.link_target = "../secret/target";
  EXPECT_THAT(OpenText(Forge({hard}, "text"), OpenFor()), StatusIs(StatusCode::kCorruption));
}

TEST(ArchiveHostileTest, SetIdBitsAreTakenAway) {
  const TempDir dir;
  IndexEntry entry = FileEntry("tool", 4);
  entry.entry.mode = 06755;
  ASSERT_OK_AND_ASSIGN(const auto archive, OpenText(Forge({entry}, "text"), OpenFor()));
  ASSERT_OK(archive->Extract(dir.path(), {}));
  EXPECT_EQ(static_cast<int>(std::filesystem::status(dir / "tool").permissions()), 0755);
}

TEST(ArchiveHostileTest, BombsAreBounded) {
  SealOptions options = SmallOptions();
  options.frame_bytes = 4 << 20;
  const std::string sealed =
      SealToText({TextInput("zeros", std::string(200 << 20, '\0'))}, options);
  EXPECT_LT(sealed.size(), 100U << 10);
  OpenOptions open = OpenFor();
  open.limits.output_bytes_max = 100 << 20;
  const TempDir dir;
  {
    ASSERT_OK_AND_ASSIGN(const auto archive, OpenText(sealed, open));
    EXPECT_THAT(archive->Extract(dir / "out", {}), StatusIs(StatusCode::kResourceExhausted));
    EXPECT_THAT(ContentsOf(*archive), StatusIs(StatusCode::kResourceExhausted));
  }
  open.limits.output_bytes_max = INT64_MAX;
  open.limits.ratio_max = 1000;
  ASSERT_OK_AND_ASSIGN(const auto archive, OpenText(sealed, open));
  EXPECT_THAT(archive->Extract(dir / "out", {}), StatusIs(StatusCode::kResourceExhausted));
  EXPECT_TRUE(std::filesystem::is_empty(dir / "out"));
}

TEST(ArchiveHostileTest, SomebodySwappingADirectoryForALinkLeadsNowhere) {
  const TempDir dir;
  std::filesystem::create_directories(dir / "secret");
  std::vector<SealInput> inputs;
  for (int i = 0; i < 300; ++i) inputs.push_back(TextInput("d/f" + std::to_string(i), "evil"));
  const std::string sealed = SealToText(inputs, SmallOptions());
  std::jthread swapper([&](std::stop_token stop) {
    std::error_code ignored;
    while (!stop.stop_requested()) {
      std::filesystem::rename(dir / "out/d", dir / "out/e", ignored);
      std::filesystem::create_directory_symlink(dir / "secret", dir / "out/d", ignored);
      std::filesystem::remove(dir / "out/d", ignored);
      std::filesystem::rename(dir / "out/e", dir / "out/d", ignored);
    }
  });
  for (int round = 0; round < 4; ++round) {
    ASSERT_OK_AND_ASSIGN(const auto archive, OpenText(sealed, OpenFor()));
    (void)archive->Extract(dir / "out", {.force = true});
    EXPECT_TRUE(std::filesystem::is_empty(dir / "secret"));
  }
}

TEST(ArchiveHostileTest, AFullDiskLeavesNoFile) {
  const TempDir dir;
  const std::string sealed =
      SealToText({TextInput("a", "small"), TextInput("b", SomeText(300'000, 1))}, SmallOptions());
  ASSERT_OK_AND_ASSIGN(const auto archive, OpenText(sealed, OpenFor()));
  rlimit old{};
  getrlimit(RLIMIT_FSIZE, &old);
  const auto handler = signal(SIGXFSZ, SIG_IGN);
  const rlimit small{.rlim_cur = 100'000, .rlim_max = old.rlim_max};
  setrlimit(RLIMIT_FSIZE, &small);
  const auto extracted = archive->Extract(dir / "out", {});
  setrlimit(RLIMIT_FSIZE, &old);
  signal(SIGXFSZ, handler);
  EXPECT_THAT(extracted, StatusIs(StatusCode::kResourceExhausted));
  EXPECT_TRUE(std::filesystem::is_empty(dir / "out"));
}

}  // namespace
}  // namespace thalweg::archive

// The vectors of C2SP chunked encryption against the messages that archives are made of.

#include <gtest/gtest.h>
#include <zlib.h>

#include <algorithm>
#include <fstream>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "archive/aead.h"
#include "archive/digest.h"
#include "archive/message.h"
#include "archive/public_vectors_support.h"
#include "base/base64.h"
#include "testing/status_matchers.h"

namespace thalweg::archive {
namespace {

namespace fs = std::filesystem;
using testing::FromHex;
using testing::PrintCount;
using testing::PublicVectorsTest;
using testing::Trimmed;
using testing::Vector;

// The fields of a file of JSON objects that stand one to a line.
std::vector<Vector> LoadJsonLines(const fs::path& path) {
  std::vector<Vector> vectors;
  std::ifstream file(path);
  EXPECT_TRUE(file.is_open()) << path;
  for (std::string line; std::getline(file, line);) {
    line = Trimmed(line);
    const size_t colon = line.find("\": ");
    if (colon == std::string::npos || line.ends_with('[')) continue;
    std::string value = line.substr(colon + 3);
    if (value.ends_with(',')) value.pop_back();
    if (value.starts_with('"')) value = value.substr(1, value.size() - 2);
    for (size_t at = value.find("\\u00"); at != std::string::npos; at = value.find("\\u00")) {
      value.replace(at, 6, FromHex(value.substr(at + 4, 2)));
    }
    const std::string name = line.substr(1, colon - 1);
    if (name == "name") vectors.emplace_back();
    vectors.back()[name] = value;
  }
  return vectors;
}

std::string Inflated(const std::string& bytes) {
  std::string text(5 << 20, '\0');
  uLongf size = text.size();
  EXPECT_EQ(uncompress(reinterpret_cast<Bytef*>(text.data()), &size,
                       reinterpret_cast<const Bytef*>(bytes.data()), bytes.size()),
            Z_OK);
  text.resize(size);
  return text;
}

// The keys of a message of these vectors: with SHA-256, where archives (and Cobblestone) have
// SHA-512. All that follows is the same.
MessageKeys KeysOfVector(Vector& vector, const std::string& message, Cipher cipher) {
  const std::string info = "c2sp.org/chunked-encryption@v1+" + vector["aead"] + '\0' +
                           message.substr(0, kSaltBytes) + vector["context"];
  std::string okm;
  Digest block{};
  for (char number = 1; okm.size() < KeyBytes(cipher) + NonceBytes(cipher) + 32; ++number) {
    const std::string_view before = number == 1 ? std::string_view() : AsView(block);
    const std::string last(1, number);
    block = HmacSha256(FromHex(vector["key"]), {std::string(before), info, last});
    okm += AsView(block);
  }
  MessageKeys keys;
  message.copy(keys.salt, kSaltBytes);
  okm.copy(keys.key, KeyBytes(cipher));
  okm.copy(keys.nonce, NonceBytes(cipher), KeyBytes(cipher));
  const size_t at = KeyBytes(cipher) + NonceBytes(cipher);
  std::copy_n(okm.begin() + static_cast<ptrdiff_t>(at), 32, keys.commitment.begin());
  return keys;
}

// What a message says, read as archives read theirs.
std::optional<std::string> OpenMessage(Cipher cipher, Vector& vector, const std::string& message,
                                       MessageKeys* keys) {
  const auto plain = PlainBytes(static_cast<int64_t>(message.size()));
  if (!plain.ok()) return {};
  *keys = KeysOfVector(vector, message, cipher);
  if (message.substr(kSaltBytes, 32) != AsView(keys->commitment)) return {};
  Aead aead(cipher, Aead::Direction::kOpen);
  aead.SetKey({keys->key, KeyBytes(cipher)});
  std::string text(static_cast<size_t>(*plain), '\0');
  const std::string_view sealed = std::string_view(message).substr(kMessageHeadBytes);
  if (!OpenChunks(*keys, aead, sealed, 0, text.data())) return {};
  return text;
}

class MessageVectorsTest : public PublicVectorsTest {};

TEST_F(MessageVectorsTest, ChunkedEncryption) {
  const std::map<std::string, Cipher> ciphers = {
      {"AEAD_AES_128_GCM", Cipher::kAes128Gcm},
      {"AEAD_AES_256_GCM", Cipher::kAes256Gcm},
      {"AEAD_CHACHA20_POLY1305", Cipher::kChaCha20Poly1305}};
  auto vectors = LoadJsonLines(folder_ / "chunked-encryption/vectors.json");
  size_t run = 0;
  for (auto& vector : vectors) {
    SCOPED_TRACE(vector["name"]);
    const Cipher cipher = ciphers.at(vector["aead"]);
    // A key of another length cannot come out of an archive.
    if (vector["key"].size() != 2 * KeyBytes(cipher)) continue;
    ++run;
    const bool none = vector["ciphertext"] == "null";
    std::string message;
    if (!none) {
      ASSERT_OK(AppendFromBase64(vector["ciphertext"], &message));
    }
    if (vector["compressed"] == "true") message = Inflated(message);
    MessageKeys keys;
    const auto text = OpenMessage(cipher, vector, message, &keys);
    ASSERT_EQ(text.has_value(), vector["expect"] == "success");
    if (!text) continue;
    EXPECT_EQ(std::to_string(text->size()), vector["payload_length"]);
    const Digest digest = HashOf({*text});
    EXPECT_EQ(AsView(digest), FromHex(vector["payload_sha256"]));
    Aead aead(cipher, Aead::Direction::kSeal);
    std::string sealed(message.size(), '\0');
    SealMessage(keys, aead, *text, sealed.data());
    EXPECT_TRUE(sealed == message);
  }
  PrintCount("chunked encryption (C2SP)", run, vectors.size());
  EXPECT_EQ(run, 96U);
}

}  // namespace
}  // namespace thalweg::archive

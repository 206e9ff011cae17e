// Public test vectors (NIST CAVP, RFC 4231, 5869, 7748, 7914, 8032, 8439,
// 9106) against what archives are made with. They come from the PyPI package `cryptography-vectors`
// of the project's environment.

#include <argon2.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/evp.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "archive/aead.h"
#include "archive/curve.h"
#include "archive/digest.h"
#include "archive/public_vectors_support.h"
#include "testing/status_matchers.h"

namespace thalweg::archive {
namespace {

namespace fs = std::filesystem;
using testing::FromHex;
using testing::Load;
using testing::PrintCount;
using testing::PublicVectorsTest;
using testing::Trimmed;
using testing::Vector;

// What the linked library makes of a vector, with whatever lengths and associated data it has:
// the text, or nothing when it is not authentic.
std::optional<std::string> LibraryOpens(const EVP_CIPHER* cipher, const std::string& key,
                                        const std::string& nonce, const std::string& ad,
                                        const std::string& sealed, std::string tag) {
  const auto bytes = [](const std::string& text) {
    return reinterpret_cast<const unsigned char*>(text.data());
  };
  const auto length = [](const std::string& text) { return static_cast<int>(text.size()); };
  const std::unique_ptr<EVP_CIPHER_CTX, decltype(&EVP_CIPHER_CTX_free)> context(
      EVP_CIPHER_CTX_new(), EVP_CIPHER_CTX_free);
  std::string out(sealed.size() + 16, '\0');
  auto* to = reinterpret_cast<unsigned char*>(out.data());
  int done = 0;
  const bool started =
      EVP_DecryptInit_ex(context.get(), cipher, nullptr, nullptr, nullptr) == 1 &&
      EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_SET_IVLEN, length(nonce), nullptr) == 1 &&
      EVP_DecryptInit_ex(context.get(), nullptr, nullptr, bytes(key), bytes(nonce)) == 1 &&
      EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_SET_TAG, length(tag), tag.data()) == 1 &&
      (ad.empty() || EVP_DecryptUpdate(context.get(), nullptr, &done, bytes(ad), length(ad)) == 1);
  EXPECT_TRUE(started);
  int text = 0;
  if (!sealed.empty()) {
    EXPECT_EQ(EVP_DecryptUpdate(context.get(), to, &text, bytes(sealed), length(sealed)), 1);
  }
  if (EVP_DecryptFinal_ex(context.get(), to + text, &done) != 1) return std::nullopt;
  out.resize(static_cast<size_t>(text));
  return out;
}

// Archives use nonces of 96 bits, whole tags and no associated data.
bool IsOurs(Vector& vector) {
  return vector["IVlen"] == "96" && vector["AADlen"] == "0" && vector["Taglen"] == "128";
}

void CheckGcm(const fs::path& folder, Cipher cipher, const std::string& bits) {
  const EVP_CIPHER* library = bits == "128"   ? EVP_aes_128_gcm()
                              : bits == "192" ? EVP_aes_192_gcm()
                                              : EVP_aes_256_gcm();
  size_t run = 0;
  size_t all = 0;
  for (const std::string kind : {"gcmEncryptExtIV", "gcmDecrypt"}) {
    auto vectors = Load(folder / "ciphers/AES/GCM" / (kind + bits + ".rsp"), "Count");
    all += vectors.size();
    for (auto& vector : vectors) {
      const std::string key = FromHex(vector["Key"]);
      const std::string nonce = FromHex(vector["IV"]);
      const std::string plain = FromHex(vector["PT"]);
      const bool authentic = !vector.contains("FAIL");
      const auto text = LibraryOpens(library, key, nonce, FromHex(vector["AAD"]),
                                     FromHex(vector["CT"]), FromHex(vector["Tag"]));
      ASSERT_EQ(text.has_value(), authentic) << kind << " " << vector["Count"];
      if (authentic) {
        ASSERT_EQ(*text, plain) << kind << " " << vector["Count"];
      }
      if (!IsOurs(vector)) continue;
      ++run;
      const std::string sealed = FromHex(vector["CT"]) + FromHex(vector["Tag"]);
      if (authentic) {
        Aead seal(cipher, Aead::Direction::kSeal);
        seal.SetKey(key);
        std::string out(plain.size() + kTagBytes, '\0');
        seal.Seal(nonce, plain, out.data());
        ASSERT_EQ(out, sealed) << kind << " " << vector["Count"];
      }
      Aead open(cipher, Aead::Direction::kOpen);
      open.SetKey(key);
      std::string out(sealed.size() - kTagBytes, '\0');
      ASSERT_EQ(open.Open(nonce, sealed, out.data()), authentic) << kind << " " << vector["Count"];
      if (authentic) {
        ASSERT_EQ(out, plain);
      }
    }
  }
  PrintCount("AES-" + bits + "-GCM (NIST CAVP), the library", all, all);
  PrintCount("AES-" + bits + "-GCM (NIST CAVP), as archives use it", run, all);
  EXPECT_GT(run, 70U);
}

TEST_F(PublicVectorsTest, Aes128Gcm) { CheckGcm(folder_, Cipher::kAes128Gcm, "128"); }
TEST_F(PublicVectorsTest, Aes192Gcm) { CheckGcm(folder_, Cipher::kAes192Gcm, "192"); }
TEST_F(PublicVectorsTest, Aes256Gcm) { CheckGcm(folder_, Cipher::kAes256Gcm, "256"); }

TEST_F(PublicVectorsTest, ChaCha20Poly1305) {
  auto vectors = Load(folder_ / "ciphers/ChaCha20Poly1305/boringssl.txt", "COUNT");
  for (auto& vector : vectors) {
    const auto bytes = [](const std::string& text) {
      return text.starts_with('"') ? text.substr(1, text.size() - 2) : FromHex(text);
    };
    const std::string in = bytes(vector["IN"]);
    const auto text =
        LibraryOpens(EVP_chacha20_poly1305(), bytes(vector["KEY"]), bytes(vector["NONCE"]),
                     bytes(vector["AD"]), bytes(vector["CT"]), bytes(vector["TAG"]));
    ASSERT_EQ(text, in) << vector["COUNT"];
    // Without the associated data the key stream is the same, and the tag another one.
    Aead seal(Cipher::kChaCha20Poly1305, Aead::Direction::kSeal);
    seal.SetKey(bytes(vector["KEY"]));
    std::string out(in.size() + kTagBytes, '\0');
    seal.Seal(bytes(vector["NONCE"]), in, out.data());
    ASSERT_EQ(out.substr(0, in.size()), bytes(vector["CT"])) << vector["COUNT"];
    ASSERT_EQ(out.substr(in.size()) == bytes(vector["TAG"]), bytes(vector["AD"]).empty())
        << vector["COUNT"];
  }
  PrintCount("ChaCha20-Poly1305 (BoringSSL)", vectors.size(), vectors.size());
}

// RFC 8439 and what OpenSSL added to it: wrong tags too.
TEST_F(PublicVectorsTest, ChaCha20Poly1305OfOpenSsl) {
  size_t run = 0;
  auto vectors = Load(folder_ / "ciphers/ChaCha20Poly1305/openssl.txt", "COUNT");
  for (auto& vector : vectors) {
    if (FromHex(vector["IV"]).size() != 12) continue;
    ++run;
    const auto text =
        LibraryOpens(EVP_chacha20_poly1305(), FromHex(vector["Key"]), FromHex(vector["IV"]),
                     FromHex(vector["AAD"]), FromHex(vector["Ciphertext"]), FromHex(vector["Tag"]));
    ASSERT_EQ(text.has_value(), !vector.contains("Result")) << vector["COUNT"];
    if (!text) continue;
    ASSERT_EQ(*text, FromHex(vector["Plaintext"])) << vector["COUNT"];
    Aead seal(Cipher::kChaCha20Poly1305, Aead::Direction::kSeal);
    seal.SetKey(FromHex(vector["Key"]));
    std::string out(text->size() + kTagBytes, '\0');
    seal.Seal(FromHex(vector["IV"]), *text, out.data());
    ASSERT_EQ(out.substr(0, text->size()), FromHex(vector["Ciphertext"])) << vector["COUNT"];
  }
  PrintCount("ChaCha20-Poly1305 (RFC 8439, OpenSSL)", run, vectors.size());
  EXPECT_GT(run, 2U);
}

TEST_F(PublicVectorsTest, X25519) {
  auto vectors = Load(folder_ / "asymmetric/X25519/rfc7748.txt", "COUNT");
  for (auto& vector : vectors) {
    CurveKey other{};
    const std::string u = FromHex(vector["INPUT_U"]);
    std::copy(u.begin(), u.end(), other.begin());
    ASSERT_OK_AND_ASSIGN(const Secret shared,
                         X25519Shared(Secret::CopyOf(FromHex(vector["INPUT_SCALAR"])), other));
    ASSERT_EQ(shared.view(), FromHex(vector["OUTPUT_U"])) << vector["COUNT"];
  }
  PrintCount("X25519 (RFC 7748)", vectors.size(), vectors.size());
  EXPECT_EQ(vectors.size(), 3U);
}

// Lines of secret and public key, public key, message, signature and message.
TEST_F(PublicVectorsTest, Ed25519) {
  std::ifstream file(folder_ / "asymmetric/Ed25519/sign.input");
  size_t run = 0;
  for (std::string line; std::getline(file, line); ++run) {
    std::vector<std::string> fields;
    for (size_t at = 0; at < line.size(); at = line.find(':', at) + 1) {
      fields.push_back(FromHex(line.substr(at, line.find(':', at) - at)));
    }
    ASSERT_EQ(fields.size(), 4U) << run;
    const Secret secret = Secret::CopyOf(fields[0].substr(0, 32));
    ASSERT_OK_AND_ASSIGN(const CurveKey key, Ed25519Public(secret));
    ASSERT_EQ(AsView(key), fields[1]) << run;
    ASSERT_OK_AND_ASSIGN(Signature signature, Ed25519Sign(secret, fields[2]));
    ASSERT_EQ(AsView(signature), fields[3].substr(0, 64)) << run;
    ASSERT_TRUE(Ed25519Verify(key, fields[2], signature)) << run;
    ASSERT_FALSE(Ed25519Verify(key, fields[2] + "x", signature)) << run;
    signature[run % 64] ^= 1;
    ASSERT_FALSE(Ed25519Verify(key, fields[2], signature)) << run;
  }
  PrintCount("Ed25519 (RFC 8032)", run, run);
  EXPECT_EQ(run, 1024U);
}

TEST_F(PublicVectorsTest, HmacSha256) {
  auto vectors = Load(folder_ / "HMAC/rfc-4231-sha256.txt", "Len");
  for (auto& vector : vectors) {
    const Digest digest = HmacSha256(FromHex(vector["Key"]), {FromHex(vector["Msg"])});
    ASSERT_EQ(AsView(digest).substr(0, vector["MD"].size() / 2), FromHex(vector["MD"]));
  }
  PrintCount("HMAC-SHA-256 (RFC 4231)", vectors.size(), vectors.size());
  EXPECT_GE(vectors.size(), 5U);
}

TEST_F(PublicVectorsTest, Sha256Messages) {
  for (const char* name : {"SHA256ShortMsg.rsp", "SHA256LongMsg.rsp"}) {
    auto vectors = Load(folder_ / "hashes/SHA2" / name, "Len");
    for (auto& vector : vectors) {
      const std::string message = FromHex(vector["Msg"]).substr(0, std::stoul(vector["Len"]) / 8);
      ASSERT_EQ(AsView(HashOf({message})), FromHex(vector["MD"])) << name << " " << vector["Len"];
    }
    PrintCount(std::string("SHA-256 (NIST CAVP ") + name + ")", vectors.size(), vectors.size());
    EXPECT_GT(vectors.size(), 60U);
  }
}

// SHA-256 validation system, 6.4: each digest is of the three before it.
TEST_F(PublicVectorsTest, Sha256Monte) {
  auto vectors = Load(folder_ / "hashes/SHA2/SHA256Monte.rsp", "COUNT");
  std::ifstream file(folder_ / "hashes/SHA2/SHA256Monte.rsp");
  std::string seed;
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("Seed = ")) seed = FromHex(Trimmed(line.substr(7)));
  }
  for (auto& vector : vectors) {
    std::string a = seed;
    std::string b = seed;
    std::string c = seed;
    for (int round = 0; round < 1000; ++round) {
      const Digest digest = HashOf({a, b, c});
      a = std::move(b);
      b = std::move(c);
      c = AsView(digest);
    }
    ASSERT_EQ(c, FromHex(vector["MD"])) << vector["COUNT"];
    seed = c;
  }
  PrintCount("SHA-256 (NIST CAVP Monte)", vectors.size(), vectors.size());
  EXPECT_EQ(vectors.size(), 100U);
}

TEST_F(PublicVectorsTest, HkdfSha256) {
  size_t run = 0;
  size_t all = 0;
  for (const char* name : {"rfc-5869-HKDF-SHA256.txt", "hkdf-generated.txt"}) {
    auto vectors = Load(folder_ / "KDF" / name, "COUNT");
    all += vectors.size();
    for (auto& vector : vectors) {
      if (vector["Hash"] != "SHA-256") continue;
      ++run;
      std::string out(std::stoul(vector["L"]), '\0');
      HkdfSha256(FromHex(vector["IKM"]), FromHex(vector["salt"]), FromHex(vector["info"]), out);
      ASSERT_EQ(out, FromHex(vector["OKM"])) << name << " " << vector["COUNT"];
    }
  }
  PrintCount("HKDF-SHA-256 (RFC 5869)", run, all);
  EXPECT_GE(run, 4U);
}

TEST_F(PublicVectorsTest, Scrypt) {
  auto vectors = Load(folder_ / "KDF/scrypt.txt", "COUNT");
  size_t run = 0;
  for (auto& vector : vectors) {
    uint32_t log_n = 0;
    while ((1UL << log_n) < std::stoul(vector["N"])) ++log_n;
    // An archive's key is 32 bytes, and no passphrase is empty; shorter output is a prefix.
    ASSERT_OK_AND_ASSIGN(
        const Secret key,
        DerivePassphraseKey(Secret::CopyOf(vector["PASSWORD"]), vector["SALT"],
                            {.kdf = 2,
                             .a = log_n,
                             .b = static_cast<uint32_t>(std::stoul(vector["r"])),
                             .c = static_cast<uint32_t>(std::stoul(vector["p"]))}));
    ASSERT_EQ(key.view(), FromHex(vector["DERIVED_KEY"]).substr(0, 32)) << vector["COUNT"];
    ++run;
  }
  PrintCount("scrypt (RFC 7914)", run, vectors.size());
  EXPECT_EQ(run, 4U);
}

TEST_F(PublicVectorsTest, Argon2id) {
  auto vectors = Load(folder_ / "KDF/argon2id.txt", "COUNT");
  size_t ours = 0;
  for (auto& vector : vectors) {
    const auto number = [&](const char* name) {
      return static_cast<uint32_t>(std::stoul(vector[name]));
    };
    std::string password = FromHex(vector["pass"]);
    std::string salt = FromHex(vector["salt"]);
    std::string secret = FromHex(vector["secret"]);
    std::string ad = FromHex(vector["ad"]);
    std::string out(number("length"), '\0');
    const auto bytes = [](std::string& text) { return reinterpret_cast<uint8_t*>(text.data()); };
    const auto size = [](const std::string& text) { return static_cast<uint32_t>(text.size()); };
    argon2_context context{};
    context.out = bytes(out);
    context.outlen = size(out);
    context.pwd = bytes(password);
    context.pwdlen = size(password);
    context.salt = bytes(salt);
    context.saltlen = size(salt);
    context.secret = bytes(secret);
    context.secretlen = size(secret);
    context.ad = bytes(ad);
    context.adlen = size(ad);
    context.t_cost = number("iter");
    context.m_cost = number("memcost");
    context.lanes = context.threads = number("lanes");
    context.version = ARGON2_VERSION_13;
    ASSERT_EQ(argon2id_ctx(&context), ARGON2_OK) << vector["COUNT"];
    ASSERT_EQ(out, FromHex(vector["output"])) << vector["COUNT"];
    if (out.size() != 32 || !secret.empty() || !ad.empty() || password.empty()) continue;
    ++ours;
    ASSERT_OK_AND_ASSIGN(
        const Secret key,
        DerivePassphraseKey(
            Secret::CopyOf(password), salt,
            {.kdf = 1, .a = context.m_cost, .b = context.t_cost, .c = context.lanes}));
    ASSERT_EQ(key.view(), out) << vector["COUNT"];
  }
  PrintCount("Argon2id (RFC 9106), the library", vectors.size(), vectors.size());
  PrintCount("Argon2id (RFC 9106), as archives use it", ours, vectors.size());
  EXPECT_EQ(vectors.size(), 6U);
}

}  // namespace
}  // namespace thalweg::archive

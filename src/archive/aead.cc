#include "archive/aead.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <array>
#include <bit>
#include <cstring>

#include "archive/bytes.h"
#include "base/check.h"

namespace thalweg::archive {
namespace {

const EVP_CIPHER* Fetch(const char* name) {
  const EVP_CIPHER* cipher = EVP_CIPHER_fetch(nullptr, name, nullptr);
  THALWEG_CHECK(cipher != nullptr);
  return cipher;
}

const EVP_CIPHER* Fetched(Cipher cipher) {
  static const EVP_CIPHER* const aes128 = Fetch("AES-128-GCM");
  static const EVP_CIPHER* const aes192 = Fetch("AES-192-GCM");
  static const EVP_CIPHER* const aes256 = Fetch("AES-256-GCM");
  static const EVP_CIPHER* const chacha = Fetch("ChaCha20-Poly1305");
  switch (cipher) {
    case Cipher::kAes128Gcm:
      return aes128;
    case Cipher::kAes192Gcm:
      return aes192;
    case Cipher::kAes256Gcm:
      return aes256;
    case Cipher::kChaCha20Poly1305:
    case Cipher::kXChaCha20Poly1305:
      return chacha;
    case Cipher::kNone:
      break;
  }
  THALWEG_CHECK(false);
}

unsigned char* Unsigned(char* bytes) { return reinterpret_cast<unsigned char*>(bytes); }
const unsigned char* Unsigned(const char* bytes) {
  return reinterpret_cast<const unsigned char*>(bytes);
}

void QuarterRound(std::array<uint32_t, 16>& x, size_t a, size_t b, size_t c, size_t d) {
  x[a] += x[b];
  x[d] = std::rotl(x[d] ^ x[a], 16);
  x[c] += x[d];
  x[b] = std::rotl(x[b] ^ x[c], 12);
  x[a] += x[b];
  x[d] = std::rotl(x[d] ^ x[a], 8);
  x[c] += x[d];
  x[b] = std::rotl(x[b] ^ x[c], 7);
}

}  // namespace

size_t KeyBytes(Cipher cipher) {
  switch (cipher) {
    case Cipher::kNone:
      return 0;
    case Cipher::kAes128Gcm:
      return 16;
    case Cipher::kAes192Gcm:
      return 24;
    case Cipher::kAes256Gcm:
    case Cipher::kChaCha20Poly1305:
    case Cipher::kXChaCha20Poly1305:
      return 32;
  }
  return 0;
}

size_t NonceBytes(Cipher cipher) { return cipher == Cipher::kXChaCha20Poly1305 ? 24 : 12; }

std::string_view AeadName(Cipher cipher) {
  switch (cipher) {
    case Cipher::kNone:
      return "";
    case Cipher::kAes128Gcm:
      return "AEAD_AES_128_GCM";
    case Cipher::kAes192Gcm:
      return "AEAD_AES_192_GCM";
    case Cipher::kAes256Gcm:
      return "AEAD_AES_256_GCM";
    case Cipher::kChaCha20Poly1305:
      return "AEAD_CHACHA20_POLY1305";
    case Cipher::kXChaCha20Poly1305:
      return "AEAD_XCHACHA20_POLY1305";
  }
  return "";
}

void HChaCha20(std::string_view key, std::string_view nonce16, std::span<char> subkey) {
  THALWEG_CHECK(key.size() == 32 && nonce16.size() == 16 && subkey.size() == 32);
  std::array<uint32_t, 16> x = {0x61707865, 0x3320646e, 0x79622d32, 0x6b206574};
  for (size_t i = 0; i < 8; ++i) x[4 + i] = LoadNumber<uint32_t>(key.data() + 4 * i);
  for (size_t i = 0; i < 4; ++i) x[12 + i] = LoadNumber<uint32_t>(nonce16.data() + 4 * i);
  for (int round = 0; round < 10; ++round) {
    for (size_t i = 0; i < 4; ++i) QuarterRound(x, i, 4 + i, 8 + i, 12 + i);
    for (size_t i = 0; i < 4; ++i) {
      QuarterRound(x, i, 4 + (i + 1) % 4, 8 + (i + 2) % 4, 12 + (i + 3) % 4);
    }
  }
  for (size_t i = 0; i < 4; ++i) StoreNumber(subkey.data() + 4 * i, x[i]);
  for (size_t i = 0; i < 4; ++i) StoreNumber(subkey.data() + 16 + 4 * i, x[12 + i]);
  OPENSSL_cleanse(x.data(), sizeof(x));
}

struct Aead::State {
  Cipher cipher;
  Direction direction;
  EVP_CIPHER_CTX* context = EVP_CIPHER_CTX_new();
  // XChaCha20 takes a subkey for each 16 bytes of nonce; within a message those stay the same.
  char key[32] = {};
  char subkey_nonce[16] = {};
  bool has_subkey = false;

  State(Cipher c, Direction d) : cipher(c), direction(d) { THALWEG_CHECK(context != nullptr); }
  ~State() {
    EVP_CIPHER_CTX_free(context);
    OPENSSL_cleanse(key, sizeof(key));
  }
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  void Init(const EVP_CIPHER* with, const char* k, const char* nonce) const {
    THALWEG_CHECK(EVP_CipherInit_ex2(context, with, k == nullptr ? nullptr : Unsigned(k),
                                     nonce == nullptr ? nullptr : Unsigned(nonce),
                                     direction == Direction::kSeal ? 1 : 0, nullptr) == 1);
  }
  void SetNonce(std::string_view nonce) {
    THALWEG_CHECK(nonce.size() == NonceBytes(cipher));
    if (cipher != Cipher::kXChaCha20Poly1305) {
      Init(nullptr, nullptr, nonce.data());
      return;
    }
    if (!has_subkey || std::memcmp(subkey_nonce, nonce.data(), 16) != 0) {
      char subkey[32];
      HChaCha20({key, 32}, nonce.substr(0, 16), subkey);
      Init(Fetched(cipher), subkey, nullptr);
      OPENSSL_cleanse(subkey, sizeof(subkey));
      std::memcpy(subkey_nonce, nonce.data(), 16);
      has_subkey = true;
    }
    char rest[12] = {};
    std::memcpy(rest + 4, nonce.data() + 16, 8);
    Init(nullptr, nullptr, rest);
  }
};

Aead::Aead(Cipher cipher, Direction direction)
    : state_(std::make_unique<State>(cipher, direction)) {}
Aead::~Aead() = default;
Aead::Aead(Aead&&) noexcept = default;

Cipher Aead::cipher() const { return state_->cipher; }

void Aead::SetKey(std::string_view key) {
  State& s = *state_;
  THALWEG_CHECK(key.size() == KeyBytes(s.cipher));
  if (s.cipher == Cipher::kXChaCha20Poly1305) {
    std::memcpy(s.key, key.data(), key.size());
    s.has_subkey = false;
    return;
  }
  s.Init(Fetched(s.cipher), key.data(), nullptr);
}

void Aead::Seal(std::string_view nonce, std::string_view plain, char* out) {
  State& s = *state_;
  s.SetNonce(nonce);
  int done = 0;
  int rest = 0;
  if (!plain.empty()) {
    THALWEG_CHECK(EVP_EncryptUpdate(s.context, Unsigned(out), &done, Unsigned(plain.data()),
                                    static_cast<int>(plain.size())) == 1);
  }
  THALWEG_CHECK(EVP_EncryptFinal_ex(s.context, Unsigned(out) + done, &rest) == 1);
  THALWEG_CHECK(
      EVP_CIPHER_CTX_ctrl(s.context, EVP_CTRL_AEAD_GET_TAG, kTagBytes, out + plain.size()) == 1);
}

bool Aead::Open(std::string_view nonce, std::string_view sealed, char* out) {
  State& s = *state_;
  if (sealed.size() < kTagBytes) return false;
  const std::string_view text = sealed.substr(0, sealed.size() - kTagBytes);
  char tag[kTagBytes];
  std::memcpy(tag, sealed.data() + text.size(), kTagBytes);
  s.SetNonce(nonce);
  int done = 0;
  int rest = 0;
  bool fine = EVP_CIPHER_CTX_ctrl(s.context, EVP_CTRL_AEAD_SET_TAG, kTagBytes, tag) == 1;
  if (fine && !text.empty()) {
    fine = EVP_DecryptUpdate(s.context, Unsigned(out), &done, Unsigned(text.data()),
                             static_cast<int>(text.size())) == 1;
  }
  unsigned char none[kTagBytes];
  fine = fine && EVP_DecryptFinal_ex(s.context, none, &rest) == 1;
  if (!fine) OPENSSL_cleanse(out, text.size());
  return fine;
}

}  // namespace thalweg::archive

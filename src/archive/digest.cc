#include "archive/digest.h"

#include <argon2.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <openssl/rand.h>

#include <algorithm>
#include <cstring>
#include <string>

#include "base/check.h"
#include "thalweg/archive/keys.h"

namespace thalweg::archive {
namespace {

// Fetching costs more than hashing a short text does, so each is fetched once.
const EVP_MD* FetchedSha256() {
  static const EVP_MD* const md = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  THALWEG_CHECK(md != nullptr);
  return md;
}
const EVP_MD* FetchedSha512() {
  static const EVP_MD* const md = EVP_MD_fetch(nullptr, "SHA512", nullptr);
  THALWEG_CHECK(md != nullptr);
  return md;
}

const unsigned char* Unsigned(std::string_view bytes) {
  return reinterpret_cast<const unsigned char*>(bytes.data());
}

size_t Hmac(const EVP_MD* md, std::string_view key, std::string_view data, unsigned char* out) {
  unsigned int size = 0;
  THALWEG_CHECK(::HMAC(md, key.data(), static_cast<int>(key.size()), Unsigned(data), data.size(),
                       out, &size) != nullptr);
  return size;
}

void Expand(const EVP_MD* md, std::string_view key, std::string_view info, std::span<char> out) {
  unsigned char block[EVP_MAX_MD_SIZE];
  std::string text;
  size_t have = 0;
  char counter = 0;
  for (size_t done = 0; done < out.size();) {
    text.assign(reinterpret_cast<const char*>(block), have);
    text.append(info);
    text.push_back(++counter);
    have = Hmac(md, key, text, block);
    const size_t take = std::min(have, out.size() - done);
    std::memcpy(out.data() + done, block, take);
    done += take;
    OPENSSL_cleanse(text.data(), text.size());
  }
  OPENSSL_cleanse(block, sizeof(block));
}

}  // namespace

struct Sha256::State {
  EVP_MD_CTX* context = EVP_MD_CTX_new();
  State() {
    THALWEG_CHECK(context != nullptr);
    Reset();
  }
  ~State() { EVP_MD_CTX_free(context); }
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  void Reset() const { THALWEG_CHECK(EVP_DigestInit_ex(context, FetchedSha256(), nullptr) == 1); }
};

Sha256::Sha256() : state_(std::make_unique<State>()) {}
Sha256::~Sha256() = default;
Sha256::Sha256(Sha256&&) noexcept = default;
Sha256& Sha256::operator=(Sha256&&) noexcept = default;

void Sha256::Update(std::string_view bytes) {
  THALWEG_CHECK(EVP_DigestUpdate(state_->context, bytes.data(), bytes.size()) == 1);
}

Digest Sha256::Finish() {
  Digest digest;
  THALWEG_CHECK(EVP_DigestFinal_ex(state_->context, digest.data(), nullptr) == 1);
  state_->Reset();
  return digest;
}

Digest HashOf(Parts parts) {
  Sha256 hash;
  for (const std::string_view part : parts) hash.Update(part);
  return hash.Finish();
}

Digest HmacSha256(std::string_view key, Parts parts) {
  std::string text;
  for (const std::string_view part : parts) text.append(part);
  Digest digest;
  Hmac(FetchedSha256(), key, text, digest.data());
  return digest;
}

void HkdfSha256(std::string_view secret, std::string_view salt, std::string_view info,
                std::span<char> out) {
  THALWEG_CHECK(out.size() <= 255 * 32);
  const Digest zeros{};
  unsigned char key[32];
  Hmac(FetchedSha256(), salt.empty() ? AsView(zeros) : salt, secret, key);
  Expand(FetchedSha256(), AsView(key), info, out);
  OPENSSL_cleanse(key, sizeof(key));
}

void HkdfExpandSha512(std::string_view key, std::string_view info, std::span<char> out) {
  THALWEG_CHECK(out.size() <= 255 * 64);
  Expand(FetchedSha512(), key, info, out);
}

bool EqualInConstantTime(std::string_view a, std::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

Status FillRandom(std::span<char> out) {
  if (RAND_bytes(AsBytes(out).data(), static_cast<int>(out.size())) != 1) {
    return Status::Unavailable("the system's random generator gives nothing");
  }
  return {};
}

void WipeBytes(std::span<char> bytes) { OPENSSL_cleanse(bytes.data(), bytes.size()); }

namespace {

Status Argon2id(const Secret& passphrase, std::string_view salt, const PassphraseParameters& p,
                std::span<char> out) {
  const int error = argon2id_hash_raw(p.b, p.a, p.c, passphrase.data(), passphrase.size(),
                                      salt.data(), salt.size(), out.data(), out.size());
  if (error == ARGON2_OK) return {};
  const std::string what = std::string("argon2id: ") + argon2_error_message(error);
  if (error == ARGON2_MEMORY_ALLOCATION_ERROR) return Status::ResourceExhausted(what);
  return Status::InvalidArgument(what);
}

Status Scrypt(const Secret& passphrase, std::string_view salt, const PassphraseParameters& p,
              std::span<char> out) {
  const uint64_t memory = (uint64_t{128} * p.b << p.a) + (uint64_t{128} * p.b * p.c) + (1 << 20);
  const int done =
      EVP_PBE_scrypt(passphrase.data(), passphrase.size(), Unsigned(salt), salt.size(),
                     uint64_t{1} << p.a, p.b, p.c, memory, AsBytes(out).data(), out.size());
  if (done == 1) return {};
  return Status::ResourceExhausted("scrypt: the parameters are not possible here");
}

Status Pbkdf2(const Secret& passphrase, std::string_view salt, const PassphraseParameters& p,
              std::span<char> out) {
  const int done =
      PKCS5_PBKDF2_HMAC(passphrase.data(), static_cast<int>(passphrase.size()), Unsigned(salt),
                        static_cast<int>(salt.size()), static_cast<int>(p.a), FetchedSha256(),
                        static_cast<int>(out.size()), AsBytes(out).data());
  if (done == 1) return {};
  return Status::Internal("pbkdf2: the library refuses");
}

}  // namespace

Result<Secret> DerivePassphraseKey(const Secret& passphrase, std::string_view salt,
                                   const PassphraseParameters& parameters) {
  Secret key(32);
  switch (static_cast<PassphraseKdf>(parameters.kdf)) {
    case PassphraseKdf::kArgon2id:
      THALWEG_RETURN_IF_ERROR(Argon2id(passphrase, salt, parameters, key.span()));
      return key;
    case PassphraseKdf::kScrypt:
      THALWEG_RETURN_IF_ERROR(Scrypt(passphrase, salt, parameters, key.span()));
      return key;
    case PassphraseKdf::kPbkdf2:
      THALWEG_RETURN_IF_ERROR(Pbkdf2(passphrase, salt, parameters, key.span()));
      return key;
  }
  return Status::Unsupported("key derivation function " + std::to_string(parameters.kdf));
}

}  // namespace thalweg::archive

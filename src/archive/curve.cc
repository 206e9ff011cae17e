#include "archive/curve.h"

#include <openssl/evp.h>

#include <memory>

#include "archive/digest.h"

namespace thalweg::archive {
namespace {

struct FreeKey {
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
  void operator()(EVP_PKEY_CTX* context) const { EVP_PKEY_CTX_free(context); }
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};
using Key = std::unique_ptr<EVP_PKEY, FreeKey>;
using KeyContext = std::unique_ptr<EVP_PKEY_CTX, FreeKey>;
using DigestContext = std::unique_ptr<EVP_MD_CTX, FreeKey>;

Status Refused(const char* what) {
  return Status::InvalidArgument(std::string(what) + ": the key is not usable");
}

Key PrivateKey(int type, const Secret& secret) {
  return Key(EVP_PKEY_new_raw_private_key(
      type, nullptr, reinterpret_cast<const unsigned char*>(secret.data()), secret.size()));
}

Result<CurveKey> PublicOf(int type, const Secret& secret) {
  const Key key = PrivateKey(type, secret);
  CurveKey bytes;
  size_t size = bytes.size();
  if (key == nullptr || EVP_PKEY_get_raw_public_key(key.get(), bytes.data(), &size) != 1) {
    return Refused("public key");
  }
  return bytes;
}

}  // namespace

Result<Secret> NewCurveSecret() {
  Secret secret(32);
  THALWEG_RETURN_IF_ERROR(FillRandom(secret.span()));
  return secret;
}

Result<CurveKey> X25519Public(const Secret& secret) { return PublicOf(EVP_PKEY_X25519, secret); }

Result<Secret> X25519Shared(const Secret& secret, const CurveKey& other) {
  const Key own = PrivateKey(EVP_PKEY_X25519, secret);
  const Key peer(EVP_PKEY_new_raw_public_key(EVP_PKEY_X25519, nullptr, other.data(), other.size()));
  const KeyContext context(own ? EVP_PKEY_CTX_new(own.get(), nullptr) : nullptr);
  Secret shared(32);
  size_t size = shared.size();
  // OpenSSL refuses a shared secret of zeros.
  if (context == nullptr || peer == nullptr || EVP_PKEY_derive_init(context.get()) != 1 ||
      EVP_PKEY_derive_set_peer(context.get(), peer.get()) != 1 ||
      EVP_PKEY_derive(context.get(), AsBytes(shared.span()).data(), &size) != 1 || size != 32) {
    return Refused("x25519");
  }
  return shared;
}

Result<CurveKey> Ed25519Public(const Secret& secret) { return PublicOf(EVP_PKEY_ED25519, secret); }

Result<Signature> Ed25519Sign(const Secret& secret, std::string_view message) {
  const Key key = PrivateKey(EVP_PKEY_ED25519, secret);
  const DigestContext context(EVP_MD_CTX_new());
  Signature signature;
  size_t size = signature.size();
  if (key == nullptr || context == nullptr ||
      EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, key.get()) != 1 ||
      EVP_DigestSign(context.get(), signature.data(), &size,
                     reinterpret_cast<const unsigned char*>(message.data()), message.size()) != 1) {
    return Refused("ed25519");
  }
  return signature;
}

bool Ed25519Verify(const CurveKey& key, std::string_view message,
                   std::span<const uint8_t, 64> signature) {
  const Key peer(EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, key.data(), key.size()));
  const DigestContext context(EVP_MD_CTX_new());
  return peer != nullptr && context != nullptr &&
         EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, peer.get()) == 1 &&
         EVP_DigestVerify(context.get(), signature.data(), signature.size(),
                          reinterpret_cast<const unsigned char*>(message.data()),
                          message.size()) == 1;
}

}  // namespace thalweg::archive

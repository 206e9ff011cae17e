#include <cstdint>
#include <cstdlib>
#include <string>

#include "archive/stanza.h"

// Key stanzas that somebody made up: none opens, and none costs more than the limits.
namespace thalweg::archive {
namespace {

void Check(std::string_view bytes) {
  if (bytes.empty()) return;
  const size_t count = static_cast<uint8_t>(bytes[0]) % 16;
  const auto stanzas = ParseStanzas(bytes.substr(1), count);
  if (!stanzas.ok()) return;
  for (const Stanza& stanza : *stanzas) static_cast<void>(KindOf(stanza));
  static const std::vector<Identity>& identities =
      *new std::vector<Identity>{*Identity::RawKey(Secret::CopyOf(std::string(32, 'q'))),
                                 *Identity::Passphrase(Secret::CopyOf("river")),
                                 ParseKeyFile(*GenerateKeyFile())->identities.front()};
  KdfLimits limits;
  limits.argon2_memory_kib_max = 64;
  limits.argon2_passes_max = 1;
  limits.scrypt_log_n_max = 4;
  limits.pbkdf2_iterations_max = 10;
  const auto key = OpenStanzas(*stanzas, identities, std::string(32, 'i'), limits);
  if (key.ok() && key->has_value()) std::abort();
}

}  // namespace
}  // namespace thalweg::archive

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  thalweg::archive::Check({reinterpret_cast<const char*>(data), size});
  return 0;
}

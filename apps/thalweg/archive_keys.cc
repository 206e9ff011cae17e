#include <algorithm>
#include <charconv>
#include <fstream>

#include "thalweg/archive_command.h"

namespace thalweg::cli {
namespace {

using archive::Identity;
using archive::PassphraseCost;
using archive::PassphraseKdf;
using archive::Recipient;
using archive::Secret;

Status NoKeysInArguments(const std::string& text) {
  if (!text.starts_with("THALWEG-")) return {};
  return Status::InvalidArgument(
      "a secret key stands on the command line, where others can read it: put it into a file");
}

// One passphrase from wherever the flags say; nothing when they do not say.
Result<Secret> PassphraseOf(const Context& context, const std::string& file, int descriptor,
                            bool ask, bool is_new, const std::string& what) {
  if (!file.empty()) return ReadSecretFile(file, SecretKind::kPassphrase);
  if (descriptor >= 0) {
    return ReadSecretDescriptor(descriptor, SecretKind::kPassphrase,
                                "descriptor " + std::to_string(descriptor));
  }
  if (!ask) return Secret();
  return is_new ? AskNewPassphrase(what, context.stop) : AskPassphrase(what + ": ", context.stop);
}

archive::UnwrapFunction Unwrapper(const std::string& command, std::stop_token stop) {
  return [command, stop](std::string_view blob) {
    return RunKeyCommand(command, "unwrap", blob, stop);
  };
}
archive::WrapFunction Wrapper(const std::string& command, std::stop_token stop) {
  return [command, stop](const Secret& key) -> Result<std::string> {
    THALWEG_ASSIGN_OR_RETURN(const Secret blob, RunKeyCommand(command, "wrap", key.view(), stop));
    return std::string(blob.view());
  };
}

Result<Recipient> ParseRecipient(const std::string& text) {
  THALWEG_RETURN_IF_ERROR(NoKeysInArguments(text));
  if (text.starts_with("age1")) {
    return Status::InvalidArgument("this is a recipient of age; `thalweg keygen` makes ours: '" +
                                   text + "'");
  }
  auto recipient = Recipient::Parse(text);
  if (!recipient.ok()) {
    return recipient.status().WithContext("recipient '" + text + "'");
  }
  return recipient;
}

Status LoadRecipientFile(const std::string& path, std::vector<Recipient>* recipients) {
  THALWEG_ASSIGN_OR_RETURN(const std::string text, ReadTextFile(path));
  size_t begin = 0;
  int number = 0;
  while (begin < text.size()) {
    const size_t end = std::min(text.find('\n', begin), text.size());
    std::string line = text.substr(begin, end - begin);
    begin = end + 1;
    ++number;
    while (!line.empty() && (line.back() == '\r' || line.back() == ' ')) line.pop_back();
    if (line.empty() || line.front() == '#') continue;
    auto recipient = Recipient::Parse(line);
    if (!recipient.ok()) {
      // Never the line itself: it may be a secret key that got into the wrong file.
      return Status::InvalidArgument("'" + path + "', line " + std::to_string(number) +
                                     ": not a recipient");
    }
    recipients->push_back(*std::move(recipient));
  }
  return {};
}

Result<uint32_t> ParseNumber(std::string_view text, const std::string& whole) {
  uint32_t value = 0;
  const char* end = text.data() + text.size();
  const auto [at, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc() || at != end) {
    return Status::InvalidArgument(
        "--kdf: not argon2id[:MIB[:PASSES[:LANES]]], scrypt[:LOG_N] or "
        "pbkdf2[:ITERATIONS]: '" +
        whole + "'");
  }
  return value;
}

}  // namespace

Result<PassphraseCost> ParseKdf(const std::string& text) {
  std::vector<std::string> parts;
  for (size_t begin = 0; begin <= text.size();) {
    const size_t end = std::min(text.find(':', begin), text.size());
    parts.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  PassphraseCost cost;
  std::vector<uint32_t*> places;
  if (parts[0] == "argon2id") {
    cost.kdf = PassphraseKdf::kArgon2id;
    places = {&cost.argon2_memory_kib, &cost.argon2_passes, &cost.argon2_lanes};
  } else if (parts[0] == "scrypt") {
    cost.kdf = PassphraseKdf::kScrypt;
    places = {&cost.scrypt_log_n};
  } else if (parts[0] == "pbkdf2") {
    cost.kdf = PassphraseKdf::kPbkdf2;
    places = {&cost.pbkdf2_iterations};
  }
  if (parts.size() > places.size() + 1 || places.empty()) {
    return ParseNumber("x", text).status();
  }
  for (size_t i = 1; i < parts.size(); ++i) {
    THALWEG_ASSIGN_OR_RETURN(*places[i - 1], ParseNumber(parts[i], text));
  }
  if (cost.kdf == PassphraseKdf::kArgon2id && parts.size() > 1) {
    if (cost.argon2_memory_kib > 1 << 20) return Status::InvalidArgument("--kdf: too much memory");
    cost.argon2_memory_kib *= 1024;
  }
  return cost;
}

Result<archive::KeyFile> LoadKeyFile(const std::string& path) {
  THALWEG_RETURN_IF_ERROR(NoKeysInArguments(path));
  THALWEG_ASSIGN_OR_RETURN(const Secret text, ReadSecretFile(path, SecretKind::kKeyFile));
  auto keys = archive::ParseKeyFile(text);
  if (!keys.ok()) return keys.status().WithContext("'" + path + "'");
  return keys;
}

Result<archive::Signer> LoadSigner(const std::string& path) {
  THALWEG_ASSIGN_OR_RETURN(const archive::KeyFile keys, LoadKeyFile(path));
  if (keys.signers.size() != 1) {
    return Status::InvalidArgument(
        "'" + path + "' holds " + std::to_string(keys.signers.size()) +
        " signing keys, one is needed\nhint: thalweg keygen -o KEYFILE makes one");
  }
  return keys.signers.front();
}

Result<std::string> LoadSignerText(const std::string& text_or_path) {
  if (text_or_path.empty()) return std::string();
  THALWEG_RETURN_IF_ERROR(NoKeysInArguments(text_or_path));
  if (text_or_path.starts_with("thalweg-signer1")) return archive::ParseSigner(text_or_path);
  THALWEG_ASSIGN_OR_RETURN(const std::string text, ReadTextFile(text_or_path));
  const size_t at = text.find("thalweg-signer1");
  if (at == std::string::npos) {
    return Status::InvalidArgument("'" + text_or_path + "' holds no signer (thalweg-signer1…)");
  }
  return archive::ParseSigner(text.substr(at, text.find_first_of(" \r\n\t", at) - at));
}

void IdentityFlags::AddTo(CLI::App& app) {
  app.add_option("-i,--identity", key_files, "Key file that opens it; may be given again.")
      ->allow_extra_args(false);
  app.add_option("--key-file", raw_files, "File of 32 random bytes, or of 64 hexadecimal digits.")
      ->allow_extra_args(false);
  app.add_flag("-p,--passphrase", ask, "Ask for a passphrase on the terminal.");
  app.add_option("--passphrase-file", passphrase_file,
                 "File that holds the passphrase; one line end is dropped.");
  app.add_option("--passphrase-fd", passphrase_fd, "Open descriptor to read the passphrase from.")
      ->check(CLI::NonNegativeNumber);
  app.add_option("--key-command", command,
                 "Program that knows the key: the shell runs `CMD unwrap`.");
}

bool IdentityFlags::any() const {
  return !key_files.empty() || !raw_files.empty() || ask || !passphrase_file.empty() ||
         passphrase_fd >= 0 || !command.empty();
}

Result<std::vector<Identity>> IdentityFlags::Load(const Context& context) const {
  std::vector<Identity> identities;
  for (const auto& path : key_files) {
    THALWEG_ASSIGN_OR_RETURN(const archive::KeyFile keys, LoadKeyFile(path));
    if (keys.identities.empty()) return Status::InvalidArgument("no key in '" + path + "'");
    identities.insert(identities.end(), keys.identities.begin(), keys.identities.end());
  }
  for (const auto& path : raw_files) {
    THALWEG_ASSIGN_OR_RETURN(Secret key, ReadSecretFile(path, SecretKind::kKeyFile));
    THALWEG_ASSIGN_OR_RETURN(Identity identity, Identity::RawKey(std::move(key)));
    identities.push_back(std::move(identity));
  }
  if (!command.empty()) identities.push_back(Identity::Command(Unwrapper(command, context.stop)));
  THALWEG_ASSIGN_OR_RETURN(Secret passphrase, PassphraseOf(context, passphrase_file, passphrase_fd,
                                                           ask, false, "Passphrase"));
  if (!passphrase.empty()) {
    THALWEG_ASSIGN_OR_RETURN(Identity identity, Identity::Passphrase(std::move(passphrase)));
    identities.push_back(std::move(identity));
  }
  return identities;
}

Result<std::vector<Identity>> IdentityFlags::LoadFor(const Context& context,
                                                     const std::string& path) const {
  if (any()) return Load(context);
  THALWEG_ASSIGN_OR_RETURN(const archive::ArchiveInfo info, archive::ReadInfo(path));
  if (info.cipher == archive::Cipher::kNone) return std::vector<Identity>();
  for (const auto& kind : info.stanza_kinds) {
    if (kind == "x25519" || kind == "raw-key" || kind == "command") continue;
    IdentityFlags asked = *this;
    asked.ask = true;
    return asked.Load(context);
  }
  std::string kinds;
  for (const auto& kind : info.stanza_kinds) kinds += (kinds.empty() ? "" : ", ") + kind;
  return Status::Unauthenticated("'" + path + "' is sealed for: " + kinds +
                                 "\nhint: give -i KEYFILE, --key-file or --key-command");
}

void RecipientFlags::AddTo(CLI::App& app, const std::string& prefix) {
  const std::string name = "--" + prefix;
  app.add_option("-r,--recipient", recipients, "Seal for this recipient; may be given again.")
      ->allow_extra_args(false);
  app.add_option("-R,--recipients-file", recipient_files, "File with one recipient a line.")
      ->allow_extra_args(false);
  app.add_option(name + "key-file", raw_files,
                 "File of 32 random bytes, or of 64 hexadecimal digits.")
      ->allow_extra_args(false);
  app.add_flag(prefix.empty() ? "-p,--passphrase" : name + "passphrase", ask,
               "Ask twice for a passphrase on the terminal.");
  app.add_option(name + "passphrase-file", passphrase_file,
                 "File that holds the passphrase; one line end is dropped.");
  app.add_option(name + "passphrase-fd", passphrase_fd,
                 "Open descriptor to read the passphrase from.")
      ->check(CLI::NonNegativeNumber);
  app.add_option(name + "key-command", command,
                 "Program that wraps the key: the shell runs `CMD wrap`.");
  app.add_option("--kdf", kdf,
                 "How a passphrase becomes a key: argon2id[:MIB[:PASSES[:LANES]]] (64:3:4), "
                 "scrypt[:LOG_N] or pbkdf2[:ITERATIONS].");
}

bool RecipientFlags::any() const {
  return !recipients.empty() || !recipient_files.empty() || !raw_files.empty() || ask ||
         !passphrase_file.empty() || passphrase_fd >= 0 || !command.empty();
}

Result<SealKeys> RecipientFlags::Load(const Context& context, bool known) const {
  SealKeys keys;
  for (const auto& text : recipients) {
    THALWEG_ASSIGN_OR_RETURN(Recipient recipient, ParseRecipient(text));
    keys.recipients.push_back(std::move(recipient));
  }
  for (const auto& path : recipient_files) {
    THALWEG_RETURN_IF_ERROR(LoadRecipientFile(path, &keys.recipients));
  }
  for (const auto& path : raw_files) {
    THALWEG_ASSIGN_OR_RETURN(const Secret key, ReadSecretFile(path, SecretKind::kKeyFile));
    THALWEG_ASSIGN_OR_RETURN(Recipient recipient, Recipient::RawKey(key.Clone()));
    THALWEG_ASSIGN_OR_RETURN(Identity identity, Identity::RawKey(key.Clone()));
    keys.recipients.push_back(std::move(recipient));
    keys.identities.push_back(std::move(identity));
  }
  if (!command.empty()) {
    keys.recipients.push_back(Recipient::Command(Wrapper(command, context.stop)));
    keys.identities.push_back(Identity::Command(Unwrapper(command, context.stop)));
  }
  PassphraseCost cost;
  if (!kdf.empty()) {
    THALWEG_ASSIGN_OR_RETURN(cost, ParseKdf(kdf));
  }
  THALWEG_ASSIGN_OR_RETURN(const Secret passphrase,
                           PassphraseOf(context, passphrase_file, passphrase_fd, ask, !known,
                                        known ? "Passphrase" : "New passphrase"));
  if (!passphrase.empty()) {
    THALWEG_ASSIGN_OR_RETURN(Recipient recipient, Recipient::Passphrase(passphrase.Clone(), cost));
    THALWEG_ASSIGN_OR_RETURN(Identity identity, Identity::Passphrase(passphrase.Clone()));
    keys.recipients.push_back(std::move(recipient));
    keys.identities.push_back(std::move(identity));
  } else if (!kdf.empty()) {
    return Status::InvalidArgument("--kdf is for passphrases, and none was given");
  }
  return keys;
}

}  // namespace thalweg::cli

#include <memory>

#include "thalweg/archive_command.h"

namespace thalweg::cli {
namespace {

struct KeygenFlags {
  std::string output;
  std::string public_of;
  std::string signer_of;
};

int RunKeygen(const Context& context, const KeygenFlags& flags) {
  const int given = !flags.output.empty() + !flags.public_of.empty() + !flags.signer_of.empty();
  if (given != 1) {
    return Fail(context, Status::InvalidArgument(
                             "give one of -o KEYFILE, --public KEYFILE, --signer KEYFILE"));
  }
  ProtectProcess();
  if (flags.output.empty()) {
    const bool signer = flags.public_of.empty();
    const auto keys = LoadKeyFile(signer ? flags.signer_of : flags.public_of);
    if (!keys.ok()) return Fail(context, keys.status());
    const auto& texts = signer ? keys->signer_texts : keys->recipients;
    if (texts.empty()) {
      return Fail(context, Status::InvalidArgument("the file holds no such key"));
    }
    for (const auto& text : texts) Print(text + "\n");
    return 0;
  }
  const auto text = archive::GenerateKeyFile();
  if (!text.ok()) return Fail(context, text.status());
  if (flags.output == "-") return Print(std::string(text->view())) ? 0 : 74;
  const auto keys = archive::ParseKeyFile(*text);
  if (!keys.ok()) return Fail(context, keys.status());
  // Never over another key: nobody could open what was sealed for that one.
  auto file = OutputFile::Create(flags.output, 0600, /*force=*/false);
  if (!file.ok() && file.status().code() == StatusCode::kAlreadyExists) {
    return Fail(context, Status::AlreadyExists("'" + flags.output +
                                               "' exists, and a key is never replaced"));
  }
  Status status = file.ok() ? (*file)->Write(text->view()) : file.status();
  if (status.ok()) status = (*file)->Commit();
  if (!status.ok()) return Fail(context, status);
  for (const auto& recipient : keys->recipients) Note(context, "recipient: " + recipient);
  for (const auto& signer : keys->signer_texts) Note(context, "signer:    " + signer);
  return 0;
}

}  // namespace

void AddKeygen(CLI::App& app, Context& context) {
  auto flags = std::make_shared<KeygenFlags>();
  CLI::App* keygen = app.add_subcommand("keygen", "Make a key file, or show its public half.");
  keygen->add_option("-o,--output", flags->output,
                     "New file, mode 0600, with a key to open archives and one to sign them.");
  keygen->add_option("--public", flags->public_of, "Print the recipient of this key file.");
  keygen->add_option("--signer", flags->signer_of, "Print the signer of this key file.");
  keygen->footer(
      "Examples:\n  thalweg keygen -o key.txt\n"
      "  thalweg seal -r $(thalweg keygen --public key.txt) data");
  keygen->callback([&context, flags] {
    context.action = [&context, flags] { return RunKeygen(context, *flags); };
  });
}

}  // namespace thalweg::cli

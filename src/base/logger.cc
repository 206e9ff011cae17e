#include "thalweg/logger.h"

namespace thalweg {
namespace {

class NullLogger final : public Logger {
 public:
  void Log(LogLevel, std::string_view, std::string_view) override {}
};

}  // namespace

Logger& Logger::Null() {
  static NullLogger logger;
  return logger;
}

}  // namespace thalweg

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "thalweg/marc/path.h"

// Any text as a path, a condition and a list of columns, asked of one record.
namespace thalweg::marc {
namespace {

Record Sample() {
  Record record(Leader("00000cam a2200000 a 4500"));
  record.Add(Field::Control("001", "42"))
      .Add(Field::Control("008", "850101s1984    nyu           000 0 fre d"))
      .Add(Field("245", '1', '0', {{'a', "Caf\xC3\xA9s"}, {'b', "de Paris"}}))
      .Add(Field("650", ' ', '7', {{'a', "Peace"}, {'a', "War"}, {'2', "fast"}}));
  return record;
}

void Run(std::string_view text) {
  static const Record record = Sample();
  const auto path = Path::Compile(text);
  if (path.ok()) {
    const auto values = path->Values(record);
    if (values.empty() == path->Matches(record)) std::abort();
    for (const size_t place : path->Fields(record)) {
      if (place >= record.fields().size()) std::abort();
    }
    // A path's own text is a path.
    if (!Path::Compile(path->text()).ok()) std::abort();
  }
  const auto condition = Condition::Compile(text);
  if (condition.ok()) static_cast<void>(condition->Matches(record));
  static_cast<void>(CompileColumns(text));
}

}  // namespace
}  // namespace thalweg::marc

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size <= 4096) thalweg::marc::Run({reinterpret_cast<const char*>(data), size});
  return 0;
}

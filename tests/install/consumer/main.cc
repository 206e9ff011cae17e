// What a program does that uses the installed copy: nothing but public headers and one library.

#include <cstdio>

#include "thalweg/status.h"

namespace {

thalweg::Result<int> Half(int number) {
  if (number % 2 != 0) return thalweg::Status::InvalidArgument("not even");
  return number / 2;
}

}  // namespace

int main() {
  const thalweg::Result<int> half = Half(84);
  const thalweg::Result<int> none = Half(7);
  if (!half.has_value() || none.has_value()) return 1;
  std::printf("%d: %s\n", half.value(), none.status().ToString().c_str());
  return 0;
}

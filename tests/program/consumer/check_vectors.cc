// SPDX-License-Identifier: MIT
//
// A user's program: check_vectors FILE says which cases of a sum in binary16 are wrong.
#include <halfulp/emulator/engine.h>
#include <halfulp/formats/catalogue.h>
#include <halfulp/golden/checks/check.h>

#include <cstdio>

int main(int, char** argv) {
  using namespace halfulp;
  const Format half = find_format("binary16");
  const vectors::Calculation sum{Op::add, {half, half}, {half, {}}, &emulator::engine()};
  vectors::LineSource source(argv[1]);
  const auto tell = [](const checks::Mismatch& wrong) { std::puts(wrong.place.c_str()); };
  const checks::Summary found = checks::check(sum, source, {}, {.mismatch = tell});
  std::printf("%d of %d cases are wrong\n", int(found.mismatches), int(found.cases));
  return found.mismatches == 0 ? 0 : 1;
}

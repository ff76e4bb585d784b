// SPDX-License-Identifier: MIT
//
// A user's program: rounds an array to E4M3 with the emulator of the installed package.
#include <halfulp/emulator/engine.h>
#include <halfulp/formats/catalogue.h>
#include <halfulp/formats/codes.h>
#include <halfulp/formats/numbers/value.h>

#include <array>
#include <cstdio>

int main() {
  const halfulp::Engine& engine = halfulp::emulator::engine();
  const halfulp::Format format = halfulp::find_format("float8_e4m3fn");
  const halfulp::Plan plan = engine.prepare({.format = format, .rounding = {}});
  std::array<float, 3> x{447, 1, 2};
  const std::span<float> all(x);
  engine.round(halfulp::view_of(std::span<const float>(x)), plan, {}, halfulp::view_of(all),
               nullptr);
  const halfulp::Code code = halfulp::encode(format, halfulp::from_double(x[0]));
  std::printf("%s %s\n", halfulp::code_text(format, code).c_str(),
              halfulp::shortest_text(format, code).c_str());
}

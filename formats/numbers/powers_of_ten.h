// SPDX-License-Identifier: MIT
//
// Powers of ten to 128 bits, as Ryu's tables hold them (Adams, PLDI 2018): what decimals are
// written and read with where words of 64 bits hold the number.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace halfulp {

__extension__ using Wide = unsigned __int128;

// 10^n is (high * 2^64 + low) * 2^exponent with the high bit of `high` set: exactly for n from 0 to
// most_exact, else more than that, and less than with 2 more in the last place.
struct PowerOfTen {
  std::uint64_t high = 0, low = 0;
  int exponent = 0;
};

namespace powers_of_ten {

inline constexpr int most = 345;
inline constexpr int most_exact = 55;  // 5^55 < 2^128

// 192 bits, the leading one of the last limb set, times 2^exponent.
struct Long {
  std::array<std::uint64_t, 3> limbs{};
  int exponent = 0;
};

// Both cut less than a unit of the last of 192 places each time, so that 345 times are far from one
// of 128.
constexpr Long times_five(const Long& x) {
  std::array<std::uint64_t, 4> product{};
  Wide carry = 0;
  for (std::size_t i = 0; i < 3; ++i) {
    carry += static_cast<Wide>(x.limbs[i]) * 5;
    product[i] = static_cast<std::uint64_t>(carry);
    carry >>= 64;
  }
  product[3] = static_cast<std::uint64_t>(carry);
  const int up = 64 - std::countl_zero(product[3]);
  Long y{.exponent = x.exponent + up};
  for (std::size_t i = 0; i < 3; ++i) y.limbs[i] = product[i] >> up | product[i + 1] << (64 - up);
  return y;
}

constexpr Long fifth(const Long& x) {
  std::array<std::uint64_t, 4> quotient{};
  Wide rest = 0;
  for (std::size_t i = 4; i-- > 0;) {
    rest = rest << 64 | (i == 0 ? 0 : x.limbs[i - 1]);
    quotient[i] = static_cast<std::uint64_t>(rest / 5);
    rest %= 5;
  }
  const int down = std::countl_zero(quotient[3]);
  Long y{.exponent = x.exponent - down};
  for (std::size_t i = 0; i < 3; ++i)
    y.limbs[i] = quotient[i + 1] << down | quotient[i] >> (64 - down);
  return y;
}

constexpr PowerOfTen shortened(const Long& fives, int n) {
  return {.high = fives.limbs[2], .low = fives.limbs[1], .exponent = fives.exponent + 64 + n};
}

inline constexpr std::array<PowerOfTen, 2 * most + 1> all = [] {
  std::array<PowerOfTen, 2 * most + 1> powers{};
  constexpr Long one{.limbs = {0, 0, std::uint64_t{1} << 63}, .exponent = -191};
  Long up = one;
  Long down = one;
  for (int n = 0; n <= most; ++n, up = times_five(up), down = fifth(down)) {
    powers[static_cast<std::size_t>(most + n)] = shortened(up, n);
    powers[static_cast<std::size_t>(most - n)] = shortened(down, -n);
  }
  return powers;
}();

}  // namespace powers_of_ten

// Precondition: |n| <= powers_of_ten::most.
constexpr const PowerOfTen& short_power_of_ten(int n) {
  return powers_of_ten::all[static_cast<std::size_t>(powers_of_ten::most + n)];
}

}  // namespace halfulp

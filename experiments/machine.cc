// SPDX-License-Identifier: MIT
#include "experiments/machine.h"

#include <array>
#include <cstddef>

#include "experiments/hash.h"

namespace halfulp::experiments {
namespace {

std::uint64_t add_name(std::string_view name, std::uint64_t hash) {
  constexpr unsigned char end = 0;
  return fnv1a(&end, 1, fnv1a(name.data(), name.size(), hash));
}

std::uint64_t add_number(std::uint64_t number, std::uint64_t hash) {
  std::array<unsigned char, 8> bytes;
  for (std::size_t i = 0; i < bytes.size(); ++i)
    bytes[i] = static_cast<unsigned char>(number >> (8 * i));
  return fnv1a(bytes.data(), bytes.size(), hash);
}

}  // namespace

std::uint64_t named_stream(std::string_view layer, std::string_view use, std::uint64_t repeat,
                           std::uint64_t step) {
  constexpr std::uint64_t named = std::uint64_t{1} << 54;
  const std::uint64_t hash =
      add_number(step, add_number(repeat, add_name(use, add_name(layer, fnv_start))));
  return named | (hash & (named - 1));
}

}  // namespace halfulp::experiments

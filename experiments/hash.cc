// SPDX-License-Identifier: MIT
#include "experiments/hash.h"

namespace halfulp::experiments {

std::uint64_t fnv1a(const void* bytes, std::size_t count, std::uint64_t hash) {
  const auto* byte = static_cast<const unsigned char*>(bytes);
  for (std::size_t i = 0; i < count; ++i) hash = (hash ^ byte[i]) * 0x100000001b3;
  return hash;
}

std::string hexadecimal(std::uint64_t hash) {
  std::string text;
  for (int shift = 60; shift >= 0; shift -= 4) text += "0123456789abcdef"[(hash >> shift) & 15];
  return text;
}

}  // namespace halfulp::experiments

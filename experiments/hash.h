// SPDX-License-Identifier: MIT
//
// The hash of documents, results and weights: FNV-1a, 64 bits.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace halfulp::experiments {

inline constexpr std::uint64_t fnv_start = 0xcbf29ce484222325;
// Continued from `hash`.
std::uint64_t fnv1a(const void* bytes, std::size_t count, std::uint64_t hash);
// Sixteen digits.
std::string hexadecimal(std::uint64_t hash);

}  // namespace halfulp::experiments

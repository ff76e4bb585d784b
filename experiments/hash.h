// SPDX-License-Identifier: MIT
//
// The hash of documents, results and weights: FNV-1a, 64 bits.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace halfulp::experiments {

inline constexpr std::uint64_t fnv_start = 0xcbf29ce484222325;
// Continued from `hash`.
std::uint64_t fnv1a(const void* bytes, std::size_t count, std::uint64_t hash);
// Of numbers by their bytes, the least significant first, whatever the machine's order; all NaNs
// count as one, since machines make different ones.
std::uint64_t fnv1a(std::span<const float> numbers, std::uint64_t hash);
std::uint64_t fnv1a(std::span<const double> numbers, std::uint64_t hash);
// Sixteen digits.
std::string hexadecimal(std::uint64_t hash);

}  // namespace halfulp::experiments

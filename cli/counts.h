// SPDX-License-Identifier: MIT
//
// Counts on the command line: 10000 and 1e6 and 2.5e3 are numbers of cases, 1.5 is none.
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <string>

namespace halfulp::cli {

inline constexpr std::uint64_t any_count = UINT64_MAX;

// A whole number in decimal digits, which may have a point and a decimal exponent. Throws Error,
// without a location.
std::uint64_t parse_count(const std::string& text);

// An option whose value is one, from least to most; named N. Errors name the option.
CLI::Option* add_count(CLI::App& app, const std::string& name, std::uint64_t& count,
                       const std::string& description, std::uint64_t least = 0,
                       std::uint64_t most = any_count);

}  // namespace halfulp::cli

// SPDX-License-Identifier: MIT
//
// Codes in packed arrays (formats/engine.h, encode) and the counts of what became of elements.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "formats/engine.h"
#include "formats/numbers/value.h"

namespace halfulp::reference {

// A code of `width` bits at its place in a packed array, least significant bits first.
void put_code(std::span<std::uint8_t> bytes, std::size_t position, int width, Code code);
Code get_code(std::span<const std::uint8_t> bytes, std::size_t position, int width);
// The bits of the last byte behind `count` codes become zeros.
void clear_behind(std::span<std::uint8_t> bytes, std::size_t count, int width);
// The bits that a code of the format has.
Code all_codes(const Format& format);

// Adds one element: `delivered`, the number of the outcome's code, against the exact result.
void count(Counts* counts, const Real& exact, const Outcome& outcome, const Value& delivered);

}  // namespace halfulp::reference

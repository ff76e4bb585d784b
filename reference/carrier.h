// SPDX-License-Identifier: MIT
//
// Elements of views as exact values and back, through bit patterns alone, so that no floating-point
// environment (flushing, rounding direction) can interfere.
#pragma once

#include <cstddef>

#include "formats/engine.h"
#include "formats/numbers/value.h"

namespace halfulp::reference {

const Format& format_of(Carrier carrier);
Value load(const View& view, std::size_t row, std::size_t column);
// Of an irrational value the number of the carrier next to it. Precondition: the carrier holds any
// other value.
void store(const MutableView& view, std::size_t row, std::size_t column, const Value& value);
// Throws std::logic_error where the carrier does not hold every number of the format.
void require_fits(const Format& format, Carrier carrier);

}  // namespace halfulp::reference

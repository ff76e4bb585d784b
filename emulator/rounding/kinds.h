// SPDX-License-Identifier: MIT
//
// The table of the kinds of formats: what is asked of one is looked up there.
#pragma once

#include "emulator/scalar/operand.h"
#include "emulator/scalar/target.h"
#include "formats/format.h"

namespace halfulp::emulator {

const Scheme& scheme_of(const Format& format);

// The quantizer must outlive the target.
Target target_of(const Quantizer& quantizer);

Operand unpack(const Format& format, Code code);

}  // namespace halfulp::emulator

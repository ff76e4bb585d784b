// SPDX-License-Identifier: MIT
//
// The peers' orders of steps (Arithmetic in formats/block.h): what is asked of their scales, and
// how quotients are formed under them.
#pragma once

#include <array>

#include "emulator/blocks/block_scale.h"
#include "emulator/blocks/element.h"
#include "formats/block.h"

namespace halfulp::emulator {

// True where scales follow from steps of their own.
bool has_scale_steps(Arithmetic arithmetic);

// r of the outer scale. a0: the largest magnitude of its block.
Operand asked_outer(Arithmetic arithmetic, const Operand& a0, const CompiledLevel& outer);
// E of transformer_engine and four_over_six. most: M.
Operand encoding_factor(const Operand& a0, const Operand& most);
// r of an inner scale under s0, which is finite and not zero. second: of the two of four_over_six.
Operand asked_inner(Arithmetic arithmetic, const Operand& a0, const Operand& a1, const Operand& s0,
                    const std::array<const CompiledLevel*, 2>& levels, bool second = false);

// E * (1 / m) of transformer_engine.
Operand encoding_step(const Operand& a0, const std::array<const CompiledLevel*, 2>& levels);

// The former of a block whose scales have the product `total`. s0, s1: of the two levels of NVFP4's
// arithmetics, not read in others.
Former former_of(const BlockFormat& format, const Operand& total, const Operand& s0,
                 const Operand& s1);

}  // namespace halfulp::emulator

// SPDX-License-Identifier: MIT
//
// Matrices in block formats. The scales of the outer levels come first, from all of the matrix;
// then block after block of the innermost level its scale and its elements. No element is written
// before every scale that it takes part in is known, so that `in` and `out` may be one.
#include "emulator/blocks/block.h"

#include <algorithm>

#include "emulator/arrays/arrays.h"
#include "emulator/blocks/lanes.h"
#include "emulator/blocks/matrix_scales.h"
#include "emulator/blocks/plan.h"
#include "emulator/blocks/quotient.h"
#include "formats/error.h"

namespace halfulp::emulator {
namespace {

// Blocks of one row of blocks, at most so many at once.
template <typename Function>
void for_each_run(const Partition& cut, std::size_t longest, const Function& function) {
  for (std::size_t first = 0; first < cut.count();) {
    const std::size_t count = std::min(longest, cut.across - first % cut.across);
    function(first, count);
    first += count;
  }
}

template <typename Real, typename Bits>
void by_power(const PowerRule<Bits>& rule, const CompiledBlock& plan, const Partition& cut,
              const Random& random, const Transfer& transfer, QuotientBlocks& others) {
  PowerBlocks<Real, Bits> blocks(rule, plan.element(), cut, random);
  for_each_run(cut, blocks.blocks_at_once(), [&](std::size_t first, std::size_t count) {
    blocks.run(first, count, transfer, [&](std::size_t block) { others.run(block, 1); });
  });
}

}  // namespace

void quantize(const View& in, const BlockPlan& plan, const Random& random, const MutableView& out,
              BlockCodes* codes, Counts* counts) {
  require_same_shape(in, out);
  const CompiledBlock& ready = compiled(plan);
  BlockScales scales(in, ready, random, codes);
  if (codes != nullptr) {
    const Format& element = ready.format().element.format;
    codes->elements.assign(packed_bytes(element, in.rows * in.columns), 0);
  }
  const Partition& cut = scales.innermost();
  if (cut.count() == 0) return;
  scales.choose_outer();
  const Transfer transfer{.in = in, .out = out, .codes = codes, .counts = counts};
  QuotientBlocks blocks(ready, scales, random, transfer);
  const bool same = in.carrier == out.carrier;
  if (same && in.carrier == Carrier::binary32 && ready.power32() != nullptr) {
    by_power<float>(*ready.power32(), ready, cut, random, transfer, blocks);
  } else if (same && in.carrier == Carrier::binary64 && ready.power64() != nullptr) {
    by_power<double>(*ready.power64(), ready, cut, random, transfer, blocks);
  } else {
    for_each_run(cut, blocks.blocks_at_once(),
                 [&](std::size_t first, std::size_t count) { blocks.run(first, count); });
  }
}

}  // namespace halfulp::emulator

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
#include "emulator/blocks/narrow_blocks.h"
#include "emulator/blocks/plan.h"
#include "emulator/blocks/quotient.h"
#include "emulator/environment.h"
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

// A matrix as one row of blocks where its rows follow each other without gaps and end with whole
// blocks of one row: the indices of elements and of blocks stay what they are.
struct OneRow {
  View in;
  MutableView out;
  Partition cut;

  OneRow(const Transfer& transfer, const Partition& given)
      : in(transfer.in), out(transfer.out), cut(given) {
    const bool dense = in.stride == in.columns && out.stride == in.columns;
    if (!dense || cut.block_rows != 1 || in.columns % cut.block_columns != 0) return;
    in.columns = in.stride = out.columns = out.stride = in.rows * in.columns;
    in.rows = out.rows = 1;
    cut.across = cut.count();
    cut.down = 1;
  }
};

template <typename Real, typename Bits>
void by_power(const PowerRule<Bits>& rule, const CompiledBlock& plan, const Partition& cut,
              const Random& random, const Transfer& transfer, QuotientBlocks& others) {
  const StandardEnvironment environment;
  const OneRow one(transfer, cut);
  const Transfer flat{
      .in = one.in, .out = one.out, .codes = transfer.codes, .counts = transfer.counts};
  PowerBlocks<Real, Bits> blocks(rule, plan.element(), one.cut, random);
  for_each_run(one.cut, blocks.blocks_at_once(), [&](std::size_t first, std::size_t count) {
    blocks.run(first, count, flat, [&](std::size_t block) { others.run(block, 1); });
  });
}

void by_ratio(const CompiledBlock& plan, BlockScales& scales, const Transfer& transfer,
              QuotientBlocks& others) {
  const StandardEnvironment environment;
  const OneRow one(transfer, scales.innermost());
  const Transfer flat{
      .in = one.in, .out = one.out, .codes = transfer.codes, .counts = transfer.counts};
  NarrowBlocks blocks(plan, scales, one.cut, flat);
  for_each_run(one.cut, blocks.blocks_at_once(), [&](std::size_t first, std::size_t count) {
    blocks.run(first, count, [&](std::size_t block) { others.run(block, 1); });
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
  const Transfer transfer{.in = in, .out = out, .codes = codes, .counts = counts};
  const bool narrow = NarrowBlocks::serves(ready, cut, transfer);
  scales.choose_outer(narrow);
  QuotientBlocks blocks(ready, scales, random, transfer);
  const bool same = in.carrier == out.carrier;
  if (same && in.carrier == Carrier::binary32 && ready.power32() != nullptr) {
    by_power<float>(*ready.power32(), ready, cut, random, transfer, blocks);
  } else if (same && in.carrier == Carrier::binary64 && ready.power64() != nullptr) {
    by_power<double>(*ready.power64(), ready, cut, random, transfer, blocks);
  } else if (narrow) {
    by_ratio(ready, scales, transfer, blocks);
  } else {
    for_each_run(cut, blocks.blocks_at_once(),
                 [&](std::size_t first, std::size_t count) { blocks.run(first, count); });
  }
}

}  // namespace halfulp::emulator

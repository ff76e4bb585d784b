// SPDX-License-Identifier: MIT
//
// Formats whose blocks share scales. The yardstick is a copy of the array.
#include <algorithm>
#include <cstring>
#include <span>

#include "cli/bench/figures.h"
#include "cli/bench/numbers.h"
#include "emulator/engine.h"
#include "formats/block.h"
#include "formats/catalogue.h"
#include "reference/engine.h"

namespace halfulp::cli::bench {
namespace {

constexpr std::size_t columns = 256;
constexpr std::size_t rows = l2_elements / columns;
constexpr std::size_t compared_rows = 16;

struct Blocks {
  std::vector<float> in, out;
  BlockCodes codes;
  BlockPlan plan;
};

View view(const std::vector<float>& all, std::size_t count) {
  return view_of(all.data(), count, columns);
}
MutableView view(std::vector<float>& all, std::size_t count) {
  return view_of(all.data(), count, columns);
}

struct Quantized {
  std::vector<float> out = std::vector<float>(compared_rows * columns);
  BlockCodes codes;
};
Quantized quantized(const Engine& engine, const Blocks& blocks) {
  Quantized made;
  const BlockPlan plan = engine.prepare_block(blocks.plan.format);
  engine.quantize(view(blocks.in, compared_rows), plan, {}, view(made.out, compared_rows),
                  &made.codes, nullptr);
  return made;
}

enum class What { quantize, with_codes, dequantize };

FigureEntry block_figure(What what, const std::string& format) {
  const std::string name = std::string(what == What::dequantize ? "dequantize/" : "quantize/") +
                           format + "/" +
                           (what == What::quantize     ? "rne"
                            : what == What::with_codes ? "codes"
                                                       : "exact") +
                           "/l2/1";
  const auto prepare = [=] {
    auto held = std::make_shared<Blocks>();
    held->in = tame_numbers(find_format("binary32"), l2_elements, 1);
    held->out.resize(l2_elements);
    held->plan = emulator::engine().prepare_block(
        find_block_format(format), {.elements = l2_elements, .carrier = Carrier::binary32});
    Blocks* const blocks = held.get();
    const auto quantize = [blocks](BlockCodes* codes) {
      emulator::engine().quantize(view(blocks->in, rows), blocks->plan, {}, view(blocks->out, rows),
                                  codes, nullptr);
    };
    quantize(&held->codes);
    Job job{.yardstick =
                [blocks] {
                  std::memcpy(blocks->out.data(), blocks->in.data(), l2_elements * sizeof(float));
                },
            .elements = static_cast<double>(l2_elements),
            .held = held};
    if (what == What::quantize) job.work = [quantize] { quantize(nullptr); };
    if (what == What::with_codes) job.work = [quantize, blocks] { quantize(&blocks->codes); };
    if (what == What::dequantize) {
      job.work = [blocks] {
        emulator::engine().dequantize(blocks->codes, blocks->plan, view(blocks->out, rows));
      };
      const std::size_t bytes = held->codes.elements.size();
      job.weight = (4 + static_cast<double>(bytes) / l2_elements) / 8;
    }
    job.verify = [blocks, name] {
      const Quantized got = quantized(emulator::engine(), *blocks);
      const Quantized want = quantized(reference::engine(), *blocks);
      require_same(got.out, want.out, name);
      require_same(got.codes.elements, want.codes.elements, name);
      std::vector<float> back(got.out.size());
      emulator::engine().dequantize(got.codes, blocks->plan, view(back, compared_rows));
      require_same(back, want.out, name);
    };
    return job;
  };
  return {name, "memcpy", prepare};
}

}  // namespace

std::vector<FigureEntry> block_figures() {
  std::vector<FigureEntry> all;
  for (const What what : {What::quantize, What::with_codes, What::dequantize}) {
    for (const char* const format : {"mxfp8_e4m3", "mxfp4", "nvfp4"})
      all.push_back(block_figure(what, format));
  }
  return all;
}

}  // namespace halfulp::cli::bench

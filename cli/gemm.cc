// SPDX-License-Identifier: MIT
//
// halfulp gemm: a whole product of matrices as a matrix unit and a kernel's order compute it.
#include <mutex>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "cli/at_option.h"
#include "cli/output.h"
#include "cli/product_call.h"
#include "cli/progress.h"
#include "cli/same_file.h"
#include "cli/tensor_options.h"
#include "cli/unit_options.h"
#include "cli/verb.h"
#include "emulator/engine.h"
#include "formats/error.h"
#include "formats/json.h"
#include "golden/kernels/product.h"
#include "golden/tensors/files.h"
#include "reference/engine.h"

namespace halfulp::cli {
namespace {

const char* const description =
    "Writes D = A B (+ C) as the matrix unit U computes it in every bit, codes in and codes out. "
    "U is\n"
    "the name of a unit (`halfulp units` lists them), a file, or JSON text; --order says what a "
    "kernel\n"
    "does around it, pieces with commas between, the outermost first:\n"
    "  plain                one instruction after the other, D going on from C (the default)\n"
    "  promote:128          the unit starts at +0 every 128 terms, binary32 adds what it made\n"
    "                       (CUTLASS without fast accumulation)\n"
    "  deepgemm:128         likewise, times the scales of 128 terms, fused (DeepGEMM on Hopper)\n"
    "  split-k:4:64         four slices of whole multiples of 64 terms, added in binary32 in "
    "order\n"
    "  stream-k:108:128x128x32   108 workers share the steps of 32 terms of tiles of 128 x 128\n"
    "  tree:32:bfloat16     parts of 32 terms, joined in pairs in bfloat16\n"
    "or instead of a unit one of sequential:F, fma:F, pairwise:F, exact:F; or a file or JSON text "
    "with\n"
    "\"sums\", \"tree\", \"split\" and \"epilogue\", or with a library's plan, {\"mode\": "
    "\"splitk_groups\", ...}\n"
    "(docs/units.md). Files are .npy, .npz, .safetensors (name "
    "one of\n"
    "several tensors as FILE:NAME) or raw; unsigned integers of the right size are codes. Terms "
    "are "
    "the\n"
    "columns of A; they are filled up with +0 to whole instructions.";

const char* const examples =
    "  $ halfulp vectors gemm --unit nv.hopper.wgmma.e4m3.f32 --terms 256 --class wide -o "
    "t.safetensors\n"
    "  t.safetensors: a b c d of wide, 16 x 256 x 8, seed 0\n"
    "\n"
    "  $ halfulp gemm --a t.safetensors:a --b t.safetensors:b --unit nv.hopper.wgmma.e4m3.f32 "
    "--order promote:128 -o d.npy\n"
    "  d.npy: 16 x 8 of float32, 256 terms, nv.hopper.wgmma.e4m3.f32, promote:128\n"
    "\n"
    "  $ halfulp gemm --a t.safetensors:a --b t.safetensors:b --order exact:binary32 -o exact.npy "
    "--json\n"
    "  ...\n";

struct GemmOptions {
  ProductCall product;
  std::string out, to;
  bool reference = false, json = false, quiet = false;
  int threads = 0;
  RoundingOptions rounding;
};

class Run {
 public:
  explicit Run(const GemmOptions& options) : options_(options) {}

  int execute() {
    const std::vector<NamedPath> inputs = input_paths(options_.product);
    const NamedPath output{"-o", options_.out};
    require_apart(inputs, std::span(&output, 1));
    at_option("-o", [&] { return tensors::container_of(options_.out); });
    require_writable(options_.out);
    const ProductInput input(options_.product);
    if (!options_.product.unit.empty()) warn_of_unproven(input.unit());
    const tensors::Tensor d = multiply(input);
    const tensors::Shape shape = d.shape;
    const std::string type = d.type.name;
    write(d);
    report(input, shape, type);
    return exit_good;
  }

 private:
  tensors::Tensor multiply(const ProductInput& input) {
    kernels::ProductOptions how;
    how.random = random_of(options_.rounding);
    how.threads = options_.threads;
    if (!options_.to.empty()) {
      Quantizer to{.format = at_option("--to", [&] { return format_from_text(options_.to); }),
                   .rounding = {}};
      to.rounding = rounding_of(options_.rounding, to.format);
      how.to = to;
    }
    ProgressBar bar("product", options_.quiet);
    std::mutex one_at_a_time;
    how.progress = [&](double done) {
      const std::lock_guard lock(one_at_a_time);
      bar.update(done, 1, 0, "");
    };
    const Engine& engine = options_.reference ? reference::engine() : emulator::engine();
    try {
      tensors::Tensor d =
          kernels::multiply(input.unit(), input.order(), engine, input.operands(), how);
      bar.clear();
      return d;
    } catch (const Error& error) {
      throw with_option(error);
    }
  }

  void write(tensors::Tensor d) const {
    tensors::TensorFile file;
    file.tensors.push_back(storable(std::move(d), tensors::container_of(options_.out)));
    tensors::write(options_.out, file, {});
  }

  void report(const ProductInput& input, const tensors::Shape& shape,
              const std::string& type) const {
    const std::int64_t terms = input.a().shape.back();
    const std::string& unit = options_.product.unit;
    if (options_.json) {
      Json object;
      object["unit"] = unit.empty() ? Json() : Json(input.unit().name);
      object["order"] = options_.product.order;
      object["shape"] = shape;
      object["terms"] = terms;
      object["type"] = type;
      if (!kernels::is_sliced(input.order()))
        object["tree"] = to_json(
            kernels::tree_of(input.order(), input.unit().tree, static_cast<std::size_t>(terms)));
      return print(object.dump() + "\n");
    }
    if (options_.quiet) return;
    std::string text;
    for (const std::int64_t n : shape) text += (text.empty() ? "" : " x ") + std::to_string(n);
    print(options_.out + ": " + text + " of " + type + ", " + std::to_string(terms) + " terms, " +
          (unit.empty() ? "" : input.unit().name + ", ") + options_.product.order + "\n");
  }

  const GemmOptions& options_;
};

}  // namespace

int gemm_verb(const Arguments& arguments) {
  GemmOptions options;
  Parser parser("gemm", description, examples);
  add_product_options(parser, options.product, true);
  parser.text("--c", options.product.c, "what is added: as the result, one a column, or one number")
      .value_name("FILE");
  parser.text("-o,--output", options.out, "the file to write: .npy, .npz, .safetensors, .raw")
      .required()
      .value_name("OUT");
  parser.text("--to", options.to, "round the result once more, to this format").value_name("F");
  parser.flag("--packed", options.product.packed,
              "codes of 4 or 6 bits lie close, the first in the lowest bits");
  add_rounding(parser, options.rounding);
  parser.flag("--reference", options.reference,
              "answer from the exact reference instead of the emulator");
  add_threads(parser, options.threads);
  add_json(parser, options.json);
  add_quiet(parser, options.quiet);
  if (!parser.parse(arguments)) return exit_good;
  return Run(options).execute();
}

}  // namespace halfulp::cli

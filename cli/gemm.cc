// SPDX-License-Identifier: MIT
//
// halfulp gemm: a whole product of matrices as a matrix unit and a kernel's order compute it.
#include <algorithm>
#include <mutex>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "cli/at_option.h"
#include "cli/output.h"
#include "cli/progress.h"
#include "cli/same_file.h"
#include "cli/tensor_options.h"
#include "cli/unit_options.h"
#include "cli/verb.h"
#include "emulator/engine.h"
#include "formats/codes.h"
#include "formats/error.h"
#include "formats/json.h"
#include "golden/kernels/product.h"
#include "golden/kernels/tree_words.h"
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
    "  tree:32:bfloat16     parts of 32 terms, joined in pairs in bfloat16\n"
    "or instead of a unit one of sequential:F, fma:F, pairwise:F, exact:F; or a file or JSON text "
    "with\n"
    "\"sums\", \"tree\" and \"epilogue\" (docs/units.md). Files are .npy, .npz, .safetensors (name "
    "one of\n"
    "several tensors as FILE:NAME) or raw; unsigned integers of the right size are codes. Terms "
    "are "
    "the\n"
    "columns of A; they are filled up with +0 to whole instructions.";

const char* const examples =
    "  $ halfulp gemm --a a.npy --b b.npy --unit nv.hopper.wgmma.e4m3.f32 --order promote:128 -o "
    "d.npy\n"
    "  ...\n"
    "\n"
    "  $ halfulp gemm --a a.npy --b b.npy --order exact:binary32 -o exact.npy --json\n"
    "  ...\n";

struct GemmOptions {
  std::string a, b, c, bias, unit, order = "plain", out, to;
  std::string a_shape, b_shape;
  std::vector<std::string> a_scales, b_scales;
  bool b_transposed = false, packed = false, reference = false, json = false, quiet = false;
  int threads = 0;
  RoundingOptions rounding;
};

// "FILE:NAME" where the file holds tensors with names.
struct TensorName {
  std::string path, name;
};
TensorName name_of(const std::string& text) {
  for (const std::string& ending : {std::string(".safetensors:"), std::string(".npz:")}) {
    const std::size_t found = text.rfind(ending);
    if (found == std::string::npos) continue;
    const std::size_t colon = found + ending.size() - 1;
    return {text.substr(0, colon), text.substr(colon + 1)};
  }
  return {text, ""};
}

// How a tensor is read: codes of `format`, where the file leaves open what its bytes are.
struct Reading {
  std::string option;
  std::optional<Format> format;
  std::string shape;
  bool packed = false;
};

tensors::Tensor one_of(tensors::TensorFile file, const TensorName& named,
                       const std::string& option) {
  if (file.tensors.size() != 1) {
    std::string names;
    for (const tensors::Tensor& tensor : file.tensors)
      names += (names.empty() ? "" : ", ") + tensors::printable(tensor.name);
    throw Error(named.path + " holds " + std::to_string(file.tensors.size()) + " tensors", option,
                file.tensors.empty() ? "" : "write FILE:NAME with one of " + names);
  }
  return std::move(file.tensors.front());
}

bool is_unsigned(const Format& format) {
  const auto* fixed = std::get_if<Fixed>(&format.kind);
  return fixed != nullptr && !fixed->sign;
}

tensors::Tensor read_tensor(const std::string& text, const Reading& how) {
  const TensorName named = name_of(text);
  tensors::Selection only(named.name.empty() ? std::vector<std::string>{}
                                             : std::vector<std::string>{named.name});
  tensors::ReadOptions options;
  options.only = &only;
  options.packed = how.packed;
  if (!how.shape.empty()) options.shape = parse_extents(how.shape, how.option + "-shape");
  const bool raw = options.shape.has_value() || how.packed;
  if (raw && how.format) options.type = tensors::element_type(*how.format);
  tensors::Tensor tensor = one_of(tensors::read(named.path, options), named, how.option);
  if (raw || !how.format || !is_unsigned(tensor.type.format)) return tensor;
  const tensors::ElementType wanted = tensors::element_type(*how.format);
  if (is_unsigned(*how.format) ||
      tensors::element_bytes(wanted) != tensors::element_bytes(tensor.type))
    return tensor;
  return at_option(how.option, [&] {
    return tensors::make_tensor(tensor.name, wanted, tensor.shape, std::move(tensor.data));
  });
}

// The operands in memory.
struct Operands {
  tensors::Tensor a, b;
  std::optional<tensors::Tensor> c, bias;
  std::vector<tensors::Tensor> a_scales, b_scales;

  [[nodiscard]] kernels::ProductOperands views(bool b_transposed) const {
    kernels::ProductOperands all;
    all.a = &a;
    all.b = &b;
    all.b_transposed = b_transposed;
    if (c) all.c = &*c;
    if (bias) all.bias = &*bias;
    for (const tensors::Tensor& scales : a_scales) all.a_scales.push_back(&scales);
    for (const tensors::Tensor& scales : b_scales) all.b_scales.push_back(&scales);
    return all;
  }
};

class Run {
 public:
  explicit Run(const GemmOptions& options) : options_(options) {
    UnitAndOrder chosen = unit_and_order_of({.unit = options.unit, .order = options.order});
    order_ = std::move(chosen.order);
    unit_ = std::move(chosen.unit);
  }

  int execute() {
    const std::vector<NamedPath> inputs = input_paths();
    const NamedPath output{"-o", options_.out};
    require_apart(inputs, std::span(&output, 1));
    at_option("-o", [&] { return tensors::container_of(options_.out); });
    require_writable(options_.out);
    const Operands operands = read();
    if (!unit_) unit_ = kernels::unit_of(order_, operands.a.type.format, operands.b.type.format);
    if (!options_.unit.empty()) warn_of_unproven(*unit_);
    const tensors::Tensor d = multiply(operands);
    const tensors::Shape shape = d.shape;
    const std::string type = d.type.name;
    write(d);
    report(operands, shape, type);
    return exit_good;
  }

 private:
  [[nodiscard]] std::vector<NamedPath> input_paths() const {
    std::vector<NamedPath> inputs{{"--a", name_of(options_.a).path},
                                  {"--b", name_of(options_.b).path}};
    if (!options_.c.empty()) inputs.push_back({"--c", name_of(options_.c).path});
    if (!options_.bias.empty()) inputs.push_back({"--bias", name_of(options_.bias).path});
    for (const std::string& scales : options_.a_scales)
      inputs.push_back({"--a-scales", name_of(scales).path});
    for (const std::string& scales : options_.b_scales)
      inputs.push_back({"--b-scales", name_of(scales).path});
    return inputs;
  }

  [[nodiscard]] Operands read() const {
    Operands all;
    all.a = read_tensor(options_.a, {"--a", unit_ ? std::optional(unit_->a.format) : std::nullopt,
                                     options_.a_shape, options_.packed});
    all.b = read_tensor(options_.b, {"--b", unit_ ? std::optional(unit_->b.format) : std::nullopt,
                                     options_.b_shape, options_.packed});
    if (!options_.c.empty()) {
      const bool as_unit = unit_ && !kernels::adds_c_in_epilogue(order_);
      all.c = read_tensor(
          options_.c, {"--c", as_unit ? std::optional(unit_->c.format) : std::nullopt, "", false});
    }
    if (!options_.bias.empty()) all.bias = read_tensor(options_.bias, {"--bias", {}, "", false});
    for (const std::string& scales : options_.a_scales)
      all.a_scales.push_back(read_tensor(scales, {"--a-scales", {}, "", false}));
    for (const std::string& scales : options_.b_scales)
      all.b_scales.push_back(read_tensor(scales, {"--b-scales", {}, "", false}));
    return all;
  }

  tensors::Tensor multiply(const Operands& operands) {
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
          kernels::multiply(*unit_, order_, engine, operands.views(options_.b_transposed), how);
      bar.clear();
      return d;
    } catch (const Error& error) {
      throw with_option(error);
    }
  }
  // The library's names of operands as the options that bring them.
  static Error with_option(const Error& error) {
    for (const auto& [name, option] : {std::pair{"a_scales", "--a-scales"},
                                       {"b_scales", "--b-scales"},
                                       {"a", "--a"},
                                       {"b", "--b"},
                                       {"c", "--c"},
                                       {"bias", "--bias"},
                                       {"order", "--order"}}) {
      if (error.location() == name) return Error(error.message(), option, error.hint());
    }
    return error;
  }

  void write(tensors::Tensor d) const {
    tensors::TensorFile file;
    file.tensors.push_back(storable(std::move(d), tensors::container_of(options_.out)));
    tensors::write(options_.out, file, {});
  }

  void report(const Operands& operands, const tensors::Shape& shape,
              const std::string& type) const {
    const std::int64_t terms = operands.a.shape.back();
    if (options_.json) {
      Json object;
      object["unit"] = options_.unit.empty() ? Json() : Json(unit_->name);
      object["order"] = order_.name.empty() ? options_.order : order_.name;
      object["shape"] = shape;
      object["terms"] = terms;
      object["type"] = type;
      object["tree"] =
          to_json(kernels::tree_of(order_, unit_->tree, static_cast<std::size_t>(terms)));
      return print(object.dump() + "\n");
    }
    if (options_.quiet) return;
    std::string text;
    for (const std::int64_t n : shape) text += (text.empty() ? "" : " x ") + std::to_string(n);
    print(options_.out + ": " + text + " of " + type + ", " + std::to_string(terms) + " terms, " +
          (options_.unit.empty() ? "" : unit_->name + ", ") + options_.order + "\n");
  }

  const GemmOptions& options_;
  kernels::Order order_;
  std::optional<MatrixUnit> unit_;
};

}  // namespace

int gemm_verb(const Arguments& arguments) {
  GemmOptions options;
  Parser parser("gemm", description, examples);
  parser
      .text("--a", options.a, "the left matrix, rows x terms; a batch of them has more dimensions")
      .required()
      .value_name("FILE");
  parser.text("--b", options.b, "the right matrix, terms x columns").required().value_name("FILE");
  parser.text("--c", options.c, "what is added: as the result, one a column, or one number")
      .value_name("FILE");
  parser.text("--unit", options.unit, "the matrix unit").value_name("U");
  parser.text("--order", options.order, "what the kernel does around it (plain)")
      .value_name("ORDER");
  parser.text("-o,--output", options.out, "the file to write: .npy, .npz, .safetensors, .raw")
      .required()
      .value_name("OUT");
  parser.flag("--b-transposed", options.b_transposed, "B is columns x terms");
  parser
      .list("--a-scales", options.a_scales,
            "scales of A: rows x blocks, one a row, or one number; again for every scaled sum")
      .value_name("FILE")
      .repeated();
  parser.list("--b-scales", options.b_scales, "scales of B: columns x blocks, likewise")
      .value_name("FILE")
      .repeated();
  parser.text("--bias", options.bias, "of an order that adds one: a number a column")
      .value_name("FILE");
  parser.text("--to", options.to, "round the result once more, to this format").value_name("F");
  parser.text("--a-shape", options.a_shape, "of a raw file: 128,512").value_name("N,...");
  parser.text("--b-shape", options.b_shape, "likewise").value_name("N,...");
  parser.flag("--packed", options.packed,
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

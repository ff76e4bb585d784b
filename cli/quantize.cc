// SPDX-License-Identifier: MIT
//
// halfulp quantize: whole tensor files to a format, block formats included: values, or codes and
// scales; and what that cost in accuracy.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "cli/at_option.h"
#include "cli/output.h"
#include "cli/progress.h"
#include "cli/same_file.h"
#include "cli/tensor_options.h"
#include "cli/verb.h"
#include "emulator/engine.h"
#include "experiments/policy/autoflex.h"
#include "formats/block.h"
#include "formats/codes.h"
#include "formats/error.h"
#include "formats/json.h"
#include "golden/tensors/error_statistics.h"
#include "golden/tensors/files.h"
#include "reference/engine.h"

namespace halfulp::cli {
namespace {

const char* const description =
    "Rounds the tensors of a file (.npy, .npz, .safetensors, or raw with --dtype and --shape) to "
    "a\n"
    "format and writes OUT: values, each scale times element, as float32 (float64 where the input "
    "or\n"
    "the format needs it), or with --codes the codes and the scales. F is a number format, or a "
    "block\n"
    "format (mxfp8_e4m3, mxfp8_e5m2, mxfp6_e3m2, mxfp6_e2m3, mxfp4, mxint8, nvfp4, msfp12, "
    "msfp16,\n"
    "bfpM_N, ..., `halfulp formats` lists them), or JSON. Blocks lie along --axis. Prints for "
    "each\n"
    "tensor how many elements were NaN and became NaN or infinite, and of the others, the measured "
    "ones,\n"
    "the mean square error (MSE), the signal-to-noise ratio and the largest error in units of the "
    "last\n"
    "place; and the shares of elements beyond the largest number that became a finite one, and of "
    "those\n"
    "flushed to zero.";

const char* const examples =
    "  $ halfulp quantize weights.npy --to mxfp4 -o weights.mxfp4.npy\n"
    "  ...\n"
    "\n"
    "  $ halfulp quantize weights.npy --to nvfp4 --codes -o weights.safetensors --json\n"
    "  ...\n"
    "\n"
    "  $ halfulp quantize weights.npy --to float8_e4m3fn --scaling row --axis 0 -o w8.npz --quiet\n"
    "  ...\n"
    "\n"
    "  $ printf '\\000\\000\\200\\077' | halfulp quantize - --dtype float32 --shape 1 --to fp4 -o "
    "one.raw\n"
    "  tensor  shape  elements  NaN in  NaN out  infinite  measured  MSE  SNR (dB)  saturated  to "
    "zero  max ulp\n"
    "  -       [1]           1       0        0         0         1    0       inf        0 %      "
    "0 %        0\n";

struct QuantizeOptions {
  std::string in, out, to, scaling, scale_rule, special_block, zero_scale;
  TensorOptions tensors;
  std::vector<std::string> only;
  int axis = -1;
  int threads = 0;
  bool codes = false, reference = false;
  bool json = false, quiet = false;
  RoundingOptions rounding;
};

void set_block_options(const QuantizeOptions& options, BlockFormat& format) {
  if (const std::string& name = options.rounding.preset; !name.empty())
    format = at_option("--preset", [&] { return find_block_preset(name).apply(format); });
  if (!options.scale_rule.empty()) {
    format.levels.back().rule =
        at_option("--scale-rule", [&] { return parse_scale_rule(options.scale_rule); });
  }
  if (!options.special_block.empty()) {
    format.special =
        at_option("--special-block", [&] { return parse_special_block(options.special_block); });
  }
  if (!options.zero_scale.empty()) {
    format.zero_scale =
        at_option("--zero-scale", [&] { return parse_zero_scale(options.zero_scale); });
  }
  RoundingOptions of_element = options.rounding;
  of_element.preset.clear();
  format.element.rounding = rounding_of(of_element, format.element.format, format.element.rounding);
  at_option("--to", [&] {
    validate(format);
    return 0;
  });
}

AnyQuantizer quantizer_of(const QuantizeOptions& options) {
  AnyQuantizer any = at_option("--to", [&] { return any_quantizer_from_text(options.to); });
  if (!options.scaling.empty()) {
    any = at_option("--scaling", [&] {
      const Quantizer* scalar = std::get_if<Quantizer>(&any);
      if (scalar == nullptr)
        throw Error("a block format has its own scales", "", "leave --scaling out");
      Json object = to_json(*scalar);
      object["scaling"] =
          options.scaling[0] == '{' ? parse_json(options.scaling, "JSON") : Json(options.scaling);
      return any_quantizer_from_json(object, "");
    });
  }
  if (auto* block = std::get_if<BlockFormat>(&any)) {
    set_block_options(options, *block);
    return any;
  }
  for (const auto& [option, text] : {std::pair{"--scale-rule", options.scale_rule},
                                     {"--special-block", options.special_block},
                                     {"--zero-scale", options.zero_scale}}) {
    if (!text.empty())
      throw Error("is for block formats", option, "add --scaling, or leave it out");
  }
  auto& scalar = std::get<Quantizer>(any);
  scalar.rounding = rounding_of(options.rounding, scalar.format, scalar.rounding);
  return any;
}

std::string percent(std::uint64_t part, std::uint64_t all) {
  if (part == 0 || all == 0) return "0 %";
  return fmt::format("{:.3g} %", 100.0 * static_cast<double>(part) / static_cast<double>(all));
}

// A tensor's line of the table and its object.
struct Answer {
  std::string name;
  tensors::Shape shape;
  tensors::ErrorStatistics errors;
  std::optional<double> predicted_scale;
};

std::string shape_text(const tensors::Shape& shape) {
  std::string text = "[";
  for (std::size_t i = 0; i < shape.size(); ++i)
    text += (i > 0 ? "," : "") + std::to_string(shape[i]);
  return text + "]";
}

// "inf" where no measured element has an error, "-" where there is no signal, or nothing measured.
std::string decibel(const tensors::ErrorStatistics& errors) {
  if (errors.signal_to_noise) return fmt::format("{:.2f}", *errors.signal_to_noise);
  return errors.mean_square == 0 && errors.measured > 0 ? "inf" : "-";
}

void print_table(const std::vector<Answer>& answers) {
  std::vector<std::vector<std::string>> rows;
  for (const Answer& answer : answers) {
    const tensors::ErrorStatistics& errors = answer.errors;
    const bool any = errors.measured > 0;
    rows.push_back({answer.name.empty() ? "-" : answer.name, shape_text(answer.shape),
                    std::to_string(errors.elements), std::to_string(errors.nan_in),
                    std::to_string(errors.nan_out), std::to_string(errors.infinite_out),
                    std::to_string(errors.measured),
                    any ? fmt::format("{:.6g}", errors.mean_square) : "-", decibel(errors),
                    percent(errors.saturated, errors.elements),
                    percent(errors.flushed, errors.elements),
                    any ? fmt::format("{:.4g}", errors.largest_ulp) : "-"});
  }
  print(table_text({{"tensor"},
                    {"shape"},
                    {"elements", Align::right},
                    {"NaN in", Align::right},
                    {"NaN out", Align::right},
                    {"infinite", Align::right},
                    {"measured", Align::right},
                    {"MSE", Align::right},
                    {"SNR (dB)", Align::right},
                    {"saturated", Align::right},
                    {"to zero", Align::right},
                    {"max ulp", Align::right}},
                   rows));
}

Json json_of(const Answer& answer) {
  const tensors::ErrorStatistics& errors = answer.errors;
  const bool any = errors.measured > 0;
  Json object;
  object["tensor"] = answer.name;
  object["shape"] = answer.shape;
  object["elements"] = errors.elements;
  object["measured"] = errors.measured;
  object["mean_square_error"] = any ? number_json(errors.mean_square) : Json();
  object["signal_to_noise_db"] =
      errors.signal_to_noise ? number_json(*errors.signal_to_noise) : Json(decibel(errors));
  object["saturated"] = errors.saturated;
  object["flushed_to_zero"] = errors.flushed;
  object["inexact"] = errors.inexact;
  object["nan_in"] = errors.nan_in;
  object["nan_out"] = errors.nan_out;
  object["infinite_in"] = errors.infinite_in;
  object["infinite_out"] = errors.infinite_out;
  object["special"] = errors.nan_in + errors.infinite_in;
  object["lost"] = errors.lost;
  object["largest_error_ulp"] = any ? number_json(errors.largest_ulp) : Json();
  object["largest_error_at"] = any ? Json(errors.largest_at) : Json();
  if (answer.predicted_scale) object["predicted_scale"] = *answer.predicted_scale;
  return object;
}

// What a reader of the errors must know besides: "1 NaN in, 16 NaN out, ..."; empty where all
// elements are finite before and after.
std::string warning_of(const tensors::ErrorStatistics& errors, bool in_blocks) {
  std::string facts;
  const auto add = [&](std::uint64_t count, const std::string& what) {
    if (count > 0) facts += (facts.empty() ? "" : ", ") + std::to_string(count) + " " + what;
  };
  add(errors.nan_in, "NaN in");
  add(errors.nan_out, "NaN out");
  add(errors.infinite_in, "infinite in");
  add(errors.infinite_out, "infinite out");
  add(errors.lost, errors.lost == 1 ? "finite element lost" : "finite elements lost");
  if (facts.empty()) return facts;
  facts += "; the errors are of " + std::to_string(errors.measured) + " of " +
           std::to_string(errors.elements) + " elements";
  const bool by_block = in_blocks && errors.lost > 0 && errors.nan_in + errors.infinite_in > 0;
  if (by_block) facts += "; --special-block says what a block with NaN or infinities becomes";
  return facts;
}

// The largest |code| of integers under one scale. NaN counts as 0.
std::uint64_t largest_code(const tensors::Quantized& out, double scale) {
  double largest = 0;
  for (std::size_t i = 0; i < out.values.size(); ++i) {
    const double code = out.values.at(i) / scale;
    if (std::abs(code) > largest) largest = std::abs(code);
  }
  return static_cast<std::uint64_t>(largest);
}

class Run {
 public:
  explicit Run(const QuantizeOptions& options)
      : options_(options),
        engine_(options.reference ? reference::engine() : emulator::engine()),
        quantizer_(quantizer_of(options)) {
    const auto* block = std::get_if<BlockFormat>(&quantizer_);
    const auto rule = block == nullptr ? std::nullopt : experiments::autoflex_rule(*block);
    if (rule) autoflex_.emplace(*rule);
  }

  int execute() {
    require_container();
    require_names_apart();
    tensors::Selection only =
        at_option("--only", [&] { return tensors::Selection(options_.only); });
    tensors::ReadOptions how = read_options(options_.tensors);
    how.only = &only;
    tensors::TensorFile in = tensors::read(options_.in, how);
    std::vector<tensors::Tensor> tensors =
        at_option("--only", [&] { return only.in_order(std::move(in.tensors)); });
    require_writable(options_.out);
    file_.metadata = std::move(in.metadata);
    if (options_.codes) describe_codes();
    ProgressBar bar("tensors", options_.quiet);
    for (std::size_t i = 0; i < tensors.size(); ++i) {
      const tensors::Tensor tensor = std::move(tensors[i]);
      try {
        quantize(tensor, i);
      } catch (const Error& error) {
        throw error.location().empty() ? error.at(place_of(tensor)) : error;
      }
      bar.update(static_cast<double>(i + 1), static_cast<double>(tensors.size()), 0, tensor.name);
    }
    bar.clear();
    warn();
    write();
    if (!options_.json) print_table(answers_);
    for (const Answer& answer : answers_) {
      if (options_.json) print(json_of(answer).dump() + "\n");
    }
    return exit_good;
  }

 private:
  void require_container() const {
    const tensors::Container container =
        at_option("-o", [&] { return tensors::container_of(options_.out); });
    const bool named =
        container == tensors::Container::npz || container == tensors::Container::safetensors;
    if (options_.codes && !named)
      throw Error(options_.out + " holds one array, and codes have scales beside them", "-o",
                  "name a file ending in .npz or .safetensors");
  }

  void require_names_apart() const {
    std::vector<NamedPath> inputs{{"IN", options_.in}};
    if (looks_like_path(options_.to)) inputs.push_back({"--to", options_.to});
    const NamedPath output{"-o", options_.out};
    require_apart(inputs, std::span(&output, 1));
  }

  // What the file said of itself stays, but for codes that it had.
  void describe_codes() {
    std::erase_if(file_.metadata, [](const auto& entry) { return entry.first == "halfulp"; });
    file_.metadata.emplace_back("halfulp", to_json(quantizer_).dump());
  }

  [[nodiscard]] std::string place_of(const tensors::Tensor& tensor) const {
    return options_.in + (tensor.name.empty() ? "" : ": " + tensors::printable(tensor.name));
  }

  // Element e of tensor i draws its random bits at index e of stream 8 i, its scales in the next
  // ones.
  void quantize(const tensors::Tensor& tensor, std::size_t i) {
    constexpr std::uint64_t streams = 8;
    const std::size_t axis =
        at_option("--axis", [&] { return tensors::axis_of(tensor.shape, options_.axis); });
    const tensors::Unfolded in = tensors::unfold(tensor, axis);
    Random random = random_of(options_.rounding);
    random.stream = streams * i;
    std::optional<double> predicted;
    if (autoflex_) predicted = predict(in, random);
    const tensors::TensorQuantizer quantizer = quantizer_for(in);
    const tensors::Quantized out = quantizer.quantize(in, random, options_.codes);
    answers_.push_back({tensor.name, tensor.shape,
                        error_statistics(in, out, random, quantizer, engine_), predicted});
    if (!options_.codes) {
      file_.tensors.push_back(quantizer.values(in, out, tensor.name));
      return;
    }
    for (tensors::Tensor& part : quantizer.codes(in, out, tensor.name))
      file_.tensors.push_back(std::move(part));
  }

  [[nodiscard]] tensors::TensorQuantizer quantizer_for(const tensors::Unfolded& in) const {
    try {
      return {quantizer_,
              engine_,
              options_.threads,
              {.elements = in.matrix.size(), .carrier = in.matrix.carrier}};
    } catch (const Error& error) {
      throw Error(error.message(), "--to", "use `halfulp cast`, number by number");
    }
  }

  // Sets the scale of the format to what the tensors before say. The first tensors may need several
  // tries; from then on one.
  double predict(const tensors::Unfolded& in, const Random& random) {
    double& scale = std::get<BlockFormat>(quantizer_).levels.front().given;
    do {
      scale = autoflex_->scale();
      const tensors::TensorQuantizer quantizer = quantizer_for(in);
      if (autoflex_->observe(largest_code(quantizer.quantize(in, random, false), scale))) break;
    } while (true);
    return scale;
  }

  // Where only some elements say what the errors are, also under --quiet.
  void warn() const {
    for (const Answer& answer : answers_) {
      const std::string facts =
          warning_of(answer.errors, std::holds_alternative<BlockFormat>(quantizer_));
      const std::string name = answer.name.empty() ? "" : ": " + tensors::printable(answer.name);
      if (!facts.empty()) note(options_.in + name + ": warning: " + facts);
    }
  }

  // Types that the file has no name for become unsigned integers of their size.
  void write() {
    const tensors::Container container = tensors::container_of(options_.out);
    for (tensors::Tensor& tensor : file_.tensors) {
      const bool named = container == tensors::Container::safetensors
                             ? tensors::safetensors_name(tensor.type).has_value()
                             : tensors::numpy_code(tensor.type).front() != 'V';
      if (named) continue;
      const std::size_t bits = 8 * tensors::element_bytes(tensor.type);
      tensor.type = tensors::element_type("uint" + std::to_string(bits));
    }
    tensors::WriteOptions write;
    write.packed = options_.tensors.packed;
    tensors::write(options_.out, file_, write);
  }

  const QuantizeOptions& options_;
  const Engine& engine_;
  AnyQuantizer quantizer_;
  std::optional<experiments::Autoflex> autoflex_;
  tensors::TensorFile file_;
  std::vector<Answer> answers_;
};

}  // namespace

int quantize_verb(const Arguments& arguments) {
  QuantizeOptions options;
  Parser parser("quantize", description, examples);
  parser.text("IN", options.in, "the tensor file; - is standard input").required();
  parser.text("--to", options.to, "the format").required().value_name("F");
  parser.text("-o,--output", options.out, "the file to write: .npy, .npz, .safetensors, .raw")
      .required()
      .value_name("OUT");
  parser.flag("--codes", options.codes,
              "write codes and scales, to .npz or .safetensors, instead of values");
  parser.number("--axis", options.axis, "the axis that blocks lie along (-1, the last)")
      .value_name("N");
  parser
      .text("--scaling", options.scaling,
            "scales for a number format: tensor, row, column, group:N, block:RxC, or JSON")
      .value_name("HOW");
  parser
      .text("--scale-rule", options.scale_rule,
            "how a block's scale follows from its elements: floor, ceil, even, rceil, ratio, "
            "largest, mean")
      .value_name("RULE");
  parser
      .text("--special-block", options.special_block,
            "blocks with NaN or infinities: nan, saturate, ignore, nan_else_saturate")
      .value_name("HOW");
  parser
      .text("--zero-scale", options.zero_scale,
            "what stands for a scale that is zero: zero, least, one")
      .value_name("HOW");
  add_rounding(parser, options.rounding);
  parser.list("--only", options.only, "these tensors of the file, in this order")
      .value_name("NAME,...")
      .delimiter(',')
      .repeated();
  add_tensor_options(parser, options.tensors);
  parser.flag("--reference", options.reference,
              "answer from the exact reference instead of the emulator");
  add_threads(parser, options.threads);
  add_json(parser, options.json);
  add_quiet(parser, options.quiet);
  if (!parser.parse(arguments)) return exit_good;
  return Run(options).execute();
}

}  // namespace halfulp::cli

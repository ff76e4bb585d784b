// SPDX-License-Identifier: MIT
//
// halfulp quantize: whole tensor files to a format, block formats included: values, or codes and
// scales; and what that cost in accuracy.
#include <algorithm>
#include <cmath>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "cli/at_option.h"
#include "cli/output.h"
#include "cli/progress.h"
#include "cli/quantize.h"
#include "cli/same_file.h"
#include "cli/verb.h"
#include "emulator/engine.h"
#include "experiments/policy/autoflex.h"
#include "formats/block.h"
#include "formats/codes.h"
#include "formats/error.h"
#include "formats/files/safetensors_layout.h"
#include "formats/json.h"
#include "formats/output_file.h"
#include "golden/tensors/error_statistics.h"
#include "golden/tensors/files.h"
#include "golden/tensors/gguf/block_types.h"
#include "golden/tensors/opened.h"
#include "golden/tensors/parted_quantizer.h"
#include "golden/tensors/scale_tiles.h"
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
    "flushed to zero. F may be a type of GGUF too (gguf_q4_0, gguf_q8_0, gguf_q4_k, gguf_mxfp4, "
    "...),\n"
    "rounded as llama.cpp's reference functions do; OUT is then values, or blocks in a .gguf.";

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
    "  $ halfulp quantize weights.npy --to mxfp8_e4m3 --codes --both-copies --scale-layout 128x4 "
    "-o w.safetensors --quiet\n"
    "  ...\n"
    "\n"
    "  $ halfulp quantize weights.npy --to gguf_q8_0 -o weights.gguf --quiet\n"
    "  ...\n"
    "\n"
    "  $ printf '\\000\\000\\200\\077' | halfulp quantize - --dtype float32 --shape 1 --to fp4 -o "
    "one.raw\n"
    "  tensor  shape  elements  NaN in  NaN out  infinite  measured  MSE  SNR (dB)  saturated  to "
    "zero  max ulp\n"
    "  -       [1]           1       0        0         0         1    0       inf        0 %      "
    "0 %        0\n";

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
        quantizer_(quantizer_of(options.quantizer)) {
    const auto* block = std::get_if<BlockFormat>(&quantizer_);
    const auto rule = block == nullptr ? std::nullopt : experiments::autoflex_rule(*block);
    if (rule) autoflex_.emplace(*rule);
  }

  int execute() {
    require_container();
    require_tiles();
    require_names_apart();
    if (may_stream() && stream()) return exit_good;
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
    print_answers(answers_, options_.json);
    return exit_good;
  }

 private:
  // Values of a file that lies open, along the last axis, into a file that needs no more than its
  // head before them.
  [[nodiscard]] bool may_stream() const {
    const tensors::Container out = tensors::container_of(options_.out);
    const TensorOptions& in = options_.tensors;
    return !options_.codes && !options_.both_copies && options_.hadamard == 0 && !autoflex_ &&
           options_.axis == -1 && options_.only.empty() && options_.in != "-" && !in.packed &&
           in.dtype.empty() == in.shape.empty() && out != tensors::Container::npz;
  }

  // What has been opened, and how its tensors are cut. Absent where one of them cannot be, or where
  // the file is damaged, which reading it whole tells.
  struct Opened {
    std::unique_ptr<tensors::OpenedFile> file;
    std::vector<tensors::TensorCodes> tensors;
    std::vector<tensors::Parting> partings;
  };
  [[nodiscard]] std::optional<Opened> opened() const {
    const tensors::ReadOptions how = read_options(options_.tensors);
    Opened opened;
    try {
      opened.file = std::make_unique<tensors::OpenedFile>(
          options_.in, how, [&](const std::string&, const tensors::Metadata&) { return how.type; });
      if (how.type && !opened.file->used_type()) return std::nullopt;
      for (std::size_t i = 0; i < opened.file->headings().size(); ++i) {
        opened.tensors.push_back(opened.file->codes(i));
        const auto parting = tensors::parting_of(quantizer_, opened.tensors.back().shape());
        if (!parting || !tensors::reads_in_parts(opened.tensors.back())) return std::nullopt;
        opened.partings.push_back(*parting);
      }
    } catch (const Error&) {
      return std::nullopt;
    }
    return opened;
  }

  // False where nothing was done, as it is not possible.
  bool stream() {
    const std::optional<Opened> in = opened();
    if (!in || in->tensors.empty()) return false;
    const tensors::Container container = tensors::container_of(options_.out);
    if (container != tensors::Container::safetensors && in->tensors.size() != 1) return false;
    require_writable(options_.out);
    std::vector<tensors::Heading> headings;
    for (const tensors::TensorCodes& tensor : in->tensors) headings.push_back(heading_of(tensor));
    std::vector<std::size_t> order{0};
    halfulp::OutputFile file(options_.out);
    if (container == tensors::Container::npy) file.write(tensors::npy_beginning(headings[0]));
    if (container == tensors::Container::safetensors) {
      tensors::SafetensorsPlan plan = plan_of(headings, in->file->metadata());
      file.write(tensors::safetensors_start(plan.header));
      order = std::move(plan.tensors);
    }
    answers_.resize(in->tensors.size());
    ProgressBar bar("tensors", options_.quiet);
    for (std::size_t done = 0; done < order.size(); ++done) {
      const std::size_t i = order[done];
      stream_one(in->tensors[i], in->partings[i], i, file);
      bar.update(static_cast<double>(done + 1), static_cast<double>(order.size()), 0,
                 in->tensors[i].name());
    }
    bar.clear();
    warn();
    file.commit();
    print_answers(answers_, options_.json);
    return true;
  }

  void stream_one(const tensors::TensorCodes& tensor, const tensors::Parting& parting,
                  std::size_t i, halfulp::OutputFile& file) {
    try {
      const tensors::TensorQuantizer quantizer =
          quantizer_of_size(tensor.size(), carrier_of(tensor));
      const tensors::ErrorStatistics errors = tensors::quantize_in_parts(
          tensor, quantizer, parting, random_for(i), engine_, options_.threads,
          [&](tensors::ByteView part) {
            file.write({reinterpret_cast<const char*>(part.data()), part.size()});
          });
      answers_[i] = {tensor.name(), tensor.shape(), errors, std::nullopt};
    } catch (const Error& error) {
      throw error.location().empty() ? error.at(tensor.place()) : error;
    }
  }

  static Carrier carrier_of(const tensors::TensorCodes& tensor) {
    return fits_binary32(tensor.type().format) ? Carrier::binary32 : Carrier::binary64;
  }

  [[nodiscard]] tensors::Heading heading_of(const tensors::TensorCodes& tensor) const {
    const Carrier values = tensors::values_carrier(quantizer_, carrier_of(tensor));
    return {tensor.name(),
            tensors::element_type(values == Carrier::binary32 ? "float32" : "float64"),
            tensor.shape()};
  }

  [[nodiscard]] tensors::SafetensorsPlan plan_of(const std::vector<tensors::Heading>& headings,
                                                 const tensors::Metadata& metadata) const {
    try {
      return tensors::safetensors_plan(headings, metadata);
    } catch (const Error& error) {
      throw error.at(options_.out);
    }
  }

  void require_container() const {
    const tensors::Container container =
        at_option("-o", [&] { return tensors::container_of(options_.out); });
    const bool named =
        container == tensors::Container::npz || container == tensors::Container::safetensors;
    if (options_.codes && !named)
      throw Error(options_.out + " holds one array, and codes have scales beside them", "-o",
                  "name a file ending in .npz or .safetensors");
  }

  void require_tiles() {
    const auto* block = std::get_if<BlockFormat>(&quantizer_);
    if (options_.scale_layout == "rows") return;
    if (options_.scale_layout != "128x4")
      throw Error("\"" + options_.scale_layout + "\" is neither rows nor 128x4", "--scale-layout",
                  suggest(options_.scale_layout, {"rows", "128x4"}));
    tiled_ = true;
    if (!options_.codes || block == nullptr || !tensors::lies_in_tiles(block->levels.back()))
      throw Error("tiles are of one-byte scales of blocks of one row", "--scale-layout",
                  "take --codes of a block format such as mxfp8_e4m3 or nvfp4");
  }

  void require_names_apart() const {
    std::vector<NamedPath> inputs{{"IN", options_.in}};
    if (looks_like_path(options_.quantizer.to)) inputs.push_back({"--to", options_.quantizer.to});
    const NamedPath output{"-o", options_.out};
    require_apart(inputs, std::span(&output, 1));
  }

  // What the file said of itself stays, but for codes that it had.
  void describe_codes() {
    std::erase_if(file_.metadata,
                  [](const auto& entry) { return entry.first.starts_with("halfulp"); });
    file_.metadata.emplace_back("halfulp", to_json(quantizer_).dump());
    if (options_.both_copies) file_.metadata.emplace_back("halfulp_copies", "both");
    if (options_.axis != -1)
      file_.metadata.emplace_back("halfulp_axis", std::to_string(options_.axis));
    if (options_.hadamard > 0)
      file_.metadata.emplace_back(
          "halfulp_hadamard",
          std::to_string(options_.hadamard) +
              (options_.hadamard_signs ? ", signs of seed " + std::to_string(options_.hadamard_seed)
                                       : ""));
    if (tiled_) file_.metadata.emplace_back("halfulp_scale_layout", options_.scale_layout);
  }

  [[nodiscard]] std::string place_of(const tensors::Tensor& tensor) const {
    return options_.in + (tensor.name.empty() ? "" : ": " + tensors::printable(tensor.name));
  }

  // The tensor, or its two copies: along rows and along columns.
  void quantize(const tensors::Tensor& tensor, std::size_t i) {
    if (!options_.both_copies) return quantize_copy(tensor, tensor.name, options_.axis, i);
    if (tensor.shape.size() < 2)
      throw Error("a tensor of " + std::to_string(tensor.shape.size()) + " dimensions", "",
                  "copies along rows and columns need two");
    const std::string start = tensor.name.empty() ? "" : tensor.name + ".";
    quantize_copy(tensor, start + "rowwise", -1, 2 * i);
    quantize_copy(tensor, start + "columnwise", -2, 2 * i + 1);
  }

  // Element e of copy i draws its random bits at index e of stream 8 i, its scales in the next
  // ones.
  void quantize_copy(const tensors::Tensor& tensor, const std::string& name, int along,
                     std::size_t i) {
    const std::size_t axis =
        at_option("--axis", [&] { return tensors::axis_of(tensor.shape, along); });
    tensors::Unfolded in = tensors::unfold(tensor, axis);
    if (options_.hadamard > 0) rotate(in);
    const Random random = random_for(i);
    std::optional<double> predicted;
    if (autoflex_) predicted = predict(in, random);
    const tensors::TensorQuantizer quantizer = quantizer_for(in);
    const tensors::Quantized out = quantizer.quantize(in, random, options_.codes);
    answers_.push_back(
        {name, tensor.shape, error_statistics(in, out, random, quantizer, engine_), predicted});
    if (!options_.codes) {
      file_.tensors.push_back(quantizer.values(in, out, name));
      return;
    }
    for (tensors::Tensor& part : quantizer.codes(in, out, name)) {
      const bool scales = part.name == "scales" || part.name.ends_with(".scales");
      file_.tensors.push_back(tiled_ && scales ? in_tiles(part, in) : std::move(part));
    }
  }

  [[nodiscard]] Random random_for(std::size_t i) const {
    constexpr std::uint64_t streams = 8;
    Random random = random_of(options_.quantizer.rounding);
    random.stream = streams * i;
    return random;
  }

  // Signs are drawn from a stream that no tensor draws from.
  void rotate(tensors::Unfolded& in) const {
    Random signs = random_of(options_.quantizer.rounding);
    signs.seed = options_.hadamard_seed;
    signs.stream = std::uint64_t{1} << 63U;
    at_option("--hadamard", [&] {
      tensors::rotate(in, options_.hadamard, options_.hadamard_signs ? &signs : nullptr);
      return 0;
    });
  }

  static tensors::Tensor in_tiles(const tensors::Tensor& scales, const tensors::Unfolded& in) {
    if (in.axis + 2 < in.shape.size())
      throw Error("tiles are of the last two axes", "--scale-layout", "choose another --axis");
    return tensors::tiled_scales(scales, in.axis + 1 < in.shape.size());
  }

  [[nodiscard]] tensors::TensorQuantizer quantizer_for(const tensors::Unfolded& in) const {
    return quantizer_of_size(in.matrix.size(), in.matrix.carrier);
  }
  [[nodiscard]] tensors::TensorQuantizer quantizer_of_size(std::size_t elements,
                                                           Carrier carrier) const {
    try {
      return {quantizer_, engine_, options_.threads, {.elements = elements, .carrier = carrier}};
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
    for (const TensorAnswer& answer : answers_) {
      const std::string facts =
          warning_of(answer.errors, std::holds_alternative<BlockFormat>(quantizer_));
      const std::string name = answer.name.empty() ? "" : ": " + tensors::printable(answer.name);
      if (!facts.empty()) note(options_.in + name + ": warning: " + facts);
    }
  }

  void write() {
    const tensors::Container container = tensors::container_of(options_.out);
    for (tensors::Tensor& tensor : file_.tensors) tensor = storable(std::move(tensor), container);
    tensors::WriteOptions write;
    write.packed = options_.tensors.packed;
    tensors::write(options_.out, file_, write);
  }

  const QuantizeOptions& options_;
  const Engine& engine_;
  AnyQuantizer quantizer_;
  std::optional<experiments::Autoflex> autoflex_;
  bool tiled_ = false;  // scales lie in tiles
  tensors::TensorFile file_;
  std::vector<TensorAnswer> answers_;
};

// Answers the option of the seed.
Option add_hadamard(Parser& parser, QuantizeOptions& options) {
  parser.count("--hadamard", options.hadamard,
               "multiply blocks of N along the axis by a Hadamard matrix first; OUT stays rotated",
               1, 65536);
  return parser
      .number("--hadamard-seed", options.hadamard_seed,
              "draw the signs of --hadamard from this seed")
      .value_name("S");
}

void add_layout(Parser& parser, QuantizeOptions& options) {
  parser
      .text("--scale-layout", options.scale_layout,
            "of --codes: rows (the default), 128x4 (tiles as matrix units read them)")
      .value_name("HOW");
}

// What IN does not say of itself.
void add_input_options(Parser& parser, QuantizeOptions& options) {
  parser.list("--only", options.only, "these tensors of the file, in this order")
      .value_name("NAME,...")
      .delimiter(',')
      .repeated();
  add_tensor_options(parser, options.tensors);
}

}  // namespace

int quantize_verb(const Arguments& arguments) {
  QuantizeOptions options;
  Parser parser("quantize", description, examples);
  parser.text("IN", options.in, "the tensor file; - is standard input").required();
  parser.text("--to", options.quantizer.to, "the format").required().value_name("F");
  parser
      .text("-o,--output", options.out, "the file to write: .npy, .npz, .safetensors, .raw, .gguf")
      .required()
      .value_name("OUT");
  parser.flag("--codes", options.codes,
              "write codes and scales, to .npz or .safetensors, instead of values");
  const Option axis =
      parser.number("--axis", options.axis, "the axis that blocks lie along (-1, the last)")
          .value_name("N");
  parser
      .flag("--both-copies", options.both_copies,
            "quantize along the last axis and along the one before: NAME.rowwise, "
            "NAME.columnwise")
      .excludes(axis);
  add_block_options(parser, options.quantizer);
  add_block_extents(parser, options.quantizer);
  add_layout(parser, options);
  const Option hadamard_seed = add_hadamard(parser, options);
  add_rounding(parser, options.quantizer.rounding);
  add_input_options(parser, options);
  parser.flag("--reference", options.reference,
              "answer from the exact reference instead of the emulator");
  add_threads(parser, options.threads);
  add_json(parser, options.json);
  add_quiet(parser, options.quiet);
  if (!parser.parse(arguments)) return exit_good;
  options.hadamard_signs = hadamard_seed.given();
  if (options.hadamard_signs && options.hadamard == 0)
    throw Error("is the seed of a Hadamard matrix's signs", "--hadamard-seed",
                "give --hadamard 16 beside it");
  if (tensors::gguf::is_gguf_name(options.quantizer.to)) return quantize_to_gguf(options);
  return Run(options).execute();
}

}  // namespace halfulp::cli

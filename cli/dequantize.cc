// SPDX-License-Identifier: MIT
//
// halfulp dequantize: codes and scales of tensor files back to values, or a table of what is there.
#include <array>
#include <map>
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
#include "cli/same_file.h"
#include "cli/verb.h"
#include "formats/error.h"
#include "formats/json.h"
#include "golden/tensors/checkpoint/scaled.h"
#include "golden/tensors/dequantizer.h"
#include "golden/tensors/files.h"
#include "golden/tensors/gguf/tensors.h"

namespace halfulp::cli {
namespace {

const char* const description =
    "Turns codes and scales of a tensor file back to values. IN is one of\n"
    "  what `halfulp quantize --codes` wrote (.npz needs --from: it does not say the format);\n"
    "  a .safetensors checkpoint in FP8 or INT8 (NAME with NAME_scale_inv or NAME_scale: of all, "
    "of\n"
    "  rows or of blocks), MXFP4 (NAME_blocks with NAME_scales; U8 with U8 NAME_scale) or NVFP4\n"
    "  (U8 with F8_E4M3 NAME_scale and NAME_scale_2; NAME_packed, NAME_scale, NAME_global_scale);\n"
    "  a .gguf file, of all types but IQ.\n"
    "Values are code * scale, where scales have scales code * (scale * scale), each step rounded "
    "once\n"
    "to float32, to nearest even (--to float64: in float64), then once to the type --to. Tensors "
    "that\n"
    "have no scales stay as they are. Files go part by part, but .npz is written whole.\n"
    "Without -o, prints the tensors that OUT would have: how they are kept, their shape, their "
    "bytes\n"
    "in IN.";

const char* const examples =
    "  $ halfulp quantize weights.npy --to mxfp4 --codes -o codes.safetensors --quiet\n"
    "  ...\n"
    "  $ halfulp dequantize codes.safetensors\n"
    "  ...\n"
    "  $ halfulp dequantize codes.safetensors -o values.npy --quiet\n"
    "\n"
    "  $ halfulp quantize weights.npy --to gguf_q4_0 -o weights.gguf --quiet\n"
    "  ...\n"
    "  $ halfulp dequantize weights.gguf --to bfloat16 -o weights.safetensors --quiet\n";

struct DequantizeOptions {
  std::string in, out, from, block;
  std::string to = "float32", nibbles = "low-first", scale_layout = "rows";
  std::vector<std::string> only;
  int axis = -1;
  bool axis_given = false;
  bool json = false, quiet = false;
};

// "128x128"
std::optional<std::array<std::size_t, 2>> block_of(const std::string& text) {
  if (text.empty()) return std::nullopt;
  std::array<std::size_t, 2> block{};
  const std::size_t cross = text.find('x');
  const auto number = [&](const std::string& digits) -> std::size_t {
    const bool right = !digits.empty() && digits.size() <= 9 &&
                       digits.find_first_not_of("0123456789") == std::string::npos;
    const std::size_t value = right ? std::stoul(digits) : 0;
    if (value == 0 || cross == std::string::npos)
      throw Error("\"" + text + "\" is no block", "--block", "write for example 128x128");
    return value;
  };
  block[0] = number(text.substr(0, cross));
  block[1] = number(cross == std::string::npos ? "" : text.substr(cross + 1));
  return block;
}

// One of two words. Throws Error with the nearer one.
bool is_second(const std::string& option, const std::string& word, const char* first,
               const char* second) {
  if (word == second) return true;
  if (word == first) return false;
  const std::string hint = suggest(word, {first, second});
  throw Error("\"" + word + "\" is neither " + first + " nor " + second, option,
              hint.empty() ? std::string("say ") + first + " or " + second : hint);
}

// A description in a file names no other files.
void require_no_paths(const Json& value) {
  if (value.is_string() && looks_like_path(value.get<std::string>()))
    throw Error("the path of another file", "/__metadata__/halfulp", "name the format with --from");
  if (!value.is_structured()) return;
  for (const Json& part : value) require_no_paths(part);
}

// What OUT has, or the table shows.
struct Found {
  std::vector<tensors::PartedTensor> tensors;
  tensors::Metadata metadata;
};

class Run {
 public:
  explicit Run(const DequantizeOptions& options)
      : options_(options), encoder_(at_option("--to", [&] {
          return tensors::ValueEncoder(tensors::element_type(options.to));
        })) {
    pairs_.block = block_of(options.block);
    pairs_.nibbles = is_second("--nibbles", options.nibbles, "low-first", "high-first")
                         ? tensors::Nibbles::high_first
                         : tensors::Nibbles::low_first;
    pairs_.tiled_scales = is_second("--scale-layout", options.scale_layout, "rows", "128x4");
    for (const std::string& name : options.only) wanted_[name] = false;
  }

  int execute() {
    if (!options_.out.empty()) require_output();
    const std::string place = options_.in == "-" ? "standard input" : options_.in;
    Found found = [&] {
      const auto file = std::make_shared<const tensors::ByteSource>(options_.in);
      try {
        return found_in(file);
      } catch (const Error& error) {
        throw named_ ? error : error.at(place);
      }
    }();
    select(found);
    if (options_.out.empty()) {
      print_found(found);
    } else {
      write(found, place);
    }
    return exit_good;
  }

 private:
  void require_output() const {
    at_option("-o", [&] { return tensors::container_of(options_.out); });
    const std::array inputs{NamedPath{"IN", options_.in}, NamedPath{"--from", options_.from}};
    const NamedPath output{"-o", options_.out};
    require_apart(std::span(inputs).first(looks_like_path(options_.from) ? 2 : 1),
                  std::span(&output, 1));
  }

  // The file's kind by its first bytes.
  Found found_in(const std::shared_ptr<const tensors::ByteSource>& file) {
    const std::size_t known = std::min<std::uint64_t>(file->size(), 9);
    const tensors::Bytes first = file->read(0, known);
    const std::string start(first.begin(), first.end());
    if (start.starts_with("GGUF")) {
      refuse_given({{"--from", !options_.from.empty()}, {"--axis", options_.axis_given}},
                   "a .gguf says itself what its blocks are");
      refuse_layouts("a .gguf says itself how its blocks lie");
      tensors::gguf::GgufFile of = tensors::gguf::parted_tensors(file, encoder_);
      return {std::move(of.tensors), std::move(of.metadata)};
    }
    if (start.starts_with("PK") || start.starts_with("\x93NUMPY"))
      return codes_in(tensors::found_numpy(options_.in, file));
    return codes_in(tensors::found_safetensors(file));
  }

  using Given = std::vector<std::pair<const char*, bool>>;
  void refuse_given(const Given& given, const char* why) {
    for (const auto& [option, there] : given) {
      if (!there) continue;
      named_ = true;
      throw Error(why, option, "leave it out");
    }
  }

  void refuse_layouts(const char* why) {
    refuse_given({{"--nibbles", pairs_.nibbles != tensors::Nibbles::low_first},
                  {"--scale-layout", pairs_.tiled_scales},
                  {"--block", pairs_.block.has_value()}},
                 why);
  }

  // By the format that the call or the file names, else by the names of a checkpoint.
  Found codes_in(const tensors::FoundFile& file) {
    int axis = options_.axis;
    bool copies = false;
    bool tiles = pairs_.tiled_scales;
    std::optional<AnyQuantizer> quantizer;
    if (!options_.from.empty()) quantizer = named_format();
    Found found;
    for (const auto& [key, value] : file.metadata) {
      copies |= key == "halfulp_copies";
      tiles |= key == "halfulp_scale_layout" && value == "128x4";
      if (key == "halfulp_axis" && !options_.axis_given) axis = axis_from(value);
      if (key == "halfulp" && !quantizer) quantizer = format_from(value);
      if (!key.starts_with("halfulp")) found.metadata.emplace_back(key, value);
    }
    if (quantizer) {
      refuse_given({{"--nibbles", pairs_.nibbles != tensors::Nibbles::low_first},
                    {"--block", pairs_.block.has_value()}},
                   "is for checkpoints, whose names say what codes are");
      tensors::CodedFile coded = tensors::coded_file(file, *quantizer);
      for (tensors::CodedTensor& tensor : coded.coded) {
        const bool columns = copies && tensor.name.ends_with("columnwise");
        if (tiles) tensors::untile_scales(tensor, *quantizer, columns ? -2 : axis);
        found.tensors.push_back(
            tensors::dequantized(tensor, *quantizer, columns ? -2 : axis, encoder_));
      }
      add_others(coded.others, found);
      return found;
    }
    refuse_given({{"--axis", options_.axis_given}}, "is for the format of --from");
    pairs_.wants = [&](const std::string& name) { return wants(name); };
    const tensors::Checkpoint checkpoint = tensors::checkpoint_of(file, pairs_);
    for (const tensors::ScaledTensor& tensor : checkpoint.scaled)
      found.tensors.push_back(tensors::values_of(tensor, encoder_));
    add_others(checkpoint.others, found);
    if (checkpoint.scaled.empty() && !options_.out.empty() && options_.only.empty())
      throw Error("no codes with their scales", "",
                  "name the format with --from; `halfulp dequantize --help` says which names are "
                  "known");
    return found;
  }

  void add_others(const std::vector<tensors::FoundTensor>& others, Found& found) {
    for (const tensors::FoundTensor& tensor : others) {
      if (wants(tensor.name)) found.tensors.push_back(tensors::as_it_is(tensor));
    }
  }

  AnyQuantizer named_format() {
    named_ = true;
    AnyQuantizer any = at_option("--from", [&] { return any_quantizer_from_text(options_.from); });
    named_ = false;
    return any;
  }

  static AnyQuantizer format_from(const std::string& text) {
    const Json json = parse_json(text, "/__metadata__/halfulp");
    require_no_paths(json);
    return any_quantizer_from_json(json, "/__metadata__/halfulp");
  }

  static int axis_from(const std::string& text) {
    const std::string digits_only = text.substr(text.starts_with("-") ? 1 : 0);
    const bool digits = !digits_only.empty() && digits_only.size() <= 2 &&
                        digits_only.find_first_not_of("0123456789") == std::string::npos;
    if (!digits)
      throw Error("\"" + tensors::printable(text) + "\" is no axis", "/__metadata__/halfulp_axis",
                  "name it with --axis");
    return std::stoi(text);
  }

  bool wants(const std::string& name) {
    if (wanted_.empty()) return true;
    seen_.push_back(name);
    const auto found = wanted_.find(name);
    if (found == wanted_.end()) return false;
    found->second = true;
    return true;
  }

  void select(Found& found) {
    std::erase_if(found.tensors, [&](const auto& tensor) { return !wants(tensor.heading.name); });
    for (const auto& [name, there] : wanted_) {
      if (!there)
        throw Error("there is no tensor \"" + tensors::printable(name) + "\"", "--only",
                    suggest(name, seen_));
    }
  }

  void print_found(const Found& found) const {
    std::vector<std::vector<std::string>> rows;
    for (const tensors::PartedTensor& tensor : found.tensors) {
      std::string shape;
      for (const std::int64_t extent : tensor.heading.shape)
        shape += (shape.empty() ? "" : ",") + std::to_string(extent);
      if (options_.json) {
        Json object;
        object["tensor"] = tensors::printable(tensor.heading.name);
        object["type"] = tensor.stored;
        object["shape"] = tensor.heading.shape;
        object["bytes"] = tensor.stored_size;
        print(object.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n");
      }
      rows.push_back({tensor.heading.name.empty() ? "-" : tensors::printable(tensor.heading.name),
                      tensor.stored, "[" + shape + "]", std::to_string(tensor.stored_size)});
    }
    if (!options_.json)
      print(table_text({{"tensor"}, {"type"}, {"shape"}, {"bytes", Align::right}}, rows));
  }

  void write(const Found& found, const std::string& place) const {
    for (const tensors::PartedTensor& tensor : found.tensors) {
      if (!tensor.give)
        throw Error("values of " + tensor.stored + " are not known here",
                    place + ": " + tensors::printable(tensor.heading.name),
                    "name the other tensors with --only");
    }
    require_writable(options_.out);
    ProgressBar bar("tensors", options_.quiet);
    const auto count = static_cast<double>(found.tensors.size());
    tensors::write_parts(options_.out, found.tensors, found.metadata, [&](std::size_t done) {
      bar.update(static_cast<double>(done), count, 0, "");
    });
    bar.clear();
  }

  const DequantizeOptions& options_;
  tensors::ValueEncoder encoder_;
  tensors::PairOptions pairs_;
  std::map<std::string, bool> wanted_;  // and whether they are there
  std::vector<std::string> seen_;
  bool named_ = false;  // errors say where they are
};

}  // namespace

int dequantize_verb(const Arguments& arguments) {
  DequantizeOptions options;
  Parser parser("dequantize", description, examples);
  parser.text("IN", options.in, "the tensor file; - is standard input").required();
  parser
      .text("-o,--output", options.out,
            "the file to write: .safetensors, .npz, .npy; without it a table is printed")
      .value_name("OUT");
  parser.text("--to", options.to, "the type of the values: float32, bfloat16, float16, float64")
      .value_name("TYPE");
  parser.text("--from", options.from, "the format of the codes, as `quantize --to` had it")
      .value_name("F");
  const Option axis =
      parser
          .number("--axis", options.axis, "the axis that blocks of --from lie along (-1, the last)")
          .value_name("N");
  parser.list("--only", options.only, "these tensors, by the names of their values")
      .value_name("NAME,...")
      .delimiter(',')
      .repeated();
  parser
      .text("--nibbles", options.nibbles,
            "which half of a byte of U8 holds its first FP4: low-first (the default), high-first")
      .value_name("ORDER");
  parser
      .text("--scale-layout", options.scale_layout,
            "how scales of a checkpoint lie: rows (the default), 128x4 (tiles of matrix units)")
      .value_name("HOW");
  parser
      .text("--block", options.block,
            "rows and columns that share a scale, where the shapes do not say it: 128x128")
      .value_name("RxC");
  add_json(parser, options.json);
  add_quiet(parser, options.quiet);
  if (!parser.parse(arguments)) return exit_good;
  options.axis_given = axis.given();
  return Run(options).execute();
}

}  // namespace halfulp::cli

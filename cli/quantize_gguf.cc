// SPDX-License-Identifier: MIT
//
// halfulp quantize --to gguf_...: numbers to the block types of GGUF, as values or as blocks.
#include <array>
#include <cmath>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "cli/at_option.h"
#include "cli/output.h"
#include "cli/progress.h"
#include "cli/quantize.h"
#include "cli/same_file.h"
#include "formats/error.h"
#include "golden/tensors/gguf/tensors.h"

namespace halfulp::cli {
namespace {

// These types say themselves how numbers are rounded, and where blocks lie.
void require_no_rounding(const QuantizeOptions& options) {
  const RoundingOptions& rounding = options.quantizer.rounding;
  const std::array<std::pair<const char*, bool>, 17> given{{
      {"--scaling", !options.quantizer.scaling.empty()},
      {"--block", !options.quantizer.block.empty()},
      {"--scale-rule", !options.quantizer.scale_rule.empty()},
      {"--special-block", !options.quantizer.special_block.empty()},
      {"--zero-scale", !options.quantizer.zero_scale.empty()},
      {"--scale-layout", options.scale_layout != "rows"},
      {"--both-copies", options.both_copies},
      {"--hadamard", options.hadamard != 0},
      {"--axis", options.axis != -1},
      {"--reference", options.reference},
      {"--preset", !rounding.preset.empty()},
      {"--rounding", !rounding.rounding.empty()},
      {"--overflow", !rounding.overflow.empty()},
      {"--nan", !rounding.nan.empty()},
      {"--tininess", !rounding.tininess.empty()},
      {"--flush-outputs", !rounding.flush_outputs.empty()},
      {"--flush-inputs", rounding.flush_inputs},
  }};
  for (const auto& [option, there] : given) {
    if (there) throw Error("types of GGUF have their own way of rounding", option, "leave it out");
  }
}

void require_names(const QuantizeOptions& options, bool blocks) {
  if (!blocks) at_option("-o", [&] { return tensors::container_of(options.out); });
  if (options.codes && !blocks)
    throw Error("blocks of GGUF have their scales within", "--codes", "write a .gguf");
  const NamedPath input{"IN", options.in};
  const NamedPath output{"-o", options.out};
  require_apart(std::span(&input, 1), std::span(&output, 1));
}

// In binary32, to which wider numbers are rounded first, to nearest even.
std::vector<float> numbers_of(const tensors::Tensor& tensor) {
  const std::vector<double> doubles = tensors::doubles_of(tensor);
  std::vector<float> numbers;
  numbers.reserve(doubles.size());
  for (const double number : doubles) numbers.push_back(static_cast<float>(number));
  return numbers;
}

tensors::Matrix row_of(std::vector<float> numbers) {
  tensors::Matrix matrix;
  matrix.rows = 1;
  matrix.columns = numbers.size();
  matrix.floats = std::move(numbers);
  return matrix;
}

}  // namespace

int quantize_to_gguf(const QuantizeOptions& options) {
  const tensors::gguf::BlockType& type = at_option(
      "--to", [&]() -> const auto& {
        return tensors::gguf::block_type_of_name(options.quantizer.to);
      });
  const bool blocks = options.out.ends_with(".gguf");
  require_no_rounding(options);
  require_names(options, blocks);
  tensors::Selection only = at_option("--only", [&] { return tensors::Selection(options.only); });
  tensors::ReadOptions how = read_options(options.tensors);
  how.only = &only;
  tensors::TensorFile in = tensors::read(options.in, how);
  std::vector<tensors::Tensor> tensors =
      at_option("--only", [&] { return only.in_order(std::move(in.tensors)); });
  require_writable(options.out);
  std::vector<tensors::gguf::BlockTensor> in_blocks;
  tensors::TensorFile values{.tensors = {}, .metadata = std::move(in.metadata)};
  std::vector<TensorAnswer> answers;
  ProgressBar bar("tensors", options.quiet);
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    const tensors::Tensor tensor = std::move(tensors[i]);
    std::vector<float> numbers = numbers_of(tensor);
    tensors::Heading heading{tensor.name, tensors::element_type("float32"), tensor.shape};
    tensors::Bytes made = [&] {
      try {
        return tensors::gguf::quantized(type, heading, numbers, options.threads);
      } catch (const Error& error) {
        throw error.at(options.in);
      }
    }();
    std::vector<float> results = tensors::gguf::dequantized(type, made);
    if (!blocks) values.tensors.push_back(tensors::from_numbers(std::move(heading), results));
    answers.push_back(
        {tensor.name, tensor.shape,
         tensors::error_statistics(row_of(std::move(numbers)), row_of(std::move(results))),
         std::nullopt, false});
    if (blocks)
      in_blocks.push_back({tensors::name_or_place(tensor, i), tensor.shape, std::move(made)});
    bar.update(static_cast<double>(i + 1), static_cast<double>(tensors.size()), 0, tensor.name);
  }
  bar.clear();
  for (const TensorAnswer& answer : answers) {
    const std::string facts = warning_of(answer.errors, false);
    const std::string name = answer.name.empty() ? "" : ": " + tensors::printable(answer.name);
    if (!facts.empty()) note(options.in + name + ": warning: " + facts);
  }
  if (blocks) {
    tensors::gguf::write(options.out, type, {{"general.quantization_version", "2"}}, in_blocks);
  } else {
    tensors::write(options.out, values, {});
  }
  print_answers(answers, options.json);
  return exit_good;
}

}  // namespace halfulp::cli

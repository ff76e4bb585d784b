// SPDX-License-Identifier: MIT
#include "cli/quantize.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "cli/at_option.h"
#include "cli/output.h"
#include "formats/error.h"

namespace halfulp::cli {
namespace {

std::string percent(std::uint64_t part, std::uint64_t all) {
  if (part == 0 || all == 0) return "0 %";
  return fmt::format("{:.3g} %", 100.0 * static_cast<double>(part) / static_cast<double>(all));
}

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

void print_table(const std::vector<TensorAnswer>& answers) {
  std::vector<std::vector<std::string>> rows;
  for (const TensorAnswer& answer : answers) {
    const tensors::ErrorStatistics& errors = answer.errors;
    const bool any = errors.measured > 0;
    rows.push_back({answer.name.empty() ? "-" : answer.name, shape_text(answer.shape),
                    std::to_string(errors.elements), std::to_string(errors.nan_in),
                    std::to_string(errors.nan_out), std::to_string(errors.infinite_out),
                    std::to_string(errors.measured),
                    any ? fmt::format("{:.6g}", errors.mean_square) : "-", decibel(errors),
                    answer.steps ? percent(errors.saturated, errors.elements) : "-",
                    percent(errors.flushed, errors.elements),
                    any && answer.steps ? fmt::format("{:.4g}", errors.largest_ulp) : "-"});
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

Json json_of(const TensorAnswer& answer) {
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
  if (answer.steps) object["saturated"] = errors.saturated;
  object["flushed_to_zero"] = errors.flushed;
  object["inexact"] = errors.inexact;
  object["nan_in"] = errors.nan_in;
  object["nan_out"] = errors.nan_out;
  object["infinite_in"] = errors.infinite_in;
  object["infinite_out"] = errors.infinite_out;
  object["special"] = errors.nan_in + errors.infinite_in;
  object["lost"] = errors.lost;
  if (!answer.steps) return object;
  object["largest_error_ulp"] = any ? number_json(errors.largest_ulp) : Json();
  object["largest_error_at"] = any ? Json(errors.largest_at) : Json();
  if (answer.predicted_scale) object["predicted_scale"] = *answer.predicted_scale;
  return object;
}

}  // namespace

void print_answers(const std::vector<TensorAnswer>& answers, bool as_json) {
  if (!as_json) return print_table(answers);
  for (const TensorAnswer& answer : answers) print(json_of(answer).dump() + "\n");
}

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

}  // namespace halfulp::cli

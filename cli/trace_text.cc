// SPDX-License-Identifier: MIT
#include "cli/trace_text.h"

#include <nlohmann/json.hpp>
#include <sstream>
#include <utility>

#include "cli/literals.h"
#include "cli/output.h"
#include "formats/codes.h"
#include "formats/numbers/value.h"
#include "formats/operation.h"
#include "golden/kernels/tree_words.h"

namespace halfulp::cli {
namespace {

using kernels::Trace;
using kernels::TraceItem;
using kernels::TraceStep;
using Rows = std::vector<std::vector<std::string>>;

// Sums and products of dyadic numbers are dyadic. Those of numbers of logarithmic formats may have
// no digits that end.
std::string real_text(const Real& x) {
  const bool plain = !x.root && !x.enclosure && x.addend.is_zero() && x.numerator.is_dyadic() &&
                     identical(x.denominator, make_value(1));
  return plain ? hexadecimal_text(x.numerator) : "irrational";
}

std::string exponent_text(const std::optional<std::int64_t>& exponent) {
  return exponent ? std::to_string(*exponent) : "-";
}

// "cut toward zero below 2^-5", of an addition whose largest exponent is known.
std::string cut_words(const TraceStep& step) {
  const Alignment& alignment = *step.alignment;
  const auto below = [&](int bits) { return "2^" + std::to_string(*step.exponent - bits); };
  std::string text = std::string("cut ") + (alignment.downward ? "downward" : "toward zero") +
                     " below " + below(alignment.bits);
  if (alignment.running_bits) text += ", s below " + below(*alignment.running_bits);
  return text;
}

std::string heading(const TraceStep& step) {
  std::string text = step.what;
  if (!step.exponent) return text;
  text += "; largest exponent " + std::to_string(*step.exponent);
  return step.alignment ? text + ", " + cut_words(step) : text;
}

class Text {
 public:
  Text(const MatrixUnit& unit, const kernels::DotCodes& codes) : unit_(unit), codes_(codes) {}

  std::string of(const Trace& trace) {
    std::string text;
    for (std::size_t i = 0; i < trace.steps.size(); ++i) {
      const TraceStep& step = trace.steps[i];
      if (!step.at_once) {
        plain_.push_back(plain_row(i + 1, step));
        continue;
      }
      text += plain_steps();
      text += "step " + std::to_string(i + 1) + ": " + heading(step) + "\n" + items(step);
      text += step.quantizer ? "  rounded: " + rounded(step) + "\n" : "  not rounded\n";
    }
    return text + plain_steps();
  }

 private:
  static std::string rounded(const TraceStep& step) {
    return hexadecimal_text(step.rounded) + " = " +
           code_text(step.quantizer->format, step.outcome.code) + " (" +
           kernels::words_of(*step.quantizer) + ")";
  }

  // --- Steps of one or two operands.

  static std::vector<std::string> plain_row(std::size_t number, const TraceStep& step) {
    std::string operands;
    for (const TraceItem& item : step.items)
      operands += (operands.empty() ? "" : ", ") + hexadecimal_text(item.value);
    return {std::to_string(number),
            step.what,
            operands,
            real_text(step.exact),
            hexadecimal_text(step.rounded),
            code_text(step.quantizer->format, step.outcome.code),
            step.quantizer->format.name};
  }
  std::string plain_steps() {
    if (plain_.empty()) return "";
    return table_text({{"step", Align::right},
                       {"what"},
                       {"operands"},
                       {"exact"},
                       {"rounded"},
                       {"code"},
                       {"format"}},
                      std::exchange(plain_, {}));
  }

  // --- Additions at once.

  [[nodiscard]] std::string factors(const TraceItem& item) const {
    if (!item.term || *item.term >= codes_.a.size()) return "";
    return exact_number_text(unit_.a.format, codes_.a[*item.term]) + " x " +
           exact_number_text(unit_.b.format, codes_.b[*item.term]);
  }
  // The end of a run of the same zeros that begins at i.
  static std::size_t end_of_zeros(const TraceStep& step, std::size_t i) {
    const TraceItem& first = step.items[i];
    std::size_t end = i;
    while (end < step.items.size() && first.value.is_zero() && step.items[end].term &&
           identical(step.items[end].value, first.value))
      ++end;
    return end;
  }
  [[nodiscard]] std::string items(const TraceStep& step) const {
    Rows rows;
    constexpr std::size_t least_shortened = 3;
    for (std::size_t i = 0; i < step.items.size(); ++i) {
      const TraceItem& item = step.items[i];
      const std::string value = hexadecimal_text(item.value);
      const std::size_t end = end_of_zeros(step, i);
      if (end >= i + least_shortened) {
        rows.push_back({item.name + " to " + step.items[end - 1].name, "", "-", value, value, ""});
        i = end - 1;
        continue;
      }
      rows.push_back({item.name, factors(item), exponent_text(item.exponent), value,
                      hexadecimal_text(item.added),
                      identical(item.value, item.added) ? "" : "cut"});
    }
    rows.push_back({"exact sum", "", "", "", real_text(step.exact), ""});
    std::istringstream lines(table_text(
        {{"item"}, {"factors"}, {"exponent", Align::right}, {"value"}, {"as added"}, {""}}, rows));
    std::string text;
    for (std::string line; std::getline(lines, line);) text += "  " + line + "\n";
    return text;
  }

  const MatrixUnit& unit_;
  const kernels::DotCodes& codes_;
  Rows plain_;
};

Json json_of(const TraceItem& item, bool at_once) {
  Json object;
  object["name"] = item.name;
  if (item.term) object["term"] = *item.term;
  object["value"] = hexadecimal_text(item.value);
  if (!at_once) return object;
  object["exponent"] = item.exponent ? Json(*item.exponent) : Json();
  object["added"] = hexadecimal_text(item.added);
  return object;
}

}  // namespace

std::string trace_text(const Trace& trace, const MatrixUnit& unit, const kernels::DotCodes& codes) {
  return Text(unit, codes).of(trace);
}

std::vector<Json> trace_json(const Trace& trace) {
  std::vector<Json> steps;
  for (const TraceStep& step : trace.steps) {
    Json& object = steps.emplace_back();
    object["step"] = steps.size();
    object["what"] = step.what;
    object["op"] = name_of(step.op);
    object["at_once"] = step.at_once;
    if (step.at_once) object["exponent"] = step.exponent ? Json(*step.exponent) : Json();
    Json items = Json::array();
    for (const TraceItem& item : step.items) items.push_back(json_of(item, step.at_once));
    object["items"] = items;
    object["exact"] = real_text(step.exact);
    object["rounded"] = hexadecimal_text(step.rounded);
    if (!step.quantizer) continue;
    object["code"] = code_text(step.quantizer->format, step.outcome.code);
    object["format"] = step.quantizer->format.name;
    object["rounding"] = name_of(step.quantizer->rounding.mode);
    if (is_stochastic(step.quantizer->rounding.mode)) object["random"] = step.random;
  }
  return steps;
}

}  // namespace halfulp::cli

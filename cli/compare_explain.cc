// SPDX-License-Identifier: MIT
//
// halfulp compare --explain: which one change of what was asked for makes what was got.
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "cli/compare.h"
#include "cli/output.h"
#include "cli/progress.h"
#include "emulator/engine.h"
#include "formats/counted.h"
#include "formats/error.h"
#include "formats/json.h"
#include "golden/kernels/suspects.h"
#include "golden/tensors/files.h"

namespace halfulp::cli {
namespace {

tensors::Tensor tensor_got(const CompareCall& call, const Format& format) {
  const tensors::ReadOptions how = read_options(call.tensors);
  tensors::TensorFile file = tensors::read(call.got, how);
  if (file.tensors.size() != 1)
    throw Error("holds " + std::to_string(file.tensors.size()) + " tensors", call.got,
                "--explain takes a file of one");
  return as_codes_of(std::move(file.tensors.front()), format);
}

std::string share_text(std::uint64_t part, std::uint64_t all) {
  return std::to_string(part) + " of " + counted(all, "result");
}

std::string text_of(const kernels::Explained& found) {
  const std::string asked =
      share_text(found.mismatches, found.results) + " differ from what was asked";
  if (found.mismatches == 0)
    return "explanation: none needed, all results are what was asked for\n";
  std::string text = "explanation: " + asked + "\n";
  if (found.exact.empty()) {
    text += "  none of these: no single change that was tried makes all of them\n";
    if (found.nearest) {
      text += "  nearest: " + found.nearest->suspect->property + ": " +
              found.nearest->suspect->what + " (leaves " +
              share_text(found.nearest->mismatches, found.results) + ")\n";
    }
    return text;
  }
  text += found.exact.size() == 1 ? "  one change makes all of them:\n"
                                  : "  each of these changes makes all of them:\n";
  // Of a property only the ends where many values do, such as numbers of bits.
  constexpr std::size_t listed = 3;
  for (std::size_t i = 0; i < found.exact.size();) {
    const std::string& property = found.exact[i].suspect->property;
    std::size_t end = i;
    while (end < found.exact.size() && found.exact[end].suspect->property == property) ++end;
    const bool many = end - i > listed;
    for (std::size_t k = i; k < end; ++k) {
      if (many && k > i && k + 1 < end) continue;
      text += "    " + property + ": " + found.exact[k].suspect->what + "\n";
      if (many && k == i)
        text += "    ... and " + counted(end - i - 2, "value") + " between it and\n";
    }
    i = end;
  }
  return text;
}

Json json_of(const kernels::Explanation& one) {
  return {{"property", one.suspect->property},
          {"what", one.suspect->what},
          {"mismatches", one.mismatches}};
}

Json json_of(const kernels::Explained& found, std::size_t tried) {
  Json object;
  object["results"] = found.results;
  object["mismatches"] = found.mismatches;
  object["tried"] = tried;
  object["explanations"] = Json::array();
  for (const kernels::Explanation& one : found.exact)
    object["explanations"].push_back(json_of(one));
  object["nearest"] = found.nearest ? json_of(*found.nearest) : Json();
  return {{"explain", object}};
}

}  // namespace

void explain_product(const CompareCall& call) {
  ProductCall product = call.product;
  product.c = call.addend;
  const ProductInput input(product);
  Format format = kernels::result_of(input.unit(), input.order()).format;
  kernels::ProductOptions how{.threads = call.threads};
  if (!call.format.empty()) {
    format = format_from_text(call.format);
    how.to = Quantizer{.format = format, .rounding = {}};
  }
  const tensors::Tensor got = tensor_got(call, format);
  const auto terms = static_cast<std::size_t>(input.a().shape.back());
  const std::vector<kernels::Suspect> suspects =
      kernels::suspects_of(input.unit(), input.order(), terms);
  ProgressBar bar("changes", call.quiet);
  const auto tried = [&](std::size_t done) {
    bar.update(static_cast<double>(done), static_cast<double>(suspects.size()), 0, "");
  };
  try {
    const kernels::Explained found =
        kernels::explain(got, suspects, input.unit(), input.order(), emulator::engine(),
                         input.operands(), how, tried);
    bar.clear();
    print(call.json ? json_of(found, suspects.size()).dump() + "\n" : text_of(found));
  } catch (const Error& error) {
    throw with_option(error);
  }
}

}  // namespace halfulp::cli

// SPDX-License-Identifier: MIT
//
// halfulp compare with the operands of a product: which one change of what was asked for makes what
// was got (--explain), its steps (--trace) and its bound (--bound).
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "cli/changes.h"
#include "cli/compare_product.h"
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
                "a product is compared with a file of one");
  return as_codes_of(std::move(file.tensors.front()), format);
}

std::string share_text(std::uint64_t part, std::uint64_t all) {
  return std::to_string(part) + " of " + counted(all, "result");
}

Change change_of(const kernels::Explanation& one, std::uint64_t results) {
  return {.property = one.suspect->property,
          .what = one.suspect->what,
          .left = share_text(one.mismatches, results),
          .facts = {{"mismatches", one.mismatches}}};
}

TriedChanges changes_of(const kernels::Explained& found) {
  TriedChanges tried;
  tried.differs = found.mismatches > 0;
  tried.asked = share_text(found.mismatches, found.results);
  for (const kernels::Explanation& one : found.exact)
    tried.exact.push_back(change_of(one, found.results));
  if (found.nearest) tried.nearest = change_of(*found.nearest, found.results);
  return tried;
}

Json json_of(const kernels::Explained& found, std::size_t tried) {
  Json object;
  object["results"] = found.results;
  object["mismatches"] = found.mismatches;
  object["tried"] = tried;
  add_members(object, changes_of(found));
  return {{"explain", object}};
}

void explain(const CompareCall& call, const kernels::ProductOptions& how,
             ComparedProduct& product) {
  const ProductInput& input = product.input;
  product.suspects = kernels::suspects_of(input.unit(), input.order(),
                                          static_cast<std::size_t>(input.a().shape.back()));
  ProgressBar bar("changes", call.quiet);
  const auto tried = [&](std::size_t done) {
    bar.update(static_cast<double>(done), static_cast<double>(product.suspects.size()), 0, "");
  };
  product.explained = kernels::explain(product.got, product.suspects, input.unit(), input.order(),
                                       emulator::engine(), input.operands(), how, tried);
  bar.clear();
  print(call.json ? json_of(*product.explained, product.suspects.size()).dump() + "\n"
                  : text_of(changes_of(*product.explained)));
}

}  // namespace

bool report_product(const CompareCall& call) {
  ProductCall named = call.product;
  named.c = call.addend;
  const ProductInput input(named);
  Format format = kernels::result_of(input.unit(), input.order()).format;
  kernels::ProductOptions how{.threads = call.threads};
  if (!call.format.empty()) {
    const Format wanted = format_from_text(call.format);
    if (wanted.kind != format.kind) how.to = Quantizer{.format = wanted, .rounding = {}};
    format = wanted;
  }
  const tensors::Tensor got = tensor_got(call, format);
  ComparedProduct product{.input = input, .got = got, .to = how.to};
  try {
    if (call.explain) explain(call, how, product);
    if (call.traced > 0) print(traces_of(call, product));
    return call.bound.empty() || within_bound(call, product);
  } catch (const Error& error) {
    throw with_option(error);
  }
}

}  // namespace halfulp::cli

// SPDX-License-Identifier: MIT
//
// halfulp compare --bound: the results of GOT held against the error bound of the unit and the
// order.
#include <nlohmann/json.hpp>

#include "cli/at_option.h"
#include "cli/compare_product.h"
#include "cli/output.h"
#include "emulator/engine.h"
#include "formats/error.h"
#include "formats/numbers/value.h"
#include "golden/kernels/bound_words.h"

namespace halfulp::cli {
namespace {

using kernels::BoundedResult;
using kernels::BoundKind;
using kernels::BoundVerdict;

BoundKind kind_of(const std::string& word) {
  if (word == "deterministic") return BoundKind::deterministic;
  if (word == "probabilistic") return BoundKind::probabilistic;
  const std::string near = suggest(word, {"deterministic", "probabilistic"});
  throw Error("\"" + word + "\" is no kind of bound", "--bound",
              near.empty() ? "deterministic and probabilistic are" : near);
}

double failure_of(const std::string& text) {
  const Real number = at_option("--failure", [&] { return parse_real(text); });
  if (!number.numerator.is_nan()) {
    const double failure = nearest_double(number.numerator) / nearest_double(number.denominator);
    if (failure > 0 && failure < 1) return failure;
  }
  throw Error("\"" + text + "\" is no probability", "--failure",
              "write a number between 0 and 1, as 1e-6");
}

double ratio_of(const BoundedResult& result) { return result.error / result.bound; }

Json json_of(const tensors::Tensor& got, const BoundedResult& one) {
  return {{"index", index_json(got.shape, one.index)},
          {"got", number_json(one.got)},
          {"exact", number_json(one.exact)},
          {"error", number_json(one.error)},
          {"bound", number_json(one.bound)}};
}

Json json_of(const tensors::Tensor& got, const BoundVerdict& found, BoundKind kind,
             double failure) {
  Json object;
  object["kind"] = kind == BoundKind::probabilistic ? "probabilistic" : "deterministic";
  object["within"] = found.within();
  object["results"] = found.results;
  object["beyond"] = found.beyond;
  object["unbounded"] = found.unbounded;
  object["largest_bound"] = number_json(found.largest_bound);
  object["largest"] = found.largest ? json_of(got, *found.largest) : Json();
  object["largest_error_over_bound"] =
      found.largest && found.largest->error > 0 ? number_json(ratio_of(*found.largest)) : Json(0);
  object["has_mean_zero_errors"] = found.has_likely_errors;
  object["has_other_errors"] = found.has_certain_errors;
  if (kind == BoundKind::probabilistic) {
    object["lambda"] = number_json(found.lambda);
    object["failure"] = failure;
  }
  Json first = Json::array();
  for (const BoundedResult& one : found.first) first.push_back(json_of(got, one));
  object["first"] = first;
  return {{"bound", object}};
}

}  // namespace

void require_bound(const CompareCall& call) {
  if (call.bound.empty() && !call.failure.empty())
    throw Error("is of --bound probabilistic", "--failure", "give that beside it");
  if (call.bound.empty()) return;
  const BoundKind kind = kind_of(call.bound);
  if (call.failure.empty()) return;
  if (kind == BoundKind::deterministic)
    throw Error("is of --bound probabilistic", "--failure", "a deterministic bound never fails");
  failure_of(call.failure);
}

bool within_bound(const CompareCall& call, const ComparedProduct& product) {
  kernels::BoundOptions how{.kind = kind_of(call.bound), .to = product.to};
  how.shown = call.show;
  how.threads = call.threads;
  if (!call.failure.empty()) how.failure = failure_of(call.failure);
  const BoundVerdict found =
      kernels::judge(product.got, product.input.unit(), product.input.order(), emulator::engine(),
                     product.input.operands(), how);
  print(call.json ? json_of(product.got, found, how.kind, how.failure).dump() + "\n"
                  : text_of(product.got.shape, found, how.kind, how.failure));
  return found.within();
}

}  // namespace halfulp::cli

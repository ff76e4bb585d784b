// SPDX-License-Identifier: MIT
//
// Is it right, and if not, why: one case, two arrays, the results of a kernel.
#include <array>
#include <string>
#include <vector>

#include "capi/codes.h"
#include "capi/products.h"
#include "capi/status.h"
#include "capi/tensors.h"
#include "formats/codes.h"
#include "formats/counted.h"
#include "formats/error.h"
#include "golden/checks/difference_words.h"
#include "golden/checks/mismatch_words.h"
#include "golden/comparison/codes.h"
#include "golden/kernels/bound_words.h"

namespace halfulp::capi {
namespace {

void require_strictness(std::uint32_t strictness, std::uint32_t known) {
  if ((strictness & ~known) != 0)
    throw Error("has bits that mean nothing here", "strictness", "see halfulp.h");
}

vectors::Case case_of(const halfulp_operation& operation, const halfulp_code* operands,
                      std::size_t count, std::uint64_t random, halfulp_code got,
                      const std::uint32_t* got_flags) {
  const std::size_t arity = operation.inputs.size();
  require_array(operands, count, "operands");
  if (count != arity)
    throw Error(counted(count, "operand") + ", and the operation takes " + std::to_string(arity),
                "operands");
  require_random(operation.random_bits, random);
  vectors::Case c;
  for (std::size_t i = 0; i < arity; ++i)
    c.operands[i] = code_of(*operation.inputs[i], operands[i], "operands");
  c.result = code_of(operation.output, got, "got");
  c.random = operation.random_bits == 0 ? 0 : random;
  c.has_flags = got_flags != nullptr;
  if (got_flags == nullptr) return c;
  constexpr std::uint32_t all = 0x1f;
  if (*got_flags > all) throw Error("has bits that are no flags", "got_flags");
  c.flags = static_cast<std::uint8_t>(*got_flags);
  return c;
}

std::vector<std::uint64_t> all_of(const CodesIn& codes, std::size_t count) {
  std::vector<std::uint64_t> all(count);
  for (std::size_t begin = 0; begin < count; begin += stretch)
    codes.read(begin, std::span(all).subspan(begin, std::min(stretch, count - begin)));
  return all;
}

halfulp_comparison summary(const comparison::ComparedCodes& found) {
  const comparison::Differences& differences = found.differences;
  halfulp_comparison out{};
  out.elements = differences.elements;
  out.mismatches = differences.mismatches;
  out.unlike = found.tally.unlike;
  out.beyond = found.tally.beyond_ulp - found.tally.unlike;
  out.largest = differences.distances.largest();
  out.first = differences.elements;
  if (differences.first.empty()) return out;
  out.first = differences.first.front().index;
  out.first_got = differences.first.front().got;
  out.first_want = differences.first.front().want;
  return out;
}

}  // namespace
}  // namespace halfulp::capi

namespace capi = halfulp::capi;

halfulp_status halfulp_check(const halfulp_operation* operation, const halfulp_code* operands,
                             size_t operand_count, uint64_t random, halfulp_code got,
                             const uint32_t* got_flags, uint32_t strictness, int* right,
                             char* buffer, size_t size, size_t* length, halfulp_error* error) {
  return capi::answered(error, [&] {
    capi::require(operation, "operation");
    capi::require(right, "right");
    capi::require_strictness(strictness, HALFULP_NAN_EXACT);
    const bool exact = (strictness & HALFULP_NAN_EXACT) != 0;
    const halfulp::checks::Strictness how{
        .flags = got_flags != nullptr, .nan_exact = exact, .invalid_exact = exact};
    halfulp::checks::Mismatch mismatch;
    mismatch.got = capi::case_of(*operation, operands, operand_count, random, got, got_flags);
    const halfulp::checks::Judgement found =
        judge(operation->calculation, how, mismatch.got, &operation->plan);
    mismatch.want = found.want;
    *right = found.good ? 1 : 0;
    capi::write_text(found.good ? "" : text_of(operation->calculation, how, mismatch), buffer, size,
                     length);
  });
}

halfulp_status halfulp_compare(const halfulp_format* format, const halfulp_codes* got,
                               const halfulp_codes* want, size_t count, uint64_t ulp,
                               uint32_t strictness, halfulp_comparison* comparison, char* buffer,
                               size_t size, size_t* length, halfulp_error* error) {
  return capi::answered(error, [&] {
    capi::require(format, "format");
    capi::require(got, "got");
    capi::require(want, "want");
    capi::require(comparison, "comparison");
    capi::require_word(*format);
    capi::require_strictness(strictness, HALFULP_NAN_EXACT | HALFULP_ZERO_ANY);
    const capi::CodesIn of_got(*format, *got, count, "got");
    const capi::CodesIn of_want(*format, *want, count, "want");
    const halfulp::comparison::ComparedCodes found = halfulp::comparison::compare_codes(
        format->format, capi::all_of(of_got, count), capi::all_of(of_want, count), {.ulp = ulp},
        {.nan_exact = (strictness & HALFULP_NAN_EXACT) != 0,
         .zero_any = (strictness & HALFULP_ZERO_ANY) != 0},
        1);
    *comparison = capi::summary(found);
    capi::write_text(halfulp::checks::text_of(format->format, found.differences), buffer, size,
                     length);
  });
}

halfulp_status halfulp_check_bound(const halfulp_unit* unit, const halfulp_product* product,
                                   const halfulp_tensor* got, const halfulp_quantizer* to,
                                   double failure, halfulp_bound* bound, char* buffer, size_t size,
                                   size_t* length, halfulp_error* error) {
  return capi::answered(error, [&] {
    namespace kernels = halfulp::kernels;
    capi::require(unit, "unit");
    capi::require(product, "product");
    capi::require(got, "got");
    capi::require(bound, "bound");
    if (!(failure >= 0 && failure < 1))
      throw halfulp::Error("is no probability", "failure", "give 0, or a number below 1");
    const capi::ProductInput input(*unit, *product);
    kernels::BoundOptions how;
    if (failure > 0) how = {.kind = kernels::BoundKind::probabilistic, .failure = failure};
    if (to != nullptr) how.to = {.format = to->format.format, .rounding = to->rounding};
    how.threads = capi::threads_of(*product);
    const halfulp::tensors::Tensor results = capi::tensor_of(
        *got, to != nullptr ? to->format.format : result_of(unit->unit, unit->order).format, "got");
    const kernels::BoundVerdict found =
        judge(results, unit->unit, unit->order, capi::engine(), input.operands(), how);
    *bound = {.results = found.results,
              .beyond = found.beyond,
              .unbounded = found.unbounded,
              .largest_bound = found.largest_bound};
    capi::write_text(text_of(results.shape, found, how.kind, how.failure), buffer, size, length);
  });
}

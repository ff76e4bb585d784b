/* SPDX-License-Identifier: MIT
 *
 * Matchers of Catch2 (2 and 3) whose message says why, as those of halfulp_gtest.h:
 *
 *   CHECK_THAT(codes(results, n), BitsEqual(golden(add, {codes(a, n), codes(b, n)})));
 *   CHECK_THAT(codes(results, n), WithinUlp(of(format, codes(want, n)), 1));
 *   CHECK_THAT(tensor, WithinBound(bound(unit, product)));
 * Include it after Catch2's own header, or let it include that. */
#ifndef HALFULP_CATCH2_H
#define HALFULP_CATCH2_H

#if !defined(CATCH_VERSION_MAJOR) && defined(__has_include)
#if __has_include(<catch2/matchers/catch_matchers.hpp>)
#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers.hpp>
#else
#include <catch2/catch.hpp>
#endif
#endif

#include "halfulp_matchers.h"

namespace halfulp_test {
namespace catch2 {

/* Version 2 has MatcherBase in the one, version 3 in the other. */
using namespace Catch;
using namespace Catch::Matchers;

/* Catch2 asks for a description after it has matched. */
template <typename Got, typename Want>
class Matcher : public MatcherBase<Got> {
 public:
  typedef Verdict (*Judge)(const Got& got, const Want& want, uint64_t ulp);
  Matcher(const Want& want, Judge judge, const std::string& relation, uint64_t ulp)
      : want_(want), judge_(judge), relation_(relation), ulp_(ulp) {}

  bool match(const Got& got) const override {
    const Verdict verdict = judge_(got, want_, ulp_);
    text_ = verdict.text;
    return verdict.good;
  }
  std::string describe() const override { return relation_ + ("\n" + text_); }

 private:
  Want want_;
  Judge judge_;
  std::string relation_;
  uint64_t ulp_;
  mutable std::string text_;
};

}  // namespace catch2

template <typename Want>
catch2::Matcher<Codes, Want> BitsEqual(const Want& want) {
  return catch2::Matcher<Codes, Want>(
      want, [](const Codes& got, const Want& w, uint64_t) { return bits_equal(got, w); },
      "is equal, bit for bit", 0);
}
inline catch2::Matcher<Codes, Expected> WithinUlp(const Expected& want, uint64_t ulp) {
  return catch2::Matcher<Codes, Expected>(
      want, [](const Codes& got, const Expected& w, uint64_t n) { return within_ulp(got, w, n); },
      "is within " + std::to_string(ulp) + " ulp", ulp);
}
inline catch2::Matcher<halfulp_tensor, Bound> WithinBound(const Bound& want) {
  return catch2::Matcher<halfulp_tensor, Bound>(
      want,
      [](const halfulp_tensor& got, const Bound& w, uint64_t) { return within_bound(got, w); },
      "is within the bound", 0);
}

}  // namespace halfulp_test

#endif /* HALFULP_CATCH2_H */

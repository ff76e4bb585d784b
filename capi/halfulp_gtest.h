/* SPDX-License-Identifier: MIT
 *
 * Assertions of GoogleTest whose message says why: operands with their bits, the exact result, what
 * was got and wanted, the distance, and the known wrong way that gives the same. What stands on the
 * sides is in halfulp_matchers.h.
 *
 *   EXPECT_BITS_EQ(got, want)        got: codes(...); want: of(format, codes(...)) or golden(...)
 *   EXPECT_ULP_LE(got, want, ulp)    want: of(...)
 *   EXPECT_WITHIN_BOUND(got, bound)  got: a halfulp_tensor; bound: bound(unit, product)
 * and ASSERT_ likewise. */
#ifndef HALFULP_GTEST_H
#define HALFULP_GTEST_H

#include <gtest/gtest.h>

#include "halfulp_matchers.h"

namespace halfulp_test {

inline ::testing::AssertionResult assertion(const char* got, const char* want, const char* relation,
                                            const Verdict& verdict) {
  if (verdict.good) return ::testing::AssertionSuccess();
  return ::testing::AssertionFailure() << got << " " << relation << " " << want << "\n"
                                       << verdict.text;
}

struct BitsEqual {
  template <typename Want>
  ::testing::AssertionResult operator()(const char* got_text, const char* want_text,
                                        const Codes& got, const Want& want) const {
    return assertion(got_text, want_text, "is not, bit for bit,", bits_equal(got, want));
  }
};
struct WithinUlp {
  ::testing::AssertionResult operator()(const char* got_text, const char* want_text, const char*,
                                        const Codes& got, const Expected& want,
                                        uint64_t ulp) const {
    return assertion(got_text, want_text, "is not within its ulp of", within_ulp(got, want, ulp));
  }
};
struct WithinBound {
  ::testing::AssertionResult operator()(const char* got_text, const char* want_text,
                                        const halfulp_tensor& got, const Bound& want) const {
    return assertion(got_text, want_text, "is not within", within_bound(got, want));
  }
};

}  // namespace halfulp_test

#define EXPECT_BITS_EQ(got, want) EXPECT_PRED_FORMAT2(::halfulp_test::BitsEqual(), got, want)
#define ASSERT_BITS_EQ(got, want) ASSERT_PRED_FORMAT2(::halfulp_test::BitsEqual(), got, want)
#define EXPECT_ULP_LE(got, want, ulp) \
  EXPECT_PRED_FORMAT3(::halfulp_test::WithinUlp(), got, want, ulp)
#define ASSERT_ULP_LE(got, want, ulp) \
  ASSERT_PRED_FORMAT3(::halfulp_test::WithinUlp(), got, want, ulp)
#define EXPECT_WITHIN_BOUND(got, bound) \
  EXPECT_PRED_FORMAT2(::halfulp_test::WithinBound(), got, bound)
#define ASSERT_WITHIN_BOUND(got, bound) \
  ASSERT_PRED_FORMAT2(::halfulp_test::WithinBound(), got, bound)

#endif /* HALFULP_GTEST_H */

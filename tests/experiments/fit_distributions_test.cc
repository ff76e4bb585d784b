// SPDX-License-Identifier: MIT
#include "experiments/results/fits/distributions.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace halfulp::experiments {
namespace {

// Figures: SciPy 1.x (scipy.stats.t, scipy.stats.f, scipy.special.betainc).
TEST(FitDistributions, IncompleteBeta) {
  EXPECT_NEAR(incomplete_beta(0.3, 0.5, 0.5), 0.36901011956554536, 1e-13);
  EXPECT_NEAR(incomplete_beta(0.9, 20, 3), 0.6200409384119034, 1e-13);
  EXPECT_NEAR(incomplete_beta(0.01, 0.5, 40), 0.6286139767460155, 1e-13);
  EXPECT_NEAR(incomplete_beta(0.5, 1000, 1000), 0.5, 1e-11);
  EXPECT_EQ(incomplete_beta(0.0, 2, 3), 0.0);
  EXPECT_EQ(incomplete_beta(1.0, 2, 3), 1.0);
}

TEST(FitDistributions, StudentTails) {
  const auto near = [](double t, double n, double expected) {
    EXPECT_NEAR(student_tails(t, n), expected, 1e-9 * expected) << t << " " << n;
  };
  near(0.3, 1, 0.8144528418445154);
  near(2, 2, 0.18350341907227397);
  near(-2.5, 7, 0.04099221858575289);
  near(5, 4.5, 0.005476358359519903);
  near(12, 30, 5.580185415199261e-13);
  near(1.5, 100000, 0.13361755952283066);
  EXPECT_EQ(student_tails(0.0, 3), 1.0);
  EXPECT_EQ(student_tails(std::numeric_limits<double>::infinity(), 3), 0.0);
  EXPECT_TRUE(std::isnan(student_tails(std::nan(""), 3)));
}

TEST(FitDistributions, StudentQuantiles) {
  const auto near = [](double n, double expected) {
    EXPECT_NEAR(student_95(n), expected, 1e-9 * expected) << n;
  };
  near(1, 12.706204736174694);
  near(2, 4.302652729749462);
  near(3.5, 2.9400886379827282);
  near(7, 2.364624251592784);
  near(15, 2.131449545559776);
  near(63, 1.998340542520741);
  near(1000.25, 1.9623384864941926);
  near(1e6, 1.959966356814107);
  near(1e15, 1.959966356814107);
}

TEST(FitDistributions, FisherTail) {
  const auto near = [](double f, double a, double b, double expected) {
    EXPECT_NEAR(fisher_tail(f, a, b), expected, 2e-9 * expected) << f << " " << a << " " << b;
  };
  near(1, 1, 1, 0.5);
  near(3.2, 2, 7, 0.10303300010931195);
  near(0.5, 5, 9.5, 0.7698138854010094);
  near(20, 3.3, 14.1, 1.8300787445033168e-05);
  near(1.01, 400, 5000, 0.43784303943218333);
  near(2, 1, 1e6, 0.15729951838083478);
  near(300, 4, 8, 9.566546802235507e-09);
  EXPECT_EQ(fisher_tail(0.0, 2, 3), 1.0);
  EXPECT_EQ(fisher_tail(std::numeric_limits<double>::infinity(), 2, 3), 0.0);
}

}  // namespace
}  // namespace halfulp::experiments

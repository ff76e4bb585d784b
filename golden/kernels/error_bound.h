// SPDX-License-Identifier: MIT
//
// How far a result of a unit in an order may be from the exact product of its operands. The tree of
// the arithmetic is walked with magnitudes in the place of numbers: M bounds what a step may hold,
// so that rounding it to nearest errs by at most half an ulp of M, another rounding and a cut by
// less than one unit of what is kept (Higham, Accuracy and Stability of Numerical Algorithms, 2nd
// ed., chapters 2 to 4, has the same for plain sums as n u |a| |b|). Exponents of terms are known,
// that of a partial sum by its M, so each cut is bounded by 2^(E - bits) of the largest E that can
// be. What is a multiple of the unit is not rounded or cut: sums of small integers have bound 0.
// Every operation on bounds is in binary64 rounded upward, so that no result of the unit is beyond
// its bound.
//
// deterministic: the bounds of all steps added.
//
// probabilistic: errors of roundings to nearest are taken as independent with mean zero, each
// within its bound b (Higham and Mary, "A New Approach to Probabilistic Rounding Error Analysis",
// SIAM J. Sci. Comput. 41(5), 2019, A2815-A2835, whose sqrt(n) comes from the same inequality of
// Hoeffding): their sum is beyond lambda sqrt(sum of b^2) with probability at most
// 2 exp(-lambda^2 / 2). Cuts, directed roundings and flushing are no errors of mean zero: they are
// added as they are. Of stochastic rounding, whose errors have mean zero but for the number of its
// random bits, b is an ulp, and 2^-R of one is added as it is.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <vector>

#include "golden/kernels/product.h"

namespace halfulp::kernels {

struct ResultBound {
  bool bounded = true;  // else an operand is not finite, or a sum may overflow
  double certain = 0;   // of errors that have no mean of zero
  double rounding = 0;  // of the others: the sum of their bounds
  double squares = 0;   // and of the squares
  [[nodiscard]] double deterministic() const;  // infinity where there is none
  [[nodiscard]] double probabilistic(double lambda) const;
};

// lambda for which, of so many results, any is beyond its bound with at most this probability.
double lambda_of(double failure, std::size_t results);

class ErrorBounds {
 public:
  // to: rounds the results last, where they are not in the unit's format. The operands must outlive
  // it. Throws Error as multiply does; where the order has an epilogue; where a sum is in no binary
  // floating-point format of at most 53 bits, or flushes its operands.
  ErrorBounds(const MatrixUnit& unit, const Order& order, const ProductOperands& operands,
              const std::optional<Quantizer>& to);
  ~ErrorBounds();

  // Of a row of results; any number of threads may ask.
  [[nodiscard]] std::vector<ResultBound> row(std::size_t batch, std::size_t row) const;

 private:
  struct Implementation;
  std::unique_ptr<const Implementation> implementation_;
};

// The exact product and sum of what the operands' codes say (not of what the unit makes of them),
// rounded once to binary64. Throws Error as ErrorBounds does.
tensors::Tensor exact_product(const MatrixUnit& unit, const Order& order, const Engine& engine,
                              const ProductOperands& operands, const ProductOptions& options);

}  // namespace halfulp::kernels

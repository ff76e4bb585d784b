// SPDX-License-Identifier: MIT
//
// What the engine's speed is held against: loops without any rounding of ours, on the vectors of
// the machine, and the matrix product of OpenBLAS where the machine has that library. It is looked
// for when it is asked for, so that the program needs no such library.
#pragma once

#include <cstddef>
#include <string>

#include "formats/operation.h"

namespace halfulp::cli::bench {

// Copies with stores that go past the caches: the fastest copy of arrays that no cache holds.
void copy_past_caches(const float* in, std::size_t count, float* out);
// out = op(a, b, c) in binary32: add, multiply, divide, square root, fused multiply-add.
void compute_plainly(Op op, const float* a, const float* b, const float* c, std::size_t count,
                     float* out);
// The sum of products in several partial sums.
float dot_plainly(const float* a, const float* b, std::size_t count);

// A row of a regression without rounding: out = deviations * variates; and the step's update,
// w += factor * x, sum += w.
void scale_plainly(const double* variates, const float* deviations, std::size_t count, float* out);
void update_plainly(float factor, const float* x, std::size_t count, float* w, float* sum);

// OpenBLAS on one thread, with the kernels of this processor whatever OPENBLAS_CORETYPE says.
class Blas {
 public:
  Blas();
  [[nodiscard]] bool is_there() const { return multiply_ != nullptr; }
  // "OpenBLAS SkylakeX"; empty where it is not there.
  [[nodiscard]] const std::string& name() const { return name_; }
  // out = a * b of square matrices, row after row. Precondition: is_there().
  void multiply(const float* a, const float* b, std::size_t side, float* out) const;

 private:
  using Multiply = void (*)(int, int, int, int, int, int, float, const float*, int, const float*,
                            int, float, float*, int);
  Multiply multiply_ = nullptr;
  std::string name_;
};

}  // namespace halfulp::cli::bench

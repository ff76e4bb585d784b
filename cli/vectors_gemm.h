// SPDX-License-Identifier: MIT
//
// halfulp vectors gemm: operands of products of matrices and what a matrix unit makes of them, as
// tensor files (golden/kernels/inputs.h).
#pragma once

#include <cstdint>
#include <string>

#include "cli/unit_options.h"
#include "cli/verb.h"

namespace halfulp::cli {

struct GemmVectorsOptions {
  UnitOptions arithmetic;
  std::string format;  // of the operands, where the order has an arithmetic of its own
  std::string input_class = "all";
  std::uint64_t rows = 16, terms = 64, columns = 8;
  RoundingOptions random;  // seed of the operands; with the generator, of stochastic steps
  std::string output;
  int threads = 0;
  bool reference = false, json = false, quiet = false;
};

void add_gemm_vectors_options(Parser& parser, GemmVectorsOptions& options);
// Throws Error where options that do not go with the operation were given.
void require_gemm_vectors_options(Parser& parser, bool gemm);

int write_gemm(const GemmVectorsOptions& options);

}  // namespace halfulp::cli

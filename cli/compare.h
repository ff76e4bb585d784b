// SPDX-License-Identifier: MIT
//
// halfulp compare: what the call says, the files that it opens, and what is printed of a
// comparison.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cli/product_call.h"
#include "cli/recipe_options.h"
#include "cli/tensor_options.h"
#include "golden/comparison/compare.h"
#include "golden/comparison/pairs.h"

namespace halfulp::cli {

struct CompareCall {
  std::string got, want, exact, addend, stale;  // paths; empty: not given
  std::string picture;                          // a path; empty: none
  std::string format, scale_dtype;
  TensorOptions tensors;
  std::vector<std::string> only;
  std::vector<std::int64_t> block;  // lengths of blocks; empty: not given
  // The tolerance as it was written; empty: not given.
  std::string ulp, atol, rtol, calc_diff, cosine, match_rate;
  std::uint64_t scale_ulp = 0, show = 10;
  std::string nan = "any", zeros = "exact", guard = "warn";
  ProductCall product;  // of --explain, --trace and --bound
  RecipeCall recipe;    // of --explain
  std::uint64_t traced = 0;
  std::string bound, failure;  // empty: not given
  bool explain = false;
  int threads = 0;
  bool json = false, quiet = false;
};

// One tensor of both files.
struct CompareTask {
  std::string name;  // empty where it has none
  comparison::Pair pair;
  Format format;                            // in which it is compared
  bool is_scales = false;                   // of codes
  std::vector<comparison::Pair> levels;     // the scales of its codes
  std::vector<std::int64_t> block_lengths;  // that the file names, or the call
};

// The files of a call. All throw Error.
class CompareFiles {
 public:
  explicit CompareFiles(const CompareCall& call);

  // In the order of WANT.
  [[nodiscard]] const std::vector<CompareTask>& tasks() const { return tasks_; }
  // Elements of all of them.
  [[nodiscard]] std::uint64_t size() const;
  [[nodiscard]] comparison::Comparison compare(const CompareTask& task,
                                               const comparison::CompareOptions& options,
                                               const comparison::CompareProgress& progress) const;

 private:
  using File = std::unique_ptr<tensors::OpenedFile>;
  [[nodiscard]] File open(const std::string& path) const;
  [[nodiscard]] CompareTask task_of(const comparison::Pair& pair) const;
  void add_levels();
  [[nodiscard]] std::vector<comparison::DifferingScales> scales_of(const CompareTask& task) const;

  const CompareCall& call_;
  File got_, want_, exact_, addend_, stale_;
  std::vector<comparison::Pair> pairs_;
  std::vector<CompareTask> tasks_;
};

// What was asked of a tensor, and what came of it, for people and for programs.
struct CompareAnswer {
  const CompareTask& task;
  const CompareCall& call;
  const comparison::Comparison& found;
};
std::string text_of(const CompareAnswer& answer);
// "logits  bfloat16 [64, 48], within: 3 of 3072 codes differ": the tensor and the verdict.
std::string headline_of(const CompareAnswer& answer);
std::string json_text_of(const CompareAnswer& answer);
// [5, 7]: where the index-th element stands.
Json index_json(const tensors::Shape& shape, std::uint64_t index);
// Prints what was asked of the product that the call names: which changes of it make what was got,
// the steps of results, the bound. Is what was got within the bound, if one was asked for?
bool report_product(const CompareCall& call);
// Throws Error where --bound or --failure are not what they can be.
void require_bound(const CompareCall& call);
// Prints which changes of the quantizer that the call names make what was got.
void explain_quantizer(const CompareCall& call);
// As SVG.
std::string picture_of(const std::vector<CompareAnswer>& answers);

}  // namespace halfulp::cli

// SPDX-License-Identifier: MIT
//
// What kernel tests ask of an output before they call it right. Sources: NumPy's and PyTorch's
// allclose (|got - want| <= atol + rtol |want|); DeepGEMM's calc_diff
// (deepseek-ai/DeepGEMM, deep_gemm/testing/numeric.py: 1 - 2 <x, y> / (|x|^2 + |y|^2), which is
// |x - y|^2 / (|x|^2 + |y|^2), as it is computed here); cosine similarity of PyTorch's tests of
// scaled products; the share of equal FP8 codes with the rest within one step
// (NVIDIA/TensorRT-LLM#19082).
//
// Whether an element is within ulp, or within atol and rtol, is decided exactly. Sums are of
// binary64, products rounded before they are added: from left to right within stretches of
// `stretch` elements, the stretches' sums from left to right.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "formats/numbers/value.h"
#include "golden/comparison/elements.h"

namespace halfulp::comparison {

inline constexpr std::size_t stretch = 2048;

// |got - want| <= atol + rtol |want|, of finite numbers.
class Closeness {
 public:
  // Both finite and not negative, taken exactly as they are.
  Closeness(const Real& atol, const Real& rtol);

  // For doubles, exactly.
  [[nodiscard]] bool holds(double got, double want) const;
  [[nodiscard]] bool holds(const Value& got, const Value& want) const;
  // atol + rtol |want|, for information.
  [[nodiscard]] double allowed(double want) const;

 private:
  double atol_, rtol_;
  // atol_times + rtol_times |want| >= unit |got - want| says the same.
  Value atol_times_, rtol_times_, unit_;
  bool usual_ = false;  // no underflow and no overflow of doubles on the way
};

// What is asked; where several things are, all of them.
struct Tolerance {
  std::optional<std::uint64_t> ulp = {};  // at most so many steps apart
  std::optional<Closeness> close = {};    // every element
  std::optional<double> calc_diff = {};   // at most
  std::optional<double> cosine = {};      // at least
  std::optional<Real> match_rate = {};    // share of equal codes, the rest within one step
  [[nodiscard]] bool takes_numbers() const { return close || takes_sums(); }
  [[nodiscard]] bool takes_sums() const { return calc_diff || cosine; }
  [[nodiscard]] bool is_empty() const { return !ulp && !takes_numbers() && !match_rate; }
};

// When two codes are the same.
struct Strictness {
  bool nan_exact = false;  // every NaN is every other unless set
  bool zero_any = false;   // zeros of both signs are the same
};

// Elements of a format judged by a tolerance.
struct Tally {
  std::uint64_t elements = 0;
  std::uint64_t equal = 0;
  std::uint64_t beyond_ulp = 0, beyond_close = 0;  // 0 where it is not asked
  std::uint64_t within = 0;                        // of each element alone, all that is asked of it
  std::uint64_t beyond_step = 0;                   // neither equal nor within one step
  std::uint64_t unlike = 0;                        // not both finite, and not the same
  // Sums over the pairs that are finite: of (got - want)^2, got^2, want^2, got want.
  double difference = 0, got = 0, want = 0, product = 0;
  // What the next stretch found, added.
  void add(const Tally& next);
};

class Judge {
 public:
  Judge(const Format& format, Tolerance tolerance, Strictness strictness);

  [[nodiscard]] const Tolerance& tolerance() const { return tolerance_; }
  [[nodiscard]] const Numbering& numbering() const { return numbering_; }
  // Codes with their places, and their numbers where the tolerance or the caller asks for them.
  [[nodiscard]] Elements elements(std::vector<std::uint64_t> codes, bool numbers = false) const;

  [[nodiscard]] bool same(const Elements& got, const Elements& want, std::size_t index) const;
  // A stretch, or part of one. skipped: elements that are left out; empty: none.
  [[nodiscard]] Tally tally(const Elements& got, const Elements& want,
                            const std::vector<bool>& skipped = {}) const;

 private:
  [[nodiscard]] bool is_close(const Elements& got, const Elements& want, std::size_t index) const;
  void add_one(const Elements& got, const Elements& want, std::size_t index, Tally& tally) const;

  Format format_;
  Tolerance tolerance_;
  Strictness strictness_;
  Numbering numbering_;
  Decoder decoder_;
};

// One thing that was asked, and what came of it.
struct Ruling {
  std::string_view rule;  // "ulp", "close", "calc_diff", "cosine", "match_rate"
  bool holds = false;
  std::uint64_t beyond = 0;  // elements: of ulp and close, and of match_rate beyond one step
  double measured = 0;       // calc_diff, cosine, the share of equal codes
};
std::vector<Ruling> rulings(const Tolerance& tolerance, const Tally& tally);
bool all_hold(const std::vector<Ruling>& rulings);

}  // namespace halfulp::comparison

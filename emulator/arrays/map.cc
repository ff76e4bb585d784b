// SPDX-License-Identifier: MIT
//
// Elementwise operations on arrays: a segment of exact results, rounded to odd by the lanes, is
// rounded by the plan's grid or steps; elements that the lanes cannot do are recomputed by the
// scalar path, and so is everything where the plan's precision and random bits leave binary64 too
// narrow. Functions of binary32 are rounded to odd by lanes too, as far as they know them
// (kernels/array_functions.h); others are bounded in binary64 and both bounds rounded
// (functions/candidate.h).
#include <array>
#include <bit>
#include <limits>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "emulator/arrays/arrays.h"
#include "emulator/arrays/map_floats.h"
#include "emulator/arrays/random_bits.h"
#include "emulator/arrays/results.h"
#include "emulator/arrays/segments.h"
#include "emulator/environment.h"
#include "emulator/functions/candidate.h"
#include "emulator/functions/kept.h"
#include "emulator/kernels/array_functions.h"
#include "emulator/scalar/round_below.h"

namespace halfulp::emulator {
namespace {

// flush_inputs of map: an operand counts as subnormal by the plan's own format, below whose least
// number of full precision it is.
Operand operand_of_format(Operand x, const Target& target) {
  x.subnormal = false;
  if (!target.is_float || x.kind != Operand::Class::finite) return x;
  const Exact<Code> number = exact<Code>(x);
  x.subnormal = target.subnormals ? leading_exponent(number) < target.least_exponent
                                  : is_below_least(target, number);
  return x;
}

// One operation of one plan; its buffers serve segment after segment.
class Mapper {
 public:
  // kept: may be null.
  Mapper(Op op, const CompiledPlan& plan, const Random& random, Counts* counts, Kept* kept)
      : op_(op),
        plan_(plan),
        random_(random),
        counts_(counts),
        elements_(plan.target(), random, counts, kept != nullptr ? &kept->reals : nullptr) {
    options_.op = op;
    options_.zero_sum_negative = plan.rounding().mode == Mode::toward_negative;
    options_.flush_below = plan.flush_below();
  }
  Mapper(const Mapper&) = delete;
  Mapper& operator=(const Mapper&) = delete;

  // Before the first element: of a function, the table where there is one, or where so many
  // elements pay for it.
  void find_table(Kept& kept, std::size_t elements) {
    const Format& format = plan_.quantizer().format;
    if (!table_serves(op_, format, plan_.target())) return;
    table_ = kept.tables.wanted(op_, format, elements);
    if (!table_) return;
    plain_.format = format;
    plain_target_ = target_of(plain_);
    function_.emplace(TabulatedFunction{*table_, plain_target_});
  }

  void by_element(std::span<const View> in, const MutableView& out) {
    for (std::size_t index = 0; index < out.rows * out.columns; ++index) {
      store(out, index, one(in, index));
    }
  }

  void by_lanes(std::span<const View> in, const MutableView& out) {
    const StandardEnvironment environment;
    std::size_t stride = out.stride;
    for (const View& view : in) {
      if (view.stride != view.columns) stride = view.stride;
    }
    const Segments segments(out.rows, out.columns, {stride, out.stride});
    segments.for_each(draw_segment, [&](const Segment& segment) { one_block(in, segment, out); });
  }

  // Functions of floats on lanes (kernels/array_functions.h), where the plan says so: into floats
  // without counts, where binary32 rounded to odd is enough, else through binary64.
  void by_function_lanes(const View& in, const MutableView& out) {
    const StandardEnvironment environment;
    const Segments segments(out.rows, out.columns, {in.stride, out.stride});
    const auto* operation = plan_.operation32();
    if (operation != nullptr && counts_ == nullptr && out.carrier == Carrier::binary32) {
      segments.for_each(function_segment, [&](const Segment& segment) {
        one_block_of_floats(in, segment, operation->rounding, out);
      });
      return;
    }
    segments.for_each(draw_segment,
                      [&](const Segment& segment) { one_block_of_doubles(in, segment, out); });
  }

 private:
  static constexpr std::size_t function_segment = 1024;

  Operand one(std::span<const View> in, std::size_t index) const {
    std::array<Operand, 3> operands;
    for (std::size_t i = 0; i < in.size(); ++i) {
      const Operand x = load_number(plan_, in[i], index / in[i].columns, index % in[i].columns);
      operands[i] = operand_of_format(x, plan_.target());
    }
    const std::span<Operand> used = std::span(operands).first(in.size());
    const Outcome outcome = elements_.operate(op_, used, index, function_ ? &*function_ : nullptr);
    Operand x = delivered(plan_, outcome, false);
    if (x.kind == Operand::Class::nan) x.negative = elements_.nan_is_negative(op_, used);
    return x;
  }

  template <typename Real, typename Bits>
  void recompute_unknown(const View& in, const Segment& segment, Bits unknown, Real* results) {
    for (std::size_t i = 0; i < segment.count; ++i) {
      if (std::bit_cast<Bits>(results[i]) != unknown) continue;
      results[i] = 0;
      recomputed_.emplace_back(segment.index + i, one(std::span(&in, 1), segment.index + i));
      if (counts_ != nullptr) --counts_->elements;
    }
  }

  void one_block_of_floats(const View& in, const Segment& segment,
                           const kernels::ArrayRounding& rounding, const MutableView& out) {
    recomputed_.clear();
    if (kernels::function_to_odd(op_, pointer<float>(in, segment), segment.count, floats_.data()))
      recompute_unknown(in, segment, kernels::unknown_float, floats_.data());
    {
      const StandardEnvironment environment(rounding.direction);
      kernels::round(floats_.data(), segment.count, rounding, false, pointer<float>(out, segment));
    }
    for (const auto& [index, x] : recomputed_) store(out, index, x);
  }

  void one_block_of_doubles(const View& in, const Segment& segment, const MutableView& out) {
    if (plan_.stochastic()) {
      draw(random_, plan_.rounding().random_bits, {segment.index, 1, segment.count}, draws_.data());
    }
    recomputed_.clear();
    if (kernels::function_to_odd(op_, pointer<float>(in, segment), segment.count,
                                 plan_.function_bits(), exact_.data()))
      recompute_unknown(in, segment, kernels::unknown_double, exact_.data());
    kernels::round(exact_.data(), segment.count, plan_.function_grid(), draws_.data(),
                   exact_.data(), counts_);
    narrow(exact_.data(), out, segment);
    for (const auto& [index, x] : recomputed_) store(out, index, x);
  }

  void one_block(std::span<const View> in, const Segment& segment, const MutableView& out) {
    for (std::size_t i = 0; i < in.size(); ++i) widen(in[i], segment, false, numbers_[i].data());
    if (plan_.stochastic()) {
      draw(random_, plan_.rounding().random_bits, {segment.index, 1, segment.count}, draws_.data());
    }
    if (is_function(op_)) return one_block_of_function(in, segment, out);
    const bool marked = kernels::operate_to_odd(options_, numbers_[0].data(), numbers_[1].data(),
                                                numbers_[2].data(), segment.count, exact_.data());
    recomputed_.clear();
    if (marked) recompute(in, segment);
    finish(segment, out);
  }

  void finish(const Segment& segment, const MutableView& out) {
    round_results(plan_, exact_.data(), segment.count, draws_.data(), exact_.data(), counts_);
    narrow(exact_.data(), out, segment);
    for (const auto& [index, x] : recomputed_) store(out, index, x);
  }

  // Bounds of the results, both rounded. Where they agree, and the number that they are rounded to
  // does not lie between them (the result may be exact then), the lower one stands for the result.
  // What saturates may be delivered alike and counted differently: then no element is trusted.
  void one_block_of_function(std::span<const View> in, const Segment& segment,
                             const MutableView& out) {
    std::array<double, draw_segment> high;
    std::array<double, draw_segment> low_rounded;
    std::array<double, draw_segment> high_rounded;
    candidates(op_, {.a = numbers_[0].data(),
                     .b = in.size() > 1 ? numbers_[1].data() : nullptr,
                     .count = segment.count,
                     .flush_below = plan_.flush_below(),
                     .low = exact_.data(),
                     .high = high.data()});
    const auto round = [&](const double* from, double* to) {
      Counts counts;
      round_results(plan_, from, segment.count, draws_.data(), to,
                    counts_ == nullptr ? nullptr : &counts);
      return counts.saturated;
    };
    const bool alike =
        round(exact_.data(), low_rounded.data()) == round(high.data(), high_rounded.data());
    bool marked = false;
    for (std::size_t i = 0; i < segment.count; ++i) {
      const double rounded = low_rounded[i];
      const bool same =
          std::bit_cast<std::uint64_t>(rounded) == std::bit_cast<std::uint64_t>(high_rounded[i]);
      const bool trusted = alike && exact_[i] == exact_[i];
      if (trusted && same && !(exact_[i] <= rounded && rounded <= high[i])) continue;
      exact_[i] = std::numeric_limits<double>::quiet_NaN();
      marked = true;
    }
    recomputed_.clear();
    if (marked) recompute(in, segment);
    finish(segment, out);
  }

  // Before the segment is stored, as `out` may be one of the operands. Zeros take the marks'
  // places.
  void recompute(std::span<const View> in, const Segment& segment) {
    for (std::size_t i = 0; i < segment.count; ++i) {
      if (exact_[i] == exact_[i]) continue;
      exact_[i] = 0;
      recomputed_.emplace_back(segment.index + i, one(in, segment.index + i));
      // The kernel will count the zero as an element.
      if (counts_ != nullptr) --counts_->elements;
    }
  }

  Op op_;
  const CompiledPlan& plan_;
  const Random& random_;
  Counts* counts_;
  Elements elements_;
  Quantizer plain_;
  Target plain_target_;
  std::shared_ptr<const FunctionTable> table_;
  std::optional<TabulatedFunction> function_;
  kernels::OddOptions options_;
  std::vector<std::pair<std::size_t, Operand>> recomputed_;
  std::array<std::array<double, draw_segment>, 3> numbers_{};
  std::array<float, function_segment> floats_;
  std::array<double, draw_segment> exact_;
  std::array<std::uint64_t, draw_segment> draws_;
};

}  // namespace

void map_array(Op op, std::span<const View> in, const Plan& plan, const Random& random,
               const MutableView& out, Counts* counts) {
  HALFULP_REQUIRE(in.size() == static_cast<std::size_t>(arity(op)),
                  "map: the operation takes another number of operands");
  const std::size_t elements = out.rows * out.columns;
  Kept* const kept = compiled(plan).kept();
  const PlanOfCall of_call(compiled(plan), Carrier::binary64, elements);
  const CompiledPlan& ready = *of_call;
  require_fits(ready, out.carrier);
  for (const View& view : in) require_same_shape(view, out);
  if (counts == nullptr && map_floats(op, in, ready, out)) return;
  Mapper mapper(op, ready, random, counts, kept);
  const bool on_lanes =
      ready.function_bits() != 0 && kernels::has_lanes(op) && in[0].carrier == Carrier::binary32;
  if (on_lanes) return mapper.by_function_lanes(in[0], out);
  if (kept != nullptr) mapper.find_table(*kept, elements);
  const bool by_bounds = is_function(op) && (ready.grid64() != nullptr || ready.rounds_odd());
  if (by_bounds || (is_arithmetic(op) && ready.rounds_odd())) {
    mapper.by_lanes(in, out);
  } else {
    mapper.by_element(in, out);
  }
}

}  // namespace halfulp::emulator

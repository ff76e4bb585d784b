// SPDX-License-Identifier: MIT
//
// Ways of rounding that are met in the field and deliver other numbers than one correct rounding:
// rounding twice (jax-ml/ml_dtypes#401, triton-lang/triton#2583; of subnormal numbers
// openvinotoolkit/openvino#30057), the wrong rule for ties (microxcaling's and QPyTorch's
// "nearest"), cut bits, flushed subnormals, clamping, and the shortcuts of integer quantization
// (x * (1 / s) for x / s).
#include <algorithm>
#include <array>
#include <utility>

#include "formats/catalogue.h"
#include "formats/codes.h"
#include "formats/numbers/value.h"
#include "reference/explain/explain.h"
#include "reference/operations.h"

namespace halfulp::reference {
namespace {

bool is_nearest(Mode mode) { return mode <= Mode::nearest_log; }

// The name and the format of a first rounding.
struct Via {
  std::string_view name;
  Format format;
};

const std::vector<Via>& vias() {
  static const std::vector<Via> list = [] {
    std::vector<Via> formats;
    for (const std::string_view name : {"binary64", "binary32", "tf32", "bfloat16", "binary16"})
      formats.push_back({name, find_format(name)});
    return formats;
  }();
  return list;
}

class Paths {
 public:
  Paths(const Explanation& e, const Quantizer& quantizer) : e_(e), quantizer_(quantizer) {}

  std::vector<WrongPath> find(bool subnormal_operand) {
    if (e_.x.numerator.is_nan()) return {};
    for (const Via& via : vias()) add_through(via);
    if (is_nearest(mode())) add_modes();
    if (mode() == Mode::toward_zero) add(Path::floored, with_mode(Mode::toward_negative));
    add_flushed(subnormal_operand);
    Quantizer saturating = quantizer_;
    saturating.rounding.overflow = parse_overflow("saturate");
    add(Path::clamped, answer_of(e_.located, saturating));
    if (!is_stochastic(mode())) add_unbounded();
    if (is_nearest(mode())) add_by_distance();
    add_affine();
    return std::move(found_);
  }

 private:
  [[nodiscard]] Mode mode() const { return quantizer_.rounding.mode; }

  void add(Path path, Answer answer, std::optional<Value> between = std::nullopt,
           std::string_view through = {}) {
    if (same_codes(answer, e_.chosen)) return;
    found_.push_back({path, through, std::move(between), std::move(answer)});
  }

  [[nodiscard]] Answer with_mode(Mode other) const {
    Quantizer q = quantizer_;
    q.rounding.mode = other;
    return answer_of(e_.located, q);
  }

  [[nodiscard]] Answer of(const Value& x) const {
    return answer_of(locate(real(x), quantizer_.format), quantizer_);
  }

  // Can the format carry the neighbours (or what is delivered)? They come back from it. In a
  // format that cannot, the loss is no matter of how often one rounds.
  [[nodiscard]] bool carries(const Format& via) const {
    std::vector<Code> codes;
    for (const auto& neighbour : {e_.inner, e_.outer}) {
      if (neighbour && neighbour->code) codes.push_back(*neighbour->code);
    }
    if (codes.empty()) codes.push_back(e_.chosen.chances.front().outcome.code);
    return std::all_of(codes.begin(), codes.end(), [&](Code code) {
      const Value value = decode(quantizer_.format, code);
      const Value carried = decode(via, round(real(value), {via, {}}, 0).code);
      if (value.is_nan()) return carried.is_nan();
      return round(real(carried), {quantizer_.format, {}}, 0).code == code;
    });
  }

  void add_through(const Via& via) {
    if (via.format.kind == quantizer_.format.kind || !carries(via.format)) return;
    const auto first = [&](Mode mode) {
      Rounding rounding;
      rounding.mode = mode;
      return decode(via.format, round(e_.x, {via.format, rounding}, 0).code);
    };
    const Value nearest = first(Mode::nearest_even);
    add(Path::through, of(nearest), nearest, via.name);
    const Value cut = first(Mode::toward_zero);
    if (!identical(cut, nearest)) add(Path::cut_through, of(cut), cut, via.name);
  }

  // Of ways that differ for negative numbers only, the plainer one.
  void add_modes() {
    const Answer away = with_mode(Mode::nearest_away);
    const Answer up = with_mode(Mode::nearest_up);
    const Answer truncated = with_mode(Mode::toward_zero);
    const Answer floored = with_mode(Mode::toward_negative);
    add(Path::ties_away, away);
    if (!same_codes(up, away)) add(Path::ties_up, up);
    add(Path::truncated, truncated);
    if (!same_codes(floored, truncated)) add(Path::floored, floored);
  }

  void add_flushed(bool subnormal_operand) {
    if (!quantizer_.rounding.flush_outputs) {
      Quantizer q = quantizer_;
      q.rounding.flush_outputs = q.rounding.tininess;
      add(Path::flushed, answer_of(e_.located, q));
    }
    if (subnormal_operand && !quantizer_.rounding.flush_inputs)
      add(Path::flushed_input, of(zero_value(e_.x.numerator.negative)));
  }

  // A format of the same precision whose exponents go on where the subnormal numbers are.
  void add_unbounded() {
    const auto* f = std::get_if<Float>(&quantizer_.format.kind);
    if (f == nullptr || !f->subnormals || !e_.located.below_normal) return;
    constexpr int widest = 20;
    Float wide{.exponent_bits = std::min(widest, 127 - f->fraction_bits),
               .fraction_bits = f->fraction_bits};
    if (wide.exponent_bits <= f->exponent_bits) return;
    wide.bias = (std::int64_t{1} << (wide.exponent_bits - 1)) - 1;
    const Format format{.name = "wide", .kind = wide};
    const Value first = decode(format, round(e_.x, {format, quantizer_.rounding}, 0).code);
    add(Path::unbounded_exponent, of(first), first);
  }

  void add_by_distance() {
    if (e_.located.place != Located::Place::between || !e_.turn) return;
    const Quotient half{.numerator = {make_value(1)}, .denominator = {make_value(2)}};
    const int order = compare(*e_.position, half);
    const bool out = order > 0 || (order == 0 && e_.located.gap->tie_out);
    add(Path::by_distance, with_mode(out ? Mode::away_from_zero : Mode::toward_zero));
  }

  void add_affine() {
    const auto* f = std::get_if<Affine>(&quantizer_.format.kind);
    if (f == nullptr || !e_.x.numerator.is_finite()) return;
    // The code's parity is that of the rank, turned where the zero point is odd.
    if (mode() == Mode::nearest_even && f->zero_point % 2 != 0)
      add(Path::offset_first, with_mode(Mode::nearest_odd));
    const Quantizer single{find_format("binary32"), {}};
    const auto value_of = [&](Op op, const Value& a, const Value& b) {
      const std::array<Value, 2> operands{a, b};
      return decode(single.format, operate(op, operands, single, 0).code);
    };
    const Value x = decode(single.format, round(e_.x, single, 0).code);
    const Value scale = decode(single.format, round(real(from_double(f->scale)), single, 0).code);
    const Value inverse = value_of(Op::divide, make_value(1), scale);
    Affine integers = *f;
    integers.scale = 1;
    const Quantizer to_integer{{.name = "integers", .kind = integers}, quantizer_.rounding};
    for (const Path path : {Path::divided, Path::reciprocal}) {
      const Value quotient = path == Path::divided ? value_of(Op::divide, x, scale)
                                                   : value_of(Op::multiply, x, inverse);
      add(path, answer_of(locate(real(quotient), to_integer.format), to_integer), quotient);
    }
  }

  const Explanation& e_;
  const Quantizer& quantizer_;
  std::vector<WrongPath> found_;
};

}  // namespace

std::vector<WrongPath> wrong_paths(const Explanation& e, const Quantizer& quantizer,
                                   bool subnormal_operand) {
  return Paths(e, quantizer).find(subnormal_operand);
}

}  // namespace halfulp::reference

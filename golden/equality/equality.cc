// SPDX-License-Identifier: MIT
#include "golden/equality/equality.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <tuple>
#include <variant>

#include "formats/json.h"
#include "formats/nan.h"
#include "formats/numbers/value.h"
#include "golden/equality/digest.h"
#include "golden/equality/instances.h"
#include "reference/mpfr_float.h"
#include "reference/operations.h"
#include "reference/round.h"

namespace halfulp::equality {
namespace {

constexpr int stochastic_words = 3;  // drawn, all zeros, all ones

std::uint64_t all_ones(int count) { return ~std::uint64_t{0} >> (64 - count); }

// What array checks of one carrier need for a whole range: the operands, and the last wanted code
// of each element with its value, as neighbouring modes often want the same.
template <typename T>
struct Lanes {
  std::array<std::vector<T>, vectors::most_operands> in;
  std::vector<T> out;
  // Conversions: the codes of elements that stand for another number than their own.
  std::vector<std::optional<Code>> other;

  [[nodiscard]] Code wanted(std::size_t i, const std::vector<Code>& codes) const {
    return i < other.size() ? other[i].value_or(codes[i]) : codes[i];
  }
  std::vector<Code> known;
  std::vector<T> value;
};

template <typename T>
T carried(const Value& x) {
  if constexpr (sizeof(T) == sizeof(float)) return nearest_float(x);  // exact: the format fits
  return nearest_double(x);
}

template <typename T>
bool same_bits(T a, T b) {
  if (std::isnan(a) || std::isnan(b)) return std::isnan(a) && std::isnan(b);
  return a == b && std::signbit(a) == std::signbit(b);
}

template <typename T>
bool fits(const Format& format) {
  return sizeof(T) == sizeof(float) ? fits_binary32(format) : fits_binary64(format);
}

template <typename T>
std::string hexadecimal(T x) {
  return hexadecimal_text(from_double(static_cast<double>(x)));
}

Code packed_code(const std::vector<std::uint8_t>& bytes, int width, std::size_t index) {
  if (width == 8) return bytes[index];
  Code code = 0;
  if (width % 8 == 0) {
    const auto size = static_cast<std::size_t>(width / 8);
    for (std::size_t i = size; i-- > 0;) code = code << 8 | bytes[index * size + i];
    return code;
  }
  for (int bit = 0; bit < width; ++bit) {
    const std::size_t at = index * static_cast<std::size_t>(width) + static_cast<std::size_t>(bit);
    code |= static_cast<Code>(bytes[at / 8] >> (at % 8) & 1U) << bit;
  }
  return code;
}

std::string outcome_text(const Format& format, const Outcome& outcome) {
  constexpr const char* digits = "0123456789abcdef";
  return code_text(format, outcome.code) + " (" + hexadecimal_text(decode(format, outcome.code)) +
         ") flags " + digits[outcome.flags >> 4U & 15U] + digits[outcome.flags & 15U];
}

// One range of one subject: operands, their exact results, and the comparisons.
class RangeCheck {
 public:
  RangeCheck(const Subject& subject, const CaseRange& range, const Engine& engine, Caches* caches)
      : subject_(subject), range_(range), engine_(engine), caches_(caches) {
    const Format& from = source();
    const int count = subject.op ? arity(*subject.op) : 1;
    const CaseDrawer drawer(draw_seed);
    for (std::uint64_t i = range.begin; i < range.end; ++i) {
      if (range.exhaustive) {
        operands_.push_back(every_case(from, count, i));
      } else if (subject.op) {
        operands_.push_back(drawer.operands(from, count, i));
      } else {
        operands_.push_back({drawer.input(from, subject.format, i)});
      }
    }
    arity_ = static_cast<std::size_t>(count);
    wanted_.resize(operands_.size());
  }

  // Against the reference.
  Tally run(std::vector<Mode> modes) {
    if (subject_.op && is_without_mode(*subject_.op)) modes.resize(1);
    for (const Operands& operands : operands_) located_.push_back(locate(operands, false));
    flushed_.resize(operands_.size());
    for (const Instance& instance : instances_of(subject_.format, range_.begin, modes))
      check(instance);
    return tally_;
  }

  // What the engine answers on arrays, as one number.
  std::uint64_t digest(const std::vector<Mode>& modes) {
    for (const Instance& instance : instances_of(subject_.format, range_.begin, modes)) {
      plan_ = engine_.prepare(instance.quantizer, preparation());
      digest_arrays<float>();
      digest_arrays<double>();
    }
    return digest_.value();
  }

 private:
  [[nodiscard]] const Format& source() const {
    return subject_.source ? *subject_.source : subject_.format;
  }

  // Does the exact result not depend on the rounding? Else it chooses an integer, say.
  [[nodiscard]] bool is_located_once() const {
    return !subject_.op || is_arithmetic(*subject_.op) || is_function(*subject_.op);
  }

  // The operands and, where it is known before the rounding, an exact result.
  struct Exact {
    std::array<Value, vectors::most_operands> values;
    reference::Located located;
    std::optional<reference::MpfrOperation> by_mpfr;
  };

  [[nodiscard]] Exact locate(const Operands& operands, bool flush) const {
    Exact exact;
    for (std::size_t k = 0; k < arity_; ++k)
      exact.values[k] = reference::operand(source(), operands[k], flush);
    if (is_comparison_with_nar()) order_nar(exact.values);
    const std::span<const Value> values(exact.values.data(), arity_);
    if (is_dyadic(source())) exact.by_mpfr.emplace(subject_.op, values);
    if (!is_located_once()) return exact;
    exact.located = subject_.op
                        ? reference::locate(reference::exact(*subject_.op, values), subject_.format)
                        : reference::locate(real(values[0]), subject_.format);
    return exact;
  }

  // Does any operand change where inputs are flushed?
  [[nodiscard]] bool is_flushed(const Operands& operands) const {
    return std::any_of(operands.begin(), operands.begin() + arity_, [&](Code code) {
      return !identical(reference::operand(source(), code, true), decode(source(), code));
    });
  }

  // The NaN of posits and takums is the least of all in comparisons.
  [[nodiscard]] bool is_comparison_with_nar() const {
    const Kind& kind = source().kind;
    return subject_.op && is_comparison(*subject_.op) &&
           (std::holds_alternative<Posit>(kind) || std::holds_alternative<Takum>(kind));
  }

  void order_nar(std::array<Value, vectors::most_operands>& values) const {
    for (std::size_t k = 0; k < arity_; ++k) {
      if (values[k].is_nan()) values[k] = infinite_value(true);
    }
  }

  void check(const Instance& instance) {
    const Rounding& rounding = instance.quantizer.rounding;
    const bool flushes = rounding.flush_inputs && !(subject_.op && is_sign_operation(*subject_.op));
    plan_ = engine_.prepare(instance.quantizer, preparation());
    prepare_operation(instance.quantizer);
    const bool stochastic = is_stochastic(rounding.mode);
    generator_ = instance.generator;
    const Random random = draws();
    if (stochastic && instance.extremes) {
      for (const std::uint64_t word : {std::uint64_t{0}, all_ones(rounding.random_bits)})
        check_codes_of(instance.quantizer, flushes, [word](std::size_t) { return word; });
    }
    check_codes_of(instance.quantizer, flushes, [&](std::size_t i) {
      return stochastic ? random.bits(i, rounding.random_bits) : 0;
    });
    check_arrays<float>(instance.quantizer);
    check_arrays<double>(instance.quantizer);
  }

  [[nodiscard]] Preparation preparation() const {
    return {.caches = caches_, .elements = operands_.size()};
  }

  void prepare_operation(const Quantizer& quantizer) {
    if (!subject_.op) return;
    const std::array<Format, vectors::most_operands> inputs{source(), source(), source()};
    const Operation operation{
        .op = *subject_.op, .inputs = {inputs.data(), arity_}, .output = &quantizer};
    operation_plan_ = engine_.prepare_operation(operation, preparation());
  }

  // Found once a case, and once more where flushing changes an operand.
  Exact& exact_of(std::size_t i, bool flushes) {
    if (!flushes || !is_flushed(operands_[i])) return located_[i];
    if (!flushed_[i]) flushed_[i].emplace(locate(operands_[i], true));
    return *flushed_[i];
  }

  template <typename RandomWord>
  void check_codes_of(const Quantizer& quantizer, bool flushes, const RandomWord& word_of) {
    for (std::size_t i = 0; i < operands_.size(); ++i) {
      const std::uint64_t word = word_of(i);
      Exact& exact = exact_of(i, flushes);
      const std::span<const Value> values(exact.values.data(), arity_);
      const Outcome want = is_located_once()
                               ? reference::decide(exact.located, quantizer, word)
                               : reference::operate(*subject_.op, values, quantizer, word);
      wanted_[i] = want.code;
      ++tally_.cases;
      Outcome got;
      if (subject_.op) {
        got = engine_.operate(operation_plan_, {operands_[i].data(), arity_}, word);
      } else {
        got = engine_.convert(source(), operands_[i][0], plan_, word);
      }
      std::optional<Outcome> other;
      if (exact.by_mpfr) other = exact.by_mpfr->round(quantizer, word);
      if (!(got == want))
        report(i, quantizer, "codes", outcome_text(subject_.format, got),
               outcome_text(subject_.format, want), word);
      if (other) ++tally_.cases;
      if (other && !(*other == want))
        report(i, quantizer, "MPFR", outcome_text(subject_.format, *other),
               outcome_text(subject_.format, want), word);
    }
  }

  [[nodiscard]] Random draws() const {
    return {.seed = draw_seed + 2, .stream = range_.begin, .generator = generator_};
  }

  // The range through the engine's array functions into lanes.out, and a conversion's codes into
  // encoded_.
  template <typename T>
  void execute(Lanes<T>& lanes) {
    std::array<View, vectors::most_operands> views;
    for (std::size_t k = 0; k < arity_; ++k) views[k] = view_of(std::span<const T>(lanes.in[k]));
    const MutableView out = view_of(std::span<T>(lanes.out));
    if (subject_.op) {
      engine_.map(*subject_.op, {views.data(), arity_}, plan_, draws(), out, nullptr);
      return;
    }
    engine_.round(views[0], plan_, draws(), out, nullptr);
    encoded_.assign(packed_bytes(subject_.format, operands_.size()), 0);
    engine_.encode(views[0], plan_, draws(), encoded_, nullptr);
  }

  // Over what execute() left.
  template <typename T>
  void digest_arrays() {
    if (!arrays_agree<T>()) return;
    Lanes<T>& lanes = prepared<T>();
    execute(lanes);
    for (const T x : lanes.out) digest_.add_number(x);
    if (subject_.op) return;
    for (const std::uint8_t byte : encoded_) digest_.add(byte);
  }

  // Arrays draw their random bits by position, as check_codes_of did last: wanted_ is the answer.
  template <typename T>
  void check_arrays(const Quantizer& quantizer) {
    if (!arrays_agree<T>()) return;
    // round() flushes what is subnormal in the carrier, not in the source.
    if (!subject_.op && quantizer.rounding.flush_inputs && bits(source()) != 8 * sizeof(T)) return;
    Lanes<T>& lanes = prepared<T>();
    execute(lanes);
    if (!subject_.op) check_encoded(quantizer, lanes);
    for (std::size_t i = 0; i < operands_.size(); ++i) {
      const Code wanted = lanes.wanted(i, wanted_);
      if (lanes.known[i] != wanted) {
        lanes.known[i] = wanted;
        lanes.value[i] = carried<T>(decode(subject_.format, wanted));
      }
      ++tally_.cases;
      if (!same_bits(lanes.out[i], lanes.value[i]))
        report(i, quantizer, sizeof(T) == sizeof(float) ? "float array" : "double array",
               hexadecimal(lanes.out[i]), hexadecimal(lanes.value[i]), 0);
    }
  }

  // Do results besides flags differ between quiet and signalling NaN, which arrays do not carry?
  static bool tells_signalling(Op op) {
    return (op >= Op::min_num && op <= Op::max_num_magnitude) || op == Op::power ||
           op == Op::hypotenuse;
  }

  // True where arrays say the same as codes: the carrier fits, and the numbers of another
  // irrational format are not carried.
  template <typename T>
  [[nodiscard]] bool arrays_agree() const {
    if (!fits<T>(subject_.format) || !fits<T>(source())) return false;
    if (subject_.op && subject_.source) return false;
    if (subject_.op && tells_signalling(*subject_.op) && has_nan_fraction(source())) return false;
    return is_dyadic(source()) || source() == subject_.format;
  }

  template <typename T>
  Lanes<T>& prepared() {
    Lanes<T>& lanes = std::get<Lanes<T>>(lanes_);
    if (!lanes.out.empty()) return lanes;
    for (std::size_t k = 0; k < arity_; ++k) {
      for (const Operands& operands : operands_)
        lanes.in[k].push_back(carried<T>(decode(source(), operands[k])));
    }
    lanes.out.resize(operands_.size());
    if (!subject_.op) lanes.other = others(lanes.in[0]);
    lanes.value.resize(operands_.size());
    lanes.known.resize(operands_.size());
    for (std::size_t i = 0; i < operands_.size(); ++i) {
      lanes.known[i] = lanes.wanted(i, wanted_);
      lanes.value[i] = carried<T>(decode(subject_.format, lanes.known[i]));
    }
    return lanes;
  }

  // A number of a dyadic source may be the one that an irrational number is carried as.
  template <typename T>
  [[nodiscard]] std::vector<std::optional<Code>> others(const std::vector<T>& elements) const {
    std::vector<std::optional<Code>> codes(elements.size());
    if (is_dyadic(subject_.format)) return codes;
    for (std::size_t i = 0; i < elements.size(); ++i) {
      const Value element = from_double(static_cast<double>(elements[i]));
      const Value number = reference::number_of(subject_.format, carrier_of<T>, element);
      if (!identical(number, element)) codes[i] = encode(subject_.format, number);
    }
    return codes;
  }

  template <typename T>
  void check_encoded(const Quantizer& quantizer, const Lanes<T>& lanes) {
    const int width = packed_bits(subject_.format);
    for (std::size_t i = 0; i < operands_.size(); ++i) {
      const Code code = packed_code(encoded_, width, i);
      const Code wanted = lanes.wanted(i, wanted_);
      ++tally_.cases;
      if (code == wanted) continue;
      report(i, quantizer,
             sizeof(T) == sizeof(float) ? "codes of a float array" : "codes of a double array",
             code_text(subject_.format, code), code_text(subject_.format, wanted), 0);
    }
  }

  void report(std::size_t i, const Quantizer& quantizer, const std::string& where,
              const std::string& got, const std::string& want, std::uint64_t word) {
    ++tally_.mismatches;
    if (tally_.first.size() >= most_shown) return;
    std::string line = subject_.format.name + " ";
    line += subject_.op ? std::string(name_of(*subject_.op)) : "cast from " + source().name;
    for (std::size_t k = 0; k < arity_; ++k) {
      line += " " + code_text(source(), operands_[i][k]) + " (" +
              hexadecimal_text(decode(source(), operands_[i][k])) + ")";
    }
    Json rounding = to_json(quantizer);
    rounding.erase("format");
    line += " [" + where + "]: got " + got + ", want " + want;
    if (is_stochastic(quantizer.rounding.mode)) line += ", random bits " + std::to_string(word);
    tally_.first.push_back(line + ", with " + rounding.dump());
  }

  const Subject& subject_;
  const CaseRange& range_;
  const Engine& engine_;
  Caches* caches_;
  std::size_t arity_ = 1;
  std::vector<Operands> operands_;
  std::vector<Exact> located_;
  std::vector<std::optional<Exact>> flushed_;
  std::vector<Code> wanted_;
  std::tuple<Lanes<float>, Lanes<double>> lanes_;
  std::vector<std::uint8_t> encoded_;
  Digest digest_;
  Plan plan_;
  OperationPlan operation_plan_;
  Generator generator_ = Generator::philox4x32_10;
  Tally tally_;
};

// Writes codes one after another, least significant bits first.
std::vector<std::uint8_t> packed(const Format& format, const std::vector<Code>& codes) {
  std::vector<std::uint8_t> bytes(packed_bytes(format, codes.size()));
  const auto width = static_cast<std::size_t>(packed_bits(format));
  for (std::size_t i = 0; i < codes.size(); ++i) {
    for (std::size_t bit = 0; bit < width; ++bit) {
      const std::size_t at = i * width + bit;
      if ((codes[i] >> bit & 1) != 0) bytes[at / 8] |= static_cast<std::uint8_t>(1U << at % 8);
    }
  }
  return bytes;
}

// Is `again` what the number of `code` encodes to? A format may have many NaNs, numbers with
// several codes, and with symmetric integers a lowest code that is never a result.
bool encodes_as(const Format& format, Code code, Code again) {
  const Value value = decode(format, code);
  if (value.is_nan()) return decode(format, again).is_nan();
  if (!value.is_finite() || value.is_zero()) return again == code;
  return again == code_at(format, std::max(rank_of(format, code), finite_range(format).lowest));
}

template <typename T>
void check_carrier(const Format& format, const std::vector<Code>& codes, const Engine& engine,
                   Tally& tally) {
  if (!fits<T>(format)) return;
  const Plan plan = engine.prepare({.format = format, .rounding = {}});
  const std::vector<std::uint8_t> bytes = packed(format, codes);
  std::vector<T> values(codes.size());
  engine.decode(bytes, plan, view_of(std::span<T>(values)));
  std::vector<std::uint8_t> back(bytes.size());
  engine.encode(view_of(std::span<const T>(values)), plan, Random{}, back, nullptr);
  for (std::size_t i = 0; i < codes.size(); ++i) {
    const Value value = decode(format, codes[i]);
    const T want = carried<T>(value);
    const Code again = packed_code(back, packed_bits(format), i);
    tally.cases += 2;
    if (same_bits(values[i], want) && encodes_as(format, codes[i], again)) continue;
    ++tally.mismatches;
    if (tally.first.size() < most_shown)
      tally.first.push_back(format.name + " decode " + code_text(format, codes[i]) + ": got " +
                            hexadecimal(values[i]) + ", want " + hexadecimal(want) +
                            ", encoded again " + code_text(format, again));
  }
}

}  // namespace

bool is_without_mode(Op op) {
  return is_sign_operation(op) || is_comparison(op) ||
         (op >= Op::min_num && op <= Op::maximum_magnitude_number);
}

void Tally::add(const Tally& other) {
  cases += other.cases;
  mismatches += other.mismatches;
  for (const std::string& line : other.first) {
    if (first.size() < most_shown) first.push_back(line);
  }
}

std::uint64_t cases_per_combination(const std::vector<Mode>& modes) {
  std::uint64_t count = variations;
  for (const Mode mode : modes) count += is_stochastic(mode) ? stochastic_words : 1;
  return count;
}

Tally check_range(const Subject& subject, const CaseRange& range, const std::vector<Mode>& modes,
                  const Engine& engine, Caches* caches) {
  return RangeCheck(subject, range, engine, caches).run(modes);
}

std::uint64_t digest_range(const Subject& subject, const CaseRange& range,
                           const std::vector<Mode>& modes, const Engine& engine, Caches* caches) {
  return RangeCheck(subject, range, engine, caches).digest(modes);
}

Tally check_codes(const Format& format, const CaseRange& range, const Engine& engine) {
  std::vector<Code> codes;
  const CaseDrawer drawer(draw_seed);
  for (std::uint64_t i = range.begin; i < range.end; ++i) {
    codes.push_back(range.exhaustive ? Code{i} : drawer.operands(format, 1, i)[0]);
  }
  Tally tally;
  check_carrier<float>(format, codes, engine, tally);
  check_carrier<double>(format, codes, engine, tally);
  return tally;
}

}  // namespace halfulp::equality

// SPDX-License-Identifier: MIT
#include "golden/probe/question_builder.h"

#include <algorithm>
#include <variant>

#include "formats/codes.h"
#include "formats/error.h"
#include "formats/numbers/value.h"

namespace halfulp::probe {

ExponentRange range_of(const Format& format, const std::string& place) {
  const auto* fields = std::get_if<Float>(&format.kind);
  if (fields == nullptr)
    throw Error(format.name + " is no floating-point format", place, "choose another format");
  return {.least = leading_exponent(smallest_normal(format)),
          .most = leading_exponent(largest_finite(format)),
          .lowest = leading_exponent(smallest_positive(format)),
          .precision = fields->fraction_bits + 1};
}

QuestionBuilder::QuestionBuilder(const Ports& ports)
    : ports_(ports),
      a_(range_of(ports.a, "a")),
      b_(range_of(ports.b, "b")),
      c_(range_of(ports.c, "c")),
      d_(range_of(ports.d, "d")) {
  half_more_ = a_.precision > 1;
}

Question QuestionBuilder::empty(const std::string& about) const {
  const auto zeros = [&](const Format& format) {
    return std::vector<Code>(ports_.terms, zero_code(format, false));
  };
  Question question{.a = zeros(ports_.a),
                    .b = zeros(ports_.b),
                    .c = zero_code(ports_.c, false),
                    .a_scales = {},
                    .b_scales = {},
                    .about = about};
  if (!ports_.scales) return question;
  const auto block = static_cast<std::size_t>(ports_.scales->block);
  const std::size_t blocks = (ports_.terms + block - 1) / block;
  question.a_scales.assign(blocks, encode(ports_.scales->left, make_value(1)));
  question.b_scales.assign(blocks, encode(ports_.scales->right, make_value(1)));
  return question;
}

bool QuestionBuilder::product(Question& question, std::size_t place, std::int64_t exponent,
                              bool negative, bool half_more) const {
  if (exponent < a_.lowest + b_.lowest || exponent > most_product()) return false;
  const bool normal = exponent >= least_product();
  const std::int64_t least_a = normal ? a_.least : a_.lowest;
  const std::int64_t least_b = normal ? b_.least : b_.lowest;
  const std::int64_t of_b = std::clamp(exponent / 2, least_b, b_.most);
  const std::int64_t of_a = std::clamp(exponent - of_b, least_a, a_.most);
  if (half_more && (!half_more_ || of_a == a_.lowest)) return false;
  question.a[place] = code(ports_.a, of_a, negative, half_more);
  question.b[place] = code(ports_.b, exponent - of_a, false, false);
  return true;
}

bool QuestionBuilder::addend(Question& question, std::int64_t exponent, bool negative,
                             bool half_more) const {
  if (exponent < c_.lowest || exponent > c_.most) return false;
  if (half_more && exponent == c_.lowest) return false;
  question.c = code(ports_.c, exponent, negative, half_more);
  return true;
}

Code QuestionBuilder::code(const Format& format, std::int64_t exponent, bool negative,
                           bool half_more) {
  const Value value = half_more ? make_value(negative ? -3 : 3, exponent - 1)
                                : make_value(negative ? -1 : 1, exponent);
  return encode(format, value);
}

}  // namespace halfulp::probe

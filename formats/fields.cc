// SPDX-License-Identifier: MIT
#include "formats/fields.h"

#include <algorithm>
#include <utility>

#include "formats/codes.h"

namespace halfulp {
namespace {

struct Width {
  std::string_view name;
  int bits = 0;
};
using Layout = std::vector<Width>;  // may hold fields of no bits

Layout layout(const Float& f, const std::string& /*digits*/) {
  return {{"sign", f.sign ? 1 : 0}, {"exponent", f.exponent_bits}, {"fraction", f.fraction_bits}};
}

// Where all bits are fraction bits, or there are more of those, nothing is left for the integer.
Layout layout(const Fixed& f, const std::string& /*digits*/) {
  const int sign = f.sign ? 1 : 0;
  const int fraction = std::clamp(f.fraction_bits, 0, f.bits - sign);
  return {{"sign", sign}, {"integer", f.bits - sign - fraction}, {"fraction", fraction}};
}

Layout layout(const Affine& f, const std::string& /*digits*/) { return {{"integer", f.bits}}; }

// The regime: equal bits and the opposite one that ends them, which is missing where they fill the
// code.
Layout layout(const Posit& f, const std::string& digits) {
  const std::size_t end = digits.find(digits[1] == '0' ? '1' : '0', 1);
  const int regime = end == std::string::npos ? f.bits - 1 : static_cast<int>(end);
  const int rest = f.bits - 1 - regime;
  const int exponent = std::min(f.exponent_bits, rest);
  return {{"sign", 1}, {"regime", regime}, {"exponent", exponent}, {"fraction", rest - exponent}};
}

// The characteristic has as many bits as the regime says, or as its complement does below one; a
// short code ends within the fields.
Layout layout(const Takum& f, const std::string& digits) {
  constexpr int regime_bits = 3;
  std::string whole = digits;
  whole.resize(std::max(digits.size(), std::size_t{2} + regime_bits), '0');
  int characteristic = 0;
  for (std::size_t i = 2; i < 2 + regime_bits; ++i)
    characteristic = 2 * characteristic + (whole[i] == whole[1] ? 1 : 0);
  Layout fields{{"sign", 1},
                {"direction", 1},
                {"regime", regime_bits},
                {"characteristic", characteristic},
                {"mantissa", f.bits}};
  int left = f.bits;
  for (Width& field : fields) {
    field.bits = std::min(field.bits, left);
    left -= field.bits;
  }
  return fields;
}

Layout layout(const Log& f, const std::string& /*digits*/) {
  return {{"sign", f.sign ? 1 : 0}, {"integer", f.integer_bits}, {"fraction", f.fraction_bits}};
}

Layout layout(const Codebook& f, const std::string& /*digits*/) { return {{"index", f.bits}}; }

std::string binary_text(const Format& format, Code code) {
  std::string text;
  for (int bit = bits(format) - 1; bit >= 0; --bit)
    text.push_back(((code >> bit) & 1) != 0 ? '1' : '0');
  return text;
}

}  // namespace

std::vector<BitField> bit_fields(const Format& format, Code code) {
  const std::string digits = binary_text(format, code);
  const Layout widths = std::visit([&](const auto& f) { return layout(f, digits); }, format.kind);
  std::vector<BitField> fields;
  std::size_t at = 0;
  for (const Width& field : widths) {
    if (field.bits == 0) continue;
    const auto count = static_cast<std::size_t>(field.bits);
    fields.push_back({field.name, digits.substr(at, count)});
    at += count;
  }
  return fields;
}

std::string field_text(const Format& format, Code code) {
  std::string text;
  for (const BitField& field : bit_fields(format, code))
    text += (text.empty() ? "" : "|") + field.bits;
  return text;
}

std::string field_names(const Format& format) {
  if (std::holds_alternative<Posit>(format.kind)) return "sign|regime|exponent|fraction";
  if (std::holds_alternative<Takum>(format.kind))
    return "sign|direction|regime|characteristic|mantissa";
  std::string text;
  for (const BitField& field : bit_fields(format, 0))
    text += (text.empty() ? "" : "|") + std::string(field.name);
  return text;
}

}  // namespace halfulp

// SPDX-License-Identifier: MIT
#include "formats/catalogue/families.h"

#include <algorithm>
#include <string_view>

#include "formats/error.h"

namespace halfulp {
namespace {

// Takes a name apart from the left; every method consumes what it matches and leaves the rest
// alone.
class NameScanner {
 public:
  explicit NameScanner(std::string_view rest) : rest_(rest) {}

  bool word(std::string_view expected) {
    if (!rest_.starts_with(expected)) return false;
    rest_.remove_prefix(expected.size());
    return true;
  }

  // One to seven digits.
  std::optional<int> number() {
    constexpr std::size_t most_digits = 7;
    std::size_t length = 0;
    int value = 0;
    while (length < rest_.size() && rest_[length] >= '0' && rest_[length] <= '9') {
      if (++length > most_digits) return std::nullopt;
      value = value * 10 + (rest_[length - 1] - '0');
    }
    if (length == 0) return std::nullopt;
    rest_.remove_prefix(length);
    return value;
  }

  [[nodiscard]] bool at_end() const { return rest_.empty(); }
  [[nodiscard]] std::string_view rest() const { return rest_; }

 private:
  std::string_view rest_;
};

// [u]e<E>m<M>[b<bias>][f|fn|fnuz]
std::optional<Format> parametric_float(const std::string& name) {
  NameScanner scanner(name);
  const bool sign = !scanner.word("u");
  if (!scanner.word("e")) return std::nullopt;
  const std::optional<int> exponent_bits = scanner.number();
  if (!exponent_bits || !scanner.word("m")) return std::nullopt;
  const std::optional<int> fraction_bits = scanner.number();
  if (!fraction_bits) return std::nullopt;
  std::optional<int> bias;
  if (scanner.word("b")) {
    const int factor = scanner.word("-") ? -1 : 1;
    if (!(bias = scanner.number())) return std::nullopt;
    *bias *= factor;
  }
  const std::string_view suffix = scanner.rest();
  if (!suffix.empty() && suffix != "f" && suffix != "fn" && suffix != "fnuz") return std::nullopt;
  // The shifts in the families are defined up to here; validate() has the true limits.
  const int e = std::clamp(*exponent_bits, 1, 60);
  const int m = std::clamp(*fraction_bits, 0, 126);
  Float f = suffix == "f"      ? finite(e, m, 0)
            : suffix == "fn"   ? finite(e, m, 1)
            : suffix == "fnuz" ? fnuz(e, m, std::int64_t{1} << (e - 1))
                               : ieee(e, m);
  f.exponent_bits = *exponent_bits;
  f.fraction_bits = *fraction_bits;
  if (bias) f.bias = *bias;
  f.sign = sign;
  return Format{name, f};
}

// [u]q<integer bits without the sign>.<fraction bits> and [u]int<bits>; with a sign, _symmetric
// drops the lowest code.
std::optional<Format> parametric_fixed(const std::string& name) {
  NameScanner scanner(name);
  const bool sign = !scanner.word("u");
  Fixed f{.sign = sign};
  if (scanner.word("int")) {
    const std::optional<int> bits = scanner.number();
    f.symmetric = scanner.word("_symmetric");
    if (!bits || !scanner.at_end()) return std::nullopt;
    f.bits = *bits;
    return Format{name, f};
  }
  if (!scanner.word("q")) return std::nullopt;
  const std::optional<int> integer_bits = scanner.number();
  if (!integer_bits || !scanner.word(".")) return std::nullopt;
  const std::optional<int> fraction_bits = scanner.number();
  f.symmetric = scanner.word("_symmetric");
  if (!fraction_bits || !scanner.at_end()) return std::nullopt;
  f.bits = *integer_bits + *fraction_bits + (sign ? 1 : 0);
  f.fraction_bits = *fraction_bits;
  return Format{name, f};
}

// The interchange formats of IEEE 754-2019 3.6 that are too wide: binary160, ..., binary256.
std::optional<Format> too_wide_interchange_format(const std::string& name) {
  NameScanner scanner(name);
  if (!scanner.word("binary") && !scanner.word("float") && !scanner.word("fp")) return std::nullopt;
  const std::optional<int> bits = scanner.number();
  constexpr int widest = 128;
  if (!bits || !scanner.at_end() || *bits <= widest) return std::nullopt;
  throw Error("\"" + name + "\" has " + std::to_string(*bits) + " bits", "",
              "at most 128 bits are supported; \"binary128\" is the widest interchange format");
}

// binary<K>p<P>{s,u}{e,f}, or p3109_k<K>p<P>{s,u}{e,f}
std::optional<Format> parametric_p3109(const std::string& name) {
  NameScanner scanner(name);
  if (!scanner.word("binary") && !scanner.word("p3109_k")) return std::nullopt;
  const std::optional<int> k = scanner.number();
  if (!k || !scanner.word("p")) return std::nullopt;
  const std::optional<int> p = scanner.number();
  const std::string suffix(scanner.rest());
  const bool known = suffix == "se" || suffix == "sf" || suffix == "ue" || suffix == "uf";
  if (!p || !known) return std::nullopt;
  const bool sign = suffix[0] == 's';
  constexpr int widest = 16;
  if (*k < 3 || *k > widest || *p < 1 || *p > (sign ? *k - 1 : *k)) {
    throw Error("\"" + name + "\" is outside the P3109 family", "",
                "K is 3 to 16, P is 1 to K - 1 for signed formats and 1 to K for unsigned ones");
  }
  return Format{"binary" + std::to_string(*k) + "p" + std::to_string(*p) + suffix,
                p3109(*k, *p, sign, suffix[1] == 'e')};
}

// cfloat8_143b<bias>, cfloat8_152b<bias>, cfloat16b<bias>
std::optional<Format> parametric_tesla(const std::string& name) {
  NameScanner scanner(name);
  Float base;
  if (scanner.word("cfloat8_143b")) {
    base = finite(4, 3, 0);
  } else if (scanner.word("cfloat8_152b")) {
    base = finite(5, 2, 0);
  } else if (scanner.word("cfloat16b")) {
    base = finite(5, 10, 0);
  } else {
    return std::nullopt;
  }
  const std::optional<int> bias = scanner.number();
  if (!bias || !scanner.at_end()) return std::nullopt;
  constexpr int largest_bias = 63;
  if (*bias > largest_bias) {
    throw Error("\"" + name + "\": bias " + std::to_string(*bias), "",
                "Tesla's biases are 0 to 63");
  }
  return Format{name, with_bias(base, *bias)};
}

}  // namespace

Float ieee(int exponent_bits, int fraction_bits) {
  return Float{.exponent_bits = exponent_bits,
               .fraction_bits = fraction_bits,
               .bias = (std::int64_t{1} << (exponent_bits - 1)) - 1,
               .nan_codes = (Code{1} << fraction_bits) - 1};
}

Float finite(int exponent_bits, int fraction_bits, Code nan_codes) {
  Float f = ieee(exponent_bits, fraction_bits);
  f.nan_codes = nan_codes;
  f.infinity = false;
  return f;
}

Float fnuz(int exponent_bits, int fraction_bits, std::int64_t bias) {
  Float f = finite(exponent_bits, fraction_bits, 0);
  f.bias = bias;
  f.negative_zero = false;
  return f;
}

Float p3109(int k, int p, bool sign, bool extended) {
  Float f;
  f.exponent_bits = sign ? k - p : k - p + 1;
  f.fraction_bits = p - 1;
  f.bias = std::int64_t{1} << (sign ? k - p - 1 : k - p);
  f.nan_codes = sign ? 0 : 1;
  f.infinity = extended;
  f.negative_zero = false;
  f.sign = sign;
  return f;
}

Float with_bias(Float f, std::int64_t bias) {
  f.bias = bias;
  return f;
}

namespace {

// posit<bits> with 2 exponent bits, posit<bits>es<exponent_bits>
std::optional<Format> parametric_posit(const std::string& name) {
  NameScanner scanner(name);
  if (!scanner.word("posit")) return std::nullopt;
  const std::optional<int> bits = scanner.number();
  if (!bits) return std::nullopt;
  Posit f{.bits = *bits};
  if (scanner.word("es")) {
    const std::optional<int> exponent_bits = scanner.number();
    if (!exponent_bits) return std::nullopt;
    f.exponent_bits = *exponent_bits;
  }
  if (!scanner.at_end()) return std::nullopt;
  return Format{name, f};
}

// takum<bits>, takum_log<bits>
std::optional<Format> parametric_takum(const std::string& name) {
  NameScanner scanner(name);
  if (!scanner.word("takum")) return std::nullopt;
  const bool logarithmic = scanner.word("_log");
  if (!logarithmic) scanner.word("_linear");
  const std::optional<int> bits = scanner.number();
  if (!bits || !scanner.at_end()) return std::nullopt;
  return Format{name, Takum{.bits = *bits, .logarithmic = logarithmic}};
}

// log<integer_bits>.<fraction_bits> with a sign, ulog... without; lns<bits>.<fraction_bits> counts
// all bits, as the Universal library does.
std::optional<Format> parametric_log(const std::string& name) {
  NameScanner scanner(name);
  const bool universal = scanner.word("lns");
  const bool sign = universal || !scanner.word("u");
  if (!universal && !scanner.word("log")) return std::nullopt;
  const std::optional<int> first = scanner.number();
  if (!first || !scanner.word(".")) return std::nullopt;
  const std::optional<int> fraction_bits = scanner.number();
  if (!fraction_bits || !scanner.at_end()) return std::nullopt;
  const int integer_bits = universal ? *first - 1 - *fraction_bits : *first;
  return Format{name, Log{integer_bits, *fraction_bits, sign}};
}

}  // namespace

std::optional<Format> parametric_format(const std::string& name) {
  for (const auto parse :
       {parametric_float, parametric_fixed, parametric_p3109, too_wide_interchange_format,
        parametric_tesla, parametric_posit, parametric_takum, parametric_log}) {
    if (std::optional<Format> format = parse(name)) return format;
  }
  return std::nullopt;
}

}  // namespace halfulp

/* SPDX-License-Identifier: MIT
 *
 * What the matchers for GoogleTest and Catch2 (halfulp_gtest.h, halfulp_catch2.h) share: what a
 * test holds against what, and the verdict with its text. C++11, on the functions of halfulp.h
 * alone.
 *
 *   namespace hu = halfulp_test;
 *   const hu::Operation add("add", {"e4m3fn"}, "e4m3fn");
 *   EXPECT_BITS_EQ(hu::codes(results, n), hu::golden(add, {hu::codes(a, n), hu::codes(b, n)}));
 *
 * What describes nothing, and arrays of other lengths than each other, throw std::invalid_argument.
 * Arrays without elements match nothing: a test of none tests nothing. */
#ifndef HALFULP_MATCHERS_H
#define HALFULP_MATCHERS_H

#include <initializer_list>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "halfulp.h"

namespace halfulp_test {

struct Verdict {
  bool good;
  std::string text; /* why not; of bounds always */
};

inline void require(halfulp_status status, const halfulp_error& error) {
  if (status == HALFULP_OK) return;
  std::string text = error.place;
  text += text.empty() ? "" : ": ";
  text += error.message;
  if (error.remedy[0] != '\0') text += std::string("; ") + error.remedy;
  throw std::invalid_argument("halfulp: " + text);
}

/* ---- Descriptions; copies share one ---------------------------------------------------------- */

class Format {
 public:
  explicit Format(const char* text) {
    const halfulp_format* made = nullptr;
    halfulp_error error;
    require(halfulp_format_create(text, &made, &error), error);
    handle_.reset(made, halfulp_format_destroy);
  }
  const halfulp_format* get() const { return handle_.get(); }

 private:
  std::shared_ptr<const halfulp_format> handle_;
};

class Operation {
 public:
  Operation(const char* name, const std::vector<const char*>& inputs, const char* output) {
    const halfulp_operation* made = nullptr;
    halfulp_error error;
    require(halfulp_operation_create(name, inputs.data(), inputs.size(), output, &made, &error),
            error);
    handle_.reset(made, halfulp_operation_destroy);
  }
  const halfulp_operation* get() const { return handle_.get(); }

 private:
  std::shared_ptr<const halfulp_operation> handle_;
};

class Unit {
 public:
  explicit Unit(const char* unit, const char* order = nullptr, const char* a = nullptr,
                const char* b = nullptr) {
    const halfulp_unit* made = nullptr;
    halfulp_error error;
    require(halfulp_unit_create(unit, order, a, b, &made, &error), error);
    handle_.reset(made, halfulp_unit_destroy);
  }
  const halfulp_unit* get() const { return handle_.get(); }

 private:
  std::shared_ptr<const halfulp_unit> handle_;
};

/* ---- What is compared ------------------------------------------------------------------------ */

/* Codes of at most 64 bits, and with_flags() the flags that were raised with them. */
struct Codes {
  std::vector<uint64_t> all;
  std::vector<uint32_t> flags;
  Codes with_flags(std::vector<uint32_t> raised) const {
    if (raised.size() != all.size()) throw std::invalid_argument("halfulp: flags of other codes");
    Codes made(*this);
    made.flags = std::move(raised);
    return made;
  }
};
template <typename Integer>
Codes codes(const Integer* data, size_t count) {
  Codes made;
  for (size_t i = 0; i < count; ++i) made.all.push_back(static_cast<uint64_t>(data[i]));
  return made;
}
template <typename Integer>
Codes codes(const std::vector<Integer>& all) {
  return codes(all.data(), all.size());
}
inline Codes code(uint64_t one) { return codes(&one, 1); }
/* Codes that lie packed (halfulp.h). */
inline Codes packed(const Format& format, const void* data, size_t count) {
  Codes made;
  made.all.resize(count);
  halfulp_error error;
  halfulp_codes from = {data, 0, HALFULP_PACKED, 0};
  require(halfulp_packed_bytes(format.get(), count, &from.bytes, &error), error);
  const halfulp_codes_out to = {made.all.data(), count * sizeof(uint64_t), HALFULP_U64, 0};
  require(halfulp_repack(format.get(), &from, count, &to, &error), error);
  return made;
}

/* Codes that a format gives a meaning, to hold others against. */
struct Expected {
  Format format;
  Codes codes;
  uint32_t strictness;
};
inline Expected of(const Format& format, Codes codes, uint32_t strictness = 0) {
  const Expected made = {format, std::move(codes), strictness};
  return made;
}

/* What an operation delivers of operands, an array each. random: of stochastic roundings, the bits
 * of each result. */
struct Golden {
  Operation operation;
  std::vector<Codes> operands;
  std::vector<uint64_t> random;
  uint32_t strictness;
};
inline Golden golden(const Operation& operation, std::vector<Codes> operands,
                     std::vector<uint64_t> random = std::vector<uint64_t>(),
                     uint32_t strictness = 0) {
  const Golden made = {operation, std::move(operands), std::move(random), strictness};
  return made;
}

/* The bound of a unit and an order (halfulp_check_bound). The product's arrays outlive it. */
struct Bound {
  Unit unit;
  halfulp_product product;
  double failure;
};
inline Bound bound(const Unit& unit, const halfulp_product& product, double failure = 0) {
  const Bound made = {unit, product, failure};
  return made;
}

/* ---- Verdicts -------------------------------------------------------------------------------- */

/* call(buffer, size, &length) writes a text as halfulp.h says. */
template <typename Call>
std::string text_of(const Call& call) {
  std::vector<char> buffer(4096);
  size_t length = 0;
  call(buffer.data(), buffer.size(), &length);
  if (length >= buffer.size()) {
    buffer.resize(length + 1);
    call(buffer.data(), buffer.size(), &length);
  }
  return std::string(buffer.data());
}

inline Verdict nothing() {
  const Verdict verdict = {false, "no elements: nothing is tested\n"};
  return verdict;
}

inline void require_length(size_t got, size_t want) {
  if (got != want)
    throw std::invalid_argument("halfulp: " + std::to_string(got) + " elements against " +
                                std::to_string(want));
}

inline Verdict compared(const Codes& got, const Expected& want, uint64_t ulp, bool bits) {
  require_length(got.all.size(), want.codes.all.size());
  if (got.all.empty()) return nothing();
  const size_t bytes = got.all.size() * sizeof(uint64_t);
  const halfulp_codes of_got = {got.all.data(), bytes, HALFULP_U64, 0};
  const halfulp_codes of_want = {want.codes.all.data(), bytes, HALFULP_U64, 0};
  halfulp_comparison found;
  const std::string text = text_of([&](char* buffer, size_t size, size_t* length) {
    halfulp_error error;
    require(halfulp_compare(want.format.get(), &of_got, &of_want, got.all.size(), ulp,
                            want.strictness, &found, buffer, size, length, &error),
            error);
  });
  const bool good = bits ? found.mismatches == 0 : found.unlike == 0 && found.beyond == 0;
  Verdict verdict = {good, good ? "" : text};
  if (good || bits) return verdict;
  verdict.text += "  " + std::to_string(found.beyond) + " further apart than " +
                  std::to_string(ulp) + " ulp, " + std::to_string(found.unlike) +
                  " NaN or infinite on one side\n";
  return verdict;
}
inline Verdict bits_equal(const Codes& got, const Expected& want) {
  return compared(got, want, 0, true);
}
inline Verdict within_ulp(const Codes& got, const Expected& want, uint64_t ulp) {
  return compared(got, want, ulp, false);
}

/* The text is the block of `halfulp check` of the first wrong case. */
inline Verdict bits_equal(const Codes& got, const Golden& want) {
  const size_t count = got.all.size();
  for (size_t i = 0; i < want.operands.size(); ++i)
    require_length(want.operands[i].all.size(), count);
  if (!want.random.empty()) require_length(want.random.size(), count);
  if (count == 0) return nothing();
  Verdict verdict = {true, ""};
  size_t wrong = 0;
  size_t first = 0;
  for (size_t i = 0; i < count; ++i) {
    std::vector<halfulp_code> operands;
    for (size_t k = 0; k < want.operands.size(); ++k) {
      const halfulp_code operand = {want.operands[k].all[i], 0};
      operands.push_back(operand);
    }
    const halfulp_code result = {got.all[i], 0};
    const uint64_t random = want.random.empty() ? 0 : want.random[i];
    int right = 0;
    const auto check = [&](char* buffer, size_t size, size_t* length) {
      halfulp_error error;
      require(halfulp_check(want.operation.get(), operands.data(), operands.size(), random, result,
                            got.flags.empty() ? nullptr : &got.flags[i], want.strictness, &right,
                            buffer, size, length, &error),
              error);
    };
    if (wrong == 0) {
      verdict.text = text_of(check);
    } else {
      check(nullptr, 0, nullptr);
    }
    if (right != 0) continue;
    if (wrong++ == 0) first = i;
  }
  verdict.good = wrong == 0;
  if (count > 1 && wrong > 0)
    verdict.text = std::to_string(wrong) + " of " + std::to_string(count) +
                   (wrong == 1 ? " cases is" : " cases are") + " wrong, the first at " +
                   std::to_string(first) + "\n" + verdict.text;
  return verdict;
}

/* got: the kernel's results; its `format` NULL where they are the unit's. */
inline Verdict within_bound(const halfulp_tensor& got, const Bound& want) {
  halfulp_bound found;
  Verdict verdict = {false, ""};
  verdict.text = text_of([&](char* buffer, size_t size, size_t* length) {
    halfulp_error error;
    require(halfulp_check_bound(want.unit.get(), &want.product, &got, nullptr, want.failure, &found,
                                buffer, size, length, &error),
            error);
  });
  if (found.results == 0) return nothing();
  verdict.good = found.beyond == 0 && found.unbounded < found.results;
  return verdict;
}

}  // namespace halfulp_test

#endif /* HALFULP_MATCHERS_H */

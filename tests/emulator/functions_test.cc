// SPDX-License-Identifier: MIT
//
// Functions, the emulator against the reference: every code of small formats of every kind in every
// mode, drawn codes of wide ones, mixed formats, both bases of logarithms, arrays.
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "emulator/engine.h"
#include "emulator/functions/function_table.h"
#include "formats/caches.h"
#include "formats/numbers/value.h"
#include "reference/engine.h"
#include "reference/operations.h"
#include "tests/emulator/cases.h"
#include "tests/support/sampling.h"

namespace halfulp {
namespace {

std::vector<Op> functions(int operands) {
  std::vector<Op> list;
  for (const OpEntry& entry : operations()) {
    if (is_function(entry.op) && entry.arity == operands) list.push_back(entry.op);
  }
  return list;
}

// The same results are asked for in many roundings.
Preparation remembering() {
  static Caches caches;
  return {.caches = &caches};
}

// One operation on codes; what the reference finds of it is kept for many roundings.
class Case {
 public:
  Case(Op op, std::vector<Format> inputs, std::vector<Code> codes,
       const Preparation& preparation = remembering())
      : op_(op), inputs_(std::move(inputs)), codes_(std::move(codes)), preparation_(preparation) {
    for (const bool flush : {false, true}) {
      std::vector<Value> values;
      for (std::size_t i = 0; i < codes_.size(); ++i)
        values.push_back(reference::operand(inputs_[i], codes_[i], flush));
      exact_[flush ? 1 : 0] = reference::exact(op_, values);
    }
  }

  // In n-th roundings of cases.h.
  void compare(const Format& output, std::size_t first, std::size_t count,
               sampling::Stream& stream) const {
    std::array<reference::Located, 2> located;
    for (std::size_t i = 0; i < 2; ++i) located[i] = reference::locate(exact_[i], output);
    for (std::size_t n = first; n < first + count; ++n) {
      const Quantizer q{.format = output, .rounding = cases::rounding(n)};
      const std::uint64_t random = stream.bits(q.rounding.random_bits);
      const Outcome want = reference::decide(located[q.rounding.flush_inputs ? 1 : 0], q, random);
      Outcome got;
      const Operation operation{.op = op_, .inputs = inputs_, .output = &q};
      const Engine& engine = emulator::engine();
      ASSERT_NO_THROW(
          got = engine.operate(engine.prepare_operation(operation, preparation_), codes_, random))
          << describe(q) << " random " << random;
      ASSERT_EQ(want, got) << describe(q) << " random " << random << "\n  reference "
                           << cases::describe(output, want) << "\n  emulator  "
                           << cases::describe(output, got);
    }
  }

 private:
  [[nodiscard]] std::string describe(const Quantizer& q) const {
    std::string text(name_of(op_));
    for (std::size_t i = 0; i < codes_.size(); ++i) {
      text += " " + inputs_[i].name + " " + code_text(inputs_[i], codes_[i]) + " = " +
              hexadecimal_text(decode(inputs_[i], codes_[i]));
    }
    return text + " to " + cases::describe(q);
  }

  Op op_;
  std::vector<Format> inputs_;
  std::vector<Code> codes_;
  Preparation preparation_;
  std::array<reference::Exact, 2> exact_;
};

std::vector<Format> small_formats(int width) {
  std::vector<Format> list = cases::formats_up_to(width);
  for (const Format& format : cases::logarithmic_formats()) {
    if (bits(format) <= width) list.push_back(format);
  }
  return list;
}

// Every format of at most 6 bits; every mode a code, and the other choices in turn.
TEST(Functions, EveryCodeOfSmallFormatsInEveryMode) {
  sampling::Stream stream(1);
  std::size_t turn = 0;
  for (const Format& format : small_formats(6)) {
    for (const Op op : functions(1)) {
      for (Code code = 0; code < Code{1} << bits(format); ++code) {
        const std::size_t count = is_dyadic(format) ? mode_count : 3;
        Case(op, {format}, {code}).compare(format, count * turn++, count, stream);
        if (HasFatalFailure()) return;
      }
    }
  }
}

TEST(Functions, EveryCodeOfEightBitFormats) {
  sampling::Stream stream(2);
  std::size_t turn = 0;
  for (const char* name :
       {"float8_e4m3fn", "float8_e5m2", "float8_e8m0fnu", "binary8p3se", "posit8", "takum8",
        "takum_log8", "log4.3", "int8", "uint8", "float8_e5m2fnuz"}) {
    const Format format = find_format(name);
    for (const Op op : functions(1)) {
      for (Code code = 0; code < Code{1} << bits(format); ++code) {
        Case(op, {format}, {code}).compare(format, 5 * turn++, 5, stream);
        if (HasFatalFailure()) return;
      }
    }
  }
}

TEST(Functions, EveryPairOfSmallFormats) {
  sampling::Stream stream(3);
  std::size_t turn = 0;
  for (const Format& format : small_formats(6)) {
    const Code codes = Code{1} << bits(format);
    for (const Op op : functions(2)) {
      for (Code a = 0; a < codes; ++a) {
        for (Code b = 0; b < codes; ++b) {
          Case(op, {format, format}, {a, b}).compare(format, 2 * turn++, 2, stream);
          if (HasFatalFailure()) return;
        }
      }
    }
  }
}

// A function that is next to x, where a number of fewer bits lies between the two.
TEST(Functions, NumbersBetweenOperandAndResultAreSeen) {
  const Format wide = find_format("binary128");
  const Code below_32 = encode(wide, sum(make_value(32), make_value(-1, -47)));
  sampling::Stream stream(6);
  for (const Op op : {Op::softplus, Op::gelu, Op::silu})
    Case(op, {wide}, {below_32}).compare(find_format("float8_e4m3"), 0, mode_count, stream);
}

// e^x is a turn of a logarithmic takum, whose logarithms have the base sqrt(e), where 2 x is a
// multiple of 2^-64.
TEST(Functions, PowersOfEAreExactToTheLastTurn) {
  const Format from = find_format("binary32");
  sampling::Stream stream(10);
  for (const int last : {-63, -64, -65, -66, -67}) {
    for (const char* name : {"takum_log8", "takum_log16", "log4.3"}) {
      const Code code = encode(from, make_value(5, last));
      Case(Op::exp, {from}, {code}).compare(find_format(name), 0, mode_count, stream);
    }
  }
}

// Operands and results of any formats, up to 128 bits.
TEST(Functions, DrawnCodesOfAllFormats) {
  sampling::Stream stream(4);
  std::vector<Format> formats = cases::formats();
  for (const Format& format : cases::logarithmic_formats()) formats.push_back(format);
  for (const char* name : {"binary128", "posit128", "takum128"})
    formats.push_back(find_format(name));
  const auto any = [&] { return formats[stream.below(formats.size())]; };
  for (std::size_t n = 0; n < sampling::draws(2500); ++n) {
    const Op op =
        static_cast<Op>(static_cast<int>(Op::exp) +
                        static_cast<int>(stream.below(op_count - static_cast<int>(Op::exp))));
    const Format format = any();
    // Sines of irrational numbers up to 2^(2^20) take seconds.
    if (op >= Op::sin && op <= Op::tan && format.name == "log21.42") continue;
    std::vector<Format> inputs(static_cast<std::size_t>(arity(op)), format);
    if (arity(op) > 1 && stream.bits(1) != 0) inputs.back() = any();
    std::vector<Code> codes;
    for (const Format& input : inputs) codes.push_back(sampling::draw_code(input, stream));
    Case(op, inputs, codes)
        .compare(stream.bits(1) != 0 ? format : any(), stream.below(5000), 3, stream);
    if (HasFatalFailure()) return;
  }
}

TEST(Functions, DrawnCodesOfIeeeFormats) {
  sampling::Stream stream(5);
  for (const char* name : {"binary16", "bfloat16", "binary32", "binary64", "binary128"}) {
    const Format format = find_format(name);
    for (const int operands : {1, 2}) {
      for (const Op op : functions(operands)) {
        for (int i = 0; i < 40; ++i) {
          std::vector<Code> codes;
          for (int k = 0; k < operands; ++k) codes.push_back(sampling::draw_code(format, stream));
          Case(op, std::vector<Format>(codes.size(), format), codes)
              .compare(format, stream.below(5000), 4, stream);
          if (HasFatalFailure()) return;
        }
      }
    }
  }
}

// Numbers of a carrier: of the format, between them, special ones, and where functions turn.
template <typename Real>
std::vector<Real> drawn_numbers(const Format& format, std::size_t count, sampling::Stream& stream) {
  const Format carrier = find_format(sizeof(Real) == 4 ? "binary32" : "binary64");
  std::vector<Real> list(count);
  for (std::size_t i = 0; i < count; ++i) {
    const std::uint64_t choice = stream.below(4);
    if (choice == 0) {  // uniform in [-8, 8)
      list[i] = static_cast<Real>(static_cast<double>(stream.bits(32)) * 0x1p-28 - 8);
    } else if (choice == 1) {
      list[i] = static_cast<Real>(static_cast<double>(stream.below(65)) / 4 - 8);
    } else {
      list[i] = static_cast<Real>(
          to_double(decode(carrier, sampling::draw_carrier_code(format, carrier, stream))));
    }
  }
  return list;
}

template <typename Real>
void compare_arrays(Op op, const Quantizer& q, sampling::Stream& stream) {
  constexpr std::size_t count = 300;  // more than a block, and no multiple of lanes
  const std::vector<Real> a = drawn_numbers<Real>(q.format, count, stream);
  const std::vector<Real> b = drawn_numbers<Real>(q.format, count, stream);
  std::vector<View> in{view_of(std::span(a))};
  if (arity(op) == 2) in.push_back(view_of(std::span(b)));
  const Random random{.seed = stream.bits(64)};
  std::array<std::vector<Real>, 2> out;
  std::array<Counts, 2> counts;
  std::size_t i = 0;
  for (const Engine* engine : {&reference::engine(), &emulator::engine()}) {
    out[i].resize(count);
    engine->map(op, in, engine->prepare(q), random, view_of(std::span(out[i])), &counts[i]);
    ++i;
  }
  for (std::size_t k = 0; k < count; ++k) {
    using Bits = std::conditional_t<sizeof(Real) == 4, std::uint32_t, std::uint64_t>;
    ASSERT_EQ(std::bit_cast<Bits>(out[0][k]), std::bit_cast<Bits>(out[1][k]))
        << name_of(op) << " " << cases::describe(q) << " element " << k << ": " << a[k] << " "
        << b[k] << " gives " << out[0][k] << ", emulator " << out[1][k];
  }
  ASSERT_EQ(counts[0], counts[1]) << name_of(op) << " " << cases::describe(q);
}

TEST(Functions, ArraysAreTheElementsAndCountTheSame) {
  sampling::Stream stream(8);
  for (const char* name : {"float8_e4m3fn", "float8_e5m2", "bfloat16", "binary16", "int8", "posit8",
                           "dlfloat16", "log4.3", "takum_log8"}) {
    std::vector<Op> all = functions(1);
    for (const Op op : functions(2)) all.push_back(op);
    for (std::size_t n = 0; n < sampling::draws(all.size()); ++n) {
      const Quantizer q{.format = find_format(name),
                        .rounding = cases::rounding(stream.below(5000))};
      if (fits_binary32(q.format)) compare_arrays<float>(all[n % all.size()], q, stream);
      compare_arrays<double>(all[n % all.size()], q, stream);
      if (HasFatalFailure()) return;
    }
  }
}

// For so many results as a table pays for. The outcomes are not listed: these are too few.
TEST(Functions, TablesAnswerAsTheReferenceDoes) {
  Caches caches;
  sampling::Stream stream(9);
  for (const char* name : {"bfloat16", "log4.3", "takum_log8"}) {
    const Format format = find_format(name);
    const Preparation preparation{.caches = &caches,
                                  .elements = std::uint64_t{1} << (bits(format) - 4)};
    for (const Op op : {Op::tanh, Op::softplus, Op::log}) {
      for (int i = 0; i < 300; ++i) {
        const Code code = sampling::draw_code(format, stream);
        const Case from_table(op, {format}, {code}, preparation);
        for (const char* output : {name, "float8_e4m3fn", "takum_log16"})
          from_table.compare(find_format(output), stream.below(5000), 4, stream);
        if (HasFatalFailure()) return;
      }
    }
  }
}

TEST(Functions, DamagedTablesAreMadeAnew) {
  using emulator::function_table;
  const Format format = find_format("float8_e4m3fn");
  const std::filesystem::path folder =
      std::filesystem::path(testing::TempDir()) / ("halfulp_tables_" + std::to_string(getpid()));
  std::filesystem::remove_all(folder);
  const auto good = function_table(Op::exp, format, "");
  ASSERT_EQ(good.size(), 256U);
  EXPECT_EQ(function_table(Op::exp, format, folder), good);
  const std::filesystem::path path = emulator::table_path(Op::exp, format, folder);
  const auto bytes = [&] {
    std::ifstream file(path, std::ios::binary);
    return std::string{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  };
  const std::string whole = bytes();
  ASSERT_GT(whole.size(), good.size() * sizeof(emulator::TableEntry));
  for (const std::size_t at : {std::size_t{3}, whole.size() / 2, whole.size() - 1}) {
    std::string damaged = whole;
    damaged[at] = static_cast<char>(damaged[at] ^ 1);
    std::ofstream(path, std::ios::binary) << damaged;
    EXPECT_EQ(function_table(Op::exp, format, folder), good);
    EXPECT_EQ(bytes(), whole);
  }
  std::ofstream(path, std::ios::binary) << whole.substr(0, 100);
  EXPECT_EQ(function_table(Op::exp, format, folder), good);
  EXPECT_EQ(bytes(), whole);
  // Another function's table under this name is none.
  std::filesystem::copy_file(path, emulator::table_path(Op::exp2, format, folder));
  EXPECT_EQ(function_table(Op::exp2, format, folder), function_table(Op::exp2, format, ""));
  // A file in the folder's place is no error, and no folder.
  EXPECT_EQ(function_table(Op::exp, format, path), good);
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace halfulp

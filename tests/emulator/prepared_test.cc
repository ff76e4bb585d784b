// SPDX-License-Identifier: MIT
//
// Prepared operations against the same operation of one time, which takes the scalar path; arrays
// of codes against both; and plans of one engine, which the other refuses.
#include <gtest/gtest.h>

#include <array>
#include <stdexcept>
#include <vector>

#include "emulator/engine.h"
#include "formats/caches.h"
#include "reference/engine.h"
#include "tests/emulator/cases.h"
#include "tests/support/sampling.h"

namespace halfulp {
namespace {

using cases::describe;
using sampling::Stream;

const Engine& emulated() { return emulator::engine(); }
const Engine& exact() { return reference::engine(); }

constexpr std::array arithmetic{Op::add,    Op::subtract,           Op::multiply,
                                Op::divide, Op::fused_multiply_add, Op::square_root};

std::vector<Format> inputs_of(Op op, const Format& format) {
  return std::vector<Format>(static_cast<std::size_t>(arity(op)), format);
}

std::string describe(Op op, std::span<const Format> inputs, std::span<const Code> codes,
                     const Quantizer& q) {
  std::string text(name_of(op));
  for (std::size_t i = 0; i < codes.size(); ++i)
    text += " " + inputs[i].name + " " + code_text(inputs[i], codes[i]);
  return text + " to " + describe(q);
}

// One operation, prepared by the emulator, against `judge`.
class Prepared {
 public:
  Prepared(Op op, std::vector<Format> inputs, Quantizer output, const Preparation& how = {})
      : inputs_(std::move(inputs)),
        output_(std::move(output)),
        operation_{.op = op, .inputs = inputs_, .output = &output_},
        plan_(emulated().prepare_operation(operation_, how)) {}
  Prepared(const Prepared&) = delete;
  Prepared& operator=(const Prepared&) = delete;

  void check(std::span<const Code> codes, std::uint64_t random, const Engine& judge) const {
    const Outcome got = emulated().operate(plan_, codes, random);
    const Outcome want = judge.apply(operation_, codes, random);
    ASSERT_EQ(got, want) << describe(operation_.op, inputs_, codes, output_) << " random " << random
                         << "\n  prepared " << describe(output_.format, got) << "\n  " << judge.name
                         << " " << describe(output_.format, want);
  }

 private:
  std::vector<Format> inputs_;
  Quantizer output_;
  Operation operation_;
  OperationPlan plan_;
};

Rounding plain(Mode mode) {
  Rounding rounding;
  rounding.mode = mode;
  return rounding;
}

// Every pair of codes of 8-bit formats in every mode.
TEST(Prepared, ArithmeticOfEightBitsIsThatOfTheScalarPath) {
  Stream stream(41);
  for (const char* name : {"float8_e4m3fn", "float8_e5m2", "float8_e4m3fnuz", "int8"}) {
    const Format format = find_format(name);
    for (const Mode mode : all_modes()) {
      for (const Op op : {Op::add, Op::multiply, Op::divide}) {
        const Prepared prepared(op, inputs_of(op, format), {format, plain(mode)});
        for (Code pair = 0; pair < 65536; ++pair) {
          const std::array<Code, 2> codes{pair & 255, pair >> 8};
          prepared.check(codes, stream.bits(32), emulated());
          if (HasFatalFailure()) return;
        }
      }
    }
  }
}

TEST(Prepared, SixteenBitsConvertAndHaveRootsAsOnTheScalarPath) {
  Stream stream(42);
  std::size_t turn = 0;
  for (const char* name : {"binary16", "bfloat16", "int16"}) {
    for (const char* to : {"float8_e4m3fn", "float8_e5m2", "uint8", "bfloat16"}) {
      for (const Op op : {Op::convert, Op::square_root}) {
        for (std::size_t i = 0; i < mode_count / 4; ++i) {
          const Prepared prepared(op, {find_format(name)},
                                  {find_format(to), cases::rounding(turn++)});
          for (Code code = 0; code < 65536; ++code) {
            prepared.check(std::array{code}, stream.bits(1), emulated());
            if (HasFatalFailure()) return;
          }
        }
      }
    }
  }
}

// Mixed formats and every choice of a rounding, near the numbers of the result's format.
TEST(Prepared, DrawnArithmeticIsThatOfBothEngines) {
  Stream stream(43);
  const std::array names{"binary16", "bfloat16",       "binary32", "binary64", "float8_e4m3fn",
                         "int8",     "float8_e8m0fnu", "int32",    "uint16",   "binary128"};
  std::vector<Format> formats;
  for (const char* name : names) formats.push_back(find_format(name));
  for (const char* name : {"e4m0", "unsigned-e3m2", "e3m2-no-subnormals", "q3.2"}) {
    for (const Format& format : cases::formats()) {
      if (format.name == name) formats.push_back(format);
    }
  }
  for (std::size_t turn = 0; turn < sampling::draws(3000); ++turn) {
    const Op op = turn % 7 == 6 ? Op::convert : arithmetic[turn % 7];
    const Format& output = formats[stream.below(formats.size())];
    std::vector<Format> inputs;
    for (int i = 0; i < arity(op); ++i) inputs.push_back(formats[stream.below(formats.size())]);
    const Quantizer q{output, cases::rounding(stream.below(5000))};
    const Prepared prepared(op, inputs, q);
    for (int i = 0; i < 40; ++i) {
      std::vector<Code> codes;
      for (const Format& format : inputs) codes.push_back(sampling::draw_code(format, stream));
      const std::uint64_t random = stream.bits(q.rounding.random_bits);
      prepared.check(codes, random, emulated());
      if (i < 10) prepared.check(codes, random, exact());
      if (HasFatalFailure()) return;
    }
  }
}

// Outcomes that are listed for as many elements as are to come, against computed ones.
TEST(Prepared, ListedOutcomesAreTheComputedOnes) {
  Stream stream(44);
  Caches caches;
  const Preparation many{.caches = &caches, .elements = std::uint64_t{1} << 20};
  std::size_t turn = 0;
  for (const char* name : {"posit8", "float6_e3m2fn", "float8_e5m2", "nf4", "log4.3", "int4"}) {
    for (const Op op : {Op::add, Op::less, Op::minimum, Op::tanh, Op::to_integer, Op::negate}) {
      Quantizer q{find_format(is_to_integer(op) ? "int8" : name), cases::rounding(turn++)};
      if (is_stochastic(q.rounding.mode)) q.rounding.mode = Mode::nearest_even;
      const Format format = find_format(name);
      const Prepared listed(op, inputs_of(op, format), q, many);
      for (int i = 0; i < 200; ++i) {
        std::vector<Code> codes;
        for (int k = 0; k < arity(op); ++k) codes.push_back(sampling::draw_code(format, stream));
        listed.check(codes, 0, emulated());
        if (HasFatalFailure()) return;
      }
    }
  }
}

// Codes one after the other, least significant bits first.
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

struct Arrays {
  std::vector<std::vector<std::uint8_t>> bytes;
  std::vector<std::span<const std::uint8_t>> views;
  std::vector<Outcome> outcomes;
};

Arrays draw_arrays(const Operation& operation, std::size_t count, const Random& random,
                   Stream& stream) {
  Arrays arrays;
  std::vector<std::vector<Code>> codes(operation.inputs.size());
  for (std::size_t k = 0; k < codes.size(); ++k) {
    for (std::size_t i = 0; i < count; ++i)
      codes[k].push_back(sampling::draw_code(operation.inputs[k], stream));
    arrays.bytes.push_back(packed(operation.inputs[k], codes[k]));
  }
  for (const auto& bytes : arrays.bytes) arrays.views.emplace_back(bytes);
  const Rounding& rounding = operation.output->rounding;
  for (std::size_t i = 0; i < count; ++i) {
    std::vector<Code> of_one;
    for (const auto& list : codes) of_one.push_back(list[i]);
    const std::uint64_t word =
        is_stochastic(rounding.mode) ? random.bits(i, rounding.random_bits) : 0;
    arrays.outcomes.push_back(exact().apply(operation, of_one, word));
  }
  return arrays;
}

void check_arrays(const Operation& operation, std::size_t count, Stream& stream) {
  const Random random{.seed = 5, .stream = 3, .offset = stream.below(1000)};
  const Arrays arrays = draw_arrays(operation, count, random, stream);
  std::vector<Code> codes;
  std::vector<std::uint8_t> flags;
  for (const Outcome& outcome : arrays.outcomes) {
    codes.push_back(outcome.code);
    flags.push_back(outcome.flags);
  }
  const Format& format = operation.output->format;
  std::vector<std::uint8_t> wanted = packed(format, codes);
  wanted.push_back(0xAA);  // is not touched
  for (const Engine* engine : {&emulated(), &exact()}) {
    const OperationPlan plan = engine->prepare_operation(operation);
    std::vector<std::uint8_t> out(wanted.size(), 0xAA);
    std::vector<std::uint8_t> raised(count, 0xff);
    engine->operate_codes(plan, arrays.views, count, random, out, raised);
    ASSERT_EQ(out, wanted) << engine->name << " " << name_of(operation.op) << " "
                           << describe(*operation.output);
    ASSERT_EQ(raised, flags) << engine->name << " " << name_of(operation.op);
    if (packed_bits(operation.inputs[0]) != packed_bits(format)) continue;
    std::vector<std::uint8_t> in_place = arrays.bytes[0];
    std::vector<std::span<const std::uint8_t>> views = arrays.views;
    views[0] = in_place;
    engine->operate_codes(plan, views, count, random, in_place, {});
    in_place.push_back(0xAA);
    ASSERT_EQ(in_place, wanted) << engine->name << " " << name_of(operation.op);
  }
}

TEST(CodeArrays, AreTheOperationsOnCodes) {
  Stream stream(45);
  std::size_t turn = 0;
  const std::vector<OpEntry>& all = operations();
  const std::array names{"nf4",      "float6_e2m3fn", "float8_e4m3fn", "binary16",  "posit32",
                         "binary64", "int8",          "takum16",       "binary128", "log4.3"};
  for (const char* name : names) {
    const Format format = find_format(name);
    for (std::size_t i = 0; i < sampling::draws(12); ++i) {
      const OpEntry& entry = all[turn % all.size()];
      const Format other = find_format(names[stream.below(names.size())]);
      Quantizer q{turn % 3 == 0 ? other : format, cases::rounding(turn)};
      if (is_to_integer(entry.op)) q.format = find_format("int16");
      turn += 7;
      const std::vector<Format> inputs = inputs_of(entry.op, format);
      const std::size_t count = is_function(entry.op) ? 40 : 301;
      check_arrays({.op = entry.op, .inputs = inputs, .output = &q}, count, stream);
      if (HasFatalFailure()) return;
    }
  }
}

TEST(CodeArrays, HaveOneHundredAndTwentyEightBits) {
  Stream stream(46);
  const Format wide = find_format("binary128");
  const Format narrow = find_format("binary32");
  const std::vector<Format> mixed{wide, narrow};
  for (const Format& output : {wide, narrow}) {
    const Quantizer q{output, {}};
    for (const Op op : {Op::add, Op::multiply, Op::copy_sign})
      check_arrays({.op = op, .inputs = mixed, .output = &q}, 77, stream);
    if (HasFatalFailure()) return;
  }
}

TEST(CodeArrays, RefuseTooFewBytes) {
  const std::vector<Format> inputs(2, find_format("binary16"));
  const Quantizer q{inputs[0], {}};
  std::vector<std::uint8_t> bytes(20);
  const std::vector<std::span<const std::uint8_t>> in(2, bytes);
  for (const Engine* engine : {&emulated(), &exact()}) {
    const OperationPlan plan =
        engine->prepare_operation({.op = Op::add, .inputs = inputs, .output = &q});
    std::vector<std::uint8_t> out(20);
    std::vector<std::uint8_t> flags(9);
    EXPECT_NO_THROW(engine->operate_codes(plan, in, 10, {}, out, {}));
    EXPECT_THROW(engine->operate_codes(plan, in, 11, {}, out, {}), std::logic_error);
    EXPECT_THROW(engine->operate_codes(plan, in, 10, {}, out, flags), std::logic_error);
    EXPECT_THROW(engine->operate_codes(plan, std::span(in).first(1), 10, {}, out, {}),
                 std::logic_error);
  }
}

// --- Plans of another engine ---------------------------------------------------------------------

void expect_refused(const Engine& engine, const Engine& maker) {
  const Quantizer q{find_format("binary16"), {}};
  std::vector<double> numbers(16);
  std::vector<std::uint8_t> bytes(32);
  const View in = view_of(std::span<const double>(numbers));
  const MutableView out = view_of(std::span(numbers));
  const View square = view_of(static_cast<const double*>(numbers.data()), 4, 4);
  const Plan plan = maker.prepare(q);
  EXPECT_THROW(engine.round(in, plan, {}, out, nullptr), std::logic_error);
  EXPECT_THROW(engine.map(Op::square_root, {&in, 1}, plan, {}, out, nullptr), std::logic_error);
  EXPECT_THROW(engine.encode(in, plan, {}, bytes, nullptr), std::logic_error);
  EXPECT_THROW(engine.decode(bytes, plan, out), std::logic_error);
  EXPECT_THROW(engine.convert(q.format, 0, plan, 0), std::logic_error);
  DotUnit unit;
  unit.accumulator = q;
  EXPECT_THROW(
      engine.multiply(square, square, maker.prepare_dot(unit), {}, view_of(numbers.data(), 4, 4)),
      std::logic_error);
  const BlockPlan blocks = maker.prepare_block(find_block_format("mxfp8_e4m3"));
  EXPECT_THROW(engine.quantize(in, blocks, {}, out, nullptr, nullptr), std::logic_error);
  EXPECT_THROW(engine.dequantize({}, blocks, out), std::logic_error);
  const std::vector<Format> inputs(2, q.format);
  const OperationPlan operation =
      maker.prepare_operation({.op = Op::add, .inputs = inputs, .output = &q});
  EXPECT_THROW(engine.operate(operation, std::array<Code, 2>{}, 0), std::logic_error);
  const std::vector<std::span<const std::uint8_t>> codes(2, bytes);
  EXPECT_THROW(engine.operate_codes(operation, codes, 4, {}, bytes, {}), std::logic_error);
}

TEST(Plans, OfOneEngineAreRefusedByTheOther) {
  expect_refused(emulated(), exact());
  expect_refused(exact(), emulated());
  try {
    emulated().convert(find_format("binary16"), 0, exact().prepare({find_format("int8"), {}}), 0);
    FAIL();
  } catch (const std::logic_error& error) {
    EXPECT_STREQ(error.what(),
                 "a plan of the engine \"reference\" is given to the engine \"emulator\"");
  }
  EXPECT_THROW(emulated().convert(find_format("binary16"), 0, Plan{}, 0), std::logic_error);
}

}  // namespace
}  // namespace halfulp

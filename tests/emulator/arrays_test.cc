// SPDX-License-Identifier: MIT
//
// Array functions against the reference's: rounding, packed codes, elementwise operations and
// matrix products, carriers mixed, with counts; on every instruction set of the machine.
#include <gtest/gtest.h>

#include <array>
#include <bit>
#include <vector>

#include "emulator/engine.h"
#include "emulator/instruction_set.h"
#include "formats/error.h"
#include "formats/numbers/value.h"
#include "reference/engine.h"
#include "tests/emulator/cases.h"
#include "tests/support/sampling.h"

namespace halfulp {
namespace {

using cases::describe;
constexpr int tolerated_failures = 3;

const Format& binary32() {
  static const Format format = find_format("binary32");
  return format;
}
const Format& binary64() {
  static const Format format = find_format("binary64");
  return format;
}

// An array in either carrier.
struct Array {
  Carrier carrier = Carrier::binary64;
  std::vector<float> floats;
  std::vector<double> doubles;

  Array(Carrier c, std::size_t count)
      : carrier(c),
        floats(c == Carrier::binary32 ? count : 0, -7.0F),
        doubles(c == Carrier::binary64 ? count : 0, -7.0) {}

  [[nodiscard]] View view(std::size_t rows, std::size_t columns, std::size_t stride) const {
    const void* data = carrier == Carrier::binary32 ? static_cast<const void*>(floats.data())
                                                    : static_cast<const void*>(doubles.data());
    return {data, carrier, rows, columns, stride};
  }
  [[nodiscard]] MutableView mutable_view(std::size_t rows, std::size_t columns,
                                         std::size_t stride) {
    void* data = carrier == Carrier::binary32 ? static_cast<void*>(floats.data())
                                              : static_cast<void*>(doubles.data());
    return {data, carrier, rows, columns, stride};
  }
  [[nodiscard]] std::uint64_t bits(std::size_t i) const {
    return carrier == Carrier::binary32 ? std::bit_cast<std::uint32_t>(floats[i])
                                        : std::bit_cast<std::uint64_t>(doubles[i]);
  }
  [[nodiscard]] std::size_t size() const { return floats.size() + doubles.size(); }
};

// Numbers around the boundaries of a format.
Array draw_array(const Format& format, Carrier carrier, std::size_t count,
                 sampling::Stream& stream) {
  Array array(carrier, count);
  const Format& grid = carrier == Carrier::binary32 ? binary32() : binary64();
  for (std::size_t i = 0; i < count; ++i) {
    const Code code = sampling::draw_carrier_code(format, grid, stream);
    if (carrier == Carrier::binary32) {
      array.floats[i] = std::bit_cast<float>(static_cast<std::uint32_t>(code));
    } else {
      array.doubles[i] = std::bit_cast<double>(static_cast<std::uint64_t>(code));
    }
  }
  return array;
}

bool fits(const Format& format, Carrier carrier) {
  return carrier == Carrier::binary32 ? fits_binary32(format) : fits_binary64(format);
}

std::string text(const Counts& c) {
  return std::to_string(c.elements) + " elements, " + std::to_string(c.saturated) + " saturated, " +
         std::to_string(c.flushed) + " flushed, " + std::to_string(c.inexact) + " inexact";
}

// Compares results and counts; answers whether they agree.
bool same(const std::string& what, const Array& ours, const Array& theirs, const Counts& a,
          const Counts& b, const std::vector<const Array*>& inputs) {
  for (std::size_t i = 0; i < ours.size(); ++i) {
    if (ours.bits(i) == theirs.bits(i)) continue;
    std::string operands;
    for (const Array* input : inputs) {
      operands += " " + hexadecimal_text(from_double(input->carrier == Carrier::binary32
                                                         ? static_cast<double>(input->floats[i])
                                                         : input->doubles[i]));
    }
    ADD_FAILURE() << what << " on " << emulator::instruction_set() << ", element " << i << " of"
                  << operands << ": emulator " << std::hex << ours.bits(i) << ", reference "
                  << theirs.bits(i);
    return false;
  }
  EXPECT_EQ(a, b) << what << " on " << emulator::instruction_set() << "\n  emulator  " << text(a)
                  << "\n  reference " << text(b);
  return a == b;
}

class OnEveryInstructionSet : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override { emulator::force_instruction_set(GetParam()); }
  void TearDown() override { emulator::force_instruction_set(""); }
};

INSTANTIATE_TEST_SUITE_P(, OnEveryInstructionSet, testing::ValuesIn(emulator::instruction_sets()),
                         [](const auto& info) { return info.param; });

// Either generator, at any offset.
Random draw_random(sampling::Stream& stream, std::uint64_t seed, std::uint64_t number) {
  const std::uint64_t offset = stream.below(100);
  const Generator generator = offset % 2 == 0 ? Generator::philox4x32_10 : Generator::splitmix64;
  return {.seed = seed, .stream = number, .offset = offset, .generator = generator};
}

constexpr std::array<std::pair<Carrier, Carrier>, 4> carrier_pairs{
    {{Carrier::binary32, Carrier::binary32},
     {Carrier::binary64, Carrier::binary64},
     {Carrier::binary32, Carrier::binary64},
     {Carrier::binary64, Carrier::binary32}}};

TEST_P(OnEveryInstructionSet, RoundsLikeTheReference) {
  int failures = 0;
  sampling::Stream stream(11);
  std::size_t turn = 0;
  for (const Format& format : cases::formats()) {
    for (int i = 0; i < 2 * mode_count; ++i) {
      const Quantizer q{.format = format, .rounding = cases::rounding(turn++)};
      const auto [from, to] = carrier_pairs[stream.below(4)];
      if (!fits(format, to)) continue;
      const std::size_t rows = 1 + stream.below(3);
      const std::size_t columns = 1 + stream.below(90);
      const std::size_t stride = columns + (stream.bits(1) != 0 ? stream.below(3) : 0);
      const Array in = draw_array(format, from, rows * stride, stream);
      const Random random = draw_random(stream, 5, 6);
      Array ours(to, rows * stride);
      Array theirs(to, rows * stride);
      Counts a;
      Counts b;
      emulator::engine().round(in.view(rows, columns, stride), emulator::engine().prepare(q),
                               random, ours.mutable_view(rows, columns, stride), &a);
      reference::engine().round(in.view(rows, columns, stride), reference::engine().prepare(q),
                                random, theirs.mutable_view(rows, columns, stride), &b);
      failures += same("round into " + describe(q), ours, theirs, a, b, {&in}) ? 0 : 1;
      if (failures > tolerated_failures) return;
    }
    turn += 3;
  }
}

TEST_P(OnEveryInstructionSet, EncodesAndDecodesLikeTheReference) {
  int failures = 0;
  sampling::Stream stream(12);
  std::size_t turn = 0;
  for (const Format& format : cases::formats_up_to(64)) {
    for (int i = 0; i < mode_count; ++i) {
      const Quantizer q{.format = format, .rounding = cases::rounding(turn++)};
      const auto [from, to] = carrier_pairs[stream.below(4)];
      const std::size_t rows = 1 + stream.below(3);
      const std::size_t columns = 1 + stream.below(120);
      const std::size_t stride = columns + (stream.bits(1) != 0 ? stream.below(3) : 0);
      const Array in = draw_array(format, from, rows * stride, stream);
      const Random random = draw_random(stream, 5, 6);
      const Plan our_plan = emulator::engine().prepare(q);
      const Plan their_plan = reference::engine().prepare(q);
      std::vector<std::uint8_t> ours(packed_bytes(format, rows * columns) + 1, 0xAA);
      std::vector<std::uint8_t> theirs = ours;
      Counts a;
      Counts b;
      const View view = in.view(rows, columns, stride);
      emulator::engine().encode(view, our_plan, random, ours, &a);
      // The reference clears the last byte it is given: keep the one behind out of it.
      reference::engine().encode(view, their_plan, random,
                                 std::span(theirs).first(theirs.size() - 1), &b);
      EXPECT_EQ(ours, theirs) << "encode into " << describe(q);
      EXPECT_EQ(a, b) << "encode into " << describe(q) << "\n  emulator  " << text(a)
                      << "\n  reference " << text(b);
      if (ours != theirs || a != b) ++failures;
      if (fits(format, to)) {
        Array x(to, rows * stride);
        Array y(to, rows * stride);
        for (std::uint8_t& byte : ours) byte = static_cast<std::uint8_t>(stream.bits(8));
        emulator::engine().decode(ours, our_plan, x.mutable_view(rows, columns, stride));
        reference::engine().decode(ours, their_plan, y.mutable_view(rows, columns, stride));
        failures += same("decode " + format.name, x, y, {}, {}, {}) ? 0 : 1;
      }
      if (failures > tolerated_failures) return;
    }
    turn += 3;
  }
}

TEST_P(OnEveryInstructionSet, MapsLikeTheReference) {
  int failures = 0;
  sampling::Stream stream(13);
  std::size_t turn = 0;
  for (const Format& format : cases::formats()) {
    for (int i = 0; i < 3 * mode_count; ++i) {
      const Quantizer q{.format = format, .rounding = cases::rounding(turn++)};
      const auto op = static_cast<Op>(i % static_cast<int>(Op::exp));  // all but functions
      const auto [from, to] = carrier_pairs[stream.below(4)];
      if (!fits(format, to)) continue;
      const std::size_t columns = 1 + stream.below(70);
      const Random random = draw_random(stream, 9, 1);
      std::vector<Array> in;
      std::vector<View> views;
      std::vector<const Array*> inputs;
      for (int k = 0; k < arity(op); ++k) in.push_back(draw_array(format, from, columns, stream));
      // Some sums cancel exactly.
      if (arity(op) > 1 && from == Carrier::binary64) {
        for (std::size_t k = 0; k < columns; k += 5) in[1].doubles[k] = -in[0].doubles[k];
      }
      for (const Array& array : in) views.push_back(array.view(1, columns, columns));
      for (const Array& array : in) inputs.push_back(&array);
      Array ours(to, columns);
      Array theirs(to, columns);
      Counts a;
      Counts b;
      emulator::engine().map(op, views, emulator::engine().prepare(q), random,
                             ours.mutable_view(1, columns, columns), &a);
      reference::engine().map(op, views, reference::engine().prepare(q), random,
                              theirs.mutable_view(1, columns, columns), &b);
      const std::string what = std::string(name_of(op)) + " into " + describe(q);
      failures += same(what, ours, theirs, a, b, inputs) ? 0 : 1;
      if (failures > tolerated_failures) return;
    }
    turn += 3;
  }
}

// Numbers whose sums and products stay within what formats hold, some not.
Array draw_matrix(const Format& format, Carrier carrier, std::size_t count,
                  sampling::Stream& stream) {
  Array array = draw_array(format, carrier, count, stream);
  for (std::size_t i = 0; i < count; ++i) {
    if (stream.below(64) == 0) continue;
    const double x = (static_cast<double>(stream.bits(12)) - 2048.0) / 512.0;
    if (carrier == Carrier::binary32) {
      array.floats[i] = static_cast<float>(x);
    } else {
      array.doubles[i] = x;
    }
  }
  return array;
}

// Every order with an accumulator, or native arithmetic.
DotUnit draw_unit(const Format& format, int i, std::size_t& turn, sampling::Stream& stream) {
  const Quantizer q{.format = format, .rounding = cases::rounding(turn++)};
  DotUnit unit{.native = stream.bits(1) != 0 ? Carrier::binary32 : Carrier::binary64,
               .order = stream.bits(1) != 0 ? Order::sequential : Order::eight_sums,
               .product = {},
               .accumulator = {}};
  if (i % 6 == 5) return unit;
  constexpr std::array orders{Order::sequential, Order::pairwise, Order::chunked,
                              Order::compensated, Order::exact};
  unit.order = orders[static_cast<std::size_t>(i) % 6];
  unit.accumulator = q;
  const bool rounds_products = unit.order != Order::exact || is_dyadic(format);
  if (rounds_products && stream.below(3) == 1)
    unit.product = Quantizer{format, cases::rounding(turn + 7)};
  if (unit.order != Order::chunked) return unit;
  unit.chunk = 1 + static_cast<std::int64_t>(stream.below(7));
  if (stream.bits(1) != 0) unit.outer = Quantizer{format, cases::rounding(turn + 5)};
  return unit;
}

std::string describe(const DotUnit& unit) {
  if (!unit.accumulator) return " natively";
  return " " + std::string(name_of(unit.order)) + " chunk " + std::to_string(unit.chunk) +
         " into " + cases::describe(*unit.accumulator) +
         (unit.product ? " product " + cases::describe(*unit.product) : "") +
         (unit.outer ? " outer " + cases::describe(*unit.outer) : "");
}

bool multiplies_alike(const Format& format, const DotUnit& unit, int i, sampling::Stream& stream) {
  auto [from, to] = carrier_pairs[stream.below(4)];
  if (!unit.accumulator) from = unit.native;
  if (!unit.accumulator && unit.native == Carrier::binary64) to = Carrier::binary64;
  if (unit.accumulator && !fits(format, to)) return true;
  const std::size_t rows = 1 + stream.below(i % 5 == 0 ? 20 : 7);
  const std::size_t inner = stream.below(20);
  const std::size_t columns = 1 + stream.below(i % 5 == 1 ? 40 : 9);
  const Array a = draw_matrix(format, from, rows * inner + 1, stream);
  const Array b = draw_matrix(format, from, inner * columns + 1, stream);
  const Random random = draw_random(stream, 2, 3);
  Array ours(to, rows * columns);
  Array theirs(to, rows * columns);
  const View left = a.view(rows, inner, inner);
  const View right = b.view(inner, columns, columns);
  emulator::engine().multiply(left, right, emulator::engine().prepare_dot(unit), random,
                              ours.mutable_view(rows, columns, columns));
  reference::engine().multiply(left, right, reference::engine().prepare_dot(unit), random,
                               theirs.mutable_view(rows, columns, columns));
  const std::string what = "multiply " + std::to_string(rows) + " x " + std::to_string(inner) +
                           " x " + std::to_string(columns) + describe(unit);
  return same(what, ours, theirs, {}, {}, {});
}

TEST_P(OnEveryInstructionSet, MultipliesLikeTheReference) {
  int failures = 0;
  sampling::Stream stream(14);
  std::size_t turn = 0;
  for (const Format& format : cases::formats()) {
    for (int i = 0; i < mode_count; ++i) {
      const DotUnit unit = draw_unit(format, i, turn, stream);
      failures += multiplies_alike(format, unit, i, stream) ? 0 : 1;
      if (failures > tolerated_failures) return;
    }
    turn += 3;
  }
}

}  // namespace
}  // namespace halfulp

// SPDX-License-Identifier: MIT
//
// The vector kernels' interface in plain types. Each function chooses the best instruction set of
// the machine (or the forced one) and gives the same bits on all. None reads or writes beyond its
// arrays; outputs may be the inputs. Those that do floating-point arithmetic say so and need a
// StandardEnvironment; the others are integer operations.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "formats/engine.h"
#include "formats/random.h"

namespace halfulp::emulator::kernels {

// How the discarded bits decide (round_lanes.h has the arithmetic of each). The simple kinds are
// for formats with sign, fraction bits, a negative zero and a largest magnitude that both signs
// share.
enum class RoundingKind : std::uint8_t {
  nearest_even_simple,
  stochastic_simple,
  nearest,
  directed,
  stochastic,
  stochastic_tie,  // variants B and C
  equal
};

// One for each sign.
template <typename Bits>
struct Signs {
  Bits positive = 0, negative = 0;
};

// A rounding to a float with subnormals, or to fixed point, of numbers carried in words of Bits
// (the patterns of binary32 or binary64, F fraction bits).
template <typename Bits>
struct Grid {
  RoundingKind kind = RoundingKind::nearest;
  int fraction_bits = 0;      // t
  Bits spare_bits = 0;        // F - t: what a number of full precision discards
  Bits least_field = 0;       // exponent field of the carrier below which the spacing stays
  Bits least_number = 0;      // pattern of the least positive number
  Bits parity_of_binade = 0;  // 1 where the exponent takes part in the code's lowest bit (t = 0)
  // up on a tie, or in the directed kinds where anything is discarded:
  // (odd & tie_odd) ^ (negative & tie_negative) ^ tie_always
  Bits tie_odd = 0, tie_negative = 0, tie_always = 0;
  int random_bits = 0;
  Bits tie_parity = 0;  // stochastic_tie: 1 for variant C, 0 for B
  bool flush_inputs = false;
  bool negative_zero = true;
  // Patterns in the carrier: the largest magnitude, and what is delivered beyond it.
  Signs<Bits> limit, overflow, infinity, nan;
  Bits nan_fraction = 0;  // bits of an operand's NaN that its result has too
  // The same as ranks and codes.
  Signs<Bits> code_limit, code_overflow, code_infinity, code_nan;
  Bits code_sign = 0;  // floats: the sign bit
  Bits code_mask = 0;  // fixed point: the code's bits, negative codes being two's complement
};

// Where a grid is moved by a power of two: all ones for those replacements that are numbers and
// move with it.
template <typename Bits>
struct Moves {
  Signs<Bits> overflow, infinity, nan;
};
template <typename Bits>
struct MovingGrid {
  Grid<Bits> grid;
  Moves<Bits> moves;
};

// random: random_bits bits an element; not read by the other kinds. counts may be null.
void round(const float* in, std::size_t count, const Grid<std::uint32_t>& grid,
           const std::uint32_t* random, float* out, Counts* counts);
void round(const double* in, std::size_t count, const Grid<std::uint64_t>& grid,
           const std::uint64_t* random, double* out, Counts* counts);
void encode(const float* in, std::size_t count, const Grid<std::uint32_t>& grid,
            const std::uint32_t* random, std::uint32_t* codes);
void encode(const double* in, std::size_t count, const Grid<std::uint64_t>& grid,
            const std::uint64_t* random, std::uint64_t* codes);

// The same in blocks: block k of `block` elements has the grid moved by the power of two that
// shifts holds in the exponent's place, as a difference modulo 2^32 (2^64); then all nonzero
// numbers of the grid are normal numbers of the carrier.
template <typename Bits>
struct Shifts {
  const Bits* shifts = nullptr;
  std::size_t block = 1;
};
void round_moved(const float* in, std::size_t count, const MovingGrid<std::uint32_t>& grid,
                 const Shifts<std::uint32_t>& shifts, const std::uint32_t* random, float* out,
                 Counts* counts);
void round_moved(const double* in, std::size_t count, const MovingGrid<std::uint64_t>& grid,
                 const Shifts<std::uint64_t>& shifts, const std::uint64_t* random, double* out,
                 Counts* counts);
void encode_moved(const float* in, std::size_t count, const MovingGrid<std::uint32_t>& grid,
                  const Shifts<std::uint32_t>& shifts, const std::uint32_t* random,
                  std::uint32_t* codes);
void encode_moved(const double* in, std::size_t count, const MovingGrid<std::uint64_t>& grid,
                  const Shifts<std::uint64_t>& shifts, const std::uint64_t* random,
                  std::uint64_t* codes);

// largest[k]: the largest magnitude, as a pattern without sign, of block k of `block` elements
// (the last may have fewer). Infinities are above all numbers, NaN above infinities.
void largest_magnitudes(const float* in, std::size_t count, std::size_t block,
                        std::uint32_t* largest);
void largest_magnitudes(const double* in, std::size_t count, std::size_t block,
                        std::uint64_t* largest);
// The larger magnitude of in[i] and magnitudes[i], in place of the latter.
void larger_magnitudes(const float* in, std::size_t count, float* magnitudes);
void larger_magnitudes(const double* in, std::size_t count, double* magnitudes);

// Formats of few numbers, rounded without random bits: the j-th magnitude above zero, and from
// which magnitude on it is delivered. In blocks under scales, all finite: x is divided by its
// block's scale, which need not be a power of two, rounded, and multiplied, rounded once to
// binary32. Turns and magnitudes times scales are doubles. Beyond the last magnitude of a sign it
// stays the last. codes, a byte each, may be null. Floating-point arithmetic.
struct NarrowTable {
  static constexpr std::size_t most = 8;
  std::array<double, most> turn{};       // infinite where there are fewer
  std::array<double, most> magnitude{};  // magnitudes from the least positive one on
  // 0 where the turn itself goes to the smaller magnitude, NaN where to the larger.
  std::array<double, most> stays{};
  // Magnitudes of either sign; as many, or in fixed point one more of negative numbers: 2, 4 or 8.
  std::size_t positive = 0, negative = 0;
  bool negative_zero = true;
  std::uint32_t code_sign = 0, code_mask = 0;  // as in Grid
  // Between these scales all products are normal numbers of binary32.
  double least_scale = 0, most_scale = 0;
};
struct Scales {
  const double* scales = nullptr;
  std::size_t block = 1;
};
void round_narrow(const float* in, std::size_t count, const NarrowTable& table,
                  const Scales& scales, float* out, std::uint8_t* codes);
// An even number of codes of four bits, a byte each, two by two into one.
void pack_halves(const std::uint8_t* bytes, std::size_t count, std::uint8_t* codes);

// Numbers times the scale of their block, rounded once to nearest even. Precondition of floats: a
// scale is a float, or its products with the numbers are doubles. NaN results are positive and
// quiet. Floating-point arithmetic.
void scale_blocks(float* numbers, std::size_t count, const Scales& scales);
void scale_blocks(double* numbers, std::size_t count, const Scales& scales);

// A generator of units of random bits (formats/random.h).
struct PhiloxKey {
  std::uint64_t seed = 0, stream = 0;
};
struct UnitSource {
  Generator generator = Generator::philox4x32_10;
  PhiloxKey key;                      // of Philox
  std::uint64_t start = 0, step = 0;  // of SplitMix64
  [[nodiscard]] Random random() const {
    return {.seed = key.seed, .stream = key.stream, .offset = 0, .generator = generator};
  }
};
UnitSource unit_source(const Random& random);

// Units first, first + 1, ... for fields of `width` bits, which stand in memory in their order,
// each as a number of so many bits. Behind the last field of an index comes the first.
void random_units(const UnitSource& source, std::uint64_t first, std::size_t count, int width,
                  std::uint64_t* out);
// Units of any numbers, as numbers.
void random_units(const UnitSource& source, const std::uint64_t* numbers, std::size_t count,
                  std::uint64_t* out);
// The first `bits` bits of fields of such units as stand in memory, from field `skipped` on; at
// most 32 into words of 32.
void random_fields(const std::uint64_t* units, int bits, std::size_t skipped, std::size_t count,
                   std::uint32_t* out);
void random_fields(const std::uint64_t* units, int bits, std::size_t skipped, std::size_t count,
                   std::uint64_t* out);

// Exact results rounded to odd: out[i] is op(a, b, c) of element i as a binary64 that an inexact
// result leaves odd, so that rounding it again to 51 bits or fewer equals rounding the exact
// result. Infinite results of infinite operands and of division by zero are infinite. Elements for
// which none of this is certain (NaN, extreme exponents) are NaN in `out`; answers whether there
// are any.
// Floating-point arithmetic.
struct OddOptions {
  Op op = Op::add;
  bool zero_sum_negative = false;  // toward-negative: an exact zero sum is -0
  double flush_below = 0;          // operands of smaller magnitude count as zeros of their sign
};
bool operate_to_odd(const OddOptions& options, const double* a, const double* b, const double* c,
                    std::size_t count, double* out);

// Aligned additions (Alignment in formats/dot_tree.h) on lanes, each step exact in doubles. An
// exponent is a double that holds an integer; one below least_known_exponent stands for none.
// Arrays of lanes are read and written up to whole vectors. Floating-point arithmetic.
inline constexpr double no_exponent = -0x1p40;
inline constexpr double least_known_exponent = -0x1p20;

// Terms k from first on, below end: factors[k] times the lanes from columns + k * stride on, and
// times the scales where there are any (null: none).
struct LaneTerms {
  const double* factors = nullptr;
  const double* factor_exponents = nullptr;
  const double* columns = nullptr;
  const double* column_exponents = nullptr;
  const double* scales = nullptr;
  const double* scale_exponents = nullptr;
  std::size_t stride = 0;
  std::size_t first = 0, end = 0, step = 1;
};
// largest[i] = max(largest[i], the exponents of the terms of lane i)
void largest_exponents(const LaneTerms& terms, std::size_t lanes, double* largest);

// sums[i] += the terms of lane i, in units of 2^(largest[i] - bits) and cut to them; or as they
// are, where `exact`. Products of a magnitude of at least `limit` count as infinite.
struct Cut {
  double bits = 0;
  double limit = 0;
  bool downward = false, exact = false;
};
void add_cut(const LaneTerms& terms, const Cut& cut, const double* largest, std::size_t lanes,
             double* sums);

// floor(log2 |x|), at least `least`; none of zeros and of what is not finite.
void stored_exponents(const double* numbers, std::size_t lanes, double least, double* exponents);

// sums[i] += s of lane i, cut to multiples of 2^(largest[i] - bits), in units of
// 2^(largest[i] - unit_bits). drops: s of an exponent below largest[i] - bits - 1 is a zero.
struct Running {
  const double* numbers = nullptr;
  const double* exponents = nullptr;
  double bits = 0, unit_bits = 0;
  bool downward = false, drops = false;
};
void add_running(const Running& running, const double* largest, std::size_t lanes, double* sums);

// sums[i] in units of 2^(largest[i] - bits) as numbers.
void scale_back(const double* largest, std::size_t lanes, double bits, double* sums);

// Sums without their bits below 2^(e - bits), e being the leading exponent and at least `least`.
struct SumCut {
  double bits = 0, least = 0;
  bool downward = false;
};
void cut_sums(const SumCut& cut, std::size_t lanes, double* sums);

// out = a * b + c by a tree whose every quantizer is the processor's own arithmetic of Real, and
// none of whose sums are made at once; NaN results positive and quiet. Strides are elements from
// row to row. c may be null, and may be out. Floating-point arithmetic.
struct Shape {
  std::size_t rows = 0, inner = 0, columns = 0;
};
template <typename Real>
struct Matrices {
  const Real* a = nullptr;
  const Real* b = nullptr;
  const Real* c = nullptr;
  Real* out = nullptr;
  std::size_t a_stride = 0, b_stride = 0, c_stride = 0, out_stride = 0;
};
void multiply(const DotTree& tree, const Shape& shape, const Matrices<float>& m);
void multiply(const DotTree& tree, const Shape& shape, const Matrices<double>& m);

}  // namespace halfulp::emulator::kernels

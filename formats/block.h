// SPDX-License-Identifier: MIT
//
// Block formats: numbers that share scales. A matrix is cut into blocks, each block has a scale in
// a format of its own, and an element x of the block is kept as x / scale in the element's format.
// Scales nest: NVFP4 is a binary32 scale over the tensor, of E4M3 scales over 16 numbers, of E2M1
// elements. The kinds of the literature differ in the shape of the blocks, in how a scale follows
// from the numbers, and in what becomes of blocks that hold no ordinary number; each of these is a
// field here. Sources: OCP Microscaling Formats 1.0 section 6.3, P3109 interim report 4.0, and the
// named peers' code (block_presets).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "formats/rounding.h"

namespace halfulp {

// How the scale of a block follows from its elements. a: the largest magnitude in the block, over
// the scales of the outer levels; m: the largest finite number of what the scale multiplies (the
// element, or the double next to an irrational one; above an inner scale, the largest inner scale
// times that); e: floor(log2 m). BlockFormat says step by step what becomes of them.
enum class ScaleRule : std::uint8_t {
  floor,    // 2^(floor(log2 a) - e)
  ceil,     // 2^(ceil(log2 a) - e)
  even,     // as floor, once a is rounded, half up, to as many fraction bits as the element has
  rceil,    // 2^ceil(log2(a / m))
  ratio,    // (a + epsilon) / m
  largest,  // a + epsilon
  mean,     // the mean of the magnitudes, + epsilon
  range,  // (highest - lowest) / (codes - 1), both taken with 0, and a zero point a block: integers
          // only
  given,  // Level::given, whatever the elements are
};
inline constexpr int scale_rule_count = 9;
std::string_view name_of(ScaleRule rule);
ScaleRule parse_scale_rule(std::string_view name);  // throws Error with a suggestion

// How a quotient u / v is formed before it is rounded to its format. A step in binary32 takes exact
// operands and rounds its exact result once, to nearest even; zeros, infinities and overflow are
// those of IEEE 754.
enum class Division : std::uint8_t {
  exact,
  binary32,             // the binary32 quotient
  binary32_reciprocal,  // u * (1 / v), each step rounded to binary32
};

// In which order of steps scales and quotients are formed. In all but `exact` each operation below
// is a step in binary32, as in Division, which then counts for nothing. a0, a1: the largest
// magnitudes of the outer and the inner block; m that of the element, M = m times the largest inner
// scale, F the largest binary32; s0 and s1: the scales, s0 in binary32; round1: the rounding of the
// inner scale; u: the quotient that is rounded to an element.
//   transformer_engine  E = min(M / a0, F), or 1 where a0 or that is 0;  s0 = 1 / E;
//                       s1 = round1(min(a1 * (E * (1 / m)), F));  u = x * min(1 / (s1 * s0), F)
//   torchao             s0 = a0 / M;  s1 = round1(max((a1 / m) / s0, least normal inner scale));
//                       u = x * ((1 / s0) / s1)
//   four_over_six       s0 and u as transformer_engine, s1 of FourOverSix below
//   modelopt            s0 = a0 / M;  q = a1 / (m * s0);  s1 = round1(max(q, least inner scale)),
//                       but ZeroScale where q is 0;  u = x / (s1 * s0)
//   qpytorch            one level, of any rule:  u = (6 + x / s0) - 6, only the sum in binary32
// A zero s0 is what ZeroScale says. A zero s1 of transformer_engine and four_over_six stays zero
// and its elements are those of u all the same. Sources in block_presets.
enum class Arithmetic : std::uint8_t {
  exact,
  transformer_engine,
  torchao,
  modelopt,
  qpytorch,
  four_over_six
};
inline constexpr int arithmetic_count = 6;

// Four over six (Cook et al., arXiv 2512.02010; Transformer Engine d0067d0
// quantize_4over6_nvfp4.cuh): every inner block is quantized twice, so that its largest number
// becomes the largest element, 6 of E2M1, or two thirds of it, 4. With b = (a1 / m) * E the scales
// are round1(min(b, F)) and round1(min(b * 1.5, F)), on the same random bits as their elements; the
// second stays where its error is less. q: an element as rounded; s: the scale. The error of an
// element is
//   of numbers  d = ((q * s) * a0) / M - x
//   of scaled   d = h - x * E, h being q * s rounded to binary16
// and of a row of the block the sum from +0, in order, of |d| (absolute) or d * d (squared), or the
// largest |d| (largest). Rows are joined in halves (formats/dot_tree.h), zeros in the place of
// those that lack to a power of two; the largest of all where that is the measure.
struct FourOverSix {
  enum class Error : std::uint8_t { absolute, squared, largest };
  enum class Of : std::uint8_t { numbers, scaled };
  Error error = Error::absolute;
  Of of = Of::numbers;
  bool operator==(const FourOverSix&) const = default;
};

// What stands in the place of a scale that is zero, or rounds to zero. `zero`: zero itself, and the
// elements are zeros; in a scale format without zero, its least number. (What a number becomes that
// rounds below the least of a format without zero is for its rounding to say: Overflow::NoZero.)
enum class ZeroScale : std::uint8_t { zero, least, one };

// Blocks that hold NaN or infinities, at levels whose rule is not `given`. NaN in a scale or an
// element is what its quantizer makes of a positive NaN: formats without NaN have another answer.
enum class SpecialBlock : std::uint8_t {
  nan,       // scale and elements become NaN
  saturate,  // an infinity has the largest finite scale; NaN does not count; elements by their own
             // rounding
  ignore,    // the scale is that of the finite elements or, where there are none, what the scale's
             // quantizer makes of infinity if there is one, else NaN (P3109's MaximumFinite);
             // elements by their own rounding
  nan_else_saturate,  // NaN as in `nan`, else infinities as in `saturate`
};

// As the enumerators are written: "binary32_reciprocal", "nan_else_saturate".
std::string_view name_of(Division division);
std::string_view name_of(Arithmetic arithmetic);
std::string_view name_of(ZeroScale zero_scale);
std::string_view name_of(SpecialBlock special);
std::string_view name_of(FourOverSix::Error error);
std::string_view name_of(FourOverSix::Of of);
Division parse_division(std::string_view name);  // these too throw Error with a suggestion
Arithmetic parse_arithmetic(std::string_view name);
ZeroScale parse_zero_scale(std::string_view name);
SpecialBlock parse_special_block(std::string_view name);
FourOverSix::Error parse_block_error(std::string_view name);
FourOverSix::Of parse_error_of(std::string_view name);

// One level of scales.
struct Level {
  int rows = 1;     // of a block; 0: all of the matrix
  int columns = 0;  // likewise
  Quantizer scale;  // a float or fixed-point format
  ScaleRule rule = ScaleRule::ratio;
  Division division = Division::exact;  // of a / m, in rceil and ratio
  double given = 1;                     // rule `given` only; positive
  bool predicted = false;               // rule `given` only: whoever quantizes one matrix after
                                        // another predicts `given` from those before (Autoflex)
  double epsilon = 0;                   // rules ratio, largest and mean; at least 0
  // Floors, of kernels that never divide by too little: an a, times S, below the first counts as
  // it, before epsilon is added; an r below the second is it. 0: none. Not of the rules range and
  // given, nor of the arithmetics of NVFP4.
  double least_amax = 0;
  double least_scale = 0;
  // What the levels around take for the largest scale, a number of its format; 0: the largest.
  double largest_scale = 0;
  bool operator==(const Level&) const = default;
};

// What becomes of a matrix, in exact arithmetic but for what a Division or Arithmetic says. A step
// in binary32 takes exact operands and rounds its exact result once.
// 1. Elements x; those that are subnormal in their carrier count as zeros where the element's
//    rounding flushes inputs. Scales follow from the outermost level to the innermost. S: the exact
//    product of the scales of the levels around; 1 at the outermost.
// 2. r, what the rule asks for. `given`: Level::given, always. Else under a scale that is NaN, or
//    by SpecialBlock: NaN; by SpecialBlock: the largest finite scale, or infinity; under a scale
//    that is zero or infinite: 0; else by the rule, with a = max |x| / S over the elements that
//    count (mean, range: likewise over S), 0 where none does, or the level's floors in their place.
//    The power-of-two rules ask for 0 where a is 0, and for 0 or infinity where a / m is that in
//    binary32. `even`: the fraction bits are those of a float; of fixed point the bits below the
//    leading one of the largest number; 0 of others.
// 3. The scale is r rounded once by Level::scale. Where r is zero or rounds to zero, ZeroScale; its
//    `one` is 1 rounded so.
// 4. u = x / S, S of all levels now (NaN where zero meets infinity), is rounded once to the
//    element. A NaN x keeps its sign. S NaN: u is +NaN. S zero: u is a zero of the sign of x, and a
//    nonzero x counts as flushed and inexact. S infinite: u is the sign of x, +1 or -1 (P3109,
//    5.4.2), or a zero x itself. binary32: u is x / S, or x * (1 / S), so rounded.
// 5. range: the zero point is z = lowest code - lowest / (S of all levels), that quotient rounded
//    half to even, put into the range of the codes; 0 where S is zero, infinite or NaN. Elements
//    are those of an Affine of scale 1 and zero point z.
// 6. An element is worth S times its number (an irrational one: times the double next to it), in a
//    carrier rounded once; NaN results are positive.
struct BlockFormat {
  std::string name;  // canonical, or the text that described it
  Quantizer element;
  std::vector<Level> levels;            // outermost first; at least one
  Division division = Division::exact;  // of an element by S
  Arithmetic arithmetic = Arithmetic::exact;
  ZeroScale zero_scale = ZeroScale::zero;
  SpecialBlock special = SpecialBlock::nan;
  FourOverSix four_over_six = {};  // Arithmetic::four_over_six only
  bool operator==(const BlockFormat&) const = default;
};

// Throws Error (with the field as location) where fields contradict each other. Outer blocks are
// unions of inner ones: their rows and columns are multiples, or 0. Element and scales fit binary64
// (formats/codes.h) and have positive numbers, and the significant bits of the scales are at most
// 53 together, so that a double holds their product. A scale flushes no inputs. `range` stands
// innermost over plain integers of at most 32 bits: Fixed without fraction bits, not symmetric. The
// arithmetics of NVFP4 have two levels, of rule ratio without epsilon, the outer scale in binary32
// to nearest even, and SpecialBlock::nan; that of qpytorch has one level, not of rule `range`. A
// predicted scale is a power of two over all of the matrix, of plain integers.
void validate(const BlockFormat& format);

// How many blocks a level has along rows and columns of a matrix; blocks at the ends may be short,
// and never go on in the next row. A whole extent of a matrix is one block (none where it is
// empty).
struct Partition {
  std::size_t block_rows = 0, block_columns = 0;  // elements of a whole block
  std::size_t down = 0, across = 0;               // blocks
  [[nodiscard]] std::size_t count() const { return down * across; }
};
Partition partition(const Level& level, std::size_t rows, std::size_t columns);

// A number's bits with its share of the scales of whole blocks: 4.25 of MXFP4. The scales of levels
// over a whole extent count for nothing. A zero point has the bits of an element.
double bits_per_value(const BlockFormat& format);

// What a peer does where the standard leaves a choice, as edits of a block format.
struct BlockPreset {
  std::string_view name;
  BlockFormat (*apply)(BlockFormat format);  // throws Error where the preset is not for the format
  std::string_view what;                     // one line, with its source
};
const std::vector<BlockPreset>& block_presets();
const BlockPreset& find_block_preset(std::string_view name);  // throws Error with a suggestion

struct BlockEntry {
  BlockFormat format;
  std::vector<std::string> aliases;
  std::string source;
};
const std::vector<BlockEntry>& block_catalogue();
// Names and aliases, and the parametric bfp<M>_<N>: M bits (2 to 32) in two's complement, sign
// included, in blocks of N along a row (0: the whole row), E8M0 scales of rule floor, so that an
// element is in [-2, 2). Letters count without case. is_block_name is true of names that mean two
// formats (mxfp8) too, and never throws.
BlockFormat find_block_format(std::string_view name);  // throws Error with a suggestion
bool is_block_name(std::string_view name);

}  // namespace halfulp

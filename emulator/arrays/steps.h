// SPDX-License-Identifier: MIT
//
// Rounding of arrays to formats of few numbers that have no grid (codebooks, posits, takums,
// logarithmic numbers), and of grids under nearest-log. Without random bits a rounding is a
// staircase: the patterns of a carrier fall into runs that are delivered alike, and a table of
// those runs replaces the arithmetic.
//
// Where a run begins whatever its ends are: at a number of the format, which alone is exact; at
// zero, the number after it, infinity, signalling and quiet NaN of either sign. Between two of
// these results, flags and counts change with the magnitude in one direction only, so that a
// stretch whose ends are alike is one run, and bisection finds every turn.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "emulator/scalar/target.h"
#include "formats/engine.h"

namespace halfulp::emulator {

// Steps are made of formats of at most so many bits.
inline constexpr int table_bits = 16;

// One pattern after the other, by the scalar path.
template <typename Bits>
class Rounder;

// Bits: the patterns of binary32 or of binary64.
template <typename Bits>
class Steps {
 public:
  struct Step {
    Bits value = 0;  // what is delivered, as a pattern of the carrier
    std::uint16_t code = 0;
    std::uint8_t saturated = 0, flushed = 0, inexact = 0;  // what it adds to Counts
    bool operator==(const Step&) const = default;

    void count(Counts& counts) const {
      ++counts.elements;
      counts.saturated += saturated;
      counts.flushed += flushed;
      counts.inexact += inexact;
    }
  };

  // Preconditions: a format of at most table_bits bits that the carrier holds, a rounding without
  // random bits, no fraction of a NaN kept.
  explicit Steps(const Target& target);

  // Where what is delivered changes, and into what.
  struct Change {
    Bits begin = 0, value = 0;
  };
  [[nodiscard]] std::vector<Change> changes() const;

  // The step of a pattern.
  [[nodiscard]] const Step& operator[](Bits pattern) const {
    const auto bucket = static_cast<std::size_t>(pattern >> bucket_shift);
    std::size_t at = first_[bucket];
    std::size_t rest = first_[bucket + 1] - at;
    while (rest > 0) {
      const std::size_t half = (rest + 1) / 2;
      at += begins_[at + half] <= pattern ? half : 0;
      rest -= half;
    }
    return steps_[at];
  }

 private:
  static constexpr int bucket_bits = 16;
  static constexpr int bucket_shift = static_cast<int>(8 * sizeof(Bits)) - bucket_bits;

  void add(Bits begin, const Step& step);
  void find_turns(const Rounder<Bits>& rounder, Bits low, Bits high, const Step& at_high);

  std::vector<Bits> begins_;  // the first pattern of every run
  std::vector<Step> steps_;
  // By the upper bits of a pattern: the run of the least pattern that has them. One more at the
  // end.
  std::vector<std::uint32_t> first_;
};

// What a pattern of binary32 becomes without random bits, by the scalar path.
std::uint32_t rounded_pattern(const Target& target, std::uint32_t pattern);

extern template class Steps<std::uint32_t>;
extern template class Steps<std::uint64_t>;

}  // namespace halfulp::emulator

// SPDX-License-Identifier: MIT
//
// The elements that a comparison looks at: codes of one format, where each stands among the
// format's numbers, and what it is as a double.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "formats/engine.h"
#include "formats/format.h"
#include "golden/tensors/opened.h"

namespace halfulp::comparison {

enum class Standing : std::uint8_t { finite, infinite, nan };

// Where a code stands: finite numbers at their rank (formats/codes.h), an infinity one step beyond
// the last of its side, NaN nowhere.
struct Place {
  Rank rank = 0;
  Standing standing = Standing::finite;
  [[nodiscard]] bool is_finite() const { return standing == Standing::finite; }
  bool operator==(const Place&) const = default;
};

// The places of the codes of a format of at most 64 bits.
class Numbering {
 public:
  explicit Numbering(const Format& format);

  [[nodiscard]] Place place(std::uint64_t code) const;
  [[nodiscard]] std::vector<Place> places(std::span<const std::uint64_t> codes) const;
  // Is there for every number of the format, but for the last, the one of the other sign?
  [[nodiscard]] bool has_both_signs() const { return both_signs_; }
  // The code of the number of the other sign; of NaN some NaN. Precondition: has_both_signs().
  [[nodiscard]] std::uint64_t negated(std::uint64_t code) const;

 private:
  [[nodiscard]] Place place_in_float(std::uint64_t code) const;

  Format format_;
  Range range_;
  bool both_signs_ = false;
  // Of floats: the sign's bit (0: none), the largest magnitude that is no NaN, that of infinity.
  bool is_float_ = false, has_infinity_ = false, negative_zero_ = true, zero_ = true;
  std::uint64_t sign_ = 0, magnitudes_ = 0, last_ = 0;
  std::optional<std::uint64_t> nan_;  // of other kinds: the one code
  std::vector<Place> table_;          // of codebooks
};

// Codes of a format as doubles: themselves, or next to them where a double does not hold them.
class Decoder {
 public:
  explicit Decoder(const Format& format);

  // Are they themselves?
  [[nodiscard]] bool is_exact() const { return exact_; }
  void decode(std::span<const std::uint64_t> codes, std::span<double> numbers) const;

 private:
  // table: of the numbers of all codes.
  enum class Way : std::uint8_t { double_bits, float_bits, table, engine, one_by_one };
  void decode_by_engine(std::span<const std::uint64_t> codes, std::span<double> numbers) const;

  Format format_;
  bool exact_ = false;
  Way way_ = Way::one_by_one;
  const Engine* engine_ = nullptr;
  Plan plan_;
  std::vector<double> table_;
};

// Codes of a format as codes of another.
class Recoder {
 public:
  // Numbers that `to` does not have are errors, or become the nearest (ties to even).
  enum class How : std::uint8_t { exactly, nearest };
  Recoder(const Format& from, const Format& to, How how);

  // In place. shape and begin: of what tensor, and where in it, the codes are. Throws Error naming
  // the first element that `to` does not have.
  void recode(std::span<std::uint64_t> codes, const tensors::Shape& shape, std::size_t begin) const;

 private:
  void recode_by_doubles(std::span<std::uint64_t> codes, const tensors::Shape& shape,
                         std::size_t begin) const;
  void recode_one_by_one(std::span<std::uint64_t> codes, const tensors::Shape& shape,
                         std::size_t begin) const;

  Format from_, to_;
  How how_;
  bool same_ = false;
  Decoder decoder_, back_;
  Plan plan_;
};

// A stretch of elements. numbers: empty where nobody asks for them.
struct Elements {
  std::vector<std::uint64_t> codes;
  std::vector<Place> places;
  std::vector<double> numbers;
  [[nodiscard]] std::size_t size() const { return codes.size(); }
};

}  // namespace halfulp::comparison

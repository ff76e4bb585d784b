// SPDX-License-Identifier: MIT
#include "golden/comparison/elements.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <numeric>

#include "emulator/engine.h"
#include "formats/catalogue.h"
#include "formats/codes.h"
#include "formats/error.h"
#include "formats/numbers/value.h"
#include "reference/engine.h"

namespace halfulp::comparison {
namespace {

// Both engines agree; arrays of logarithmic numbers are only the reference's.
const Engine& engine_of(const Format& format) {
  return is_dyadic(format) ? emulator::engine() : reference::engine();
}

bool is_kind(const Format& format, const char* name) {
  return format.kind == find_format(name).kind;
}

// As engines have codes of the format.
tensors::Bytes packed(const Format& format, std::span<const std::uint64_t> codes) {
  const auto count = static_cast<std::int64_t>(codes.size());
  return packed_codes(tensors::from_codes({"", tensors::element_type(format), {count}}, codes));
}

void unpack(const Format& format, tensors::ByteView bytes, std::span<std::uint64_t> codes) {
  const auto count = static_cast<std::int64_t>(codes.size());
  const tensors::Tensor tensor =
      tensors::from_packed_codes({"", tensors::element_type(format), {count}}, bytes);
  for (std::size_t i = 0; i < codes.size(); ++i) codes[i] = code_at(tensor, i);
}

}  // namespace

Numbering::Numbering(const Format& format) : format_(format), range_(finite_range(format)) {
  const auto* codebook = std::get_if<Codebook>(&format.kind);
  both_signs_ =
      is_signed(format) && codebook == nullptr && !std::holds_alternative<Affine>(format.kind);
  if (const auto* f = std::get_if<Float>(&format.kind)) {
    is_float_ = true;
    has_infinity_ = f->infinity;
    negative_zero_ = f->negative_zero;
    zero_ = f->zero;
    const int magnitude_bits = bits(format) - (f->sign ? 1 : 0);
    magnitudes_ = magnitude_bits == 64 ? UINT64_MAX : (std::uint64_t{1} << magnitude_bits) - 1;
    sign_ = f->sign ? std::uint64_t{1} << magnitude_bits : 0;
    last_ = magnitudes_ - static_cast<std::uint64_t>(f->nan_codes);
    return;
  }
  if (codebook != nullptr) {
    const std::uint64_t count = std::uint64_t{1} << bits(format);
    for (std::uint64_t code = 0; code < count; ++code)
      table_.push_back(code < codebook->values.size()
                           ? Place{rank_of(format, code), Standing::finite}
                           : Place{0, Standing::nan});
    return;
  }
  if (has_nan(format)) nan_ = static_cast<std::uint64_t>(nan_code(format, false));
}

inline Place Numbering::place_in_float(std::uint64_t code) const {
  const std::uint64_t magnitude = code & magnitudes_;
  const bool negative = (code & sign_) != 0;
  const bool nan = magnitude > last_ || (negative && magnitude == 0 && zero_ && !negative_zero_);
  if (nan) return {0, Standing::nan};
  const auto rank = static_cast<Rank>(magnitude);
  const bool infinite = has_infinity_ && magnitude == last_;
  return {negative ? (zero_ ? -rank : -rank - 1) : rank,
          infinite ? Standing::infinite : Standing::finite};
}

std::vector<Place> Numbering::places(std::span<const std::uint64_t> codes) const {
  std::vector<Place> made(codes.size());
  if (is_float_) {
    for (std::size_t i = 0; i < codes.size(); ++i) made[i] = place_in_float(codes[i]);
  } else {
    for (std::size_t i = 0; i < codes.size(); ++i) made[i] = place(codes[i]);
  }
  return made;
}

Place Numbering::place(std::uint64_t code) const {
  if (is_float_) return place_in_float(code);
  if (!table_.empty()) return table_[code];
  if (nan_ == code) return {0, Standing::nan};
  return {rank_of(format_, code), Standing::finite};
}

std::uint64_t Numbering::negated(std::uint64_t code) const {
  if (is_float_) {
    const std::uint64_t other = code ^ sign_;
    return place_in_float(other).standing == place_in_float(code).standing ? other : code;
  }
  const Place at = place(code);
  if (!at.is_finite()) return code;
  return static_cast<std::uint64_t>(code_at(format_, std::min(-at.rank, range_.highest)));
}

Decoder::Decoder(const Format& format) : format_(format) {
  exact_ = is_dyadic(format) && fits_binary64(format);
  if (is_kind(format, "binary64")) {
    way_ = Way::double_bits;
  } else if (is_kind(format, "binary32")) {
    way_ = Way::float_bits;
  } else if (fits_binary64(format)) {
    way_ = Way::engine;
    engine_ = &engine_of(format);
    plan_ = engine_->prepare({.format = format, .rounding = {}});
    constexpr int short_enough = 16;
    if (bits(format) > short_enough) return;
    std::vector<std::uint64_t> codes(std::size_t{1} << bits(format));
    std::iota(codes.begin(), codes.end(), std::uint64_t{0});
    table_.resize(codes.size());
    decode_by_engine(codes, table_);
    way_ = Way::table;
  }
}

void Decoder::decode_by_engine(std::span<const std::uint64_t> codes,
                               std::span<double> numbers) const {
  engine_->decode(packed(format_, codes), plan_, view_of(numbers));
}

void Decoder::decode(std::span<const std::uint64_t> codes, std::span<double> numbers) const {
  switch (way_) {
    case Way::double_bits:
      for (std::size_t i = 0; i < codes.size(); ++i) numbers[i] = std::bit_cast<double>(codes[i]);
      return;
    case Way::float_bits:
      for (std::size_t i = 0; i < codes.size(); ++i)
        numbers[i] = std::bit_cast<float>(static_cast<std::uint32_t>(codes[i]));
      return;
    case Way::table:
      for (std::size_t i = 0; i < codes.size(); ++i) numbers[i] = table_[codes[i]];
      return;
    case Way::engine:
      return decode_by_engine(codes, numbers);
    case Way::one_by_one:
      for (std::size_t i = 0; i < codes.size(); ++i)
        numbers[i] = nearest_double(halfulp::decode(format_, codes[i]));
      return;
  }
}

Recoder::Recoder(const Format& from, const Format& to, How how)
    : from_(from),
      to_(to),
      how_(how),
      same_(from.kind == to.kind),
      decoder_(from),
      back_(to),
      plan_(emulator::engine().prepare({.format = to, .rounding = {}})) {}

void Recoder::recode(std::span<std::uint64_t> codes, const tensors::Shape& shape,
                     std::size_t begin) const {
  if (same_) return;
  if (decoder_.is_exact() && back_.is_exact()) return recode_by_doubles(codes, shape, begin);
  recode_one_by_one(codes, shape, begin);
}

void Recoder::recode_by_doubles(std::span<std::uint64_t> codes, const tensors::Shape& shape,
                                std::size_t begin) const {
  std::vector<double> numbers(codes.size());
  decoder_.decode(codes, numbers);
  tensors::Bytes bytes(packed_bytes(to_, codes.size()));
  emulator::engine().encode(view_of(std::span<const double>(numbers)), plan_, {}, bytes, nullptr);
  std::vector<std::uint64_t> made(codes.size());
  unpack(to_, bytes, made);
  if (how_ == How::exactly) {
    std::vector<double> again(codes.size());
    back_.decode(made, again);
    for (std::size_t i = 0; i < codes.size(); ++i) {
      const bool same = again[i] == numbers[i] || (std::isnan(again[i]) && std::isnan(numbers[i]));
      if (same) continue;
      throw Error(shortest_text(from_, codes[i]) + " is no number of " + to_.name,
                  "element " + tensors::index_text(shape, begin + i),
                  "round the file to it first (halfulp quantize), or name the format it has");
    }
  }
  std::copy(made.begin(), made.end(), codes.begin());
}

void Recoder::recode_one_by_one(std::span<std::uint64_t> codes, const tensors::Shape& shape,
                                std::size_t begin) const {
  for (std::size_t i = 0; i < codes.size(); ++i) {
    if (how_ == How::nearest) {
      codes[i] =
          static_cast<std::uint64_t>(emulator::engine().convert(from_, codes[i], plan_, 0).code);
      continue;
    }
    try {
      codes[i] = static_cast<std::uint64_t>(encode(to_, decode(from_, codes[i])));
    } catch (const Error&) {
      throw Error(shortest_text(from_, codes[i]) + " is no number of " + to_.name,
                  "element " + tensors::index_text(shape, begin + i),
                  "round the file to it first (halfulp quantize), or name the format it has");
    }
  }
}

}  // namespace halfulp::comparison

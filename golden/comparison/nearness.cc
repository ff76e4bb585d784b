// SPDX-License-Identifier: MIT
#include "golden/comparison/nearness.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "emulator/engine.h"
#include "formats/codes.h"
#include "formats/error.h"
#include "formats/numbers/value.h"

namespace halfulp::comparison {
namespace {

Plan toward(const Format& format, Mode mode) {
  Quantizer quantizer{.format = format, .rounding = {}};
  quantizer.rounding.mode = mode;
  quantizer.rounding.overflow = parse_overflow("saturate");
  return emulator::engine().prepare(quantizer);
}

double last_step_of(const Format& format) {
  const Range range = finite_range(format);
  if (range.lowest == range.highest) return 1;
  return nearest_double(value_at(format, range.highest)) -
         nearest_double(value_at(format, range.highest - 1));
}

// The sign of got + want - 2 exact, exactly.
int side_of_middle(double got, double want, double exact) {
  const double sum = (got + want) - 2 * exact;
  const double size = std::abs(got) + std::abs(want) + 2 * std::abs(exact);
  constexpr double margin = 0x1p-50;
  if (std::isfinite(size) && std::abs(sum) > size * margin) return sum > 0 ? 1 : -1;
  const std::array<Value, 3> terms{from_double(got), from_double(want),
                                   negated(scaled(from_double(exact), 1))};
  return sign_of_sum(terms);
}

void add_error(double error, Errors& errors) {
  errors.sum += error;
  errors.absolute += std::abs(error);
  errors.largest = std::max(errors.largest, std::abs(error));
}

void add_errors(const Errors& next, Errors& errors) {
  errors.sum += next.sum;
  errors.absolute += next.absolute;
  errors.largest = std::max(errors.largest, next.largest);
}

}  // namespace

void Nearness::add(const Nearness& next) {
  got_nearer += next.got_nearer;
  want_nearer += next.want_nearer;
  same += next.same;
  left_out += next.left_out;
  add_errors(next.got, got);
  add_errors(next.want, want);
}

// Of every number: the rank below it, and the share of the way to the next.
struct Ruler::Positions {
  std::vector<Rank> below;
  std::vector<double> share;
};

Ruler::Ruler(const Format& format)
    : format_(format), numbering_(format), decoder_(format), last_step_(last_step_of(format)) {
  if (!decoder_.is_exact())
    throw Error("numbers of " + format.name + " are no doubles, so errors of them are not measured",
                "", "leave the exact results out");
  down_ = toward(format, Mode::toward_negative);
  up_ = toward(format, Mode::toward_positive);
}

Ruler::Positions Ruler::positions(std::span<const double> exact) const {
  const Engine& engine = emulator::engine();
  const std::size_t count = exact.size();
  std::vector<double> finite(exact.begin(), exact.end());
  for (double& x : finite) x = std::isfinite(x) ? x : 0;
  const View in = view_of(std::span<const double>(finite));
  tensors::Bytes packed(packed_bytes(format_, count));
  engine.encode(in, down_, {}, packed, nullptr);
  const tensors::Tensor codes = tensors::from_packed_codes(
      {"", tensors::element_type(format_), {static_cast<std::int64_t>(count)}}, packed);
  std::vector<double> below(count);
  std::vector<double> above(count);
  decoder_.decode(codes_of(codes), below);
  engine.round(in, up_, {}, view_of(std::span<double>(above)), nullptr);
  Positions made;
  for (std::size_t i = 0; i < count; ++i) {
    made.below.push_back(numbering_.place(code_at(codes, i)).rank);
    const double step = above[i] > below[i] ? above[i] - below[i] : last_step_;
    made.share.push_back(finite[i] == below[i] ? 0 : (finite[i] - below[i]) / step);
  }
  return made;
}

Nearness Ruler::measure(const Elements& got, const Elements& want, std::span<const double> exact,
                        const std::vector<bool>& skipped) const {
  const Positions at = positions(exact);
  Nearness made;
  for (std::size_t i = 0; i < got.size(); ++i) {
    if (!skipped.empty() && skipped[i]) continue;
    const Place& x = got.places[i];
    const Place& y = want.places[i];
    if (!x.is_finite() || !y.is_finite() || !std::isfinite(exact[i])) {
      ++made.left_out;
      continue;
    }
    add_error(static_cast<double>(x.rank - at.below[i]) - at.share[i], made.got);
    add_error(static_cast<double>(y.rank - at.below[i]) - at.share[i], made.want);
    const int side =
        x.rank == y.rank ? 0 : side_of_middle(got.numbers[i], want.numbers[i], exact[i]);
    if (side == 0) {
      ++made.same;
    } else {
      ++((x.rank > y.rank) == (side < 0) ? made.got_nearer : made.want_nearer);
    }
  }
  return made;
}

}  // namespace halfulp::comparison

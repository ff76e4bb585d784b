// SPDX-License-Identifier: MIT
//
// The family of units among which a device is looked for: matrix units as values
// (formats/matrix_unit.h). A core says how one product and C are added, a structure which terms are
// added together; any core goes with any structure that has a place for it. What else a unit may
// differ in is a variant of one property of a unit at hand, so that the neighbourhood of every unit
// belongs to the family, whether it was made here or shipped.
#pragma once

#include <string>
#include <vector>

#include "golden/probe/questions.h"

namespace halfulp::probe {

// How products and C are added. `terms` aligns products, together with C unless `after` is there,
// which aligns C with their sum.
struct Core {
  Quantizer sum;
  std::optional<Alignment> terms = std::nullopt;
  std::optional<Alignment> after = std::nullopt;
  bool operator==(const Core&) const = default;
};
// Those of sums of so many significant bits, or of as many as D has.
std::vector<Core> cores(const Ports& ports, int precision);

// The unit of a core whose terms are all added at once.
MatrixUnit unit_of(const Core& core, const Ports& ports);
// All units of a core, one a structure; of cores that align alike (nothing, terms and C, or C with
// the sum of terms) the same structures in the same order.
std::vector<MatrixUnit> units_of(const Core& core, const Ports& ports);

// A format as D with fewer significant bits.
Format narrowed(const Format& format, int precision);

struct Variant {
  std::string property;  // "bits kept"
  std::string value;     // "24"
  MatrixUnit unit;
};
// The unit with one property changed, all values that the property may have.
std::vector<Variant> variants_of(const MatrixUnit& unit, const Ports& ports);
// The unit with all combinations of ways in which operands may come in, its own among them.
std::vector<MatrixUnit> with_all_operands(const MatrixUnit& unit, const Ports& ports);

}  // namespace halfulp::probe

// SPDX-License-Identifier: MIT
//
// A matrix unit, tensor core or dot-product instruction as data: what its operands are, the tree of
// its arithmetic (dot_tree.h), and what stands behind each statement. The shipped ones are those of
// data/units, one a file; matrix_unit_from_json of json.h has the form of the files.
//
// How tensor cores add, in trees: Khattak and Mikaitis, "Accurate Models of NVIDIA Tensor Cores",
// arXiv 2512.07004; "Bit-Accurate Modeling of GPU Matrix Multiply-Accumulate Units", arXiv
// 2511.10909; Fasi, Higham, Mikaitis and Pranesh, "Numerical behavior of NVIDIA tensor cores",
// PeerJ Computer Science 7, 2021, e330.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "formats/dot_tree.h"
#include "formats/format.h"

namespace halfulp {

// How an operand comes into the unit. It is read as a code of `format`; where `as` is given, the
// unit computes with that number cut toward zero to `as`, the upper bits of the code: of a NaN
// whose remaining fraction is zero an infinity remains, as in TF32 of binary32. A subnormal number
// of `format` stays, or becomes +0 or a zero of its sign.
struct UnitOperand {
  enum class Subnormals : std::uint8_t { keep, positive_zero, signed_zero };
  Format format;
  std::optional<Format> as = std::nullopt;
  Subnormals subnormals = Subnormals::keep;
  bool operator==(const UnitOperand&) const = default;
};

// What a statement about a unit rests on, the strongest first.
enum class Ground : std::uint8_t {
  hardware,   // recordings of the device are reproduced in every bit
  authors,    // its authors say that they compared with the device
  document,   // the vendor's document
  inference,  // concluded from related units; nobody has published a comparison
};
const std::vector<std::string>& ground_names();  // in the order of the enumerators
std::string_view name_of(Ground ground);

struct Evidence {
  std::string what;  // the statement, or the cases it is of
  Ground ground = Ground::inference;
  std::string source;  // who, where, how many cases
  bool operator==(const Evidence&) const = default;
};

// Products are filled up to whole instructions, also those of a single term.
inline constexpr std::int64_t most_instruction_terms = 65536;

struct MatrixUnit {
  std::string name;  // "nv.hopper.wgmma.e4m3.f32"
  std::vector<std::string> aliases;
  std::string vendor, architecture, instruction;
  UnitOperand a, b, c;
  Format d;  // of the result's codes; holds every number of the outermost sum's format
  // Terms of one instruction: of a product of other lengths the rest is filled with +0.
  std::int64_t terms = 1;
  DotTree tree;
  std::vector<Evidence> evidence;
  bool operator==(const MatrixUnit&) const = default;
};

// Throws Error where the tree is not valid, or d does not hold what it delivers.
void validate(const MatrixUnit& unit, const std::string& where = {});

// True where nothing stronger than inference stands behind the unit as a whole.
bool is_unproven(const MatrixUnit& unit);

// The units of data/units, built into the library, by name.
struct ShippedUnit {
  std::string_view name, text;
};
std::span<const ShippedUnit> shipped_unit_texts();
const std::vector<MatrixUnit>& shipped_units();
// By name or alias; throws Error with the nearest name.
const MatrixUnit& find_matrix_unit(const std::string& name);

}  // namespace halfulp

// SPDX-License-Identifier: MIT
//
// Strict JSON: documents with comments allowed on input; unknown keys, wrong types and values out
// of range are errors that name the place as a JSON pointer. And the JSON form of every description
// of this folder.
#pragma once

#include <cstdint>
#include <iosfwd>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "formats/block.h"
#include "formats/format.h"
#include "formats/matrix_unit.h"
#include "formats/rounding.h"
#include "formats/unit.h"

namespace halfulp {

using Json = nlohmann::ordered_json;  // members keep the order in which they were written

// Limits of every JSON text that is read, far beyond what a description or a result needs: so that
// neither what it becomes nor an error about it can exhaust the stack, the memory or the time.
namespace json_limits {
inline constexpr std::size_t depth = 100;                   // lists and objects inside each other
inline constexpr std::size_t members = 1000;                // of one object
inline constexpr std::size_t text = 65536;                  // bytes of a text or a key
inline constexpr std::size_t file = std::size_t{1} << 30U;  // bytes of a whole text
}  // namespace json_limits

// Throws Error whose location is `where` and the line and column, or the JSON pointer of what is
// beyond a limit or repeats a key.
Json parse_json(std::string_view text, const std::string& where);
// The same of a text that may be something else than JSON: then nothing. Throws Error where it is
// JSON but beyond a limit, or repeats a key.
std::optional<Json> parse_if_json(std::string_view text, const std::string& where);
// Reads a file, or a stream to its end; throws Error naming it where it cannot be read.
Json read_json_file(const std::string& path);
Json read_json(std::istream& stream, const std::string& where);
// Throws Error where a value `depth` levels down in a document would be beyond json_limits::depth.
void require_json_depth(std::size_t depth, const std::string& where);

// One object being read. Every accessor marks its key as known; finish() rejects what nobody asked
// for.
class ObjectReader {
 public:
  // where: the JSON pointer of the object ("" at the top). Throws Error where it is no object.
  ObjectReader(const Json& object, std::string where);

  [[nodiscard]] bool has(const std::string& key);
  // The member, or nullptr.
  const Json* find(const std::string& key);
  // The member; throws Error naming the key where it is missing.
  const Json& require(const std::string& key);
  [[nodiscard]] std::string place(const std::string& key) const { return where_ + "/" + key; }

  // Typed members with a default; throw Error on another type or a value outside [lowest, highest].
  bool boolean(const std::string& key, bool otherwise);
  std::int64_t integer(const std::string& key, std::int64_t otherwise, std::int64_t lowest,
                       std::int64_t highest);
  double number(const std::string& key, double otherwise, double lowest, double highest);
  std::string text(const std::string& key, const std::string& otherwise);
  // A text that is one of `choices`; answers its position.
  std::size_t choice(const std::string& key, std::size_t otherwise,
                     const std::vector<std::string>& choices);

  // Throws Error on the first key that no accessor named, with the nearest known one.
  void finish() const;

 private:
  const Json& object_;
  std::string where_;
  std::set<std::string> known_;
};

// The same checks on a value that stands alone.
double number_from(const Json& value, const std::string& where, double lowest, double highest);
std::int64_t integer_from(const Json& value, const std::string& where, std::int64_t lowest,
                          std::int64_t highest);

// Numbers for output: non-finite ones as the strings "nan", "inf", "-inf".
Json number_json(double x);

// Does a text hold a JSON object, or name a file (it has a slash or ends in .json)?
bool looks_like_json(const std::string& text);
bool looks_like_path(const std::string& text);

// A format: a name of the catalogue, the path of a JSON file, or an object with "kind" and the
// fields of format.h.
Format format_from_json(const Json& value, const std::string& where);
Json to_json(const Format& format);
Overflow overflow_from_json(const Json& value, const std::string& where);
Json to_json(const Overflow& overflow);  // its preset's name, or its axes
Json axes_json(const Overflow& overflow);
// The rounding's members of an object that may hold others; the reader marks them as known. Members
// that are absent are those of `otherwise`.
Rounding rounding_from_json(ObjectReader& reader, const Rounding& otherwise = {});
// The rounding of the member "preset" (rounding.h), of a quantizer of `format`; `otherwise` where
// there is none.
Rounding preset_from_json(ObjectReader& reader, const Format& format, const Rounding& otherwise);
// A quantizer: a format's name, or {"format", "rounding", "random_bits", "overflow", "tininess",
// "flush_inputs", ...}.
Quantizer quantizer_from_json(const Json& value, const std::string& where);
Json to_json(const Quantizer& quantizer);

// A block format: a name (formats/block.h), the path of a JSON file, or an object, which is one of
//   {"kind": "block", "element": Q, "levels": [{"rows", "columns", "scale": Q, "rule", "division",
//     "given", "epsilon"}, ...], "division", "arithmetic", "zero_scale", "special", "preset"}, or
//     with the members of a single level beside "element", its division as "scale_division"
//   {"format": scalar, the members of a quantizer, "scaling": "tensor", "row", "column",
//   "group:64",
//     "block:16x16" or a level's object, "division", ... as above}: binary32 scales of rule ratio
//     where nothing else is said
//   {"format": a block format, the members of the element's quantizer, "rule" of its only level,
//     "division", ... as above}
// Roundings of elements and scales saturate where nothing else is said. A preset edits the format
// before all other members are read, so these win.
BlockFormat block_format_from_json(const Json& value, const std::string& where);
Json to_json(const BlockFormat& format);

// What a place may hold that takes scalar and block formats.
using AnyQuantizer = std::variant<Quantizer, BlockFormat>;
AnyQuantizer any_quantizer_from_json(const Json& value, const std::string& where);
Json to_json(const AnyQuantizer& quantizer);

// The members "order" and "chunk" of an accumulator (unit.h) in an object that may hold others; the
// reader marks them as known. validate() is left to the caller.
void order_from_json(ObjectReader& reader, DotUnit& unit);
// A dot unit: {"native": "binary32", "order": "eight-sums"}, or {"accumulator": Q, "order",
// "chunk", "outer": Q, "product": Q}, Q a quantizer. Without an accumulator and "native": binary64.
DotUnit dot_unit_from_json(const Json& value, const std::string& where);
Json to_json(const DotUnit& unit);  // without the members that are absent

// The tree of a dot product: {"product": Q, "left": F, "right": F, "product_limit", "order": [...],
// "sums": [{"joining", "of", "size", "together", "alignment": {...}, "scaling": {...}, "quantizer":
// Q, "rounded"}, ...]}, members as the fields of dot_tree.h.
DotTree dot_tree_from_json(const Json& value, const std::string& where);
// One of its sums. validate() is left to the caller.
Sum sum_from_json(const Json& value, const std::string& where);
// The same members of an object that may hold others; the reader marks them as known. validate() is
// left to the caller.
DotTree dot_tree_from_json(ObjectReader& reader);
void add_members(Json& object, const DotTree& tree);
Json to_json(const DotTree& tree);
// A matrix unit: the members of its tree beside "name", "aliases", "vendor", "architecture",
// "instruction", "a", "b", "c" (a format, or {"format", "as", "subnormals"}), "d", "terms" and
// "evidence": [{"what", "ground", "source"}, ...]. Exponents count in the formats of a and b where
// "left" and "right" say nothing else.
MatrixUnit matrix_unit_from_json(const Json& value, const std::string& where);
Json to_json(const MatrixUnit& unit);

// For the command line: a name, a path to a JSON description, or the JSON text itself.
Format format_from_text(const std::string& text);
AnyQuantizer any_quantizer_from_text(const std::string& text);
MatrixUnit matrix_unit_from_text(const std::string& text);

}  // namespace halfulp

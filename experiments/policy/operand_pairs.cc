// SPDX-License-Identifier: MIT
#include "experiments/policy/operand_pairs.h"

#include <map>
#include <optional>
#include <tuple>

#include "experiments/policy/uses.h"
#include "formats/error.h"

namespace halfulp::experiments {
namespace {

std::string matrix_text(const Hadamard& hadamard) {
  if (hadamard.block == 1) return "none";
  return "one of " + std::to_string(hadamard.block) +
         (hadamard.random_signs ? " with random signs" : " without random signs");
}

void require_equal(const NamedPlace& place, const Hadamard& own, const NamedPlace& other,
                   const Hadamard& others, const std::string& where) {
  if (own == others) return;
  throw Error("a Hadamard matrix cancels in a product only where both operands have the same: \"" +
                  place.name + "\" has " + matrix_text(own) + " and \"" + other.name + "\" has " +
                  matrix_text(others),
              where,
              R"(write the same "hadamard" and "random_signs" at ")" + place.use + "\" and \"" +
                  other.use + "\"");
}

void require_whole_blocks(const NamedPlace& place, const Hadamard& hadamard,
                          const std::string& where) {
  if (place.columns % static_cast<std::size_t>(hadamard.block) == 0) return;
  throw Error("rows of " + std::to_string(place.columns) + " numbers at \"" + place.name +
                  "\" are no whole blocks of a Hadamard matrix of " +
                  std::to_string(hadamard.block),
              where, "give a power of two that divides the length of the sum");
}

// Where a document speaks of it, or of what it is to go with.
std::string first_of(const WhereOf& where, std::size_t place, std::size_t other) {
  const std::string text = where(place);
  return text.empty() ? where(other) : text;
}

}  // namespace

void require_pairs(const Records& records, const Places& places, const WhereOf& where) {
  std::map<std::tuple<std::string_view, std::string_view, std::string_view>, std::size_t> numbers;
  for (std::size_t i = 0; i < places.size(); ++i)
    numbers[{places[i].layer, places[i].op, places[i].use}] = i;
  const auto find = [&](const NamedPlace& place,
                        std::string_view use) -> std::optional<std::size_t> {
    const auto found = numbers.find({place.layer, place.op, use});
    if (found == numbers.end()) return std::nullopt;
    return found->second;
  };
  for (std::size_t i = 0; i < places.size(); ++i) {
    const NamedPlace& place = places[i];
    if (records[i].transform.hadamard.block > 1) {
      const Hadamard& own = records[i].transform.hadamard;
      const std::optional<std::size_t> other = find(place, other_operand(place));
      HALFULP_REQUIRE(other.has_value(), "a Hadamard matrix stands at the operand of a product");
      require_equal(place, own, places[*other], records[*other].transform.hadamard,
                    first_of(where, i, *other));
      require_whole_blocks(place, own, first_of(where, i, *other));
    }
    if (records[i].reuse != Reuse::forward_copy) continue;
    const std::optional<std::size_t> copied =
        find(place, place.use.starts_with("w.") ? "w.fwd" : "x.fwd");
    if (copied && records[*copied].transform.hadamard.block > 1)
      throw Error("the forward copy that \"" + place.name +
                      "\" takes is multiplied by a Hadamard matrix, which has no inverse here",
                  first_of(where, i, *copied), R"(write "reuse": "requantize")");
  }
}

}  // namespace halfulp::experiments

// SPDX-License-Identifier: MIT
#include "golden/comparison/pairs.h"

#include <map>

#include "formats/error.h"

namespace halfulp::comparison {

std::size_t partner_of(const std::string& name, const tensors::OpenedFile& file) {
  const std::vector<tensors::Heading>& headings = file.headings();
  std::vector<std::string> names;
  for (std::size_t i = 0; i < headings.size(); ++i) {
    if (headings[i].name == name) return i;
    names.push_back(headings[i].name);
  }
  if (names.size() == 1 && (name.empty() || names.front().empty())) return 0;
  const std::string place = tensors::place_in(file.path(), "");
  if (name.empty())
    throw Error(std::to_string(names.size()) + " tensors for one without a name", place,
                "name the one that is meant: --only NAME");
  const std::string near = suggest(name, names);
  throw Error("there is no tensor \"" + tensors::printable(name) + "\"", place,
              near.empty() ? "both files need it; --only NAME leaves others out" : near);
}

std::vector<Pair> pairs_of(const tensors::OpenedFile& got, const tensors::OpenedFile& want) {
  std::map<std::string, std::size_t> in_got;
  for (std::size_t i = 0; i < got.headings().size(); ++i) in_got[got.headings()[i].name] = i;
  std::vector<Pair> pairs;
  for (std::size_t i = 0; i < want.headings().size(); ++i) {
    const std::string& name = want.headings()[i].name;
    const auto found = in_got.find(name);
    pairs.push_back({found != in_got.end() ? found->second : partner_of(name, got), i});
    in_got.erase(name);
  }
  // What is left has no partner, unless it is the only one.
  for (const auto& [name, place] : in_got) partner_of(name, want);
  return pairs;
}

}  // namespace halfulp::comparison

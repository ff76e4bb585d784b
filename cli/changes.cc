// SPDX-License-Identifier: MIT
#include "cli/changes.h"

#include "formats/counted.h"

namespace halfulp::cli {
namespace {

// Of a property only the ends where many values do, such as numbers of bits.
std::string list_text(const std::vector<Change>& changes) {
  constexpr std::size_t listed = 3;
  std::string text;
  for (std::size_t i = 0; i < changes.size();) {
    const std::string& property = changes[i].property;
    std::size_t end = i;
    while (end < changes.size() && changes[end].property == property) ++end;
    const bool many = end - i > listed;
    for (std::size_t k = i; k < end; ++k) {
      if (many && k > i && k + 1 < end) continue;
      text += "    " + property + ": " + changes[k].what + "\n";
      if (many && k == i)
        text += "    ... and " + counted(end - i - 2, "value") + " between it and\n";
    }
    i = end;
  }
  return text;
}

Json json_of(const Change& change) {
  Json object{{"property", change.property}, {"what", change.what}};
  for (const auto& [key, value] : change.facts.items()) object[key] = value;
  return object;
}

}  // namespace

std::string text_of(const TriedChanges& tried) {
  const std::string start =
      tried.subject.empty() ? "explanation: " : "explanation of " + tried.subject + ": ";
  if (!tried.differs) return start + "none needed, all is what was asked for\n";
  std::string text = start + tried.asked + " differ from what was asked\n";
  if (!tried.exact.empty())
    return text +
           (tried.exact.size() == 1 ? "  one change makes all of them:\n"
                                    : "  each of these changes makes all of them:\n") +
           list_text(tried.exact);
  text += "  none of these: no single change that was tried makes all of them\n";
  if (tried.nearest)
    text += "  nearest: " + tried.nearest->property + ": " + tried.nearest->what + " (leaves " +
            tried.nearest->left + ")\n";
  return text;
}

void add_members(Json& object, const TriedChanges& tried) {
  object["explanations"] = Json::array();
  for (const Change& change : tried.exact) object["explanations"].push_back(json_of(change));
  object["nearest"] = tried.nearest ? json_of(*tried.nearest) : Json();
}

}  // namespace halfulp::cli

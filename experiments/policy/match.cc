// SPDX-License-Identifier: MIT
#include "experiments/policy/match.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "experiments/policy/uses.h"
#include "formats/error.h"

namespace halfulp::experiments {
namespace {

using Words = std::vector<std::string>;

void add_once(Words& words, const std::string& word) {
  if (std::find(words.begin(), words.end(), word) == words.end()) words.push_back(word);
}

// "a", "b" and 7 more
std::string listed(const Words& words) {
  constexpr std::size_t most = 12;
  std::string text;
  for (std::size_t i = 0; i < std::min(words.size(), most); ++i)
    text += (i == 0 ? "\"" : ", \"") + words[i] + "\"";
  if (words.size() > most) text += " and " + std::to_string(words.size() - most) + " more";
  return text;
}

[[noreturn]] void refuse(const std::string& what, const std::string& word, const std::string& where,
                         const std::string& plural, const Words& known) {
  const std::string near = suggest(word, known);
  throw Error("the network has no " + what + " \"" + word + "\"", where,
              (near.empty() ? "" : near + " ") + "its " + plural + " are " + listed(known));
}

// A text, or a list of texts; each with the pointer at which it stands.
std::vector<std::pair<std::string, std::string>> texts_from(const Json& value,
                                                            const std::string& where) {
  std::vector<std::pair<std::string, std::string>> texts;
  if (value.is_string()) texts.emplace_back(value.get<std::string>(), where);
  for (std::size_t i = 0; value.is_array() && i < value.size(); ++i) {
    const std::string place = where + "/" + std::to_string(i);
    if (!value[i].is_string()) throw Error("a text is needed", place);
    texts.emplace_back(value[i].get<std::string>(), place);
  }
  if (texts.empty()) throw Error("a text, or a list of at least one, is needed", where);
  return texts;
}

// One condition after the other, on every place.
class Selection {
 public:
  explicit Selection(const Places& places) : places_(places), in_(places.size(), true) {
    for (const NamedPlace& place : places) {
      add_once(layers_, place.layer);
      add_once(ops_, place.op);
      if (place.op == "matmul") add_once(products_, place.layer);
    }
  }

  void keep_layers(const Json& globs, const std::string& where) {
    Words kept;
    for (const auto& [glob, place] : texts_from(globs, where)) {
      const std::size_t before = kept.size();
      bool found = false;
      for (const std::string& layer : layers_) {
        if (!fits_glob(glob, layer)) continue;
        found = true;
        add_once(kept, layer);
      }
      if (!found && kept.size() == before) refuse("layer", glob, place, "layers", layers_);
    }
    keep([&](const NamedPlace& place) { return has(kept, place.layer); });
  }

  void keep_ops(const Json& value, const std::string& where) {
    Words kept;
    for (const auto& [op, place] : texts_from(value, where)) {
      if (!has(ops_, op)) refuse("operation", op, place, "operations", ops_);
      kept.push_back(op);
    }
    keep([&](const NamedPlace& place) { return has(kept, place.op); });
  }

  void keep_passes(const Json& value, const std::string& where) {
    std::vector<Pass> kept;
    for (const auto& [pass, place] : texts_from(value, where)) {
      const auto found = std::find(pass_names().begin(), pass_names().end(), pass);
      if (found == pass_names().end())
        throw Error("\"" + pass + "\" is no pass", place,
                    R"(there are "fwd", "dgrad" and "wgrad")");
      kept.push_back(static_cast<Pass>(found - pass_names().begin()));
    }
    keep([&](const NamedPlace& place) {
      const std::optional<Pass> pass = pass_of(place);
      return pass && std::find(kept.begin(), kept.end(), *pass) != kept.end();
    });
  }

  // Layers with products, in the order of the network: the first ones, or the last ones, either so
  // many or that share of all, rounded up.
  void keep_ends(std::size_t first, std::size_t last, double last_fraction) {
    const std::size_t count = products_.size();
    Words kept;
    for (std::size_t i = 0; i < count; ++i) {
      const std::size_t behind = count - 1 - i;
      const double share = static_cast<double>(behind) / static_cast<double>(count);
      if (i < first || behind < last || share < last_fraction) kept.push_back(products_[i]);
    }
    keep([&](const NamedPlace& place) { return has(kept, place.layer); });
  }

  [[nodiscard]] std::vector<std::size_t> numbers() const {
    std::vector<std::size_t> numbers;
    for (std::size_t i = 0; i < in_.size(); ++i)
      if (in_[i]) numbers.push_back(i);
    return numbers;
  }

 private:
  static bool has(const Words& words, const std::string& word) {
    return std::find(words.begin(), words.end(), word) != words.end();
  }

  template <typename Condition>
  void keep(const Condition& condition) {
    for (std::size_t i = 0; i < in_.size(); ++i) in_[i] = in_[i] && condition(places_[i]);
  }

  const Places& places_;
  std::vector<bool> in_;
  Words layers_, ops_, products_;  // each once, as they first appear
};

}  // namespace

bool fits_glob(std::string_view glob, std::string_view text) {
  // The last star, and where its run ends so far: the only place to come back to.
  std::size_t star = std::string_view::npos;
  std::size_t run = 0;
  std::size_t g = 0;
  std::size_t t = 0;
  while (t < text.size()) {
    if (g < glob.size() && glob[g] == '*') {
      star = g++;
      run = t;
    } else if (g < glob.size() && glob[g] == text[t]) {
      ++g;
      ++t;
    } else if (star != std::string_view::npos) {
      g = star + 1;
      t = ++run;
    } else {
      return false;
    }
  }
  return glob.find_first_not_of('*', g) == std::string_view::npos;
}

std::vector<std::size_t> matched_places(const Json* match, const std::string& where,
                                        const Places& places) {
  Selection selection(places);
  if (match == nullptr) return selection.numbers();
  ObjectReader reader(*match, where);
  if (const Json* layers = reader.find("layer"))
    selection.keep_layers(*layers, reader.place("layer"));
  if (const Json* ops = reader.find("op")) selection.keep_ops(*ops, reader.place("op"));
  if (const Json* passes = reader.find("pass"))
    selection.keep_passes(*passes, reader.place("pass"));
  constexpr std::int64_t most = 1000000;
  const auto first = static_cast<std::size_t>(reader.integer("first_layers", 0, 0, most));
  const auto last = static_cast<std::size_t>(reader.integer("last_layers", 0, 0, most));
  const double fraction = reader.number("last_fraction", 0.0, 0.0, 1.0);
  const bool ends =
      reader.has("first_layers") || reader.has("last_layers") || reader.has("last_fraction");
  if (ends) selection.keep_ends(first, last, fraction);
  reader.finish();
  std::vector<std::size_t> numbers = selection.numbers();
  const bool none_wanted = ends && first == 0 && last == 0 && fraction == 0.0;
  if (numbers.empty() && !none_wanted)
    throw Error("no place of the network meets all of these conditions", where,
                "each is met by some place, but none by all; drop one of them");
  return numbers;
}

}  // namespace halfulp::experiments

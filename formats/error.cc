// SPDX-License-Identifier: MIT
#include "formats/error.h"

#include <algorithm>
#include <cctype>
#include <numeric>
#include <utility>

namespace halfulp {
namespace {

std::string assemble(const std::string& message, const std::string& location,
                     const std::string& hint) {
  std::string text = location.empty() ? message : location + ": " + message;
  if (!hint.empty()) text += "; " + hint;
  return text;
}

char folded(char c) { return static_cast<char>(std::tolower(static_cast<unsigned char>(c))); }

// Edit distance with insertions, deletions, replacements and swaps of neighbours (optimal string
// alignment), letters compared without case.
std::size_t edit_distance(const std::string& a, const std::string& b) {
  std::vector<std::size_t> before_last(b.size() + 1);
  std::vector<std::size_t> last(b.size() + 1);
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(last.begin(), last.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const bool same = folded(a[i - 1]) == folded(b[j - 1]);
      row[j] = std::min({last[j - 1] + (same ? 0 : 1), last[j] + 1, row[j - 1] + 1});
      const bool swapped = i > 1 && j > 1 && folded(a[i - 1]) == folded(b[j - 2]) &&
                           folded(a[i - 2]) == folded(b[j - 1]);
      if (swapped) row[j] = std::min(row[j], before_last[j - 2] + 1);
    }
    before_last.swap(last);
    last.swap(row);
  }
  return last[b.size()];
}

}  // namespace

Error::Error(std::string message, std::string location, std::string hint)
    : std::runtime_error(assemble(message, location, hint)),
      message_(std::move(message)),
      location_(std::move(location)),
      hint_(std::move(hint)) {}

Error Error::at(const std::string& outer) const {
  const bool known = location_ == outer || location_.starts_with(outer + ": ");
  if (outer.empty() || known) return *this;
  return Error(message_, location_.empty() ? outer : outer + ": " + location_, hint_);
}

std::string suggest(const std::string& word, const std::vector<std::string>& candidates) {
  constexpr std::size_t longest_word = 64;
  if (word.size() < 2 || word.size() > longest_word) return {};
  // One mistake in a short word, one in three letters of a longer one: further away are words that
  // have nothing to do with it.
  std::size_t best = std::max<std::size_t>(word.size() / 3, 1) + 1;
  const std::string* nearest = nullptr;
  for (const std::string& candidate : candidates) {
    const std::size_t distance = edit_distance(word, candidate);
    if (distance < best) {
      best = distance;
      nearest = &candidate;
    }
  }
  return nearest == nullptr ? std::string() : "did you mean \"" + *nearest + "\"?";
}

}  // namespace halfulp

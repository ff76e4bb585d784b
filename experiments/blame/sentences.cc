// SPDX-License-Identifier: MIT
#include "experiments/blame/sentences.h"

#include <algorithm>
#include <cmath>

#include "experiments/results/words.h"
#include "formats/counted.h"

namespace halfulp::experiments {
namespace {

std::string policy_sentence(const Blame& blame, bool by_ratio) {
  const std::size_t repeats = blame.full.values.size();
  std::string text = "In full precision the " + metric_words(blame.metric) + " is " +
                     estimate_words(mean_of_pairs(blame.full.values)) + " over " +
                     counted(repeats, "repeat") + "; the policy ";
  if (blame.policy.diverged > 0)
    return text + "diverges in " + std::to_string(blame.policy.diverged) + " of them.";
  const std::string words = variant_words(blame.policy, Against::full, by_ratio);
  text += by_ratio ? "has " + words + " times that" : "differs by " + words;
  return text + (repeats > 1 ? ", pair by pair." : "; more repeats would give intervals.");
}

std::string bound_words(const Blame& blame) {
  const Restoration& rule = *blame.restoration;
  if (std::isinf(rule.bound)) return "every repeat is finite";
  const bool larger = blame.larger_is_better;
  const double bound = !larger ? rule.bound : rule.by_ratio ? 1 / rule.bound : -rule.bound;
  const std::string number = number_words(bound, 5);
  std::string text = rule.diverged ? "every repeat is finite, and the mean at " : "the mean is at ";
  text += larger ? "least " : "most ";
  return text + number + (rule.by_ratio ? " times full precision" : " from full precision");
}

std::string search_sentence(const Blame& blame, bool by_ratio) {
  const MinimalSet& minimal = *blame.minimal;
  std::string names;
  for (const std::size_t part : minimal.parts)
    names += (names.empty() ? "" : ", ") + blame.parts[part].name;
  const bool one = minimal.parts.size() == 1;
  std::string text = one ? "One alone in full precision restores the run: "
                         : "In full precision, these restore the run together: ";
  const std::string then = variant_words(minimal.variant, Against::full, by_ratio);
  text += names + "; " +
          (by_ratio ? "then it has " + then + " times full precision's."
                    : "then it differs by " + then + ".");
  if (!one)
    text +=
        " The set is 1-minimal: without any one of them it does not; another set may be as "
        "small or smaller.";
  text += " Restored means that " + bound_words(blame) + ".";
  if (blame.restoration->uncertain)
    text +=
        " The policy's cost may be chance, as its interval reaches full precision; more repeats "
        "would tell.";
  return text;
}

}  // namespace

std::string estimate_words(const Estimate& estimate) {
  constexpr int fewest = 4;
  constexpr int most = 9;
  if (std::isnan(estimate.low)) return number_words(estimate.mean);
  const double reach = (estimate.high - estimate.low) / 2;
  const double size = std::max(std::fabs(estimate.mean), reach);
  const int digits =
      reach > 0 && std::isfinite(size / reach)
          ? std::clamp(static_cast<int>(std::ceil(std::log10(size / reach))) + 2, fewest, most)
          : fewest;
  return number_words(estimate.mean, digits) + " [" + number_words(estimate.low, digits) + ", " +
         number_words(estimate.high, digits) + "]";
}

std::string variant_words(const Variant& variant, Against against, bool by_ratio) {
  if (variant.diverged > 0)
    return "diverged (" + std::to_string(variant.diverged) + " of " +
           counted(variant.values.size(), "repeat") + ")";
  const Comparison& comparison = against == Against::full ? variant.to_full : variant.to_policy;
  const std::optional<Estimate>& estimate = by_ratio ? comparison.ratio : comparison.difference;
  return estimate ? estimate_words(*estimate) : "";
}

std::vector<std::string> findings(const Blame& blame) {
  const bool by_ratio = speaks_in_ratios(blame);
  std::vector<std::string> sentences{policy_sentence(blame, by_ratio)};
  if (!blame.restoration) {
    sentences.emplace_back(
        blame.tolerance ? "There is nothing to restore: the policy costs no more than is tolerated."
        : blame.full.values.size() > 1 ? "There is nothing to restore: these repeats do not tell "
                                         "the policy's cost from chance."
                                       : "There is nothing to restore: the policy costs nothing.");
  } else if (blame.minimal) {
    sentences.push_back(search_sentence(blame, by_ratio));
  }
  return sentences;
}

}  // namespace halfulp::experiments

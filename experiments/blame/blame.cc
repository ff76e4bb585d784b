// SPDX-License-Identifier: MIT
#include "experiments/blame/blame.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numeric>
#include <string_view>
#include <utility>

#include "experiments/blame/delta_debugging.h"
#include "experiments/blame/variant_runs.h"
#include "experiments/hash.h"
#include "experiments/study/sweep.h"
#include "formats/counted.h"
#include "formats/error.h"
#include "reference/functions/constants.h"

namespace halfulp::experiments {
namespace {

constexpr std::array<std::string_view, 2> larger_is_better_metrics{"validation_accuracy",
                                                                   "gradient_cosine"};

// Where nothing else is said, a run is restored that costs a tenth of what the policy does, and no
// more than twice full precision; a policy that diverges is restored by twice full precision.
constexpr double restored_share = 0.1;
constexpr double most_times_full = 2.0;
// A cost that few repeats do not tell from chance is looked into from this ratio on.
constexpr double worth_a_search = 1.1;

// The point's document, whose policy goes on where numbers stop being finite.
Json blamed_document(const Study& study) {
  Json document = study.points.front().experiment.resolved;
  const Json::json_pointer on_nan("/policy/base/on_nan");
  if (document.contains(on_nan) && document[on_nan] == "error") document[on_nan] = "propagate";
  return document;
}

void require_parts(const PolicyParts& parts) {
  if (parts.count() == 0)
    throw Error("no place of the policy is in low precision", "/policy",
                "give it one, as in {\"weight\": \"bfloat16\"}; `halfulp policy` shows them");
}

void require_metric(const std::string& metric, const std::vector<std::string>& known) {
  if (std::find(known.begin(), known.end(), metric) != known.end()) return;
  std::string list;
  for (const std::string& name : known) list += (list.empty() ? "" : ", ") + name;
  const std::string near = suggest(metric, known);
  throw Error("the runs have no metric \"" + metric + "\"", "--metric",
              near.empty() ? "they have " + list : near);
}

class Blaming {
 public:
  Blaming(Json document, const Model& model, const Engine& engine, const BlameOptions& options)
      : document_(std::move(document)),
        model_(model),
        options_(options),
        parts_(document_["policy"], options.by),
        runs_(document_, parts_, engine, options) {}

  Blame blame();

 private:
  [[nodiscard]] std::size_t count() const { return parts_.count(); }
  // All parts as the policy has them, but those in full precision.
  [[nodiscard]] LowParts without(const std::vector<std::size_t>& full) const;
  [[nodiscard]] LowParts only(std::size_t part) const;
  [[nodiscard]] std::string chosen_metric() const;
  [[nodiscard]] const std::vector<double>& values_of(const LowParts& low) const;
  [[nodiscard]] Variant variant_of(const LowParts& low) const;
  [[nodiscard]] double harm_of(const Variant& variant) const;
  [[nodiscard]] std::optional<Restoration> restoration() const;
  [[nodiscard]] bool restored(const Variant& variant) const;
  void run_parts();
  void sort_parts();
  void search();

  Json document_;
  const Model& model_;
  const BlameOptions& options_;
  PolicyParts parts_;
  VariantRuns runs_;
  Blame found_;
  bool by_ratio_ = true;            // harm is a ratio
  std::vector<std::size_t> order_;  // the numbers in parts_ of found_.parts
};

LowParts Blaming::without(const std::vector<std::size_t>& full) const {
  LowParts low(count(), true);
  for (const std::size_t part : full) low[part] = false;
  return low;
}

LowParts Blaming::only(std::size_t part) const {
  LowParts low(count(), false);
  low[part] = true;
  return low;
}

std::string Blaming::chosen_metric() const {
  const Measurements& full = runs_.at(LowParts(count(), false));
  std::vector<std::string> known;
  for (const std::string_view name : model_.metrics)
    if (full.contains(std::string(name))) known.emplace_back(name);
  if (known.empty()) throw Error("the runs measure nothing", "/experiment");
  if (options_.metric.empty()) return known.front();
  require_metric(options_.metric, known);
  return options_.metric;
}

const std::vector<double>& Blaming::values_of(const LowParts& low) const {
  const auto found = runs_.at(low).find(found_.metric);
  if (found == runs_.at(low).end())
    throw Error("not every run has the metric \"" + found_.metric + "\"", "--metric",
                "choose one that they all have");
  return found->second;
}

Variant Blaming::variant_of(const LowParts& low) const {
  Variant variant;
  variant.values = values_of(low);
  variant.diverged = count_nonfinite(variant.values);
  variant.to_full = compare(variant.values, values_of(LowParts(count(), false)));
  variant.to_policy = compare(variant.values, values_of(LowParts(count(), true)));
  return variant;
}

double Blaming::harm_of(const Variant& variant) const {
  return experiments::harm_of(variant, by_ratio_, found_.larger_is_better);
}

void Blaming::run_parts() {
  std::vector<LowParts> variants{LowParts(count(), false), LowParts(count(), true)};
  for (std::size_t part = 0; part < count(); ++part) {
    variants.push_back(only(part));
    variants.push_back(without({part}));
  }
  runs_.run(variants, counted(count(), "part"), "parts.json");
  found_.metric = chosen_metric();
  found_.larger_is_better =
      std::find(larger_is_better_metrics.begin(), larger_is_better_metrics.end(), found_.metric) !=
      larger_is_better_metrics.end();
  found_.full = variant_of(variants[0]);
  found_.policy = variant_of(variants[1]);
  if (found_.full.diverged > 0)
    throw Error("full precision itself diverges in " + std::to_string(found_.full.diverged) +
                    " of " + counted(found_.full.values.size(), "repeat"),
                "/training", "no place is to blame; a smaller learning rate may help");
  for (std::size_t part = 0; part < count(); ++part)
    found_.parts.push_back({.name = parts_.name(part),
                            .places = parts_.places(part),
                            .alone_low = variant_of(only(part)),
                            .alone_full = variant_of(without({part}))});
  by_ratio_ = speaks_in_ratios(found_);
}

void Blaming::sort_parts() {
  order_.resize(count());
  std::iota(order_.begin(), order_.end(), std::size_t{0});
  const auto key = [&](std::size_t part) {
    return std::pair(-harm_of(found_.parts[part].alone_low),
                     harm_of(found_.parts[part].alone_full));
  };
  std::stable_sort(order_.begin(), order_.end(),
                   [&](std::size_t a, std::size_t b) { return key(a) < key(b); });
  std::vector<PartBlame> sorted;
  for (const std::size_t part : order_) sorted.push_back(std::move(found_.parts[part]));
  found_.parts = std::move(sorted);
}

std::optional<Restoration> Blaming::restoration() const {
  const double nothing = by_ratio_ ? 1.0 : 0.0;
  const double harm = harm_of(found_.policy);
  Restoration rule{.by_ratio = by_ratio_, .bound = 0, .diverged = found_.policy.diverged > 0};
  if (options_.tolerance) {
    const double scale = by_ratio_ ? 1.0 : std::fabs(mean_of_pairs(found_.full.values).mean);
    rule.bound = nothing + *options_.tolerance * scale;
    return harm > rule.bound ? std::optional(rule) : std::nullopt;
  }
  if (rule.diverged) {
    rule.bound = by_ratio_ ? most_times_full : std::numeric_limits<double>::infinity();
    return rule;
  }
  // The end of the interval that is nearer to full precision, where there is an interval.
  const Estimate cost =
      by_ratio_ ? *found_.policy.to_full.ratio : *found_.policy.to_full.difference;
  const double end = found_.larger_is_better ? cost.high : cost.low;
  rule.uncertain = found_.larger_is_better ? end >= nothing : end <= nothing;
  const bool large = by_ratio_ && harm >= worth_a_search;
  if (!(harm > nothing) || (rule.uncertain && !large)) return std::nullopt;
  rule.bound = by_ratio_ ? std::min(reference::power(harm, restored_share), most_times_full)
                         : restored_share * harm;
  return rule;
}

bool Blaming::restored(const Variant& variant) const {
  return variant.diverged == 0 && harm_of(variant) <= found_.restoration->bound;
}

void Blaming::search() {
  const std::size_t before = runs_.count();
  std::size_t sets = 0;
  const auto full_of = [&](const Members& members) {
    std::vector<std::size_t> full;
    for (const std::size_t i : members) full.push_back(order_[i]);
    return without(full);
  };
  const auto restores = [&](const Members& members) {
    const LowParts low = full_of(members);
    const std::string policy = parts_.with_low(low).dump();
    const std::string name = hexadecimal(fnv1a(policy.data(), policy.size(), fnv_start));
    runs_.run({low}, "search, set " + std::to_string(++sets), "set-" + name + ".json");
    return restored(variant_of(low));
  };
  Members minimal;
  // No set is smaller than a single part, and these have been run.
  double least = std::numeric_limits<double>::infinity();
  for (std::size_t i = 0; i < count(); ++i) {
    const Variant& variant = found_.parts[i].alone_full;
    if (!restored(variant) || harm_of(variant) >= least) continue;
    least = harm_of(variant);
    minimal = {i};
  }
  if (minimal.empty()) {
    Members all(count());
    std::iota(all.begin(), all.end(), std::size_t{0});
    minimal = minimal_subset(all, restores);
  }
  found_.minimal = MinimalSet{.parts = minimal, .variant = variant_of(full_of(minimal))};
  found_.searched = runs_.count() - before;
}

Blame Blaming::blame() {
  run_parts();
  sort_parts();
  found_.restoration = restoration();
  if (found_.restoration && options_.search) search();
  found_.variants = runs_.count();
  found_.document = std::move(document_);
  found_.by = options_.by;
  found_.tolerance = options_.tolerance;
  return std::move(found_);
}

}  // namespace

bool speaks_in_ratios(const Blame& blame) {
  const auto has_ratio = [](const Variant& variant) {
    return variant.diverged > 0 || variant.to_full.ratio.has_value();
  };
  return has_ratio(blame.full) && has_ratio(blame.policy) &&
         std::all_of(blame.parts.begin(), blame.parts.end(), [&](const PartBlame& part) {
           return has_ratio(part.alone_low) && has_ratio(part.alone_full);
         });
}

double harm_of(const Variant& variant, bool by_ratio, bool larger_is_better) {
  const std::optional<Estimate>& cost =
      by_ratio ? variant.to_full.ratio : variant.to_full.difference;
  if (variant.diverged > 0 || !cost) return std::numeric_limits<double>::infinity();
  if (!larger_is_better) return cost->mean;
  return by_ratio ? 1.0 / cost->mean : -cost->mean;
}

Blame blame(const Json& document, const std::string& where, const Engine& engine,
            const BlameOptions& options) {
  const Study study = make_study(document, where, options.stop);
  HALFULP_REQUIRE(study.points.size() == 1, "blame is of one point");
  try {
    Json blamed = blamed_document(study);
    require_parts(PolicyParts(blamed["policy"], options.by));
    if (!options.metric.empty())
      require_metric(options.metric, {study.model->metrics.begin(), study.model->metrics.end()});
    return Blaming(std::move(blamed), *study.model, engine, options).blame();
  } catch (const Error& error) {
    throw error.location().starts_with("--") ? error : error.at(where);
  }
}

}  // namespace halfulp::experiments

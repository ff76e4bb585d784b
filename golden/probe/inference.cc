// SPDX-License-Identifier: MIT
#include "golden/probe/inference.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <optional>
#include <utility>

#include "formats/codes.h"
#include "formats/nan.h"
#include "golden/kernels/unit_operands.h"
#include "golden/probe/first_questions.h"
#include "golden/probe/hypotheses.h"
#include "golden/probe/question_builder.h"

namespace halfulp::probe {
namespace {

constexpr std::size_t kept_cores = 4;        // of those that are alike
constexpr std::size_t most_structures = 48;  // of a kind of core
constexpr std::size_t worst_structure = 20;  // misses about the order
constexpr std::int64_t least_range = 24;     // of the exponents of products
constexpr std::size_t most_slack = 4;        // misses
constexpr std::size_t kept_units = 8;
constexpr std::size_t most_groups = 6;  // that are searched
constexpr std::size_t most_tried = 48;  // of the misses, to see whether a variant mends any
constexpr int most_steps = 24;
constexpr int most_idle_steps = 7;  // that found nothing better

// The best of many, as few as are to be kept: the earlier of equally good ones.
class Best {
 public:
  explicit Best(std::size_t keep) : keep_(keep) {}
  // More misses than this are of no interest.
  [[nodiscard]] std::size_t bound() const {
    return fits_.size() < keep_ ? SIZE_MAX : fits_.back().misses;
  }
  void offer(const MatrixUnit& unit, std::size_t misses) {
    if (fits_.size() == keep_ && misses >= fits_.back().misses) return;
    const auto same = [&](const Fit& fit) { return fit.unit == unit; };
    if (std::ranges::any_of(fits_, same)) return;
    const auto place = std::ranges::upper_bound(fits_, misses, {}, &Fit::misses);
    fits_.insert(place, {unit, misses});
    if (fits_.size() > keep_) fits_.pop_back();
  }
  void judge(const Exam& exam, const MatrixUnit& unit, std::span<const std::size_t> which) {
    const std::size_t most = bound();
    if (most == 0 && fits_.size() == keep_) return;
    offer(unit, exam.misses(unit, which, most));
  }
  [[nodiscard]] const std::vector<Fit>& fits() const { return fits_; }

 private:
  std::size_t keep_;
  std::vector<Fit> fits_;
};

// The significant bits of the answers about rounding, at most.
int precision_of(const Exam& exam, std::span<const std::size_t> which) {
  int most = 1;
  for (const std::size_t question : which) {
    const double x = exam.answer(question);
    if (!std::isfinite(x) || x == 0) continue;
    int exponent = 0;
    const double significand = std::frexp(std::fabs(x), &exponent);
    const auto integer = static_cast<std::uint64_t>(std::ldexp(significand, 53));
    most = std::max(most, 53 - std::countr_zero(integer));
  }
  return most;
}

// Questions in an order in which wrong units are soon found out: every so many-th.
std::vector<std::size_t> mixed(const std::vector<std::size_t>& which) {
  std::vector<std::size_t> order;
  constexpr std::size_t stride = 37;
  for (std::size_t first = 0; first < stride; ++first) {
    for (std::size_t i = first; i < which.size(); i += stride) order.push_back(which[i]);
  }
  return order;
}

// The units with the fewest misses of many, found by looking for such with none first, then with a
// few, then with more: wrong units are given up at once. None where all have more than `worst`
// (4, 20, 84, ...). `which` is put into another order.
std::vector<Fit> few_misses(const Exam& exam, std::span<const MatrixUnit> units,
                            std::span<std::size_t> which, std::size_t keep,
                            std::size_t worst = SIZE_MAX) {
  std::vector<Fit> found;
  for (std::size_t most = 0; found.empty() && most <= worst; most = 4 * most + 4) {
    for (const MatrixUnit& unit : units) {
      const std::size_t misses = exam.misses_learning(unit, which, most);
      if (misses <= most) found.push_back({unit, misses});
    }
    if (most >= which.size()) break;
  }
  std::ranges::stable_sort(found, {}, &Fit::misses);
  if (found.size() > keep) found.resize(keep);
  return found;
}

// Some of many that are equally good, from the first to the last.
template <typename T>
std::vector<T> spread(const std::vector<T>& all, std::size_t most) {
  if (all.size() <= most) return all;
  std::vector<T> some;
  for (std::size_t i = 0; i < most; ++i) some.push_back(all[i * (all.size() - 1) / (most - 1)]);
  return some;
}

// Cores of one kind (without an alignment, with one that C takes part in, with one behind it) that
// agree best on one product beside C: some of each mode, direction and format.
struct Cores {
  std::vector<Core> all;
  std::size_t misses = SIZE_MAX;
};
Cores best_of(const Exam& exam, const std::vector<Core>& kind, std::span<std::size_t> which) {
  std::vector<MatrixUnit> units;
  for (const Core& core : kind) units.push_back(unit_of(core, exam.ports()));
  Cores best;
  std::vector<Core> alike;
  const auto direction = [](const Core& core) {
    return core.after ? core.after->downward : core.terms && core.terms->downward;
  };
  const auto close = [&] {
    for (const Core& core : spread(alike, kept_cores)) best.all.push_back(core);
    alike.clear();
  };
  for (const Fit& fit : few_misses(exam, units, which, units.size())) {
    if (best.misses == SIZE_MAX) best.misses = fit.misses;
    if (fit.misses > best.misses + most_slack) break;
    const Core& core =
        kind[static_cast<std::size_t>(std::ranges::find(units, fit.unit) - units.begin())];
    const bool same = !alike.empty() && alike.back().sum == core.sum &&
                      direction(alike.back()) == direction(core);
    if (!same) close();
    alike.push_back(core);
  }
  close();
  return best;
}

// Numbers of the structures that are right about masks of numbers far apart, on which the widths of
// a core matter little; where products are never far apart, about sums beside C as well.
std::vector<std::size_t> right_structures(const Exam& exam, const std::vector<Core>& cores) {
  std::vector<std::string> subjects_of_order{subjects::order};
  const QuestionBuilder build(exam.ports());
  if (build.most_product() - build.least_product() < least_range)
    subjects_of_order.emplace_back(subjects::grouping);
  std::vector<std::size_t> which = mixed(exam.about(subjects_of_order));
  std::vector<std::pair<std::size_t, std::size_t>> numbered;
  for (const Core& core : spread(cores, 3)) {
    const std::vector<MatrixUnit> units = units_of(core, exam.ports());
    for (const Fit& fit : few_misses(exam, units, which, most_structures, worst_structure)) {
      const auto place = std::ranges::find(units, fit.unit) - units.begin();
      numbered.emplace_back(fit.misses, static_cast<std::size_t>(place));
    }
  }
  std::ranges::sort(numbered);
  std::vector<std::size_t> numbers;
  for (const auto& [misses, number] : numbered) {
    if (misses > numbered.front().first + most_slack) break;
    if (std::ranges::find(numbers, number) == numbers.end()) numbers.push_back(number);
  }
  if (numbers.size() > most_structures) numbers.resize(most_structures);
  return numbers;
}

// A structure with the best cores for it. Groups are searched one by one, lest many units of a
// wrong structure crowd out the right one, whose other properties are still to be found.
using Group = std::vector<Fit>;

// The best structures of the best cores, each with some of these, the best first.
std::vector<Group> best_structures(const Exam& exam) {
  const std::array<std::string, 1> of_rounding{subjects::rounding};
  std::vector<std::size_t> about_rounding = mixed(exam.about(of_rounding));
  std::array<std::vector<Core>, 3> kinds;
  for (const Core& core : cores(exam.ports(), precision_of(exam, about_rounding)))
    kinds[core.after ? 2 : core.terms ? 1 : 0].push_back(core);
  std::array<Cores, 3> best;
  std::size_t fewest = SIZE_MAX;
  for (std::size_t i = 0; i < kinds.size(); ++i) {
    best[i] = best_of(exam, kinds[i], about_rounding);
    fewest = std::min(fewest, best[i].misses);
  }
  const std::array<std::string, 5> all{subjects::order, subjects::grouping, subjects::alignment,
                                       subjects::rounding, subjects::specials};
  std::vector<std::size_t> which = mixed(exam.about(all));
  std::vector<Group> groups;
  for (const Cores& kind : best) {
    if (kind.misses > fewest + most_slack) continue;
    const std::vector<std::size_t> numbers = right_structures(exam, kind.all);
    std::vector<std::vector<MatrixUnit>> of_structure(numbers.size());
    for (const Core& core : kind.all) {
      const std::vector<MatrixUnit> of_core = units_of(core, exam.ports());
      for (std::size_t i = 0; i < numbers.size(); ++i)
        of_structure[i].push_back(of_core[numbers[i]]);
    }
    for (const std::vector<MatrixUnit>& units : of_structure)
      groups.push_back(few_misses(exam, units, which, kept_cores));
  }
  std::ranges::stable_sort(groups, {}, [](const Group& group) { return group.front().misses; });
  return groups;
}

// The unit with all choices for results that are subnormal or overflow, in products and sums alike.
std::vector<MatrixUnit> at_the_ends_of_the_range(const MatrixUnit& unit) {
  std::vector<MatrixUnit> all;
  constexpr std::array<std::optional<Tininess>, 3> flushes{std::nullopt, Tininess::after_rounding,
                                                           Tininess::before_rounding};
  for (const std::optional<Tininess>& flush : flushes) {
    for (const bool directed : {true, false}) {
      MatrixUnit changed = unit;
      const auto change = [&](Quantizer& quantizer) {
        quantizer.rounding.flush_outputs = flush;
        quantizer.rounding.overflow.directed = directed;
      };
      for (Sum& sum : changed.tree.sums) {
        if (sum.rounded) change(sum.quantizer);
      }
      if (changed.tree.product) change(*changed.tree.product);
      all.push_back(std::move(changed));
    }
  }
  return all;
}

// The unit with operands coming in as answers about operands say: subnormal ones of a, b and c, and
// factors cut to fewer bits, of all combinations the best.
MatrixUnit with_operands(const Exam& exam, const MatrixUnit& unit,
                         std::span<std::size_t> about_operands) {
  const std::vector<MatrixUnit> all = with_all_operands(unit, exam.ports());
  return few_misses(exam, all, about_operands, 1).front().unit;
}

// One step from a unit to better ones: variants that mend some of its misses and break fewer.
void step(const Exam& exam, const Fit& from, Best& best) {
  std::vector<std::size_t> missed;
  std::vector<std::size_t> right;
  const std::vector<std::size_t> all = exam.all();
  const std::vector<double> answers = exam.answers(from.unit, all);
  for (const std::size_t question : all)
    (same_answer(answers[question], exam.answer(question)) ? right : missed).push_back(question);
  const std::vector<std::size_t> others = mixed(right);
  const std::vector<std::size_t> some = spread(missed, most_tried);
  for (const Variant& variant : variants_of(from.unit, exam.ports())) {
    if (exam.misses(variant.unit, some, some.size()) == some.size()) continue;
    const std::size_t still = exam.misses(variant.unit, missed, missed.size());
    const std::size_t front = best.fits().front().misses;
    const std::size_t most = std::min({best.bound(), from.misses, front + front / 4 + most_slack});
    if (still >= most) continue;
    const std::size_t broken = exam.misses(variant.unit, others, most - still);
    best.offer(variant.unit, still + broken);
  }
}

bool is_perfect(const Best& best) {
  return !best.fits().empty() && best.fits().front().misses == 0;
}
// So few misses that the right unit may be next to the best one.
bool is_near(const Exam& exam, const Best& best) {
  return !best.fits().empty() && best.fits().front().misses <= exam.size() / 32;
}

// From neighbour to neighbour: always on from the best unit whose neighbours were not tried.
void search(const Exam& exam, Best& best) {
  std::vector<MatrixUnit> tried;
  int idle = 0;
  for (int i = 0; i < most_steps && idle < most_idle_steps && !is_perfect(best); ++i) {
    const auto untried = [&](const Fit& fit) {
      return std::ranges::find(tried, fit.unit) == tried.end();
    };
    const auto next = std::ranges::find_if(best.fits(), untried);
    if (next == best.fits().end()) break;
    tried.push_back(next->unit);
    const Fit from = *next;
    const std::size_t fewest = best.fits().front().misses;
    step(exam, from, best);
    idle = best.fits().front().misses < fewest ? 0 : idle + 1;
  }
}

// From every structure on its own, the best first, until one gives all answers.
void search_structures(const Exam& exam, std::span<const std::size_t> all, Best& best) {
  const std::array<std::string, 1> of_operands{subjects::operands};
  std::vector<std::size_t> about_operands = mixed(exam.about(of_operands));
  std::vector<Best> started;
  for (const Group& group : best_structures(exam)) {
    Best own(kept_units);
    for (const Fit& fit : group) {
      const MatrixUnit ready = with_operands(exam, fit.unit, about_operands);
      for (const MatrixUnit& unit : at_the_ends_of_the_range(ready)) own.judge(exam, unit, all);
    }
    started.push_back(std::move(own));
  }
  std::ranges::stable_sort(started, {}, [](const Best& own) { return own.fits().front().misses; });
  if (started.size() > most_groups) started.resize(most_groups, Best(1));
  for (Best& own : started) {
    search(exam, own);
    for (const Fit& fit : own.fits()) best.offer(fit.unit, fit.misses);
    if (is_perfect(own)) return;
  }
}

// With the rule whose NaN most answers are that are NaN.
MatrixUnit with_nan(const Exam& exam, MatrixUnit unit) {
  if (!has_nan(exam.ports().d)) return unit;
  std::vector<Code> seen;
  for (std::size_t i = 0; i < exam.size(); ++i) {
    if (std::isnan(exam.answer(i))) seen.push_back(exam.answers()[i]);
  }
  const auto count = [&](const MatrixUnit& candidate) {
    const Code code = kernels::ResultWriter(candidate)(std::nan(""));
    return std::ranges::count(seen, code);
  };
  MatrixUnit chosen = unit;
  for (const NanPreset& preset : nan_presets()) {
    MatrixUnit candidate = unit;
    for (Sum& sum : candidate.tree.sums) {
      if (sum.rounded) sum.quantizer.rounding.nan = preset.rule;
    }
    if (candidate.tree.product) candidate.tree.product->rounding.nan = preset.rule;
    if (count(candidate) > count(chosen)) chosen = candidate;
  }
  return chosen;
}

}  // namespace

std::vector<Fit> ranked(const Exam& exam, std::span<const MatrixUnit> known) {
  std::vector<Fit> fits;
  const std::vector<std::size_t> all = exam.all();
  for (const MatrixUnit& unit : known) {
    if (probe::fits(unit, exam.ports())) fits.push_back({unit, exam.misses(unit, all, all.size())});
  }
  std::ranges::stable_sort(fits, {}, &Fit::misses);
  return fits;
}

std::vector<Fit> infer(const Exam& exam, std::span<const MatrixUnit> known) {
  Best best(kept_units);
  const std::vector<std::size_t> all = mixed(exam.all());
  for (const MatrixUnit& unit : known) {
    if (probe::fits(unit, exam.ports())) best.judge(exam, unit, all);
  }
  if (is_near(exam, best)) search(exam, best);
  if (!is_perfect(best) && !exam.ports().scales) search_structures(exam, all, best);
  std::vector<Fit> result;
  for (const Fit& fit : best.fits()) result.push_back({with_nan(exam, fit.unit), fit.misses});
  return result;
}

}  // namespace halfulp::probe

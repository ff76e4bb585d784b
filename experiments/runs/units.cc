// SPDX-License-Identifier: MIT
#include "experiments/runs/units.h"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

namespace halfulp::experiments {

std::vector<Group> make_groups(const Study& study) {
  std::vector<Group> groups;
  std::map<std::string, std::size_t> known;
  for (std::size_t i = 0; i < study.points.size(); ++i) {
    const Experiment& experiment = study.points[i].experiment;
    const std::string key =
        Json::array({study.model->shared_part(experiment.setting, experiment.resolved),
                     experiment.seed, experiment.repeats})
            .dump();
    const auto [place, fresh] = known.try_emplace(key, groups.size());
    if (fresh) groups.push_back({.points = {}, .repeats = experiment.repeats, .work = {}});
    Group& group = groups[place->second];
    group.points.push_back(i);
    const Work work = study.model->work(experiment.setting);
    group.work.steps += work.steps;
    group.work.cost += work.cost;
    group.work.shared = std::max(group.work.shared, work.shared);
  }
  return groups;
}

std::vector<RepeatOutcome> execute(const Study& study, const Group& group, std::uint64_t repeat,
                                   const Engine& engine, const Keeper& keeper) {
  std::vector<const ModelSetting*> settings;
  for (const std::size_t i : group.points) settings.push_back(&study.points[i].experiment.setting);
  const std::uint64_t seed = study.points[group.points.front()].experiment.seed;
  return study.model->run(settings, {.engine = &engine, .seed = seed, .repeat = repeat}, keeper);
}

WorkList::WorkList(const Study& study) : study_(study), groups_(make_groups(study)) {
  first_unit_.push_back(0);
  for (const Group& group : groups_) first_unit_.push_back(first_unit_.back() + group.repeats);
}

std::size_t WorkList::group_number(std::size_t unit) const {
  const auto next = std::upper_bound(first_unit_.begin(), first_unit_.end(), unit);
  return static_cast<std::size_t>(next - first_unit_.begin()) - 1;
}

const Group& WorkList::group_of(std::size_t unit) const { return groups_[group_number(unit)]; }

std::uint64_t WorkList::repeat_of(std::size_t unit) const {
  return unit - first_unit_[group_number(unit)];
}

double WorkList::steps() const {
  double steps = 0;
  for (const Group& group : groups_) steps += group.work.steps * static_cast<double>(group.repeats);
  return steps;
}

double WorkList::cost() const {
  double cost = 0;
  for (const Group& group : groups_) cost += group.cost() * static_cast<double>(group.repeats);
  return cost;
}

std::vector<RepeatOutcome> WorkList::compute(std::size_t unit, const Engine& engine,
                                             const Keeper& keeper) const {
  return execute(study_, group_of(unit), repeat_of(unit), engine, keeper);
}

}  // namespace halfulp::experiments

// SPDX-License-Identifier: MIT
#include "experiments/runs/units.h"

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
  }
  return groups;
}

std::vector<RepeatOutcome> execute(const Study& study, const Group& group, std::uint64_t repeat,
                                   const Engine& engine, const Watch& watch) {
  std::vector<const ModelSetting*> settings;
  for (const std::size_t i : group.points) settings.push_back(&study.points[i].experiment.setting);
  const std::uint64_t seed = study.points[group.points.front()].experiment.seed;
  return study.model->run(settings, {.engine = &engine, .seed = seed, .repeat = repeat}, watch);
}

}  // namespace halfulp::experiments

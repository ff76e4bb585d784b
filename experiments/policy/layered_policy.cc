// SPDX-License-Identifier: MIT
#include "experiments/policy/layered_policy.h"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "experiments/pointers.h"
#include "experiments/policy/match.h"
#include "experiments/policy/operand_pairs.h"
#include "experiments/policy/policy_files.h"
#include "experiments/policy/shipped.h"
#include "experiments/policy/uses.h"
#include "experiments/policy/written_use.h"
#include "formats/error.h"

namespace halfulp::experiments {
namespace {

const std::vector<std::string> native_names{"binary32", "binary64"};
const std::vector<std::string> on_nan_names{"propagate", "error", "skip_step"};
const std::vector<std::string> loss_scale_names{"none", "static", "dynamic"};
const std::vector<std::string> update_names{"master", "in_place", "kahan"};
const std::vector<std::string> order_names{"use_then_store", "store_then_use"};

// A bit of phases_at() each.
constexpr std::size_t most_phases = 64;

// A record, and the JSON pointer of what says it.
struct Said {
  PlaceRecord record;
  std::string where;
};
using Overlay = std::map<std::size_t, Said>;  // by the number of a place

// A part of a document, and its JSON pointer.
struct Part {
  const Json* value;
  std::string where;
};

// A document and those that it extends, whose parts come first.
struct Document {
  LayeredPolicy policy;  // without records
  Generator generator = Generator::philox4x32_10;
  std::vector<Part> uses, rules, phases;
};

void gather_list(const Json* list, const std::string& where, std::vector<Part>& parts) {
  if (list == nullptr) return;
  if (!list->is_array()) throw Error("a list [...] is needed", where);
  for (std::size_t i = 0; i < list->size(); ++i)
    parts.push_back({&(*list)[i], where + "/" + std::to_string(i)});
}

void gather_base(const Json& value, const std::string& where, Document& document) {
  ObjectReader reader(value, where);
  LayeredPolicy& policy = document.policy;
  const std::size_t native = policy.native == Carrier::binary32 ? 0 : 1;
  policy.native =
      reader.choice("native", native, native_names) == 0 ? Carrier::binary32 : Carrier::binary64;
  policy.on_nonfinite = static_cast<OnNonfinite>(
      reader.choice("on_nan", static_cast<std::size_t>(policy.on_nonfinite), on_nan_names));
  if (const Json* use = reader.find("use")) document.uses.push_back({use, reader.place("use")});
  reader.finish();
}

LossScale parse_loss_scale(const Json& value, const std::string& where) {
  constexpr double lowest = 0x1p-126;
  constexpr double highest = 0x1p127;
  ObjectReader reader(value, where);
  LossScale scale;
  reader.require("kind");
  scale.kind = static_cast<LossScale::Kind>(reader.choice("kind", 0, loss_scale_names));
  if (scale.kind == LossScale::Kind::constant) reader.require("init");
  if (scale.kind != LossScale::Kind::none)
    scale.initial = reader.number("init", 0x1p15, lowest, highest);
  if (scale.kind == LossScale::Kind::dynamic) {
    scale.factor = reader.number("factor", scale.factor, 1.0, 0x1p20);
    scale.period = static_cast<std::uint64_t>(reader.integer(
        "period", static_cast<std::int64_t>(scale.period), 1, std::int64_t{1} << 53));
    scale.least = reader.number("min", scale.least, lowest, highest);
    scale.largest = reader.number("max", scale.largest, lowest, highest);
    if (scale.factor == 1.0)
      throw Error("a factor of 1 changes no scale", reader.place("factor"), "2 is usual");
    if (scale.least > scale.initial || scale.initial > scale.largest)
      throw Error(
          "\"init\" is not between \"min\" and \"max\"", where,
          "\"min\" is " + Json(scale.least).dump() + " and \"max\" " + Json(scale.largest).dump());
  }
  reader.finish();
  return scale;
}

void gather_optimizer(const Json& value, const std::string& where, LayeredPolicy& policy) {
  ObjectReader reader(value, where);
  policy.state_order = static_cast<StateOrder>(
      reader.choice("order", static_cast<std::size_t>(policy.state_order), order_names));
  policy.weight_update = static_cast<WeightUpdate>(
      reader.choice("weight_update", static_cast<std::size_t>(policy.weight_update), update_names));
  policy.error_feedback = reader.boolean("error_feedback", policy.error_feedback);
  reader.finish();
}

void gather(const Json& value, const std::string& where, Document& document) {
  if (is_short_map(value)) {
    document.uses.push_back({&value, where});
    return;
  }
  ObjectReader reader(value, where);
  reader.choice("schema", 0, {"policy/1"});
  if (const Json* extended = reader.find("extends")) {
    if (extended->is_string())
      refuse_policy_name(extended->get<std::string>(), reader.place("extends"));
    if (!extended->is_object())
      throw Error(extended->dump() + " is no policy", reader.place("extends"),
                  "give the path of a policy file, or a policy");
    gather(*extended, reader.place("extends"), document);
  }
  document.policy.name = reader.text("name", "");
  for (const char* for_people : {"why", "source"}) reader.text(for_people, "");
  if (const Json* generator = reader.find("rng"))
    document.generator = parse_random(*generator, reader.place("rng"));
  if (const Json* base = reader.find("base")) gather_base(*base, reader.place("base"), document);
  gather_list(reader.find("rules"), reader.place("rules"), document.rules);
  gather_list(reader.find("phases"), reader.place("phases"), document.phases);
  if (const Json* scale = reader.find("loss_scale"))
    document.policy.loss_scale = parse_loss_scale(*scale, reader.place("loss_scale"));
  if (const Json* optimizer = reader.find("optimizer"))
    gather_optimizer(*optimizer, reader.place("optimizer"), document.policy);
  reader.finish();
}

// What rules are read for.
struct Scope {
  const Places& places;
  PolicyDefaults defaults;
};

[[noreturn]] void refuse_key(const std::string& key, const std::string& where,
                             const Places& places) {
  std::vector<std::string> known = shorthand_names();
  for (const NamedPlace& place : places) {
    known.push_back(place.use);
    known.push_back(place.op + "/" + place.use);
  }
  const std::string near = suggest(key, known);
  throw Error("no place of the network has the use \"" + key + "\"", where,
              near.empty() ? "docs/policies.md lists the uses of each operation" : near);
}

// The places among `selected` that a key names; none where nothing is selected, or the key is a
// shorthand for uses that the network does not have at all.
std::vector<std::size_t> places_of_key(const std::string& key, const std::string& where,
                                       const std::vector<std::size_t>& selected,
                                       const Places& places) {
  std::vector<std::size_t> reached;
  const auto names = [&](std::size_t i) { return closeness(key, places[i]) != Closeness::none; };
  std::copy_if(selected.begin(), selected.end(), std::back_inserter(reached), names);
  if (!reached.empty()) return reached;
  for (std::size_t i = 0; i < places.size(); ++i) {
    if (!names(i)) continue;
    if (selected.empty()) return reached;
    throw Error("none of the places that the rule matches has the use \"" + key + "\"", where,
                "leave it out, or widen the rule's \"match\"");
  }
  const std::vector<std::string>& shorthands = shorthand_names();
  if (std::find(shorthands.begin(), shorthands.end(), key) == shorthands.end())
    refuse_key(key, where, places);
  return reached;
}

// Of the first place of the network that a key names; a tensor where there is none.
PlaceKind kind_of_key(const std::string& key, const Places& places) {
  const auto found = std::find_if(places.begin(), places.end(), [&](const NamedPlace& place) {
    return closeness(key, place) != Closeness::none;
  });
  return found == places.end() ? PlaceKind::tensor : found->kind;
}

// Lays what a `use` object says over what was said before.
void lay_use(const Json& use, const std::string& where, const std::vector<std::size_t>& selected,
             const Scope& scope, Overlay& overlay) {
  if (!use.is_object())
    throw Error("an object {...} of uses and quantizers is needed", where,
                R"(for example {"weight": "bfloat16"})");
  std::map<std::size_t, Closeness> closest;
  for (const auto& [key, value] : use.items()) {
    const std::string place = where + "/" + escaped(key);
    const std::vector<std::size_t> reached = places_of_key(key, place, selected, scope.places);
    WrittenUse written(value, place, scope.defaults);
    for (const std::size_t i : reached) {
      PlaceRecord record = written.record_at(scope.places[i]);
      Closeness& before = closest.try_emplace(i, Closeness::none).first->second;
      const Closeness now = closeness(key, scope.places[i]);
      if (now <= before) continue;
      before = now;
      overlay[i] = {.record = std::move(record), .where = place};
    }
    if (reached.empty()) {
      written.require_right(kind_of_key(key, scope.places));
    } else {
      written.finish();
    }
  }
}

// The members "match", "use" and "why".
void lay_rule(ObjectReader& reader, const Scope& scope, Overlay& overlay) {
  reader.text("why", "");
  const std::vector<std::size_t> selected =
      matched_places(reader.find("match"), reader.place("match"), scope.places);
  lay_use(reader.require("use"), reader.place("use"), selected, scope, overlay);
}

void lay_rules(const std::vector<Part>& rules, const Scope& scope, Overlay& overlay) {
  for (const Part& rule : rules) {
    ObjectReader reader(*rule.value, rule.where);
    lay_rule(reader, scope, overlay);
    reader.finish();
  }
}

struct OverlaidPhase {
  Period when;
  Overlay overlay;
};

void lay_phase(const Json& value, const std::string& where, const Scope& scope, Overlay& overlay) {
  ObjectReader reader(value, where);
  reader.require("when");
  if (const Json* list = reader.find("rules")) {
    std::vector<Part> rules;
    gather_list(list, reader.place("rules"), rules);
    reader.text("why", "");
    lay_rules(rules, scope, overlay);
  } else {
    lay_rule(reader, scope, overlay);
  }
  reader.finish();
}

// One phase, or one of each number of bits.
void parse_phase(const Part& part, const Scope& scope, std::vector<OverlaidPhase>& phases) {
  ObjectReader reader(*part.value, part.where);
  const std::vector<Period> periods = parse_periods(reader.require("when"), reader.place("when"));
  for (const Period& period : periods) {
    OverlaidPhase phase{.when = period, .overlay = {}};
    if (periods.size() == 1)
      lay_phase(*part.value, part.where, scope, phase.overlay);
    else
      lay_phase(with_bits(*part.value, period.value, part.where), part.where, scope, phase.overlay);
    phases.push_back(std::move(phase));
  }
}

// Joins neighbours of one period, the later one over the earlier one.
void join_phases(std::vector<OverlaidPhase>& phases) {
  std::vector<OverlaidPhase> joined;
  for (OverlaidPhase& phase : phases) {
    if (joined.empty() || joined.back().when != phase.when) {
      joined.push_back(std::move(phase));
      continue;
    }
    for (auto& [place, said] : phase.overlay) joined.back().overlay[place] = std::move(said);
  }
  phases = std::move(joined);
}

// Drops what changes nothing: a record that is the base's, with no earlier phase at its place.
void drop_idle(std::vector<OverlaidPhase>& phases, const Records& base) {
  std::vector<bool> changed(base.size(), false);
  for (OverlaidPhase& phase : phases) {
    std::erase_if(phase.overlay, [&](const auto& entry) {
      return !changed[entry.first] && entry.second.record == base[entry.first];
    });
    for (const auto& entry : phase.overlay) changed[entry.first] = true;
  }
  std::erase_if(phases, [](const OverlaidPhase& phase) { return phase.overlay.empty(); });
}

// The records of the base with these laid over them.
Records laid_over(Records base, const Overlay& overlay) {
  for (const auto& [place, said] : overlay) base[place] = said.record;
  return base;
}

void require_pairs_under(const Records& records, const Overlay& overlay, const Places& places) {
  require_pairs(records, places, [&](std::size_t place) {
    const auto found = overlay.find(place);
    return found == overlay.end() ? std::string() : found->second.where;
  });
}

std::vector<Phase> parse_phases(const std::vector<Part>& parts, const std::string& where,
                                const Scope& scope, const Records& base) {
  std::vector<OverlaidPhase> overlaid;
  for (const Part& part : parts) parse_phase(part, scope, overlaid);
  for (const OverlaidPhase& phase : overlaid)
    require_pairs_under(laid_over(base, phase.overlay), phase.overlay, scope.places);
  for (std::size_t before = overlaid.size() + 1; overlaid.size() < before;) {
    before = overlaid.size();
    join_phases(overlaid);
    drop_idle(overlaid, base);
  }
  if (overlaid.size() > most_phases)
    throw Error("there are " + std::to_string(overlaid.size()) + " phases", where + "/phases",
                "at most " + std::to_string(most_phases) + " are possible");
  std::vector<Phase> phases;
  for (OverlaidPhase& phase : overlaid) {
    phases.push_back({.when = phase.when, .records = {}});
    for (auto& [place, said] : phase.overlay)
      phases.back().records.emplace_back(place, std::move(said.record));
  }
  return phases;
}

// A rule each of the layers' operations, in the order of their places.
Json rules_json(const std::vector<std::pair<std::size_t, PlaceRecord>>& records,
                const Places& places) {
  std::map<std::pair<std::string, std::string>, std::size_t> known;
  Json rules = Json::array();
  for (const auto& [number, record] : records) {
    const NamedPlace& place = places[number];
    const auto [entry, is_new] = known.try_emplace({place.layer, place.op}, rules.size());
    if (is_new)
      rules.push_back(Json{{"match", {{"layer", place.layer}, {"op", Json::array({place.op})}}},
                           {"use", Json::object()}});
    rules[entry->second]["use"][place.use] = to_json(record, place);
  }
  return rules;
}

Json loss_scale_json(const LossScale& scale) {
  Json object{{"kind", loss_scale_names[static_cast<std::size_t>(scale.kind)]}};
  if (scale.kind != LossScale::Kind::none) object["init"] = scale.initial;
  if (scale.kind != LossScale::Kind::dynamic) return object;
  object["factor"] = scale.factor;
  object["period"] = scale.period;
  object["min"] = scale.least;
  object["max"] = scale.largest;
  return object;
}

// One for every rule among the phases of this kind.
template <typename Watch, typename Rule>
std::vector<Watch> watches_of(const std::vector<Phase>& phases, Period::Kind kind,
                              Rule Period::*rule) {
  std::vector<Watch> watches;
  for (const Phase& phase : phases) {
    if (phase.when.kind != kind) continue;
    const bool is_known = std::any_of(watches.begin(), watches.end(), [&](const Watch& watch) {
      return watch.rule() == phase.when.*rule;
    });
    if (!is_known) watches.emplace_back(phase.when.*rule);
  }
  return watches;
}

}  // namespace

std::vector<PlateauWatch> LayeredPolicy::plateau_watches() const {
  return watches_of<PlateauWatch>(phases, Period::Kind::plateau, &Period::plateau);
}

std::vector<DiversityWatch> LayeredPolicy::diversity_watches() const {
  return watches_of<DiversityWatch>(phases, Period::Kind::diversity, &Period::diversity);
}

std::uint64_t LayeredPolicy::phases_at(const Moment& moment) const {
  std::uint64_t in_force = 0;
  for (std::size_t i = 0; i < phases.size(); ++i)
    if (phases[i].when.holds(moment)) in_force |= std::uint64_t{1} << i;
  return in_force;
}

Records LayeredPolicy::records_of(std::uint64_t in_force) const {
  Records records = base;
  for (std::size_t i = 0; i < phases.size(); ++i) {
    if ((in_force >> i & 1U) == 0) continue;
    for (const auto& [place, record] : phases[i].records) records[place] = record;
  }
  return records;
}

LayeredPolicy native_policy(std::shared_ptr<const Places> places, Carrier native) {
  LayeredPolicy policy;
  policy.native = native;
  policy.base.resize(places->size());
  policy.places = std::move(places);
  return policy;
}

LayeredPolicy parse_layered_policy(const Json& value, const std::string& where,
                                   std::shared_ptr<const Places> places) {
  Document document;
  gather(value, where, document);
  LayeredPolicy policy = std::move(document.policy);
  policy.places = std::move(places);
  const Scope scope{.places = *policy.places,
                    .defaults = {.native = policy.native, .generator = document.generator}};
  const std::vector<std::size_t> everywhere = matched_places(nullptr, where, scope.places);
  Overlay overlay;
  for (const Part& use : document.uses) lay_use(*use.value, use.where, everywhere, scope, overlay);
  lay_rules(document.rules, scope, overlay);
  policy.base = laid_over(Records(scope.places.size()), overlay);
  require_pairs_under(policy.base, overlay, scope.places);
  policy.phases = parse_phases(document.phases, where, scope, policy.base);
  return policy;
}

Json to_json(const LayeredPolicy& policy) {
  Json object{{"schema", "policy/1"}};
  if (!policy.name.empty()) object["name"] = policy.name;
  object["base"] = Json{{"native", std::string(name_of(policy.native))},
                        {"on_nan", on_nan_names[static_cast<std::size_t>(policy.on_nonfinite)]}};
  std::vector<std::pair<std::size_t, PlaceRecord>> records;
  for (std::size_t i = 0; i < policy.base.size(); ++i)
    if (policy.base[i] != PlaceRecord()) records.emplace_back(i, policy.base[i]);
  object["rules"] = rules_json(records, *policy.places);
  object["phases"] = Json::array();
  for (const Phase& phase : policy.phases)
    object["phases"].push_back(
        Json{{"when", to_json(phase.when)}, {"rules", rules_json(phase.records, *policy.places)}});
  object["loss_scale"] = loss_scale_json(policy.loss_scale);
  object["optimizer"] =
      Json{{"order", order_names[static_cast<std::size_t>(policy.state_order)]},
           {"weight_update", update_names[static_cast<std::size_t>(policy.weight_update)]},
           {"error_feedback", policy.error_feedback}};
  return object;
}

}  // namespace halfulp::experiments

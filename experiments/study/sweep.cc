// SPDX-License-Identifier: MIT
#include "experiments/study/sweep.h"

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <set>

#include "experiments/hash.h"
#include "experiments/models/table.h"
#include "experiments/policy/policy_files.h"
#include "experiments/results/fit.h"
#include "experiments/results/map.h"
#include "formats/counted.h"
#include "formats/error.h"

namespace halfulp::experiments {
namespace {

// What keeps a study and its result to about a gigabyte of memory.
constexpr std::size_t most_points = 50'000;
constexpr std::size_t most_fields = 100;
constexpr std::uint64_t most_outcomes = 1'000'000;  // points times repeats
constexpr double most_dimensions = 1 << 26;         // of all problems, where there are several
constexpr std::size_t most_characters = std::size_t{1} << 27;  // of all points' documents

// One key of a sweep: the pointers that move together, and a list of values for each of its steps.
struct Axis {
  std::string key;
  std::vector<std::string> pointers;
  std::vector<std::vector<Json>> steps;
  // Where the document has the value of pointer k at step i.
  [[nodiscard]] std::string place(std::size_t i, std::size_t k) const {
    const std::string step = "/sweep/" + escaped(key) + "/" + std::to_string(i);
    return pointers.size() == 1 ? step : step + "/" + std::to_string(k);
  }
};

void check_pointer(const std::string& pointer, const std::string& where) {
  const std::vector<std::string> known{"problem", "training", "policy", "seed", "repeats"};
  const std::string top = tokens_of(pointer, where).front();
  if (std::find(known.begin(), known.end(), top) != known.end()) return;
  const std::string hint = suggest(top, known);
  throw Error("nothing that can be swept begins with \"/" + top + "\"", where,
              hint.empty() ? "problem, training, policy, seed and repeats can be swept" : hint);
}

Axis parse_axis(const std::string& key, const Json& values) {
  const std::string where = "/sweep/" + escaped(key);
  Axis axis{key, joined_pointers(key), {}};
  for (const std::string& pointer : axis.pointers) check_pointer(pointer, where);
  if (!values.is_array() || values.empty())
    throw Error("a sweep needs a list of values", where, "write [value, value, ...]");
  const bool joined = axis.pointers.size() > 1;
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (joined && (!values[i].is_array() || values[i].size() != axis.pointers.size()))
      throw Error("joined keys need one value each", where + "/" + std::to_string(i),
                  "a list of " + counted(axis.pointers.size(), "value") + " is needed");
    axis.steps.push_back(joined ? values[i].get<std::vector<Json>>()
                                : std::vector<Json>{values[i]});
  }
  return axis;
}

std::vector<Axis> parse_sweep(const Json* sweep) {
  std::vector<Axis> axes;
  if (sweep == nullptr) return axes;
  if (!sweep->is_object())
    throw Error("no object stands here", "/sweep", "write {\"/pointer\": [values]}");
  std::vector<std::string> seen;
  std::size_t points = 1;
  for (const auto& member : sweep->items()) {
    axes.push_back(parse_axis(member.key(), member.value()));
    for (const std::string& pointer : axes.back().pointers) {
      if (std::find(seen.begin(), seen.end(), pointer) != seen.end())
        throw Error("\"" + pointer + "\" is swept twice", "/sweep/" + escaped(member.key()),
                    "sweep a field in one key");
      seen.push_back(pointer);
    }
    if (seen.size() > most_fields)
      throw Error("more than 100 fields are swept", "/sweep",
                  "sweep the object that holds them, as in \"/policy\"");
    points *= axes.back().steps.size();
    if (points > most_points)
      throw Error("the sweep has more than 50,000 points", "/sweep",
                  "shorten its lists, or share them out to several documents");
  }
  return axes;
}

// The step of every axis at point number `index`, the last axis fastest.
std::vector<std::size_t> steps_of(const std::vector<Axis>& axes, std::size_t index) {
  std::vector<std::size_t> step(axes.size());
  for (std::size_t i = axes.size(); i-- > 0;) {
    step[i] = index % axes[i].steps.size();
    index /= axes[i].steps.size();
  }
  return step;
}

Json edits_of(const std::vector<Axis>& axes, const std::vector<std::size_t>& step) {
  Json set = Json::object();
  for (std::size_t i = 0; i < axes.size(); ++i) {
    for (std::size_t k = 0; k < axes[i].pointers.size(); ++k)
      set[axes[i].pointers[k]] = axes[i].steps[step[i]][k];
  }
  return set;
}

// An error at a swept field, where it names the file that the sweep has there.
Error seen_in_sweep(const Error& error, const std::vector<Axis>& axes,
                    const std::vector<std::size_t>& step, const NamedFiles& files) {
  for (std::size_t i = 0; i < axes.size(); ++i) {
    for (std::size_t k = 0; k < axes[i].pointers.size(); ++k) {
      const std::string& pointer = axes[i].pointers[k];
      if (!leads_through(error.location(), pointer)) continue;
      const std::string place = axes[i].place(step[i], k);
      const Error there(error.message(), place + error.location().substr(pointer.size()),
                        error.hint());
      const std::string told = files.explained(there).location().substr(place.size());
      return Error(error.message(), pointer + told + " (from the sweep)", error.hint());
    }
  }
  return files.explained(error);
}

// What the points of a study are made of.
struct Parts {
  Json base;           // the document without sweep, fits and maps, the policy's files in it
  std::string folder;  // where paths of data begin
  std::vector<Axis> axes;
  Json fits, maps;
  NamedFiles files;
  [[nodiscard]] std::size_t count() const {
    std::size_t points = 1;
    for (const Axis& axis : axes) points *= axis.steps.size();
    return points;
  }
};

Experiment experiment_of(const Json& base, const Json& set, const std::string& folder,
                         std::any& kept) {
  Json document = base;
  for (const auto& edit : set.items()) {
    // A policy that is a name becomes an object before one of its places is swept.
    if (edit.key().starts_with("/policy/") && document.contains("policy"))
      document["policy"] = load_policy(document["policy"], "/policy", "");
    set_at(document, edit.key(), edit.value(), "/sweep/" + escaped(edit.key()));
  }
  return parse_experiment(document, folder, kept);
}

Point make_point(const Parts& parts, std::size_t index, std::any& kept) {
  const std::vector<std::size_t> step = steps_of(parts.axes, index);
  try {
    Json set = edits_of(parts.axes, step);
    Experiment experiment = experiment_of(parts.base, set, parts.folder, kept);
    return {std::move(set), std::move(experiment)};
  } catch (const Error& error) {
    throw seen_in_sweep(error, parts.axes, step, parts.files);
  }
}

bool is_policy(const std::string& pointer) { return leads_through(pointer, "/policy"); }

// Where fits or maps, a list of objects, name values of the policy that a sweep puts there.
void embed_files_of(Json& list, const std::string& where, const std::vector<const char*>& members,
                    const std::string& folder, NamedFiles& files) {
  if (!list.is_array()) return;
  for (std::size_t i = 0; i < list.size(); ++i) {
    for (const char* member : members) {
      if (!list[i].is_object() || !list[i].contains(member) || !list[i][member].is_object())
        continue;
      const std::string place = where + "/" + std::to_string(i) + "/" + member;
      for (auto& value : list[i][member].items()) {
        if (!is_policy(value.key())) continue;
        value.value() = with_policy_files(value.key(), value.value(),
                                          place + "/" + escaped(value.key()), folder, files);
      }
    }
  }
}

// Files that the document names take the place of their paths: in the policy, in what the sweep
// puts into it, and where a fit or a map speaks of that.
void embed_files(Parts& parts, const std::string& folder) {
  NamedFiles& files = parts.files;
  bool replaced = false;
  for (Axis& axis : parts.axes) {
    for (std::size_t k = 0; k < axis.pointers.size(); ++k) {
      const std::string& pointer = axis.pointers[k];
      replaced = replaced || pointer == "/policy";
      if (!is_policy(pointer)) continue;
      for (std::size_t i = 0; i < axis.steps.size(); ++i) {
        Json& value = axis.steps[i][k];
        value = with_policy_files(pointer, value, axis.place(i, k), folder, files);
      }
    }
  }
  if (replaced) parts.base.erase("policy");
  if (parts.base.contains("policy"))
    parts.base["policy"] =
        with_policy_files("/policy", parts.base["policy"], "/policy", folder, files);
  embed_files_of(parts.fits, "/fits", {"reference"}, folder, files);
  embed_files_of(parts.maps, "/maps", {"at", "relative_to"}, folder, files);
}

Json sweep_json(const std::vector<Axis>& axes) {
  Json sweep = Json::object();
  for (const Axis& axis : axes) {
    Json& list = sweep[axis.key] = Json::array();
    for (const std::vector<Json>& step : axis.steps)
      list.push_back(step.size() == 1 ? step.front() : Json(step));
  }
  return sweep;
}

// Fields that decide nothing about which other fields may stand beside them, or what these mean, so
// that defaults which were filled in at one value are right at all others.
bool stands_alone(const std::string& pointer, const Model& model) {
  static const std::set<std::string> of_all{"/seed", "/repeats", "/policy", "/problem",
                                            "/training"};
  const bool place = is_policy(pointer) && pointer.find('/', 8) == std::string::npos &&
                     !leads_through(pointer, "/policy/base");
  const auto& own = model.independent_fields;
  return place || of_all.count(pointer) > 0 ||
         std::find(own.begin(), own.end(), pointer) != own.end();
}

// Does the document, with its defaults filled in, give the points that it was made from?
bool gives_the_same(const Json& document, const Study& study, const std::string& folder,
                    const std::atomic<bool>* stop) {
  std::any kept;
  Json base = document;
  base.erase("sweep");
  base.erase("fits");
  try {
    for (const Point& point : study.points) {
      stop_if(stop);
      if (experiment_of(base, point.set, folder, kept).resolved != point.experiment.resolved)
        return false;
    }
  } catch (const Error&) {
    return false;
  }
  return true;
}

// A document with these members as they were given.
Json with_given(Json document, const std::set<std::string>& members, const Json& given) {
  for (const std::string& member : members) {
    if (given.contains(member)) document[member] = given[member];
    if (!given.contains(member)) document.erase(member);
  }
  return document;
}

// The document that the result repeats: one point's with every default filled in, the sweep and the
// fits. Where that does not give the same points again (a default does not go with other values of
// the sweep, a policy in full is about the layers of one network), what the sweep reaches into
// stays as it was given, and if need be the policy.
Json document_of(const Parts& parts, const Study& study, const std::atomic<bool>* stop) {
  Json document = study.points.front().experiment.resolved;
  std::set<std::string> dependent;
  std::set<std::string> reached;
  for (const Axis& axis : parts.axes) {
    for (const std::string& pointer : axis.pointers) {
      reached.insert(tokens_of(pointer, "").front());
      if (!stands_alone(pointer, *study.model)) dependent.insert(tokens_of(pointer, "").front());
    }
  }
  const auto is_right = [&](const Json& candidate) {
    return gives_the_same(candidate, study, parts.folder, stop);
  };
  if (!reached.empty() && !is_right(document)) {
    document = with_given(std::move(document), dependent, parts.base);
    if (dependent.empty() || !is_right(document)) {
      reached.insert("policy");
      document = with_given(std::move(document), reached, parts.base);
    }
  }
  document["sweep"] = sweep_json(parts.axes);
  document["fits"] = study.fits;
  if (!study.maps.empty()) document["maps"] = study.maps;
  return document;
}

std::string hash_of(const Study& study) {
  std::uint64_t hash = fnv_start;
  const auto add = [&hash](const Json& value) {
    const std::string text = value.dump();
    hash = fnv1a(text.data(), text.size() + 1, hash);
  };
  add(study.document);
  for (const Point& point : study.points) {
    add(point.set);
    add(point.experiment.resolved);
  }
  return hexadecimal(hash);
}

Parts parts_of(const Json& document) {
  if (!document.is_object())
    throw Error("an experiment is an object", "", "write {\"experiment\": ...}");
  Parts parts;
  parts.base = document;
  parts.base.erase("sweep");
  parts.base.erase("fits");
  parts.base.erase("maps");
  const auto sweep = document.find("sweep");
  const auto fits = document.find("fits");
  const auto maps = document.find("maps");
  parts.axes = parse_sweep(sweep == document.end() ? nullptr : &*sweep);
  parts.fits = fits == document.end() ? Json::array() : *fits;
  parts.maps = maps == document.end() ? Json::array() : *maps;
  return parts;
}

// The dimensions of a problem of which only one field is known.
double dimensions_with(const Model& model, const std::string& pointer, const Json& value) {
  if (pointer == "/problem") return model.dimensions(value);
  const std::vector<std::string> tokens = tokens_of(pointer, "");
  return tokens.size() == 2 ? model.dimensions(Json{{tokens.back(), value}}) : 0;
}

// Every problem of a study stays in memory.
void require_few_dimensions(const Parts& parts) {
  const auto name = parts.base.find("experiment");
  const Model* model = name != parts.base.end() && name->is_string()
                           ? find_model(name->get_ref<const std::string&>())
                           : nullptr;
  if (model == nullptr) return;
  double problems = 1;
  double dimensions = parts.base.contains("problem") ? model->dimensions(parts.base["problem"]) : 0;
  for (const Axis& axis : parts.axes) {
    bool reaches = false;
    for (std::size_t k = 0; k < axis.pointers.size(); ++k) {
      const std::string& pointer = axis.pointers[k];
      if (!leads_through(pointer, "/problem")) continue;
      reaches = true;
      for (const std::vector<Json>& step : axis.steps)
        dimensions = std::max(dimensions, dimensions_with(*model, pointer, step[k]));
    }
    if (reaches) problems *= static_cast<double>(axis.steps.size());
  }
  if (problems > 1 && problems * dimensions > most_dimensions)
    throw Error("the sweep's problems have more than 64 million dimensions together", "/sweep",
                "sweep fewer of them, or share them out to several documents");
}

// Refuses what would need more memory than a machine is sure to have.
class Budget {
 public:
  void spend(const Point& point) {
    outcomes_ += point.experiment.repeats;
    characters_ += point.experiment.resolved.dump().size() + point.set.dump().size();
    if (outcomes_ > most_outcomes)
      throw Error("the points have more than a million repeats together", "/repeats",
                  "ask for fewer, or share them out to documents of several seeds");
    if (characters_ > most_characters)
      throw Error("the documents of the sweep's points have more than 128 million characters",
                  "/sweep", "share them out to several documents, or shorten the lists in them");
  }

 private:
  std::uint64_t outcomes_ = 0;
  std::size_t characters_ = 0;
};

Study expand(const Json& document, const std::string& folder, const std::atomic<bool>* stop) {
  Parts parts = parts_of(document);
  parts.folder = folder;
  require_few_dimensions(parts);
  embed_files(parts, folder);
  Study study;
  std::any kept;
  Budget budget;
  const std::size_t count = parts.count();
  study.points.reserve(count);
  for (std::size_t i = 0; i < count; ++i) {
    stop_if(stop);
    study.points.push_back(make_point(parts, i, kept));
    budget.spend(study.points.back());
  }
  std::vector<std::string> swept;
  for (const Axis& axis : parts.axes)
    swept.insert(swept.end(), axis.pointers.begin(), axis.pointers.end());
  const Experiment& first = study.points.front().experiment;
  study.model = first.model;
  const FitScope scope{.swept = std::move(swept),
                       .metrics = {study.model->metrics.begin(), study.model->metrics.end()}};
  study.fits = check_fits(parts.fits, scope, first.resolved);
  std::vector<const Json*> sets;
  for (const Point& point : study.points) sets.push_back(&point.set);
  study.maps = check_maps(parts.maps, scope, sets);
  study.document = document_of(parts, study, stop);
  study.hash = hash_of(study);
  return study;
}

}  // namespace

Study make_study(const Json& document, const std::string& where, const std::atomic<bool>* stop) {
  try {
    return expand(document, std::filesystem::path(where).parent_path().string(), stop);
  } catch (const Error& error) {
    throw error.at(where);
  }
}

namespace {

bool is_utf8(const std::string& text) {
  try {
    (void)Json(text).dump();
    return true;
  } catch (const Json::type_error&) {
    return false;
  }
}

}  // namespace

Json apply_settings(const Json& document, const std::vector<std::string>& settings) {
  Json edited = document;
  for (const std::string& setting : settings) {
    const std::size_t equals = setting.find('=');
    const std::string where = "--set " + setting;
    if (equals == std::string::npos || setting.front() != '/')
      throw Error("no setting", where, "write /path=value, as in /training/samples=4096");
    const std::string pointer = setting.substr(0, equals);
    const std::string text = setting.substr(equals + 1);
    if (edited.is_object() && edited.contains("sweep") && edited["sweep"].is_object()) {
      for (const auto& axis : edited["sweep"].items()) {
        const std::vector<std::string> pointers = joined_pointers(axis.key());
        if (std::find(pointers.begin(), pointers.end(), pointer) != pointers.end())
          throw Error("the document sweeps \"" + pointer + "\"", where,
                      "set /sweep/" + escaped(axis.key()) + " to a list instead");
      }
    }
    if (!is_utf8(setting)) throw Error("no UTF-8 text", where, "write it in UTF-8");
    set_at(edited, pointer, parse_if_json(text, where).value_or(Json(text)), where);
  }
  return edited;
}

}  // namespace halfulp::experiments

// SPDX-License-Identifier: MIT
#include "experiments/sweep.h"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "experiments/results/fit.h"
#include "experiments/run.h"
#include "formats/counted.h"
#include "formats/error.h"

namespace halfulp::experiments {
namespace {

constexpr std::size_t most_points = 1'000'000;

std::vector<std::string> tokens_of(const std::string& pointer, const std::string& where) {
  if (pointer.empty() || pointer.front() != '/')
    throw Error("\"" + pointer + "\" is no JSON pointer", where,
                "it begins with a slash, as in \"/problem/sketch_size\"");
  std::vector<std::string> tokens;
  for (std::size_t i = 0; i < pointer.size();) {
    const std::size_t end = std::min(pointer.find('/', i + 1), pointer.size());
    std::string token;
    for (std::size_t k = i + 1; k < end; ++k) {
      const bool escape = pointer[k] == '~' && k + 1 < end;
      if (escape && (pointer[k + 1] == '0' || pointer[k + 1] == '1')) {
        token += pointer[++k] == '0' ? '~' : '/';
      } else {
        token += pointer[k];
      }
    }
    tokens.push_back(token);
    i = end;
  }
  return tokens;
}

// The element of a list, or nullptr.
template <typename AnyJson>
AnyJson* element(AnyJson& list, const std::string& token) {
  std::size_t index = 0;
  const auto [end, error] = std::from_chars(token.data(), token.data() + token.size(), index);
  if (error != std::errc() || end != token.data() + token.size() || index >= list.size())
    return nullptr;
  return &list[index];
}

// One key of a sweep: the pointers that move together, and a list of values for each of its steps.
struct Axis {
  std::vector<std::string> pointers;
  std::vector<std::vector<Json>> steps;
};

std::vector<std::string> split_key(const std::string& key) {
  std::vector<std::string> pointers;
  std::size_t first = 0;
  for (std::size_t plus = key.find("+/"); plus != std::string::npos;
       plus = key.find("+/", plus + 1)) {
    pointers.push_back(key.substr(first, plus - first));
    first = plus + 1;
  }
  pointers.push_back(key.substr(first));
  return pointers;
}

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
  Axis axis{split_key(key), {}};
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
    points *= axes.back().steps.size();
    if (points > most_points)
      throw Error("the sweep has more than a million points", "/sweep", "shorten its lists");
  }
  return axes;
}

// The edits of point number `index`, last axis fastest.
Json edits_of(const std::vector<Axis>& axes, std::size_t index) {
  std::vector<std::size_t> step(axes.size());
  for (std::size_t i = axes.size(); i-- > 0;) {
    step[i] = index % axes[i].steps.size();
    index /= axes[i].steps.size();
  }
  Json set = Json::object();
  for (std::size_t i = 0; i < axes.size(); ++i) {
    for (std::size_t k = 0; k < axes[i].pointers.size(); ++k)
      set[axes[i].pointers[k]] = axes[i].steps[step[i]][k];
  }
  return set;
}

Point make_point(const Json& base, const Json& set, const std::string& folder,
                 ProblemCache& cache) {
  Json document = base;
  try {
    for (const auto& edit : set.items()) {
      // A policy file is read before one of its places is swept.
      if (edit.key().starts_with("/policy/") && document.contains("policy"))
        document["policy"] = load_policy(document["policy"], "/policy", folder);
      set_at(document, edit.key(), edit.value(), "/sweep/" + escaped(edit.key()));
    }
    return {set, parse_experiment(document, folder, cache)};
  } catch (const Error& error) {
    for (const auto& edit : set.items()) {
      if (error.location().starts_with(edit.key()))
        throw Error(error.message(), error.location() + " (from the sweep)", error.hint());
    }
    throw;
  }
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

Study expand(const Json& document, const std::string& folder, const std::atomic<bool>* stop) {
  if (!document.is_object())
    throw Error("an experiment is an object", "", "write {\"experiment\": ...}");
  Json base = document;
  const auto sweep = document.find("sweep");
  const auto fits = document.find("fits");
  base.erase("sweep");
  base.erase("fits");
  const std::vector<Axis> axes = parse_sweep(sweep == document.end() ? nullptr : &*sweep);
  std::size_t count = 1;
  for (const Axis& axis : axes) count *= axis.steps.size();
  Study study;
  ProblemCache cache;
  study.points.reserve(count);
  for (std::size_t i = 0; i < count; ++i) {
    stop_if(stop);
    study.points.push_back(make_point(base, edits_of(axes, i), folder, cache));
  }
  study.document = study.points.front().experiment.resolved;
  study.document["sweep"] = sweep == document.end() ? Json::object() : *sweep;
  std::vector<std::string> swept;
  for (const Axis& axis : axes)
    swept.insert(swept.end(), axis.pointers.begin(), axis.pointers.end());
  study.fits = check_fits(fits == document.end() ? Json::array() : *fits, swept,
                          study.points.front().experiment.resolved);
  study.document["fits"] = study.fits;
  study.hash = hash_of(study);
  return study;
}

}  // namespace

std::string escaped(const std::string& key) {
  std::string token;
  for (const char c : key) {
    if (c == '~') {
      token += "~0";
    } else if (c == '/') {
      token += "~1";
    } else {
      token += c;
    }
  }
  return token;
}

void set_at(Json& document, const std::string& pointer, const Json& value,
            const std::string& where) {
  const std::vector<std::string> tokens = tokens_of(pointer, where);
  Json* node = &document;
  for (const std::string& token : tokens) {
    if (node->is_null()) *node = Json::object();
    Json* next = nullptr;
    if (node->is_object()) next = &(*node)[token];
    if (node->is_array()) next = element(*node, token);
    if (next == nullptr)
      throw Error("\"" + pointer + "\" leads nowhere: there is no \"" + token + "\" to set", where,
                  "name a field of the document");
    node = next;
  }
  *node = value;
}

const Json* find_at(const Json& document, const std::string& pointer) {
  const Json* node = &document;
  for (const std::string& token : tokens_of(pointer, "")) {
    const Json* next = nullptr;
    if (node->is_object()) {
      const auto found = node->find(token);
      if (found != node->end()) next = &*found;
    } else if (node->is_array()) {
      next = element(*node, token);
    }
    if (next == nullptr) return nullptr;
    node = next;
  }
  return node;
}

Study make_study(const Json& document, const std::string& where, const std::atomic<bool>* stop) {
  try {
    return expand(document, std::filesystem::path(where).parent_path().string(), stop);
  } catch (const Error& error) {
    throw error.at(where);
  }
}

std::size_t check(const Json& document, const std::string& where) {
  return make_study(document, where).points.size();
}

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
        const std::vector<std::string> pointers = split_key(axis.key());
        if (std::find(pointers.begin(), pointers.end(), pointer) != pointers.end())
          throw Error("the document sweeps \"" + pointer + "\"", where,
                      "set /sweep/" + escaped(axis.key()) + " to a list instead");
      }
    }
    const Json value = Json::parse(text, nullptr, false);
    set_at(edited, pointer, value.is_discarded() ? Json(text) : value, where);
  }
  return edited;
}

std::uint64_t fnv1a(const void* bytes, std::size_t count, std::uint64_t hash) {
  const auto* byte = static_cast<const unsigned char*>(bytes);
  for (std::size_t i = 0; i < count; ++i) hash = (hash ^ byte[i]) * 0x100000001b3;
  return hash;
}

std::string hexadecimal(std::uint64_t hash) {
  std::string text;
  for (int shift = 60; shift >= 0; shift -= 4) text += "0123456789abcdef"[(hash >> shift) & 15];
  return text;
}

}  // namespace halfulp::experiments

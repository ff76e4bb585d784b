// SPDX-License-Identifier: MIT
#include "formats/json/named_files.h"

#include <algorithm>
#include <array>
#include <filesystem>

namespace halfulp {
namespace {

constexpr int deepest = 8;
constexpr std::size_t most_characters = std::size_t{1} << 26;

// Members that are formats or quantizers, in every kind of object that describes one.
constexpr std::array<std::string_view, 6> description_keys{"format",      "element", "scale",
                                                           "accumulator", "product", "outer"};

bool is_description(const std::string& key) {
  return std::find(description_keys.begin(), description_keys.end(), key) != description_keys.end();
}

// Members that are read as a quantizer only: where a path may stand for a format, its content is
// the quantizer's format.
bool takes_quantizers_only(const std::string& key) { return key == "element" || key == "scale"; }

bool is_path(const Json& value) {
  return value.is_string() && looks_like_path(value.get_ref<const std::string&>());
}

// Does `place` name `location` or something that it lies in?
bool holds(const std::string& place, const std::string& location) {
  return location.starts_with(place) &&
         (location.size() == place.size() || place.empty() || location[place.size()] == '/');
}

}  // namespace

NamedFiles::Content NamedFiles::read(const std::string& path, const std::string& place,
                                     const std::string& folder) {
  const std::filesystem::path full = std::filesystem::path(folder) / path;
  const std::string name = full.string();
  try {
    auto source = known_.find(name);
    if (source == known_.end()) {
      Json value = read_json_file(name);
      const std::size_t size = value.dump().size();
      source = known_.emplace(name, Source{std::move(value), size}).first;
    }
    characters_ += source->second.size;
    if (characters_ > most_characters)
      throw Error(
          "the files that are named here have more than 64 million characters, each "
          "counted as often as it is named",
          name, "name smaller files, or fewer of them");
    entries_.push_back({place, name});
    return {source->second.value, full.parent_path().string()};
  } catch (const Error& error) {
    throw error.at(place);
  }
}

Json NamedFiles::description(const Json& value, const std::string& place,
                             const std::string& folder) {
  if (!is_path(value)) return members(value, place, folder);
  const auto path = value.get<std::string>();
  if (depth_ == deepest)
    throw Error("\"" + path +
                    "\" is named by a file that is named by a file, and so on: more than " +
                    std::to_string(deepest) + " deep, or in a circle",
                place, "name files that stand by themselves");
  const Content content = read(path, place, folder);
  ++depth_;
  Json whole;
  try {
    whole = description(content.value, place, content.folder);
  } catch (...) {
    --depth_;
    throw;
  }
  --depth_;
  if (whole.is_object() && whole.contains("kind") && !whole.contains("name"))
    whole["name"] = std::filesystem::path(path).stem().string();
  return whole;
}

Json NamedFiles::member(const std::string& key, const Json& value, const std::string& place,
                        const std::string& folder) {
  if (!is_description(key)) return members(value, place, folder);
  const std::size_t first = entries_.size();
  Json whole = description(value, place, folder);
  const bool format = whole.is_object() && whole.contains("kind") && !whole.contains("format");
  if (!is_path(value) || !format || !takes_quantizers_only(key)) return whole;
  for (std::size_t i = first; i < entries_.size(); ++i)
    entries_[i].place.insert(place.size(), "/format");
  return Json{{"format", whole}};
}

Json NamedFiles::members(const Json& value, const std::string& place, const std::string& folder) {
  Json whole = value;
  if (whole.is_object()) {
    for (auto& entry : whole.items()) {
      const std::string& key = entry.key();
      if (is_description(key) || key == "levels" || key == "scaling")
        entry.value() = member(key, entry.value(), place + "/" + key, folder);
    }
  }
  if (whole.is_array()) {
    for (std::size_t i = 0; i < whole.size(); ++i)
      if (whole[i].is_object())
        whole[i] = members(whole[i], place + "/" + std::to_string(i), folder);
  }
  return whole;
}

void NamedFiles::remember(const std::string& place, const std::string& name) {
  entries_.push_back({place, name});
}

Error NamedFiles::explained(const Error& error) const {
  const Entry* nearest = nullptr;
  for (const Entry& entry : entries_) {
    const bool nearer = nearest == nullptr || entry.place.size() >= nearest->place.size();
    if (nearer && holds(entry.place, error.location())) nearest = &entry;
  }
  if (nearest == nullptr) return error;
  const std::string rest = error.location().substr(nearest->place.size());
  std::string location = nearest->place;
  for (const std::string& part : {nearest->path, rest})
    if (!part.empty()) location += (location.empty() ? "" : ": ") + part;
  return Error(error.message(), location, error.hint());
}

}  // namespace halfulp

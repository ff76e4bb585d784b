// SPDX-License-Identifier: MIT
#include "formats/json.h"

#include <cmath>
#include <fstream>
#include <iterator>
#include <limits>
#include <nlohmann/json.hpp>
#include <sstream>

#include "formats/error.h"

namespace halfulp {
namespace {

// "line 3, column 7" of a byte position (1-based, as nlohmann counts).
std::string line_and_column(std::string_view text, std::size_t position) {
  std::size_t line = 1;
  std::size_t column = 1;
  for (std::size_t i = 0; i + 1 < position && i < text.size(); ++i) {
    column = text[i] == '\n' ? 1 : column + 1;
    line += text[i] == '\n' ? 1 : 0;
  }
  return "line " + std::to_string(line) + ", column " + std::to_string(column);
}

std::string type_of(const Json& value) {
  if (value.is_number_float()) return "a fraction";
  if (value.is_number()) return "a number";
  return std::string("a ") + value.type_name();
}

// The text of a bound for a message: integers without a point.
std::string bound_text(double x) {
  std::ostringstream out;
  out << x;
  return out.str();
}

// JSON objects must not repeat a key: the later value would silently win.
class DuplicateKeys {
 public:
  bool operator()(int /*depth*/, Json::parse_event_t event, Json& parsed) {
    if (event == Json::parse_event_t::object_start) open_.emplace_back();
    if (event == Json::parse_event_t::object_end && !open_.empty()) open_.pop_back();
    if (event == Json::parse_event_t::key && !open_.empty()) {
      const auto key = parsed.get<std::string>();
      if (!open_.back().insert(key).second)
        throw Error("the key \"" + key + "\" stands twice in one object");
    }
    return true;
  }

 private:
  std::vector<std::set<std::string>> open_;
};

}  // namespace

Json parse_json(std::string_view text, const std::string& where) {
  // The parser takes a NUL byte for the end and would accept whatever follows.
  if (const std::size_t nul = text.find('\0'); nul != std::string_view::npos)
    throw Error("not valid JSON: a NUL byte", where + ": " + line_and_column(text, nul + 1),
                "remove it");
  DuplicateKeys duplicates;
  try {
    return Json::parse(
        text,
        [&](int depth, Json::parse_event_t event, Json& parsed) {
          return duplicates(depth, event, parsed);
        },
        true, true);
  } catch (const Json::parse_error& error) {
    const bool cut_off = error.byte >= text.size();
    throw Error(cut_off ? "the JSON text ends too early" : "not valid JSON",
                where + ": " + line_and_column(text, error.byte),
                cut_off ? "close every bracket and quotation mark"
                        : "check commas, quotation marks and brackets here");
  } catch (const Json::exception& error) {
    throw Error(std::string("not valid JSON (") + error.what() + ")", where);
  } catch (const Error& error) {
    throw error.at(where);
  }
}

Json read_json_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw Error("cannot be read", path, "give the path of a JSON file that exists");
  std::string text;
  try {
    text.assign(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
  } catch (const std::ios_base::failure&) {  // a folder
    file.setstate(std::ios::badbit);
  }
  if (file.bad() || (text.empty() && file.fail()))
    throw Error("cannot be read", path, "is it a file?");
  return parse_json(text, path);
}

ObjectReader::ObjectReader(const Json& object, std::string where)
    : object_(object), where_(std::move(where)) {
  if (!object_.is_object())
    throw Error(type_of(object_) + " stands here", where_, "an object {...} is needed");
}

const Json* ObjectReader::find(const std::string& key) {
  known_.insert(key);
  const auto found = object_.find(key);
  return found == object_.end() ? nullptr : &*found;
}

bool ObjectReader::has(const std::string& key) { return find(key) != nullptr; }

const Json& ObjectReader::require(const std::string& key) {
  const Json* found = find(key);
  if (found == nullptr) throw Error("\"" + key + "\" is missing", where_, "add it");
  return *found;
}

bool ObjectReader::boolean(const std::string& key, bool otherwise) {
  const Json* found = find(key);
  if (found == nullptr) return otherwise;
  if (!found->is_boolean())
    throw Error(type_of(*found) + " stands here", place(key), "true or false is needed");
  return found->get<bool>();
}

std::int64_t ObjectReader::integer(const std::string& key, std::int64_t otherwise,
                                   std::int64_t lowest, std::int64_t highest) {
  const Json* found = find(key);
  return found == nullptr ? otherwise : integer_from(*found, place(key), lowest, highest);
}

double ObjectReader::number(const std::string& key, double otherwise, double lowest,
                            double highest) {
  const Json* found = find(key);
  return found == nullptr ? otherwise : number_from(*found, place(key), lowest, highest);
}

std::string ObjectReader::text(const std::string& key, const std::string& otherwise) {
  const Json* found = find(key);
  if (found == nullptr) return otherwise;
  if (!found->is_string())
    throw Error(type_of(*found) + " stands here", place(key),
                "a text in quotation marks is needed");
  return found->get<std::string>();
}

std::size_t ObjectReader::choice(const std::string& key, std::size_t otherwise,
                                 const std::vector<std::string>& choices) {
  if (!has(key)) return otherwise;
  const std::string word = text(key, "");
  for (std::size_t i = 0; i < choices.size(); ++i) {
    if (choices[i] == word) return i;
  }
  std::string list;
  for (const std::string& choice : choices)
    list += (list.empty() ? "" : ", ") + ("\"" + choice + "\"");
  const std::string hint = suggest(word, choices);
  throw Error("\"" + word + "\" is not among " + list, place(key), hint);
}

void ObjectReader::finish() const {
  for (const auto& member : object_.items()) {
    if (known_.count(member.key()) > 0) continue;
    const std::string hint = suggest(member.key(), {known_.begin(), known_.end()});
    std::string list;
    for (const std::string& key : known_) list += (list.empty() ? "" : ", ") + key;
    throw Error("unknown key \"" + member.key() + "\"", place(member.key()),
                hint.empty() ? "the keys here are " + list : hint);
  }
}

double number_from(const Json& value, const std::string& where, double lowest, double highest) {
  if (!value.is_number()) throw Error(type_of(value) + " stands here", where, "a number is needed");
  const auto x = value.get<double>();
  if (!(x >= lowest && x <= highest)) {
    throw Error(value.dump() + " is out of range", where,
                highest < std::numeric_limits<double>::max()
                    ? bound_text(lowest) + " to " + bound_text(highest) + " is possible"
                    : "at least " + bound_text(lowest) + " is needed");
  }
  return x;
}

std::int64_t integer_from(const Json& value, const std::string& where, std::int64_t lowest,
                          std::int64_t highest) {
  if (!value.is_number())
    throw Error(type_of(value) + " stands here", where, "an integer is needed");
  const auto x = value.get<double>();
  constexpr double beyond_int64 = 9.2e18;
  if (x != std::floor(x) || std::fabs(x) > beyond_int64)
    throw Error(value.dump() + " is no integer", where, "an integer is needed");
  const std::int64_t n =
      value.is_number_float() ? static_cast<std::int64_t>(x) : value.get<std::int64_t>();
  if (n < lowest || n > highest) {
    throw Error(std::to_string(n) + " is out of range", where,
                std::to_string(lowest) + " to " + std::to_string(highest) + " is possible");
  }
  return n;
}

Json number_json(double x) {
  if (std::isnan(x)) return "nan";
  if (std::isinf(x)) return x < 0 ? "-inf" : "inf";
  return x;
}

}  // namespace halfulp

// SPDX-License-Identifier: MIT
#include "formats/json.h"

#include <cmath>
#include <fstream>
#include <istream>
#include <limits>
#include <locale>
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
  out.imbue(std::locale::classic());
  out << x;
  return out.str();
}

// A key or a text from a document, short enough for a message.
std::string shown(std::string_view text) {
  constexpr std::size_t longest = 60;
  return text.size() <= longest ? std::string(text) : std::string(text.substr(0, longest)) + "...";
}

std::string joined(const std::string& where, const std::string& rest) {
  if (where.empty() || rest.empty()) return where + rest;
  return where + ": " + rest;
}

// Watches a text being parsed: the limits, and keys that stand twice in one object, where the later
// value would silently win. Knows the place at which the parser is.
class Watch {
 public:
  bool operator()(Json::parse_event_t event, const Json& parsed) {
    using Event = Json::parse_event_t;
    switch (event) {
      case Event::object_start:
        open(true);
        break;
      case Event::array_start:
        open(false);
        break;
      case Event::object_end:
      case Event::array_end:
        close();
        break;
      case Event::key:
        add_key(parsed.get_ref<const std::string&>());
        break;
      case Event::value:
        add_value(parsed);
        break;
    }
    return true;
  }

  // The JSON pointer of what is being read, as far as it fits in a line.
  [[nodiscard]] std::string place() const {
    constexpr std::size_t most_tokens = 8;
    std::string text;
    for (std::size_t i = 0; i < open_.size(); ++i) {
      if (i == most_tokens) return text + "/...";
      const Open& in = open_[i];
      if (in.is_object && in.keys.empty()) break;
      text += "/" + (in.is_object ? shown(in.key) : std::to_string(in.elements));
    }
    return text;
  }

 private:
  struct Open {
    bool is_object = false;
    std::size_t elements = 0;  // of a list: those that are complete
    std::string key;           // of an object: the last one
    std::set<std::string> keys;
  };

  void open(bool is_object) {
    if (open_.size() == json_limits::depth)
      throw Error("lists and objects lie more than " + std::to_string(json_limits::depth) +
                      " deep in each other",
                  place(), "no document needs that");
    open_.emplace_back().is_object = is_object;
  }

  void close() {
    open_.pop_back();
    count();
  }

  void add_key(const std::string& key) {
    Open& object = open_.back();
    require_short(key, "a key");
    if (object.keys.size() == json_limits::members)
      throw Error("an object has more than " + std::to_string(json_limits::members) + " members",
                  place(), "no document needs that");
    if (!object.keys.insert(key).second)
      throw Error("the key \"" + shown(key) + "\" stands twice in one object", place());
    object.key = key;
  }

  void add_value(const Json& value) {
    if (value.is_string()) require_short(value.get_ref<const std::string&>(), "a text");
    count();
  }

  void count() {
    if (!open_.empty()) ++open_.back().elements;
  }

  void require_short(const std::string& text, const std::string& what) const {
    if (text.size() > json_limits::text)
      throw Error(what + " of " + std::to_string(text.size()) + " bytes begins with \"" +
                      shown(text).substr(0, 20) + "\"",
                  place(), "at most " + std::to_string(json_limits::text) + " are read");
  }

  std::vector<Open> open_;
};

void require_file_size(std::size_t size, const std::string& where) {
  if (size > json_limits::file)
    throw Error("more than " + std::to_string(json_limits::file >> 20U) + " MiB of text", where,
                "no document needs that");
}

// The parser takes a NUL byte for the end and would accept whatever follows.
void require_no_nul(std::string_view text, const std::string& where) {
  if (const std::size_t nul = text.find('\0'); nul != std::string_view::npos)
    throw Error("not valid JSON: a NUL byte", joined(where, line_and_column(text, nul + 1)),
                "remove it");
}

// Throws nlohmann's parse_error where the text is no JSON.
Json parse_watched(std::string_view text, const std::string& where) {
  Watch watch;
  try {
    return Json::parse(
        text,
        [&](int /*depth*/, Json::parse_event_t event, Json& parsed) {
          return watch(event, parsed);
        },
        true, true);
  } catch (const Json::out_of_range&) {
    throw Error("a number beyond binary64 stands here", joined(where, watch.place()),
                "at most 1.797693134862315e308 is possible");
  } catch (const Error& error) {
    throw where.empty() ? error : error.at(where);
  }
}

}  // namespace

Json parse_json(std::string_view text, const std::string& where) {
  require_file_size(text.size(), where);
  require_no_nul(text, where);
  try {
    return parse_watched(text, where);
  } catch (const Json::parse_error& error) {
    const bool cut_off = error.byte >= text.size();
    throw Error(cut_off ? "the JSON text ends too early" : "not valid JSON",
                joined(where, line_and_column(text, error.byte)),
                cut_off ? "close every bracket and quotation mark"
                        : "check commas, quotation marks and brackets here");
  } catch (const Json::exception&) {
    throw Error("not valid JSON", where);
  }
}

std::optional<Json> parse_if_json(std::string_view text, const std::string& where) {
  try {
    return parse_watched(text, where);
  } catch (const Json::exception&) {
    return std::nullopt;
  }
}

Json read_json(std::istream& stream, const std::string& where) {
  std::string text;
  constexpr std::size_t piece = 65536;
  try {
    while (stream) {
      const std::size_t begin = text.size();
      text.resize(begin + piece);
      stream.read(text.data() + begin, piece);
      text.resize(begin + static_cast<std::size_t>(stream.gcount()));
      // Now rather than at the end, which an endless stream does not have.
      require_file_size(text.size(), where);
      if (std::string_view(text).substr(begin).find('\0') != std::string_view::npos)
        require_no_nul(text, where);
    }
  } catch (const std::ios_base::failure&) {  // a folder
    stream.setstate(std::ios::badbit);
  }
  if (stream.bad()) throw Error("cannot be read", where, "is it a file?");
  return parse_json(text, where);
}

Json read_json_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw Error("cannot be read", path, "give the path of a JSON file that exists");
  return read_json(file, path);
}

void require_json_depth(std::size_t depth, const std::string& where) {
  if (depth > json_limits::depth)
    throw Error("a place " + std::to_string(depth) + " levels deep", where,
                "at most " + std::to_string(json_limits::depth) + " are possible");
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
  throw Error("\"" + shown(word) + "\" is not among " + list, place(key), hint);
}

void ObjectReader::finish() const {
  for (const auto& member : object_.items()) {
    if (known_.count(member.key()) > 0) continue;
    const std::string hint = suggest(member.key(), {known_.begin(), known_.end()});
    std::string list;
    for (const std::string& key : known_) list += (list.empty() ? "" : ", ") + key;
    throw Error("unknown key \"" + shown(member.key()) + "\"", place(shown(member.key())),
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

// SPDX-License-Identifier: MIT
//
// The text is read piece by piece, as nlohmann's parser meets keys and values, and never becomes a
// tree: what does not belong is refused where it stands.
#include "formats/files/safetensors_header.h"

#include <limits>
#include <nlohmann/json.hpp>
#include <set>

#include "formats/error.h"
#include "formats/files/bytes.h"

namespace halfulp::tensors {
namespace {

constexpr const char* damaged = "is the file damaged?";

// The functions that nlohmann's parser calls, by the names it knows; each answers whether to go on,
// and here either does or throws Error.
class HeaderReader {
 public:
  SafetensorsHeader header;

  bool null() { return refuse("null"); }
  bool boolean(bool) { return refuse("a truth value"); }
  bool number_integer(std::int64_t) { return refuse("a negative number"); }
  bool number_float(double, const std::string&) { return refuse("a fraction"); }
  bool binary(nlohmann::json::binary_t&) { return refuse("binary data"); }

  bool number_unsigned(std::uint64_t number) {
    constexpr std::uint64_t largest_dimension = std::uint64_t{1} << 60;
    if (inside_ == Inside::shape) {
      if (entry_.shape.size() == most_dimensions) return refuse("a 65th dimension");
      if (number > largest_dimension) return refuse("a dimension beyond 2^60");
      entry_.shape.push_back(static_cast<std::int64_t>(number));
      return true;
    }
    if (inside_ != Inside::offsets) return refuse("a number");
    if (offsets_ == 2) return refuse("a third offset");
    (offsets_++ == 0 ? entry_.begin : entry_.end) = number;
    return true;
  }

  bool string(std::string& text) {
    if (inside_ == Inside::metadata) {
      header.metadata.emplace_back(key_, text);
      return true;
    }
    if (inside_ != Inside::entry || key_ != "dtype") return refuse("a text");
    entry_.type = text;
    return true;
  }

  bool start_object(std::size_t) {
    keys_.clear();
    if (inside_ == Inside::nothing) {
      inside_ = Inside::top;
    } else if (inside_ == Inside::top) {
      inside_ = name_ == metadata_key ? Inside::metadata : Inside::entry;
      entry_ = SafetensorsEntry{.name = name_, .type = {}, .shape = {}};
    } else {
      return refuse("an object");
    }
    return true;
  }

  bool key(std::string& key) {
    std::set<std::string>& known = inside_ == Inside::top ? names_ : keys_;
    if (!known.insert(key).second)
      throw Error("the key \"" + printable(key) + "\" stands twice", place(), damaged);
    if (inside_ == Inside::top) name_ = key;
    key_ = key;
    if (inside_ == Inside::entry && key != "dtype" && key != "shape" && key != "data_offsets")
      throw Error("unknown key \"" + printable(key) + "\"", place(),
                  "the keys here are dtype, shape, data_offsets");
    return true;
  }

  bool end_object() {
    if (inside_ == Inside::entry) {
      for (const char* needed : {"dtype", "shape", "data_offsets"}) {
        if (keys_.count(needed) == 0)
          throw Error(std::string("\"") + needed + "\" is missing", "/" + printable(name_),
                      damaged);
      }
      header.entries.push_back(std::move(entry_));
    }
    inside_ = inside_ == Inside::top ? Inside::nothing : Inside::top;
    return true;
  }

  bool start_array(std::size_t) {
    if (inside_ != Inside::entry || key_ == "dtype") return refuse("a list");
    inside_ = key_ == "shape" ? Inside::shape : Inside::offsets;
    offsets_ = 0;
    return true;
  }

  bool end_array() {
    if (inside_ == Inside::offsets && offsets_ != 2)
      throw Error("fewer than two offsets", place(), damaged);
    inside_ = Inside::entry;
    return true;
  }

  bool parse_error(std::size_t position, const std::string&, const nlohmann::json::exception&) {
    throw Error("the header is not valid JSON at its byte " + std::to_string(position), "",
                damaged);
  }

 private:
  enum class Inside : std::uint8_t { nothing, top, metadata, entry, shape, offsets };
  [[nodiscard]] std::string place() const {
    if (inside_ == Inside::nothing || name_.empty()) return "header";
    if (inside_ == Inside::top) return "/" + printable(name_);
    return "/" + printable(name_) + "/" + printable(key_);
  }

  [[nodiscard]] bool refuse(const std::string& what) const {
    throw Error(what + " stands here", place(), damaged);
  }

  Inside inside_ = Inside::nothing;
  std::set<std::string> names_, keys_;  // seen at the top, and in the object inside it
  std::string name_, key_;
  SafetensorsEntry entry_;
  int offsets_ = 0;
};

std::string quoted(const std::string& text) {
  return nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace

SafetensorsHeader parse_safetensors_header(std::string_view text) {
  if (text.empty() || text.front() != '{')
    throw Error("no safetensors file: the header does not begin with {", "", "is it one?");
  // nlohmann's parser takes a zero byte for the end.
  if (const std::size_t zero = text.find('\0'); zero != std::string_view::npos)
    throw Error("the header is not valid JSON at its byte " + std::to_string(zero + 1), "",
                damaged);
  HeaderReader reader;
  nlohmann::json::sax_parse(text, &reader);
  return std::move(reader.header);
}

std::string safetensors_header_text(const SafetensorsHeader& header) {
  std::string text = "{";
  for (const auto& [key, value] : header.metadata) {
    text += text == "{" ? quoted(metadata_key) + ":{" : ",";
    text += quoted(key) + ":" + quoted(value);
  }
  if (!header.metadata.empty()) text += "}";
  for (const SafetensorsEntry& entry : header.entries) {
    std::string shape;
    for (const std::int64_t dimension : entry.shape)
      shape += (shape.empty() ? "" : ",") + std::to_string(dimension);
    text += text == "{" ? "" : ",";
    text += quoted(entry.name) + ":{\"dtype\":" + quoted(entry.type) + ",\"shape\":[" + shape +
            "],\"data_offsets\":[" + std::to_string(entry.begin) + "," + std::to_string(entry.end) +
            "]}";
  }
  return text + "}";
}

}  // namespace halfulp::tensors

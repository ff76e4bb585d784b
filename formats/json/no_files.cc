// SPDX-License-Identifier: MIT
#include "formats/json/no_files.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <string_view>

#include "formats/error.h"
#include "formats/json.h"

namespace halfulp {
namespace {

// Members that no description takes for a path, and that may have slashes: sources, instructions.
constexpr std::array<std::string_view, 6> words{"name",         "aliases",     "vendor",
                                                "architecture", "instruction", "evidence"};

[[noreturn]] void refuse(const std::string& text, const std::string& where) {
  constexpr std::size_t most = 80;
  throw Error("\"" + text.substr(0, most) + "\" names a file, and none is opened here", where,
              "give a name, or the file's JSON text");
}

// As deep as json_limits::depth lets it.
void refuse_files_in(const Json& value, const std::string& where) {
  if (value.is_string() && looks_like_path(value.get_ref<const std::string&>()))
    refuse(value.get<std::string>(), where);
  if (value.is_array()) {
    for (std::size_t i = 0; i < value.size(); ++i)
      refuse_files_in(value[i], where + "/" + std::to_string(i));
  }
  if (!value.is_object()) return;
  for (const auto& member : value.items()) {
    if (std::ranges::find(words, std::string_view(member.key())) == words.end())
      refuse_files_in(member.value(), where + "/" + member.key());
  }
}

}  // namespace

void refuse_files(const std::string& text, const std::string& where) {
  if (looks_like_json(text)) return refuse_files_in(parse_json(text, where), where);
  // Also within: an order of products names formats among its pieces.
  if (text.find('/') != std::string::npos || text.find(".json") != std::string::npos)
    refuse(text, where);
}

}  // namespace halfulp

// SPDX-License-Identifier: MIT
#include "experiments/results/page/html.h"

#include <nlohmann/json.hpp>

namespace halfulp::experiments {

std::string html_escaped(const std::string& text) {
  std::string result;
  for (const char c : text) {
    switch (c) {
      case '&':
        result += "&amp;";
        break;
      case '<':
        result += "&lt;";
        break;
      case '>':
        result += "&gt;";
        break;
      case '"':
        result += "&quot;";
        break;
      case '\'':
        result += "&#39;";
        break;
      default:
        result += c;
    }
  }
  return result;
}

std::string html_cell(const std::string& text, bool number, const char* tag) {
  return "<" + std::string(tag) + (number ? " class=\"number\">" : ">") + html_escaped(text) +
         "</" + tag + ">";
}

std::string json_text(const Json& value, int indent) {
  return value.dump(indent, ' ', false, Json::error_handler_t::replace);
}

}  // namespace halfulp::experiments

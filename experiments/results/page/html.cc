// SPDX-License-Identifier: MIT
#include "experiments/results/page/html.h"

#include <nlohmann/json.hpp>

namespace halfulp::experiments {
namespace {

// The policy forbids scripts and the network, whatever a result's texts hold.
const char* const page_head =
    "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
    "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
    "style-src 'unsafe-inline'; img-src data:\">\n"
    "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n";

const char* const page_style =
    "<style>\n"
    "body { font: 16px/1.5 'DejaVu Sans', Verdana, sans-serif; color: #202020; background: #fff;\n"
    "  max-width: 1050px; margin: 2em auto; padding: 0 1em; }\n"
    "h1 { font-size: 1.5em; } h2 { font-size: 1.2em; margin-top: 2em; }\n"
    "figure { margin: 1.5em 0; overflow-x: auto; } figure svg { max-width: 100%; height: auto; }\n"
    "figcaption { color: #505050; font-size: 0.9em; }\n"
    ".table { overflow-x: auto; }\n"
    "table { border-collapse: collapse; font-size: 0.85em; margin: 1em 0; }\n"
    "th, td { padding: 0.2em 0.8em; border-bottom: 1px solid #e0e0e0; text-align: left; }\n"
    "tr.misfit td { color: #b00000; } h3 { font-size: 1em; } .note { color: #505050; "
    "font-size: 0.85em; }\n"
    "td.number, th.number { text-align: right; font-variant-numeric: tabular-nums; }\n"
    "td.number { white-space: nowrap; }\n"
    "pre { background: #f6f6f6; padding: 1em; overflow-x: auto; font-size: 0.8em; }\n"
    "summary { cursor: pointer; margin: 0.5em 0; }\n"
    "@media print { details { display: block; } }\n"
    "</style>\n";

}  // namespace

const char* const page_end = "</body>\n</html>\n";

std::string page_beginning(const std::string& title) {
  return page_head + ("<title>" + html_escaped(title) + "</title>\n") + page_style +
         "</head>\n<body>\n";
}

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

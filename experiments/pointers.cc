// SPDX-License-Identifier: MIT
#include "experiments/pointers.h"

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>

#include "formats/error.h"

namespace halfulp::experiments {
namespace {

// The element of a list, or nullptr.
template <typename AnyJson>
AnyJson* element(AnyJson& list, const std::string& token) {
  std::size_t index = 0;
  const auto [end, error] = std::from_chars(token.data(), token.data() + token.size(), index);
  if (error != std::errc() || end != token.data() + token.size() || index >= list.size())
    return nullptr;
  return &list[index];
}

}  // namespace

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
  require_json_depth(tokens.size(), where);
  return tokens;
}

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

bool leads_through(const std::string& inner, const std::string& outer) {
  return inner.starts_with(outer) && (inner.size() == outer.size() || inner[outer.size()] == '/');
}

std::vector<std::string> joined_pointers(const std::string& key) {
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

}  // namespace halfulp::experiments

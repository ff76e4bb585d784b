// SPDX-License-Identifier: MIT
//
// JSON pointers (RFC 6901) into documents.
#pragma once

#include <string>
#include <vector>

#include "formats/json.h"

namespace halfulp::experiments {

// The keys that a pointer goes through. Throws Error at `where` on a text that is no pointer.
std::vector<std::string> tokens_of(const std::string& pointer, const std::string& where);
// Puts `value` at a pointer, making objects on the way where there is nothing. Throws Error where
// the pointer leads through something else, or past the end of a list.
void set_at(Json& document, const std::string& pointer, const Json& value,
            const std::string& where);
// What stands at a pointer, or nullptr.
const Json* find_at(const Json& document, const std::string& pointer);
// A key as one token of a pointer.
std::string escaped(const std::string& key);
// The pointers of a key that joins several of them: "/a+/b".
std::vector<std::string> joined_pointers(const std::string& key);
// Is `inner` the pointer `outer`, or does it lead on from there?
bool leads_through(const std::string& inner, const std::string& outer);

}  // namespace halfulp::experiments

// SPDX-License-Identifier: MIT
//
// The files that policies name (formats/json/named_files.h), put in the place of their paths: of a
// whole policy, which may be named without a file too (shipped.h), of one that it extends, and of
// formats and quantizers anywhere in it.
#pragma once

#include <string>

#include "formats/json.h"
#include "formats/json/named_files.h"

namespace halfulp::experiments {

// Of an object: is it a map of places to quantizers, without any member of a policy document?
bool is_short_map(const Json& policy);

// value: what stands at `pointer`, "/policy" or a pointer into it, which need not be right. place:
// where it stands in the document. folder: of the document. Throws Error on files only.
Json with_policy_files(const std::string& pointer, const Json& value, const std::string& place,
                       const std::string& folder, NamedFiles& files);

}  // namespace halfulp::experiments

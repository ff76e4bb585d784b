// SPDX-License-Identifier: MIT
//
// Which places a rule of a policy is about: the member `match`.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "experiments/policy/place.h"
#include "formats/json.h"

namespace halfulp::experiments {

// `*` stands for any run of characters, dots too, and for none.
bool fits_glob(std::string_view glob, std::string_view text);

// The numbers of the places that meet every condition, increasing; of all places where match is
// nullptr. Throws Error at `where` or below on what matches nothing, with what there is instead;
// only a match for 0 layers at the ends is empty and right.
std::vector<std::size_t> matched_places(const Json* match, const std::string& where,
                                        const Places& places);

}  // namespace halfulp::experiments

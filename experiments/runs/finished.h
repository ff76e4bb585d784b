// SPDX-License-Identifier: MIT
//
// Is what stands in a file the finished result of a study, or something that looks like it: of
// another document, cut, edited, damaged? Everything is compared that the study knows, and the
// digest of the whole covers the rest.
#pragma once

#include <string>

#include "experiments/study/sweep.h"
#include "formats/json.h"

namespace halfulp::experiments {

// Empty where `result` is what make_result() answers for the study (beside it, `run` may stand),
// else why it is not, as "/points/3: \"metrics\" is missing". with_repeats: as in make_result().
std::string why_unfinished(const Json& result, const Study& study, bool with_repeats);

}  // namespace halfulp::experiments

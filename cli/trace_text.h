// SPDX-License-Identifier: MIT
//
// A trace of a dot product (golden/kernels/trace.h) for people, and as JSON. Numbers of steps are
// exact, as C hexadecimal floats.
#pragma once

#include <string>
#include <vector>

#include "formats/json.h"
#include "formats/matrix_unit.h"
#include "golden/kernels/trace.h"

namespace halfulp::cli {

// An addition at once is a table of its items. Of at least three neighbours that are the same zero
// there is one line. Other steps that follow each other share a table, a line each.
std::string trace_text(const kernels::Trace& trace, const MatrixUnit& unit,
                       const kernels::DotCodes& codes);

// One object a step.
std::vector<Json> trace_json(const kernels::Trace& trace);

}  // namespace halfulp::cli

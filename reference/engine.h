// SPDX-License-Identifier: MIT
//
// The engine that executes every description literally, one exact operation after another: slow,
// and the judge of the other one.
//
// What formats/engine.h leaves open for arrays, answered here: a carrier receives the number of the
// code; a NaN there has the sign of the operand in round(), none in map() and multiply(), that of
// the code in decode(). Counts speak of the operand after flush_inputs; a NaN is not "nonzero".
#pragma once

#include "formats/engine.h"

namespace halfulp::reference {

const Engine& engine();

}  // namespace halfulp::reference

// SPDX-License-Identifier: MIT
//
// y = floor + model_amplitude M^-model_exponent + data_amplitude N^-data_exponent, as a law of
// terms.
#pragma once

#include "experiments/results/fits/law.h"
#include "experiments/results/fits/select.h"

namespace halfulp::experiments {

// selection: M on the first axis, N on the second.
FittedLaw joint_power_law(const Selection& selection, bool with_floor);

}  // namespace halfulp::experiments

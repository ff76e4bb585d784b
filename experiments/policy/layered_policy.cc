// SPDX-License-Identifier: MIT
#include "experiments/policy/layered_policy.h"

// SPDX-License-Identifier: MIT
//
// Whether lanes of doubles do a tree's additions at once (formats/dot_tree.h): whether a double
// holds every step of them.
#pragma once

#include "formats/dot_tree.h"

namespace halfulp::emulator {

// True where they do, given that factors are numbers of DotTree::left and right, and scales of
// their formats. Also true of a tree without such additions.
bool additions_fit_doubles(const DotTree& tree);

}  // namespace halfulp::emulator

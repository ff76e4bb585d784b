// SPDX-License-Identifier: MIT
//
// Nothing: a target needs a source for its precompiled headers (CMakeLists.txt).

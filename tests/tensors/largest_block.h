// SPDX-License-Identifier: MIT
//
// The largest block of memory that `new` was asked for since this was last set to 0. Whoever links
// largest_block.cc has `new` and `delete` replaced by ones that look.
#pragma once

#include <atomic>
#include <cstddef>

namespace halfulp::tensors {

extern std::atomic<std::size_t> largest_block;

}  // namespace halfulp::tensors

// SPDX-License-Identifier: MIT
#include "largest_block.h"

#include <cstdlib>
#include <new>

namespace halfulp::tensors {

std::atomic<std::size_t> largest_block{0};

}  // namespace halfulp::tensors

void* operator new(std::size_t size) {
  using halfulp::tensors::largest_block;
  if (size > largest_block) largest_block = size;
  if (void* block = std::malloc(size == 0 ? 1 : size)) return block;
  throw std::bad_alloc();
}
void operator delete(void* block) noexcept { std::free(block); }
void operator delete(void* block, std::size_t) noexcept { std::free(block); }

// SPDX-License-Identifier: MIT
#include "largest_block.h"

#include <cstdlib>
#include <new>

namespace halfulp::tensors {

std::atomic<std::size_t> largest_block{0};

}  // namespace halfulp::tensors

namespace {

void* block_of(std::size_t size) noexcept {
  using halfulp::tensors::largest_block;
  if (size > largest_block) largest_block = size;
  return std::malloc(size == 0 ? 1 : size);
}

}  // namespace

void* operator new(std::size_t size) {
  if (void* block = block_of(size)) return block;
  throw std::bad_alloc();
}
void* operator new(std::size_t size, const std::nothrow_t&) noexcept { return block_of(size); }
void operator delete(void* block) noexcept { std::free(block); }
void operator delete(void* block, std::size_t) noexcept { std::free(block); }
void operator delete(void* block, const std::nothrow_t&) noexcept { std::free(block); }

// SPDX-License-Identifier: MIT
//
// The loops are compiled once for every instruction set.
#include "cli/bench/yardsticks.h"

#include <dlfcn.h>
#include <hwy/cache_control.h>

#include <cstdint>
#include <cstdlib>
#include <string>

#include "emulator/instruction_set.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "cli/bench/yardsticks.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace halfulp::cli::bench {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;
using Lanes = hn::ScalableTag<float>;

void copy_of_target(const float* in, std::size_t count, float* out) {
  const Lanes d;
  const std::size_t lanes = hn::Lanes(d);
  // Such stores are for aligned vectors.
  std::size_t i = 0;
  const auto is_aligned = [&] {
    return reinterpret_cast<std::uintptr_t>(out + i) % (lanes * sizeof(float)) == 0;
  };
  for (; i < count && !is_aligned(); ++i) out[i] = in[i];
  for (; i + lanes <= count; i += lanes) hn::Stream(hn::LoadU(d, in + i), d, out + i);
  for (; i < count; ++i) out[i] = in[i];
  hwy::FlushStream();
}

template <typename Function>
HWY_INLINE void for_each(const float* a, const float* b, const float* c, std::size_t count,
                         float* out, const Function& function) {
  const Lanes d;
  const std::size_t lanes = hn::Lanes(d);
  for (std::size_t i = 0; i + lanes <= count; i += lanes)
    hn::StoreU(function(hn::LoadU(d, a + i), hn::LoadU(d, b + i), hn::LoadU(d, c + i)), d, out + i);
}

void compute_of_target(Op op, const float* a, const float* b, const float* c, std::size_t count,
                       float* out) {
  using V = hn::Vec<Lanes>;
  switch (op) {
    case Op::add:
      return for_each(a, b, c, count, out, [](V x, V y, V) HWY_ATTR { return x + y; });
    case Op::multiply:
      return for_each(a, b, c, count, out, [](V x, V y, V) HWY_ATTR { return x * y; });
    case Op::divide:
      return for_each(a, b, c, count, out, [](V x, V y, V) HWY_ATTR { return x / y; });
    case Op::square_root:
      return for_each(a, b, c, count, out, [](V x, V, V) HWY_ATTR { return hn::Sqrt(x); });
    default:
      return for_each(a, b, c, count, out,
                      [](V x, V y, V z) HWY_ATTR { return hn::MulAdd(x, y, z); });
  }
}

float dot_of_target(const float* a, const float* b, std::size_t count) {
  const Lanes d;
  using V = hn::Vec<Lanes>;
  const std::size_t lanes = hn::Lanes(d);
  V first = hn::Zero(d);
  V second = first;
  V third = first;
  V fourth = first;
  for (std::size_t i = 0; i + 4 * lanes <= count; i += 4 * lanes) {
    first = hn::MulAdd(hn::LoadU(d, a + i), hn::LoadU(d, b + i), first);
    second = hn::MulAdd(hn::LoadU(d, a + i + lanes), hn::LoadU(d, b + i + lanes), second);
    third = hn::MulAdd(hn::LoadU(d, a + i + 2 * lanes), hn::LoadU(d, b + i + 2 * lanes), third);
    fourth = hn::MulAdd(hn::LoadU(d, a + i + 3 * lanes), hn::LoadU(d, b + i + 3 * lanes), fourth);
  }
  return hn::GetLane(hn::SumOfLanes(d, (first + second) + (third + fourth)));
}

// count: a multiple of the lanes of float.
void scale_of_target(const double* variates, const float* deviations, std::size_t count,
                     float* out) {
  const hn::ScalableTag<double> d_wide;
  const hn::Rebind<float, decltype(d_wide)> d;
  for (std::size_t i = 0; i < count; i += hn::Lanes(d_wide)) {
    const auto g = hn::DemoteTo(d, hn::LoadU(d_wide, variates + i));
    hn::StoreU(g * hn::LoadU(d, deviations + i), d, out + i);
  }
}

void update_of_target(float factor, const float* x, std::size_t count, float* w, float* sum) {
  const Lanes d;
  const auto by = hn::Set(d, factor);
  for (std::size_t i = 0; i < count; i += hn::Lanes(d)) {
    const auto next = hn::MulAdd(by, hn::LoadU(d, x + i), hn::LoadU(d, w + i));
    hn::StoreU(next, d, w + i);
    hn::StoreU(hn::LoadU(d, sum + i) + next, d, sum + i);
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace halfulp::cli::bench
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace halfulp::cli::bench {

HWY_EXPORT(copy_of_target);
HWY_EXPORT(compute_of_target);
HWY_EXPORT(dot_of_target);
HWY_EXPORT(scale_of_target);
HWY_EXPORT(update_of_target);

void copy_past_caches(const float* in, std::size_t count, float* out) {
  HWY_DYNAMIC_DISPATCH(copy_of_target)(in, count, out);
}
void compute_plainly(Op op, const float* a, const float* b, const float* c, std::size_t count,
                     float* out) {
  HWY_DYNAMIC_DISPATCH(compute_of_target)(op, a, b, c, count, out);
}
float dot_plainly(const float* a, const float* b, std::size_t count) {
  return HWY_DYNAMIC_DISPATCH(dot_of_target)(a, b, count);
}

void scale_plainly(const double* variates, const float* deviations, std::size_t count, float* out) {
  HWY_DYNAMIC_DISPATCH(scale_of_target)(variates, deviations, count, out);
}
void update_plainly(float factor, const float* x, std::size_t count, float* w, float* sum) {
  HWY_DYNAMIC_DISPATCH(update_of_target)(factor, x, count, w, sum);
}

namespace {

std::string core_of(void* library) {
  using Name = char* (*)();
  const auto core = reinterpret_cast<Name>(::dlsym(library, "openblas_get_corename"));
  return core != nullptr ? core() : "";
}

// Processors that it does not know are the oldest to OpenBLAS. It is then told the kernels of the
// instructions that they have. It reads its variables when it is loaded.
void* open_blas() {
  const auto open = [] { return ::dlopen("libopenblas.so.0", RTLD_NOW | RTLD_LOCAL); };
  ::unsetenv("OPENBLAS_CORETYPE");
  ::setenv("OPENBLAS_NUM_THREADS", "1", 1);
  void* library = open();
  if (library == nullptr || core_of(library) != "Prescott") return library;
  const std::string instructions = emulator::instruction_set();
  const bool wide = instructions.starts_with("AVX3");
  if (!wide && !instructions.starts_with("AVX2")) return library;
  ::dlclose(library);
  ::setenv("OPENBLAS_CORETYPE", wide ? "SkylakeX" : "Haswell", 1);
  return open();
}

}  // namespace

Blas::Blas() {
  void* library = open_blas();
  if (library == nullptr) return;
  multiply_ = reinterpret_cast<Multiply>(::dlsym(library, "cblas_sgemm"));
  if (multiply_ == nullptr) return;
  name_ = "OpenBLAS " + core_of(library);
}

void Blas::multiply(const float* a, const float* b, std::size_t side, float* out) const {
  constexpr int row_major = 101;
  constexpr int not_transposed = 111;
  const int n = static_cast<int>(side);
  multiply_(row_major, not_transposed, not_transposed, n, n, n, 1.0F, a, n, b, n, 0.0F, out, n);
}

}  // namespace halfulp::cli::bench
#endif  // HWY_ONCE

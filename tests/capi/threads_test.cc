// SPDX-License-Identifier: MIT
//
// One handle in many threads at once, each with a rounding mode of the processor's own: everybody
// gets the results that one gets alone, and finds the mode as it was.
#include <gtest/gtest.h>

#include <array>
#include <cfenv>
#include <cstring>
#include <thread>
#include <vector>
#if defined(__SSE2__)
#include <xmmintrin.h>
#endif

#include "tests/capi/handles.h"

namespace halfulp {
namespace {

// All that one thread does, as bytes.
struct Work {
  const halfulp_quantizer* quantizer;
  const halfulp_operation* operation;
  const halfulp_block_format* block;
  const halfulp_unit* unit;

  [[nodiscard]] std::vector<std::uint8_t> results() const {
    std::vector<std::uint8_t> all;
    const auto keep = [&](const void* data, std::size_t size) {
      const auto* bytes = static_cast<const std::uint8_t*>(data);
      all.insert(all.end(), bytes, bytes + size);
    };
    std::vector<float> numbers(600);
    for (std::size_t i = 0; i < numbers.size(); ++i)
      numbers[i] = static_cast<float>(static_cast<int>(i * 37 % 601) - 300) / 256;
    numbers[5] = 1e-45F;  // zero where subnormal numbers are flushed
    const halfulp_random random{1, 2, 0, HALFULP_PHILOX4X32_10, 0};
    std::vector<std::uint8_t> codes(600), flags(600);
    EXPECT_EQ(halfulp_encode_f32(quantizer, numbers.data(), 1, 600, &random, codes.data(), 600,
                                 flags.data(), nullptr, nullptr),
              HALFULP_OK);
    keep(codes.data(), 600);
    keep(flags.data(), 600);
    std::vector<float> values(600);
    EXPECT_EQ(halfulp_round_array_f32(quantizer, numbers.data(), 1, values.data(), 1, 600, &random,
                                      nullptr, nullptr),
              HALFULP_OK);
    keep(values.data(), 600 * sizeof(float));
    EXPECT_EQ(halfulp_block_quantize_f32(block, numbers.data(), 6, 100, 100, &random, values.data(),
                                         100, nullptr, nullptr, nullptr),
              HALFULP_OK);
    keep(values.data(), 600 * sizeof(float));
    for (std::uint64_t code = 0; code < 255; ++code) {
      const std::uint64_t operands[2] = {code, 255 - code};
      std::uint64_t result = 0;
      EXPECT_EQ(halfulp_operate_u64(operation, operands, 2, 0, &result, nullptr, nullptr),
                HALFULP_OK);
      keep(&result, 1);
    }
    const std::size_t a_shape[2] = {4, 64}, b_shape[2] = {64, 2}, shape[2] = {4, 2};
    for (std::uint8_t& code : codes) code &= 0x3f;
    const halfulp_tensor a{codes.data(), HALFULP_U8, 2, a_shape, nullptr, nullptr};
    const halfulp_tensor b{codes.data(), HALFULP_U8, 2, b_shape, nullptr, nullptr};
    const halfulp_product product{&a, &b, nullptr, nullptr, nullptr, nullptr, 0, nullptr, 0, 2};
    std::array<std::uint32_t, 8> sums{};
    const halfulp_result result{sums.data(), HALFULP_U32, 2, shape, nullptr, nullptr};
    EXPECT_EQ(halfulp_multiply(unit, &product, &result, nullptr), HALFULP_OK);
    keep(sums.data(), sizeof sums);
    return all;
  }
};

void set_mode(int thread) {
  constexpr std::array modes{FE_TONEAREST, FE_UPWARD, FE_DOWNWARD, FE_TOWARDZERO};
  std::fesetround(modes[static_cast<std::size_t>(thread) % modes.size()]);
#if defined(__SSE2__)
  constexpr unsigned flush = 0x8040;  // results and operands
  if (thread % 2 == 1) _mm_setcsr(_mm_getcsr() | flush);
#endif
}
// Without the flags that operations raise.
unsigned mode() {
#if defined(__SSE2__)
  constexpr unsigned raised = 0x3f;
  return _mm_getcsr() & ~raised;
#else
  return static_cast<unsigned>(std::fegetround());
#endif
}

TEST(Threads, ShareHandlesWhateverTheirMode) {
  const auto quantizer =
      quantizer_handle(R"({"format": "e4m3fn", "rounding": "stochastic", "random_bits": 8})");
  const auto operation = operation_handle("divide", "e4m3fn", "e4m3fn");
  const auto block = block_handle("nvfp4");
  const auto unit = unit_handle("nv.hopper.wgmma.e4m3.f32", "promote:32");
  const Work work{quantizer.get(), operation.get(), block.get(), unit.get()};
  const std::vector<std::uint8_t> alone = work.results();
  constexpr int count = 8;
  std::array<int, count> equal{}, kept{};
  std::vector<std::thread> threads;
  for (int i = 0; i < count; ++i) {
    threads.emplace_back([&, i] {
      set_mode(i);
      const unsigned before = mode();
      equal[static_cast<std::size_t>(i)] = 1;
      for (int turn = 0; turn < 5; ++turn)
        if (work.results() != alone) equal[static_cast<std::size_t>(i)] = 0;
      kept[static_cast<std::size_t>(i)] = mode() == before ? 1 : 0;
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (std::size_t i = 0; i < count; ++i) {
    EXPECT_EQ(equal[i], 1) << "thread " << i << " has other results";
    EXPECT_EQ(kept[i], 1) << "thread " << i << " has another mode";
  }
}

// Tables that are made at the first use are made once, whoever is first.
TEST(Threads, MayMakeHandlesAtOnce) {
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([] {
      for (const char* text : {"nvfp4", "mxfp8_e4m3"}) block_handle(text);
      for (const char* text : {"posit16", "nf4", "e5m2"}) quantizer_handle(text);
      const auto unit = unit_handle("nv.hopper.mma.e5m2.f16", nullptr);
      const auto exp = operation_handle("exp", "binary16", "binary16");
      const std::uint64_t one = 0x3c00;
      std::uint64_t result = 0;
      EXPECT_EQ(halfulp_operate_u64(exp.get(), &one, 1, 0, &result, nullptr, nullptr), HALFULP_OK);
      EXPECT_EQ(result, 0x4170U);
      halfulp_thread_end();  // else LeakSanitizer finds what MPFR keeps
    });
  }
  for (std::thread& thread : threads) thread.join();
}

}  // namespace
}  // namespace halfulp

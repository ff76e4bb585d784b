// SPDX-License-Identifier: MIT
//
// Products in slices: against loops written out here, which add what single products make in the
// steps of the sources (cuBLAS as facebookexperimental/triton rebuilt it; the stream-K paper).
#include "golden/kernels/slices.h"

#include <gtest/gtest.h>

#include <array>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "emulator/engine.h"
#include "formats/catalogue.h"
#include "formats/codes.h"
#include "formats/error.h"
#include "formats/numbers/value.h"
#include "golden/kernels/product.h"
#include "golden/kernels/unit_dot.h"
#include "reference/engine.h"
#include "tests/support/error_of.h"
#include "tests/support/sampling.h"

namespace halfulp::kernels {
namespace {

using sampling::Stream;
using tensors::Tensor;

double rounded(double x, const std::string& format) {
  double out = 0;
  const Quantizer q{.format = find_format(format), .rounding = {}};
  reference::engine().round(view_of(&x, 1, 1), reference::engine().prepare(q), {},
                            view_of(&out, 1, 1), nullptr);
  return out;
}

std::vector<std::uint64_t> drawn_codes(const Format& format, std::size_t count, Stream& stream) {
  std::vector<std::uint64_t> codes;
  while (codes.size() < count) {
    const std::uint64_t code = stream.bits(bits(format));
    const Value x = decode(format, code);
    if (x.is_finite() && !x.is_zero() && std::abs(to_double(x)) < 16) codes.push_back(code);
  }
  return codes;
}

Tensor matrix(const Format& format, std::int64_t rows, std::int64_t columns,
              const std::vector<std::uint64_t>& codes) {
  return tensors::from_codes({"", tensors::element_type(format), {rows, columns}}, codes);
}

// One dot product of the unit over terms first to end, each group filled up with zeros.
class Dots {
 public:
  explicit Dots(const std::string& unit)
      : unit_(find_matrix_unit(unit)), dot_(unit_, reference::engine()) {}
  [[nodiscard]] const MatrixUnit& unit() const { return unit_; }

  void add_group(std::size_t first, std::size_t end, std::size_t fill) {
    for (std::size_t i = first; i < first + fill; ++i) {
      left_.push_back(i < end ? Code{a[i]} : Code{0});
      right_.push_back(i < end ? Code{b[i]} : Code{0});
    }
  }
  double take() {
    const Code code = dot_({.a = left_, .b = right_, .c = 0, .a_scales = {}, .b_scales = {}});
    left_.clear();
    right_.clear();
    return to_double(decode(unit_.d, code));
  }
  std::vector<std::uint64_t> a, b;

 private:
  const MatrixUnit& unit_;
  UnitDot dot_;
  std::vector<Code> left_, right_;
};

double result_of_one(const Dots& dots, const std::string& plan, const std::string& to) {
  const auto terms = static_cast<std::int64_t>(dots.a.size());
  const Tensor a = matrix(dots.unit().a.format, 1, terms, dots.a);
  const Tensor b = matrix(dots.unit().b.format, terms, 1, dots.b);
  const Tensor b_row = matrix(dots.unit().b.format, 1, terms, dots.b);
  const Order order = order_from_json(parse_json(plan, ""), "");
  const ProductOptions options{.to = Quantizer{.format = find_format(to), .rounding = {}}};
  const Tensor d = multiply(dots.unit(), order, emulator::engine(), {.a = &a, .b = &b}, options);
  const ProductOperands rows{.a = &a, .b = &b_row, .b_transposed = true};
  EXPECT_EQ(multiply(dots.unit(), order, reference::engine(), rows, options).data, d.data);
  return to_double(decode(find_format(to), tensors::code_at(d, 0)));
}

// The kernel of mode splitk_groups, group after group.
double split_groups(Dots& dots, std::size_t chunk, std::size_t block, std::size_t group, int merge,
                    const std::string& to) {
  double sum = 0;
  for (std::size_t first = 0; first < dots.a.size(); first += chunk) {
    const std::size_t end = std::min(first + chunk, dots.a.size());
    const std::size_t residue = first + (end - first) % block;
    for (std::size_t k = first; k < residue; k += group)
      dots.add_group(k, std::min(k + group, residue), 16);
    for (std::size_t k = residue; k < end; k += group)
      dots.add_group(k, std::min(k + group, end), 16);
    double part = dots.take();
    if (merge == 2) part = rounded(part, to);
    sum = first == 0 ? part : rounded(sum + part, "binary32");
    if (merge == 3) sum = rounded(sum, to);
  }
  return rounded(sum, to);
}

TEST(Plans, SplitGroupsByEveryMerge) {
  Dots dots("nv.hopper.mma.f16.f32");
  Stream stream(51);
  std::array<int, 4> differ{};
  for (int turn = 0; turn < 12; ++turn) {
    const std::size_t terms = 100 + stream.below(200);
    dots.a = drawn_codes(dots.unit().a.format, terms, stream);
    dots.b = drawn_codes(dots.unit().b.format, terms, stream);
    std::array<double, 4> results{};
    for (const int merge : {0, 2, 3}) {
      for (const int group : {8, 16}) {
        const std::string plan =
            R"({"mode": "splitk_groups", "algo_id": 24, "k_chunk": 72, "block_k": 32, "k_per_dot": )" +
            std::to_string(group) + R"(, "merge_scheme": )" + std::to_string(merge) +
            R"(, "leading_group_k": null, "raw_config": [1, 2]})";
        const double got = result_of_one(dots, plan, "binary16");
        EXPECT_EQ(got,
                  split_groups(dots, 72, 32, static_cast<std::size_t>(group), merge, "binary16"))
            << plan << " " << terms;
        results[merge] = got;
      }
    }
    for (const int merge : {2, 3}) differ[merge] += results[merge] != results[0] ? 1 : 0;
  }
  EXPECT_GT(differ[2], 0);
  EXPECT_GT(differ[3], 0);
}

TEST(Plans, AShortStepComesFirst) {
  Dots dots("nv.hopper.mma.f16.f32");
  Stream stream(52);
  for (const std::size_t terms : {70U, 64U, 5U, 1U}) {
    dots.a = drawn_codes(dots.unit().a.format, terms, stream);
    dots.b = drawn_codes(dots.unit().b.format, terms, stream);
    const std::size_t residue = terms % 32;
    const std::string leading = R"({"mode": "k_per_dot", "k_per_dot": 8, "leading_group_k": )" +
                                std::to_string(residue) + "}";
    const double got = result_of_one(dots, leading, "binary32");
    const std::string block = R"({"mode": "k_per_dot", "k_per_dot": 8, "block_k": 32})";
    EXPECT_EQ(got, result_of_one(dots, block, "binary32"));
    EXPECT_EQ(got, split_groups(dots, terms, 32, 8, 0, "binary32"));
  }
}

TEST(Plans, BlocksOfSlices) {
  Dots dots("nv.hopper.wgmma.e4m3.f32");
  Stream stream(53);
  dots.a = drawn_codes(dots.unit().a.format, 300, stream);
  dots.b = drawn_codes(dots.unit().b.format, 300, stream);
  double sum = 0;
  double flat = 0;
  for (std::size_t first = 0; first < 300; first += 192) {
    const std::size_t end = std::min<std::size_t>(first + 192, 300);
    double slice = 0;
    for (std::size_t block = first; block < end; block += 64) {
      for (std::size_t k = block; k < std::min(block + 64, end); k += 32)
        dots.add_group(k, std::min(k + 32, end), 32);
      slice = rounded(slice + dots.take(), "binary32");
    }
    sum = rounded(sum + slice, "binary32");
    for (std::size_t k = first; k < end; k += 32) dots.add_group(k, std::min(k + 32, end), 32);
    flat = rounded(flat + dots.take(), "binary32");
  }
  EXPECT_EQ(
      result_of_one(dots, R"({"mode": "split_blocks", "k_chunk": 192, "block_k": 64})", "binary32"),
      sum);
  EXPECT_EQ(result_of_one(dots, R"({"mode": "split", "k_chunk": 192})", "binary32"), flat);
}

TEST(Plans, ChainsWithoutATensorCore) {
  Dots dots("nv.hopper.mma.f16.f32");
  Stream stream(54);
  dots.a = drawn_codes(dots.unit().a.format, 150, stream);
  dots.b = drawn_codes(dots.unit().b.format, 150, stream);
  float total = 0;
  for (std::size_t chunk = 0; chunk < 150; chunk += 38) {
    float part = 0;
    for (std::size_t block = chunk; block < std::min<std::size_t>(chunk + 38, 150); block += 16) {
      float sum = 0;
      for (std::size_t k = block; k < std::min({block + 16, chunk + 38, std::size_t{150}}); ++k) {
        const Value x = decode(dots.unit().a.format, dots.a[k]);
        const Value y = decode(dots.unit().b.format, dots.b[k]);
        sum += static_cast<float>(to_double(x)) * static_cast<float>(to_double(y));
      }
      part += sum;
    }
    total += part;
  }
  EXPECT_EQ(result_of_one(dots, R"({"mode": "gemmsn", "simt": [4, 16]})", "binary32"),
            static_cast<double>(total));
}

// 1 (the largest group's) and -1 cancel in a sum of slices that begins with zero, and -0 is kept in
// one that begins with the first.
TEST(Plans, SumsBeginWithTheFirstSlice) {
  Dots dots("arm.bfdot");
  const Format& bfloat16 = dots.unit().a.format;
  const auto code = [&](double x) {
    return static_cast<std::uint64_t>(encode(bfloat16, from_double(x)));
  };
  const std::vector<std::uint64_t> minus_tiny(4, code(-0x1p-100));
  dots.a = minus_tiny;
  dots.b = std::vector<std::uint64_t>(4, code(0x1p-100));
  const Tensor a = matrix(bfloat16, 1, 4, dots.a);
  const Tensor b = matrix(bfloat16, 4, 1, dots.b);
  const Order slices = order_from_json(
      parse_json(R"({"tree": {"sums": [{"joining": "at_once", "quantizer": "binary32"}]},
      "split": {"size": 2}})",
                 ""),
      "");
  const Tensor d = multiply(dots.unit(), slices, emulator::engine(), {.a = &a, .b = &b}, {});
  EXPECT_EQ(tensors::code_at(d, 0), 0x80000000U);
}

TEST(StreamK, StepsAreSharedInOrder) {
  const StreamK stream{.workers = 4, .rows = 2, .columns = 2, .terms = 8, .sum = {}};
  // 2 x 3 tiles of 3 steps: 18, five each for the first three workers.
  const auto slices = [&](std::size_t row, std::size_t column) {
    return slices_of(stream, 4, 5, 20, row, column);
  };
  EXPECT_EQ(slices(0, 0), (std::vector<Slice>{{0, 20}}));
  EXPECT_EQ(slices(0, 2), (std::vector<Slice>{{0, 16}, {16, 20}}));
  EXPECT_EQ(slices(0, 4), (std::vector<Slice>{{0, 20}}));
  EXPECT_EQ(slices(2, 0), (std::vector<Slice>{{0, 8}, {8, 20}}));
  EXPECT_EQ(slices(2, 2), (std::vector<Slice>{{0, 20}}));
  EXPECT_EQ(slices(2, 4), (std::vector<Slice>{{0, 20}}));
}

TEST(StreamK, TilesAreSumsOfTheirSlices) {
  const MatrixUnit& unit = find_matrix_unit("nv.hopper.wgmma.e4m3.f32");
  Stream stream(55);
  constexpr std::size_t rows = 20, terms = 200, columns = 30;
  const auto a_codes = drawn_codes(unit.a.format, rows * terms, stream);
  const auto b_codes = drawn_codes(unit.b.format, columns * terms, stream);
  const Tensor a = matrix(unit.a.format, rows, terms, a_codes);
  const Tensor b = matrix(unit.b.format, columns, terms, b_codes);
  const ProductOperands operands{.a = &a, .b = &b, .b_transposed = true};
  const Order order = order_from_text("stream-k:5:8x16x64");
  const Tensor d = multiply(unit, order, emulator::engine(), operands, {.threads = 2});
  EXPECT_EQ(multiply(unit, order, reference::engine(), operands, {.threads = 1}).data, d.data);
  const Tensor plain = multiply(unit, {}, emulator::engine(), operands, {});
  EXPECT_NE(plain.data, d.data);
  const UnitDot dot(unit, reference::engine());
  for (std::size_t i = 0; i < rows; ++i) {
    for (std::size_t j = 0; j < columns; ++j) {
      double sum = 0;
      for (const Slice& slice :
           slices_of(*order.stream_k, rows, columns, terms, i / 8 * 8, j / 16 * 16)) {
        const std::vector<Code> left(a_codes.begin() + std::ptrdiff_t(i * terms + slice.first),
                                     a_codes.begin() + std::ptrdiff_t(i * terms + slice.end));
        const std::vector<Code> right(b_codes.begin() + std::ptrdiff_t(j * terms + slice.first),
                                      b_codes.begin() + std::ptrdiff_t(j * terms + slice.end));
        const Code part = dot({.a = left, .b = right, .c = 0, .a_scales = {}, .b_scales = {}});
        sum = rounded(sum + to_double(decode(unit.d, part)), "binary32");
      }
      EXPECT_EQ(to_double(decode(unit.d, tensors::code_at(d, i * columns + j))), sum)
          << i << " " << j;
    }
  }
}

struct Wrong {
  const char* order;
  const char* what;
};

TEST(Plans, WhatIsWrongIsSaid) {
  const auto text = [](const char* json) {
    return error_of([&] { order_from_json(parse_json(json, ""), ""); });
  };
  for (
      const auto& [order, what] : std::initializer_list<Wrong>{
          {R"({"mode": "gemv13"})", "/mode: the mode \"gemv13\" is not read"},
          {R"({"mode": "split"})", "k_chunk"},
          {R"({"mode": "split", "k_chunk": 0})", "/k_chunk"},
          {R"({"mode": "split", "k_chunk": 64, "k_chunks": 1})", "/k_chunks"},
          {R"({"mode": "splitk_groups", "k_per_dot": 8, "block_k": 32, "k_chunk": 64, "merge_scheme": 1})",
           "/merge_scheme"},
          {R"({"mode": "gemmsn", "simt": [4]})", "/simt"},
          {R"({"mode": 4})", "/mode"},
          {R"({"split": {"size": 4, "parts": 2}})", "/split/size"},
          {R"({"split": {"step": 4}})", "/split"},
          {R"({"split": {"group": 4, "step": 4, "first": 4}})", "/split/first"},
          {R"({"split": {"size": 4}, "stream_k": {"workers": 2}})", "/stream_k"},
          {R"({"stream_k": {}})", "workers"}}) {
    EXPECT_NE(text(order).find(what), std::string::npos) << order << ": " << text(order);
  }
}

}  // namespace
}  // namespace halfulp::kernels

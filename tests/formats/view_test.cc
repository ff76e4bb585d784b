// SPDX-License-Identifier: MIT
//
// A view of memory that may be written serves wherever a view is asked.
#include <gtest/gtest.h>

#include <span>

#include "formats/engine.h"

namespace halfulp {
namespace {

const void* data_of(const View& view) { return view.data; }
std::size_t strides_of(std::span<const View> views) {
  std::size_t sum = 0;
  for (const View& view : views) sum += view.stride;
  return sum;
}

TEST(Views, OfMutableMemoryServeAsViews) {
  float x[6] = {};
  double y[6] = {};
  float* const px = x;
  double* const py = y;
  EXPECT_EQ(data_of(view_of(px, 2, 3)), x);
  EXPECT_EQ(data_of(view_of(std::span<double>(y))), y);
  MutableView part = view_of(py, 2, 2);
  part.stride = 3;
  const View view = part;
  EXPECT_EQ(view.data, y);
  EXPECT_EQ(view.carrier, Carrier::binary64);
  EXPECT_EQ(view.rows, 2U);
  EXPECT_EQ(view.columns, 2U);
  EXPECT_EQ(view.stride, 3U);
  const View both[] = {view_of(px, 1, 6), view_of(py, 2, 3)};
  EXPECT_EQ(both[0].carrier, Carrier::binary32);
  EXPECT_EQ(strides_of(both), 9U);
}

}  // namespace
}  // namespace halfulp

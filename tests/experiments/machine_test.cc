// SPDX-License-Identifier: MIT
//
// Addresses of random bits are part of the meaning of a seed: here they stand as literal numbers.
#include "experiments/machine.h"

#include <gtest/gtest.h>

#include <map>
#include <string>

#include "experiments/models/linear_regression/places.h"

namespace halfulp::experiments {
namespace {

TEST(Streams, OfNumbersAndNames) {
  const Machine machine{nullptr, 9, 7};
  EXPECT_EQ(machine.random(3).seed, 9U);
  EXPECT_EQ(machine.random(3).stream, 7 * 256U + 3U);
  EXPECT_EQ(machine.random("blocks.3", "w.fwd", 1000).stream, 0x5ae5ac83725e00U);
  EXPECT_EQ(machine.random("blocks.3", "w.fwd", 1001).stream, 0x4f03e1637a0501U);
  EXPECT_EQ(named_stream("", "data.order", 0, 0), 0x7fe9c0f1e71897U);
}

TEST(Streams, OfNamesTellLayerFromUseAndStayInTheirRoom) {
  EXPECT_NE(named_stream("a", "bc", 0, 0), named_stream("ab", "c", 0, 0));
  std::map<std::uint64_t, std::string> seen;
  for (int layer = 0; layer < 20; ++layer) {
    for (const char* use : {"x.fwd", "w.fwd", "g.wgrad", "g.dgrad"}) {
      for (std::uint64_t number = 0; number < 500; ++number) {
        const std::string name = "blocks." + std::to_string(layer);
        const std::uint64_t stream = named_stream(name, use, number / 20, number % 20);
        EXPECT_EQ(stream >> 54, 1U);
        EXPECT_TRUE(seen.emplace(stream, name + use).second) << seen[stream] << " " << name << use;
      }
    }
  }
}

TEST(Streams, OfTheRegressionAreNumbered) {
  using namespace linear_regression;
  const Machine machine{nullptr, 1, 2};
  EXPECT_EQ(random_of(machine, Site::sketch).stream, 513U);
  EXPECT_EQ(random_of(machine, Site::teacher).stream, 514U);
  EXPECT_EQ(random_of(machine, Site::sample).stream, 515U);
  EXPECT_EQ(random_of(machine, Site::test_sample).stream, 516U);
  std::uint64_t number = 0;
  for (const Place& place :
       {place::data, place::sketch, place::feature, place::label, place::param, place::act,
        place::out_grad, place::weight, place::avg, place::accumulator}) {
    EXPECT_EQ(random_of(machine, Site::training_place, place).stream, 512 + 16 + number);
    EXPECT_EQ(random_of(machine, Site::test_place, place).stream, 512 + 48 + number);
    ++number;
  }
}

}  // namespace
}  // namespace halfulp::experiments

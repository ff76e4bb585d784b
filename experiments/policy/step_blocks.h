// SPDX-License-Identifier: MIT
//
// A block format at a place. The matrix that it sees is the tensor of one step (place_rounder.h
// says which), however many steps a call brings.
//
// Random bits come from streams that block formats have to themselves, since a level of scales has
// one too: stream 2^63 + 256 s where s is the place's stream, of elements, and those after it, of
// the levels (Engine::quantize). The rows of step t are numbered from t R on, R being the rows of a
// step, rounded up to whole blocks of every level; an element draws at row * columns + column.
//
// A scale that is predicted (Flexpoint) follows from the tensors of the steps before, by Autoflex:
// the state begins with the object, and the steps have to come in order.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "experiments/policy/autoflex.h"
#include "experiments/policy/policy.h"

namespace halfulp::experiments {

// Of the elements of a block format at the place with this stream.
constexpr std::uint64_t block_stream(std::uint64_t stream) {
  return (std::uint64_t{1} << 63) + 256 * stream;
}

// What apply() is handed for one step: `rows` rows, or a column of `rows` numbers that is one row
// to the format.
struct StepShape {
  std::size_t rows = 1;
  bool column = false;
};

class StepBlocks {
 public:
  // random: the stream of the place. elements: how many are to come, 0 where that is unknown.
  StepBlocks(const Engine& engine, const BlockRule& rule, const StepShape& shape,
             const Random& random, std::uint64_t elements = 0);

  // in and out have one shape and may be the same memory; a column has no padding. first_row begins
  // a step. The last step may be short.
  void round(const View& in, std::uint64_t first_row, const MutableView& out);

 private:
  void round_steps(const View& in, std::uint64_t first_step, const MutableView& out);
  void predict(const View& in, const Random& random, const MutableView& out);
  const BlockPlan& plan_for(double scale);

  const Engine* engine_ = nullptr;
  BlockFormat format_;
  bool column_ = false;
  std::size_t handed_rows_ = 1;  // by apply(), a step
  std::size_t rows_ = 1;         // of the matrix of a step
  bool together_ = false;        // may many steps be one matrix to the engine?
  std::uint64_t numbered_rows_ = 1;
  Random random_;
  BlockPlan plan_;
  std::optional<Autoflex> autoflex_;
  std::map<double, BlockPlan> plans_;  // by predicted scale, a power of two
  std::vector<double> tried_;
};

}  // namespace halfulp::experiments

// SPDX-License-Identifier: MIT
//
// The functions of an engine (formats/engine.h) on several threads. An array is cut into parts of
// at least some 32 Ki elements, a product into tiles of results; each part is a call of the engine
// with its random bits addressed where they lie in the whole. Parts depend on shapes alone and
// results not even on those: the bytes are those of one call.
#pragma once

#include "emulator/parallel.h"
#include "formats/engine.h"

namespace halfulp::emulator {

class Threaded {
 public:
  // Both must outlive it.
  Threaded(const Engine& engine, Workers& workers) : engine_(engine), workers_(workers) {}

  void round(const View& in, const Plan& plan, const Random& random, const MutableView& out,
             Counts* counts) const;
  void map(Op op, std::span<const View> in, const Plan& plan, const Random& random,
           const MutableView& out, Counts* counts) const;
  void encode(const View& in, const Plan& plan, const Random& random, std::span<std::uint8_t> out,
              Counts* counts) const;
  void decode(std::span<const std::uint8_t> in, const Plan& plan, const MutableView& out) const;
  void multiply_add(const MatrixOperands& operands, const DotPlan& plan, const Random& random,
                    const MutableView& out) const;

 private:
  const Engine& engine_;
  Workers& workers_;
};

}  // namespace halfulp::emulator

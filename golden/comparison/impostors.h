// SPDX-License-Identifier: MIT
//
// Wrong outputs that a test must not pass, made of the wanted one: all zeros, its signs flipped, it
// transposed, it one row further, the addend alone, a stale output. Tests have passed such outputs
// for years (microsoft/onnxruntime#31155, flashinfer-ai/flashinfer#4685,
// ROCm/rocm-libraries#10988).
#pragma once

#include <functional>
#include <memory>
#include <string_view>
#include <vector>

#include "golden/comparison/differences.h"

namespace halfulp::comparison {

// A tensor in a file as codes of the compared format.
class Side {
 public:
  Side(const tensors::TensorCodes& tensor, const Format& format, Recoder::How how);

  // From a place on; what is beyond the end goes on at the beginning. Throws Error naming the file.
  [[nodiscard]] std::vector<std::uint64_t> codes(std::size_t begin, std::size_t count) const;
  [[nodiscard]] const tensors::Shape& shape() const { return tensor_->shape(); }
  [[nodiscard]] std::size_t size() const { return size_; }

 private:
  void read(std::size_t begin, std::span<std::uint64_t> codes) const;

  const tensors::TensorCodes* tensor_;
  Recoder recoder_;
  std::size_t size_;
};

enum class Wrong : std::uint8_t { zeros, negated, transposed, shifted, addend, stale };
// "zeros", ...
const char* name_of(Wrong wrong);

class WrongOutputs {
 public:
  // Those that there are: no zeros where the format has none, no flipped signs where it has one
  // sign only or the two sides are unlike (codebooks, affine integers), transposed ones of matrices
  // alone: of R x C elements the C x R in the same memory. Judge and side outlive it.
  WrongOutputs(const Format& format, const Judge& judge, const Side& want);
  // Another one, a tensor of the same shape, whose numbers are rounded to the format, to nearest.
  void add(Wrong wrong, const tensors::TensorCodes& tensor);

  [[nodiscard]] const std::vector<Wrong>& all() const { return all_; }
  // The codes of one that is not transposed, from a place on; want_codes: those of want there.
  [[nodiscard]] std::vector<std::uint64_t> codes(
      Wrong wrong, std::size_t begin, const std::vector<std::uint64_t>& want_codes) const;
  // What the judge says of the transposed one, summed up tile by tile of 256 x 256, each in
  // stretches. skips: which elements are left out.
  [[nodiscard]] Tally tally_of_transposed(const std::function<bool(std::size_t)>& skips,
                                          int threads) const;

 private:
  [[nodiscard]] Tally tally_of_tile(std::size_t tile,
                                    const std::function<bool(std::size_t)>& skips) const;

  Format format_;
  const Judge& judge_;
  const Side& want_;
  Matrix matrix_;
  std::vector<Wrong> all_;
  std::unique_ptr<Side> addend_, stale_;
};

}  // namespace halfulp::comparison

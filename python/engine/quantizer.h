// SPDX-License-Identifier: MIT
//
// A quantizer as the words of `halfulp quantize` say it: "--to", "nvfp4", "--rounding", "rtz". The
// program and this module read them with the same parser, so names, defaults and errors are one.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "emulator/operations/number_rounder.h"
#include "formats/json.h"
#include "golden/tensors/quantizer.h"
#include "python/engine/tensors.h"

namespace halfulp::python {

using Words = std::tuple<std::string, std::string, std::string>;

// How a matrix is cut among threads: parts of so many elements along its only row, or of rows.
struct Cut {
  bool along = false;
  std::size_t size = 1;
};

class WordedQuantizer {
 public:
  // Throws Error with the option's name as location.
  explicit WordedQuantizer(const std::vector<std::string>& words);

  [[nodiscard]] std::string json() const;
  // The name of the type of its elements, and the bytes that a code takes.
  [[nodiscard]] std::tuple<std::string, std::size_t> element() const;
  // Of every level of scales, the outermost first: rows and columns of its blocks, 0 being the
  // whole extent, the name of the scales' type, and the bytes that one takes.
  using WordedLevel = std::tuple<int, int, std::string, std::size_t>;
  [[nodiscard]] std::vector<WordedLevel> levels() const;
  // Are values of elements held in float64, or float32, float64?
  [[nodiscard]] bool is_wide(bool wide) const;

  // Values of rows, along which blocks lie, as values into rows of the same shape; the shape is
  // that of the tensor whose rows they are, the axis last.
  void quantize(const Rows& in, const MutableRows& out, const std::vector<std::int64_t>& shape);
  // The codes and scales of a tensor, as `halfulp quantize --codes` writes them.
  std::vector<NewArray> codes(const CodedArray& tensor, int axis);
  // Back to values: bytes of codes as `codes` makes them with the axis last, and of scales of every
  // level, the outermost first, likewise.
  void dequantize(const Bytes& codes, const std::vector<Bytes>& scales,
                  const std::vector<std::int64_t>& zero_points, const MutableRows& out) const;

  // A number as `halfulp cast` takes it, and code, value and flags as it answers. index: of its
  // random bits. Scalar formats only.
  [[nodiscard]] Words round_number(const std::string& token, std::uint64_t index) const;

 private:
  // Prepared for about so many elements; what is prepared serves until more come.
  std::shared_ptr<const tensors::TensorQuantizer> prepared(std::size_t elements, Carrier carrier);
  [[nodiscard]] const Format& element_format() const;
  [[nodiscard]] Cut cut_of(const View& in, const tensors::TensorQuantizer& quantizer) const;

  AnyQuantizer quantizer_;
  Random random_;
  const Engine* engine_;
  int threads_ = 0;
  std::unique_ptr<emulator::NumberRounder> rounder_;  // of a scalar format
  std::mutex mutex_;                                  // of what follows
  std::shared_ptr<const tensors::TensorQuantizer> prepared_;
  std::size_t prepared_elements_ = 0;
  Carrier prepared_carrier_ = Carrier::binary32;
};

}  // namespace halfulp::python

// SPDX-License-Identifier: MIT
#include "golden/comparison/impostors.h"

#include <algorithm>

#include "formats/codes.h"
#include "formats/error.h"
#include "golden/comparison/in_order.h"

namespace halfulp::comparison {
namespace {

constexpr std::size_t tile_side = 256;

std::size_t tiles_along(std::uint64_t length) {
  return static_cast<std::size_t>((length + tile_side - 1) / tile_side);
}

// From begin to end; nothing of an empty list.
template <typename Element>
std::vector<Element> part_of(const std::vector<Element>& list, std::size_t begin, std::size_t end) {
  if (list.empty()) return {};
  return {list.begin() + static_cast<std::ptrdiff_t>(begin),
          list.begin() + static_cast<std::ptrdiff_t>(end)};
}

// How far "one row further" is: a row, of a vector an element.
std::size_t row_length(const Matrix& matrix) {
  return matrix.rows > 1 ? static_cast<std::size_t>(matrix.columns) : 1;
}

}  // namespace

Side::Side(const tensors::TensorCodes& tensor, const Format& format, Recoder::How how)
    : tensor_(&tensor), recoder_(tensor.type().format, format, how), size_(tensor.size()) {}

void Side::read(std::size_t begin, std::span<std::uint64_t> codes) const {
  tensor_->read(begin, codes);
  try {
    recoder_.recode(codes, tensor_->shape(), begin);
  } catch (const Error& error) {
    throw error.at(tensor_->place());
  }
}

std::vector<std::uint64_t> Side::codes(std::size_t begin, std::size_t count) const {
  std::vector<std::uint64_t> made(count);
  std::size_t filled = 0;
  while (filled < count) {
    const std::size_t at = (begin + filled) % size_;
    const std::size_t here = std::min(count - filled, size_ - at);
    read(at, std::span(made).subspan(filled, here));
    filled += here;
  }
  return made;
}

const char* name_of(Wrong wrong) {
  switch (wrong) {
    case Wrong::zeros:
      return "zeros";
    case Wrong::negated:
      return "negated";
    case Wrong::transposed:
      return "transposed";
    case Wrong::shifted:
      return "shifted";
    case Wrong::addend:
      return "addend";
    case Wrong::stale:
      return "stale";
  }
  return "";
}

WrongOutputs::WrongOutputs(const Format& format, const Judge& judge, const Side& want)
    : format_(format), judge_(judge), want_(want), matrix_(matrix_of(want.shape())) {
  if (has_zero(format)) all_.push_back(Wrong::zeros);
  if (judge.numbering().has_both_signs()) all_.push_back(Wrong::negated);
  if (want.shape().size() == 2 && matrix_.rows > 1 && matrix_.columns > 1)
    all_.push_back(Wrong::transposed);
  if (want.size() > 1) all_.push_back(Wrong::shifted);
}

void WrongOutputs::add(Wrong wrong, const tensors::TensorCodes& tensor) {
  all_.push_back(wrong);
  (wrong == Wrong::addend ? addend_ : stale_) =
      std::make_unique<Side>(tensor, format_, Recoder::How::nearest);
}

std::vector<std::uint64_t> WrongOutputs::codes(Wrong wrong, std::size_t begin,
                                               const std::vector<std::uint64_t>& want_codes) const {
  const std::size_t count = want_codes.size();
  std::vector<std::uint64_t> made(count);
  switch (wrong) {
    case Wrong::zeros:
      std::fill(made.begin(), made.end(), static_cast<std::uint64_t>(zero_code(format_, false)));
      break;
    case Wrong::negated:
      std::transform(want_codes.begin(), want_codes.end(), made.begin(),
                     [&](std::uint64_t code) { return judge_.numbering().negated(code); });
      break;
    case Wrong::shifted:
      return want_.codes(begin + want_.size() - row_length(matrix_), count);
    case Wrong::addend:
      return addend_->codes(begin, count);
    case Wrong::stale:
      return stale_->codes(begin, count);
    case Wrong::transposed:
      break;
  }
  return made;
}

// Element k of the transposed one, in memory, is element (k mod rows) * columns + k / rows of want.
// A tile is of rows r and columns c of want; there k = c * rows + r.
Tally WrongOutputs::tally_of_tile(std::size_t tile,
                                  const std::function<bool(std::size_t)>& skips) const {
  const std::size_t across = tiles_along(matrix_.columns);
  const std::size_t top = tile / across * tile_side;
  const std::size_t left = tile % across * tile_side;
  const std::size_t high = std::min<std::size_t>(tile_side, matrix_.rows - top);
  const std::size_t wide = std::min<std::size_t>(tile_side, matrix_.columns - left);
  std::vector<std::uint64_t> transposed(high * wide);
  for (std::size_t r = 0; r < high; ++r) {
    const std::vector<std::uint64_t> row = want_.codes((top + r) * matrix_.columns + left, wide);
    for (std::size_t c = 0; c < wide; ++c) transposed[c * high + r] = row[c];
  }
  std::vector<std::uint64_t> wanted;
  std::vector<bool> skipped;
  for (std::size_t c = 0; c < wide; ++c) {
    const std::size_t begin = (left + c) * matrix_.rows + top;
    const std::vector<std::uint64_t> run = want_.codes(begin, high);
    wanted.insert(wanted.end(), run.begin(), run.end());
    for (std::size_t r = 0; skips && r < high; ++r) skipped.push_back(skips(begin + r));
  }
  // Judged in stretches, which stay in the caches.
  Tally tally;
  for (std::size_t begin = 0; begin < wanted.size(); begin += stretch) {
    const std::size_t end = std::min(begin + stretch, wanted.size());
    tally.add(judge_.tally(judge_.elements(part_of(transposed, begin, end)),
                           judge_.elements(part_of(wanted, begin, end)),
                           part_of(skipped, begin, end)));
  }
  return tally;
}

Tally WrongOutputs::tally_of_transposed(const std::function<bool(std::size_t)>& skips,
                                        int threads) const {
  const std::size_t tiles = tiles_along(matrix_.rows) * tiles_along(matrix_.columns);
  Tally all;
  in_order<Tally>(
      tiles, threads, [&](std::size_t tile) { return tally_of_tile(tile, skips); },
      [&](std::size_t, const Tally& found) { all.add(found); });
  return all;
}

}  // namespace halfulp::comparison

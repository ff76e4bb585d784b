// SPDX-License-Identifier: MIT
#include "emulator/threaded.h"

#include <algorithm>
#include <vector>

namespace halfulp::emulator {
namespace {

constexpr std::size_t part_elements = std::size_t{1} << 15;

// Where an array is cut: one row of all elements where rows follow each other without a gap, else
// whole rows. A part begins at a multiple of 8 elements of the whole, which is at a byte of the
// codes.
struct Cut {
  bool flat = false;
  std::size_t rows = 0, columns = 0;
  std::size_t length = 0;  // of a part: elements, or rows

  template <typename... Views>
  explicit Cut(const View& first, const Views&... others)
      : flat(is_flat(first) && (is_flat(others) && ...)), rows(first.rows), columns(first.columns) {
    length = flat ? part_elements : (part_elements / std::max<std::size_t>(columns, 1) + 8) / 8 * 8;
  }
  static bool is_flat(const View& view) { return view.rows <= 1 || view.stride == view.columns; }
  [[nodiscard]] std::size_t count() const { return flat ? rows * columns : rows; }
  // Elements of the whole before `begin`.
  [[nodiscard]] std::size_t before(std::size_t begin) const {
    return flat ? begin : begin * columns;
  }
};

std::size_t bytes_of(Carrier carrier) { return carrier == Carrier::binary32 ? 4 : 8; }

template <typename Matrix>
Matrix part(const Matrix& whole, std::size_t row, std::size_t column, std::size_t rows,
            std::size_t columns) {
  using Byte = std::conditional_t<std::is_same_v<Matrix, View>, const std::byte, std::byte>;
  Matrix view = whole;
  view.data =
      static_cast<Byte*>(whole.data) + (row * whole.stride + column) * bytes_of(whole.carrier);
  view.rows = rows;
  view.columns = columns;
  return view;
}

template <typename Matrix>
Matrix part(const Matrix& whole, const Cut& cut, std::size_t begin, std::size_t end) {
  return cut.flat ? part(whole, 0, begin, 1, end - begin)
                  : part(whole, begin, 0, end - begin, whole.columns);
}

Random moved(const Random& random, std::uint64_t by) {
  Random at = random;
  at.offset += by;
  return at;
}

// Counts of parts, added when all are done: one writer each.
class PartCounts {
 public:
  PartCounts(const Cut& cut, Counts* total)
      : length_(cut.length),
        parts_(total == nullptr ? 0 : cut.count() / cut.length + 1),
        total_(total) {}
  Counts* of(std::size_t begin) { return total_ == nullptr ? nullptr : &parts_[begin / length_]; }
  void add_up() const {
    for (const Counts& part : parts_) {
      total_->elements += part.elements;
      total_->saturated += part.saturated;
      total_->flushed += part.flushed;
      total_->inexact += part.inexact;
    }
  }

 private:
  std::size_t length_;
  std::vector<Counts> parts_;
  Counts* total_;
};

// Tiles of results: of sums that draw, whole rows, as their draws are counted along rows; else as
// many rows and columns as one thread packs once.
struct ResultTiles {
  std::size_t rows = 0, columns = 0, height = 0, width = 0;

  ResultTiles(const MutableView& out, bool draws) : rows(out.rows), columns(out.columns) {
    width = draws ? std::max<std::size_t>(columns, 1) : 256;
    height = draws || columns < 512 ? 128 : 512;
  }
  [[nodiscard]] std::size_t across() const { return (columns + width - 1) / width; }
  [[nodiscard]] std::size_t count() const { return across() * ((rows + height - 1) / height); }
};

}  // namespace

void Threaded::round(const View& in, const Plan& plan, const Random& random, const MutableView& out,
                     Counts* counts) const {
  const Cut cut(in, out);
  PartCounts parts(cut, counts);
  workers_.for_each_chunk(cut.count(), cut.length, [&](std::size_t begin, std::size_t end) {
    engine_.round(part(in, cut, begin, end), plan, moved(random, cut.before(begin)),
                  part(out, cut, begin, end), parts.of(begin));
  });
  parts.add_up();
}

void Threaded::map(Op op, std::span<const View> in, const Plan& plan, const Random& random,
                   const MutableView& out, Counts* counts) const {
  Cut cut(out);
  for (const View& operand : in) {
    if (!Cut::is_flat(operand)) cut = Cut(operand);
  }
  PartCounts parts(cut, counts);
  workers_.for_each_chunk(cut.count(), cut.length, [&](std::size_t begin, std::size_t end) {
    std::vector<View> operands;
    for (const View& operand : in) operands.push_back(part(operand, cut, begin, end));
    engine_.map(op, operands, plan, moved(random, cut.before(begin)), part(out, cut, begin, end),
                parts.of(begin));
  });
  parts.add_up();
}

void Threaded::encode(const View& in, const Plan& plan, const Random& random,
                      std::span<std::uint8_t> out, Counts* counts) const {
  const Cut cut(in);
  const auto bits = static_cast<std::size_t>(packed_bits(plan.quantizer.format));
  PartCounts parts(cut, counts);
  workers_.for_each_chunk(cut.count(), cut.length, [&](std::size_t begin, std::size_t end) {
    const std::size_t first = cut.before(begin) * bits / 8;
    const std::size_t last = (cut.before(end) * bits + 7) / 8;
    engine_.encode(part(in, cut, begin, end), plan, moved(random, cut.before(begin)),
                   out.subspan(first, last - first), parts.of(begin));
  });
  parts.add_up();
}

void Threaded::decode(std::span<const std::uint8_t> in, const Plan& plan,
                      const MutableView& out) const {
  const Cut cut(out);
  const auto bits = static_cast<std::size_t>(packed_bits(plan.quantizer.format));
  workers_.for_each_chunk(cut.count(), cut.length, [&](std::size_t begin, std::size_t end) {
    const std::size_t first = cut.before(begin) * bits / 8;
    const std::size_t last = (cut.before(end) * bits + 7) / 8;
    engine_.decode(in.subspan(first, last - first), plan, part(out, cut, begin, end));
  });
}

void Threaded::multiply_add(const MatrixOperands& operands, const DotPlan& plan,
                            const Random& random, const MutableView& out) const {
  require_shapes(operands, plan.tree, out);
  const bool draws = draws_bits(plan.tree);
  const ResultTiles tiles(out, draws);
  const std::size_t inner = operands.a.columns;
  workers_.for_each_task(tiles.count(), [&](std::size_t index) {
    const std::size_t row = index / tiles.across() * tiles.height;
    const std::size_t column = index % tiles.across() * tiles.width;
    const std::size_t rows = std::min(tiles.height, out.rows - row);
    const std::size_t columns = std::min(tiles.width, out.columns - column);
    MatrixOperands tile{.a = part(operands.a, row, 0, rows, inner),
                        .b = part(operands.b, 0, column, inner, columns)};
    if (operands.addend) tile.addend = part(*operands.addend, row, column, rows, columns);
    for (const ScaleOperands& scales : operands.scales)
      tile.scales.push_back({.a = part(scales.a, row, 0, rows, scales.a.columns),
                             .b = part(scales.b, 0, column, scales.b.rows, columns)});
    const std::uint64_t before =
        draws ? draws_per_result(plan.tree, inner) * std::uint64_t{row} * out.columns : 0;
    engine_.multiply_add(tile, plan, moved(random, before), part(out, row, column, rows, columns));
  });
}

}  // namespace halfulp::emulator

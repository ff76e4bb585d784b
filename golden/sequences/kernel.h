// SPDX-License-Identifier: MIT
//
// A kernel that is no single product of matrices, such as softmax, a normalization, a convolution
// or attention, as data: a sequence of steps, each of which says its operation, its operands, the
// order of its sums and how its results are rounded. Equal documents make equal bytes wherever they
// run. kernel_json.h reads them, walker.h executes them on an engine, data/kernels has those that
// are shipped; docs/kernels.md describes the documents.
//
// A step makes one array and names it; steps after it may take it. Operands are names of arrays,
// names of dimensions, or numbers. Dimensions and numbers are constants: before a step they are
// rounded to the format of its results, to nearest, ties to even.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "formats/matrix_unit.h"
#include "formats/operation.h"
#include "formats/rounding.h"
#include "golden/kernels/order.h"

namespace halfulp::sequences {

// A dimension of a shape: a name, "..." (any dimensions before the named ones; those of several
// inputs join), or a number.
using Dimension = std::variant<std::string, std::int64_t>;

struct Input {
  std::string name, about;
  std::vector<Dimension> shape;
  std::optional<double> otherwise;  // a constant in the place of an input that is not given
};

using Operand = std::variant<std::string, double>;

// What rounds the results of a step: a quantizer, or the format of an array, to nearest.
struct Result {
  Quantizer quantizer;
  std::string like;
};

// An operation on one to three operands, element by element; their shapes join (array.h).
struct Elementwise {
  Op op = Op::convert;
};
// Of three operands: the second where the first is neither zero nor NaN, else the third.
struct Select {};
// An operation of two operands along an axis: s = x[0], then s = s op x[1], s = s op x[2], ...,
// each rounded, the first as well. The axis must not be empty.
struct Fold {
  Op op = Op::maximum;
  int axis = -1;
  bool keep = true;  // the axis stays, with length 1
};
// The sum of an operand along an axis, or the dot product of two, as a tree. An empty sum is +0.
struct Dot {
  kernels::Order order;
  int axis = -1;
  bool keep = true;
};
// A matrix product as in golden/kernels/product.h, C being the third operand. Dimensions before the
// last two join.
struct Product {
  std::optional<MatrixUnit> unit;
  kernels::Order order;
  bool transposed = false;  // the second operand is columns x terms
};
// Of x and weights: implicit products of patches of x and the weights of an output channel. Terms
// that the padding brings are products with +0, and are summed like others.
struct Convolution {
  Product product;
  std::array<std::int64_t, 2> stride{1, 1}, padding{0, 0}, dilation{1, 1};
  std::int64_t groups = 1;
  // x is n, h, w, c, and the weights are k, r, s, c; else n, c, h, w, and k, c, r, s.
  bool channels_last = false;
  // Terms are taken channel after channel, r and s within; else r, s, and the channels within.
  bool channels_first_in_sums = true;
};
// Of x and places: of every line of x along the axis the element at the line's place. The places
// have the shape of x, its axis being 1 or not there.
struct Gather {
  int axis = -1;
};
// 0, 1, 2, ... along an axis of the operand; its other dimensions are 1.
struct Count {
  int axis = -1;
};
struct Fill {
  std::vector<Dimension> shape;
  double value = 0;
};
// The same elements in the same order.
struct Reshape {
  std::vector<Dimension> shape;
};

struct Step;
// A loop over blocks of an axis. Slices are what its steps see of arrays: `size` neighbours along
// an axis, the last block what remains. Blocks are taken from the first on, or backward. `carried`
// is an array that has, in the first block, the value of `from`, in others that of `next` at the
// end of the block before; after the loop it stands for the last `next`. It keeps its shape and
// format.
struct Blocks {
  struct Slice {
    std::string name, of;
    int axis = -1;
  };
  struct Carried {
    std::string name, from, next;
  };
  std::vector<Slice> slices;  // all of one length
  std::vector<Carried> carried;
  std::int64_t size = 1;
  bool backward = false;
  std::string first;  // names the place where the block begins; may be empty
  std::vector<Step> steps;
};

struct Step {
  std::string name, place;  // place: its JSON pointer
  std::vector<Operand> of;
  std::optional<Result> to;  // absent: nothing is rounded, or sums and products do it themselves
  std::variant<Elementwise, Select, Fold, Dot, Product, Convolution, Gather, Count, Fill, Reshape,
               Blocks>
      what;
};

struct Kernel {
  std::string name, about, source;
  std::vector<Input> inputs;
  std::vector<Step> steps;
  std::vector<std::string> outputs;
};

}  // namespace halfulp::sequences

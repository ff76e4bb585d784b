// SPDX-License-Identifier: MIT
#include "golden/tensors/checkpoint/pairs.h"

#include <algorithm>
#include <map>
#include <set>
#include <string_view>
#include <utility>

#include "formats/codes.h"
#include "formats/counted.h"
#include "formats/engine.h"
#include "formats/error.h"
#include "golden/tensors/scale_tiles.h"

namespace halfulp::tensors {
namespace {

// Endings of the names; "" of `over_all` where there is none.
struct Naming {
  const char *codes, *scales, *over_all;
  bool divides;  // by the scale over all
  bool grouped;  // the last dimension of the codes are the bytes of a block
};

constexpr std::array<Naming, 5> namings{{
    {"", "_scale_inv", "", false, false},
    {"", "_scale", "_scale_2", false, false},
    {"_packed", "_scale", "_global_scale", true, false},
    {"_blocks", "_scales", "", false, true},
    {".blocks", ".scales", "", false, true},
}};

constexpr std::size_t mx_block = 32, nv_block = 16;

std::string place_of(const FoundTensor& tensor) { return "/" + printable(tensor.name); }

std::string text_of(const Shape& shape) {
  std::string text;
  for (const std::int64_t dimension : shape)
    text += (text.empty() ? "" : ", ") + std::to_string(dimension);
  return "[" + text + "]";
}

bool is(const FoundTensor& tensor, const char* type) { return tensor.type == type; }

bool is_fp4(const FoundTensor& tensor) { return is(tensor, "U8") || is(tensor, "F4"); }

bool may_be_codes(const FoundTensor& tensor) {
  return is_fp4(tensor) || is(tensor, "I8") ||
         (tensor.type.starts_with("F8_") && !is(tensor, "F8_E8M0"));
}

// What scales are: U8 is E8M0. Throws Error where these are none of such codes.
ElementType scale_type_of(const FoundTensor& scales, const FoundTensor& codes) {
  const bool power_of_two = is(scales, "U8") || is(scales, "F8_E8M0");
  if (power_of_two) return element_type("float8_e8m0fnu");
  const bool floating = scales.element &&
                        std::holds_alternative<Float>(scales.element->format.kind) &&
                        scales.element->name != "bool" && fits_binary32(scales.element->format);
  if (is_fp4(codes) ? !is(scales, "F8_E4M3") : !floating)
    throw Error("scales of " + scales.type + " beside codes of " + codes.type, place_of(scales),
                is_fp4(codes) ? "MXFP4 has E8M0 scales (U8), NVFP4 has E4M3 ones (F8_E4M3); "
                                "--only takes other tensors"
                              : "scales are floats; --only takes other tensors");
  return *scales.element;
}

// The dimensions before the last two.
std::size_t count_before(const Shape& shape, std::size_t kept) {
  const Shape before(shape.begin(), shape.end() - static_cast<std::ptrdiff_t>(kept));
  return element_count(before);
}

// The shape of the values, and the matrices that it is.
void set_shape(ScaledTensor& tensor, bool grouped) {
  Shape shape = tensor.codes.shape;
  if (grouped) {
    constexpr std::int64_t bytes_of_a_block = mx_block / 2;
    if (shape.size() < 2 || shape.back() != bytes_of_a_block || !tensor.paired)
      throw Error("codes of " + tensor.codes.type + " in the shape " + text_of(shape),
                  place_of(tensor.codes), "blocks of MXFP4 are U8 of 16 bytes each");
    shape.pop_back();
    shape.back() *= bytes_of_a_block;
  }
  if (tensor.paired) {
    if (shape.empty()) throw Error("a single byte holds two codes", place_of(tensor.codes));
    shape.back() *= 2;
  }
  if (tensor.codes.close && !shape.empty() && shape.back() % 2 != 0)
    throw Error("rows of " + counted(shape.back(), "code") + " of 4 bits do not fill their bytes",
                place_of(tensor.codes));
  element_count(shape);
  tensor.columns = shape.empty() ? 1 : static_cast<std::size_t>(shape.back());
  tensor.rows = shape.size() < 2 ? 1 : static_cast<std::size_t>(shape[shape.size() - 2]);
  tensor.matrices = shape.size() < 3 ? 1 : count_before(shape, 2);
  tensor.shape = std::move(shape);
}

std::size_t blocks(std::size_t extent, std::size_t block) { return (extent + block - 1) / block; }

[[noreturn]] void refuse_scales(const ScaledTensor& tensor) {
  throw Error("scales of the shape " + text_of(tensor.scales.shape) + " for values of the shape " +
                  text_of(tensor.shape),
              place_of(tensor.scales),
              "say with --block ROWSxCOLUMNS how large a block is, or leave them out with --only");
}

// Blocks that the shapes may mean, the likeliest first; {0, 0} is what divides the values evenly.
std::vector<std::array<std::size_t, 2>> likely_blocks(const ScaledTensor& tensor,
                                                      const PairOptions& options) {
  if (options.block) return {*options.block};
  if (is_fp4(tensor.codes)) {
    const std::size_t size = is(tensor.scales, "F8_E4M3") ? nv_block : mx_block;
    return {{1, size}, {size, size}};
  }
  if (is(tensor.scales, "U8") || is(tensor.scales, "F8_E8M0"))
    return {{128, 128}, {1, mx_block}, {0, 0}};
  return {{128, 128}, {0, 0}};
}

bool set_blocks(ScaledTensor& tensor, std::array<std::size_t, 2> block) {
  const std::size_t a = tensor.scale_rows;
  const std::size_t b = tensor.scale_columns;
  if (block[0] == 0) {
    if (a == 0 || b == 0 || tensor.rows % a != 0 || tensor.columns % b != 0) return false;
    block = {std::max<std::size_t>(tensor.rows / a, 1),
             std::max<std::size_t>(tensor.columns / b, 1)};
  }
  if (blocks(tensor.rows, block[0]) != a || blocks(tensor.columns, block[1]) != b) return false;
  tensor.block_rows = block[0];
  tensor.block_columns = block[1];
  return true;
}

// Scales in tiles: of any shape, of the tiles' size.
void set_tiles(ScaledTensor& tensor, const PairOptions& options) {
  const std::size_t usual = tensor.scale_type.name == "float8_e4m3fn" ? nv_block : mx_block;
  tensor.block_rows = options.block ? (*options.block)[0] : 1;
  tensor.block_columns = options.block ? (*options.block)[1] : usual;
  tensor.scale_matrices = tensor.matrices;
  tensor.scale_rows = blocks(tensor.rows, tensor.block_rows);
  tensor.scale_columns = blocks(tensor.columns, tensor.block_columns);
  const ScaleTiles tiles = scale_tiles(tensor.scale_rows, tensor.scale_columns);
  if (tensor.scales.size != tensor.matrices * tiles.bytes())
    throw Error(counted(tensor.scales.size, "byte") + ", the tiles of " +
                    std::to_string(tensor.scale_rows) + " x " +
                    std::to_string(tensor.scale_columns) + " scales have " +
                    std::to_string(tensor.matrices * tiles.bytes()),
                place_of(tensor.scales), "are they in tiles of 128x4?");
}

// Scales row after row: their dimensions are those of the values, counted in blocks. One of all,
// and dimensions of 1 that are left out at the end, are taken too.
void set_rows(ScaledTensor& tensor, const PairOptions& options) {
  Shape shape = tensor.scales.shape;
  if (element_count(shape) == 1) shape.clear();
  if (shape.size() > tensor.shape.size()) refuse_scales(tensor);
  shape.resize(tensor.shape.size(), 1);
  const Shape before(tensor.shape.begin(),
                     tensor.shape.end() - std::min<std::ptrdiff_t>(std::ssize(shape), 2));
  const Shape of_scales(shape.begin(),
                        shape.end() - std::min<std::ptrdiff_t>(std::ssize(shape), 2));
  const bool one_for_all = element_count(of_scales) == 1;
  if (!one_for_all && of_scales != before) refuse_scales(tensor);
  tensor.scale_matrices = one_for_all ? 1 : tensor.matrices;
  tensor.scale_columns = shape.empty() ? 1 : static_cast<std::size_t>(shape.back());
  tensor.scale_rows = shape.size() < 2 ? 1 : static_cast<std::size_t>(shape[shape.size() - 2]);
  for (const auto& block : likely_blocks(tensor, options)) {
    if (set_blocks(tensor, block)) return;
  }
  refuse_scales(tensor);
}

void require_global(const ScaledTensor& tensor) {
  const FoundTensor& global = *tensor.global;
  require_size(global);
  const std::size_t count = element_count(global.shape);
  const bool floating = std::holds_alternative<Float>(global.element->format.kind) &&
                        fits_binary32(global.element->format) && !global.close;
  if (!floating || (count != 1 && count != tensor.matrices))
    throw Error("elements of " + global.type + " in the shape " + text_of(global.shape),
                place_of(global), "a scale over all is one float, or one for every matrix");
}

ScaledTensor scaled(const Naming& naming, const FoundTensor& codes, const FoundTensor& scales,
                    const FoundTensor* global, const PairOptions& options) {
  require_size(codes);
  require_size(scales);
  ScaledTensor tensor;
  tensor.name = codes.name.substr(0, codes.name.size() - std::string_view(naming.codes).size());
  tensor.codes = codes;
  tensor.paired = is(codes, "U8");
  tensor.element = is_fp4(codes) ? element_type("float4_e2m1fn") : *codes.element;
  tensor.nibbles = options.nibbles;
  tensor.scales = scales;
  tensor.scale_type = scale_type_of(scales, codes);
  set_shape(tensor, naming.grouped);
  tensor.tiled = options.tiled_scales && element_bytes(tensor.scale_type) == 1;
  if (tensor.tiled) {
    set_tiles(tensor, options);
  } else {
    set_rows(tensor, options);
  }
  if (global == nullptr) return tensor;
  tensor.global = *global;
  tensor.global_divides = naming.divides;
  require_global(tensor);
  return tensor;
}

}  // namespace

Checkpoint checkpoint_of(const FoundFile& file, const PairOptions& options) {
  std::map<std::string, const FoundTensor*> by_name;
  for (const FoundTensor& tensor : file.tensors) by_name[tensor.name] = &tensor;
  const auto named = [&](const std::string& name) -> const FoundTensor* {
    const auto found = by_name.find(name);
    return found == by_name.end() ? nullptr : found->second;
  };
  Checkpoint result;
  std::set<const FoundTensor*> used;
  for (const FoundTensor& codes : file.tensors) {
    if (!may_be_codes(codes) || used.contains(&codes)) continue;
    for (const Naming& naming : namings) {
      if (!codes.name.ends_with(naming.codes)) continue;
      const std::string start =
          codes.name.substr(0, codes.name.size() - std::string_view(naming.codes).size());
      const FoundTensor* scales = named(start + naming.scales);
      if (scales == nullptr || scales == &codes) continue;
      const FoundTensor* global =
          *naming.over_all == '\0' ? nullptr : named(start + naming.over_all);
      if (!options.wants || options.wants(start))
        result.scaled.push_back(scaled(naming, codes, *scales, global, options));
      used.insert({&codes, scales});
      if (global != nullptr) used.insert(global);
      break;
    }
  }
  for (const FoundTensor& tensor : file.tensors) {
    if (!used.contains(&tensor)) result.others.push_back(tensor);
  }
  return result;
}

}  // namespace halfulp::tensors

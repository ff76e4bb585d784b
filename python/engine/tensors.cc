// SPDX-License-Identifier: MIT
#include "python/engine/tensors.h"

#include <array>
#include <cstring>
#include <memory>

#include "cli/at_option.h"
#include "formats/codes.h"
#include "formats/error.h"
#include "golden/tensors/axis.h"

namespace halfulp::python {
namespace {

// DLPack 1.1's numbers of the types that the language lacks (dlpack.h, DLDataTypeCode): types of
// one size each.
struct NarrowType {
  int code, bits;
  const char* name;
};
constexpr std::array<NarrowType, 12> narrow_types{{{4, 16, "bfloat16"},
                                                   {7, 8, "float8_e3m4"},
                                                   {8, 8, "float8_e4m3"},
                                                   {9, 8, "float8_e4m3b11fnuz"},
                                                   {10, 8, "float8_e4m3fn"},
                                                   {11, 8, "float8_e4m3fnuz"},
                                                   {12, 8, "float8_e5m2"},
                                                   {13, 8, "float8_e5m2fnuz"},
                                                   {14, 8, "float8_e8m0fnu"},
                                                   {15, 8, "float6_e2m3fn"},
                                                   {16, 8, "float6_e3m2fn"},
                                                   {17, 8, "float4_e2m1fn"}}};

std::string type_of(const nb::dlpack::dtype& type) {
  if (type.lanes == 1) {
    for (const NarrowType& narrow : narrow_types) {
      if (narrow.code == type.code && narrow.bits == type.bits) return narrow.name;
    }
    const std::array<const char*, 3> plain{"int", "uint", "float"};
    if (type.code < plain.size() && type.bits >= 8 && type.bits <= 64)
      return plain[type.code] + std::to_string(type.bits);
    constexpr int boolean = 6;
    if (type.code == boolean && type.bits == 8) return "bool";
  }
  throw Error("an array whose type has DLPack's code " + std::to_string(type.code) + " and " +
                  std::to_string(type.bits) + " bits",
              "", "give its bytes as uint8, with the name of the format");
}

template <typename Made, typename Array>
Made view_from(const Array& rows) {
  Made view;
  if (rows.dtype() == nb::dtype<float>()) {
    view.carrier = Carrier::binary32;
  } else if (rows.dtype() == nb::dtype<double>()) {
    view.carrier = Carrier::binary64;
  } else {
    throw Error("rows are float32 or float64");
  }
  view.rows = rows.shape(0);
  view.columns = rows.shape(1);
  const bool used = view.rows > 0 && view.columns > 0;
  if (used && ((rows.stride(1) != 1 && view.columns > 1) || (rows.stride(0) < 0 && view.rows > 1)))
    throw Error("rows have no gaps between their elements");
  view.stride = view.rows > 1 && used ? static_cast<std::size_t>(rows.stride(0)) : view.columns;
  view.data = rows.data();
  return view;
}

}  // namespace

std::span<const std::uint8_t> span_of(const Bytes& bytes) { return {bytes.data(), bytes.size()}; }
std::span<std::uint8_t> span_of(const MutableBytes& bytes) { return {bytes.data(), bytes.size()}; }
View view_of(const Rows& rows) { return view_from<View>(rows); }
MutableView view_of(const MutableRows& rows) { return view_from<MutableView>(rows); }

std::tuple<std::string, std::size_t, int> element_type(const std::string& text) {
  const tensors::ElementType type = tensors::element_type(text);
  return {type.name, tensors::element_bytes(type), bits(type.format)};
}

std::string safetensors_type(const std::string& name) {
  const auto type = tensors::type_of_safetensors_name(name);
  if (!type) throw Error("safetensors has no type \"" + name + "\"");
  return type->name;
}

std::size_t axis_of(const std::vector<std::int64_t>& shape, int axis) {
  return cli::at_option("axis", [&] { return tensors::axis_of(shape, axis); });
}

std::tuple<std::string, std::vector<std::int64_t>,
           nb::ndarray<nb::numpy, const std::uint8_t, nb::ndim<1>>>
// NOLINTNEXTLINE(performance-unnecessary-value-param): as nanobind hands arguments over
from_dlpack(nb::ndarray<nb::ro, nb::c_contig, nb::device::cpu> array) {
  std::vector<std::int64_t> shape;
  for (std::size_t i = 0; i < array.ndim(); ++i)
    shape.push_back(static_cast<std::int64_t>(array.shape(i)));
  const std::string type = type_of(array.dtype());
  nb::ndarray<nb::numpy, const std::uint8_t, nb::ndim<1>> bytes(
      static_cast<const std::uint8_t*>(array.data()), {array.nbytes()}, nb::cast(array));
  return {type, shape, bytes};
}

tensors::Tensor tensor_of(const CodedArray& array, const std::string& name) {
  const auto& [type, shape, bytes] = array;
  const std::span<const std::uint8_t> data = span_of(bytes);
  try {
    tensors::ElementType element = tensors::element_type(type);
    const std::size_t wanted = tensors::element_count(shape) * tensors::element_bytes(element);
    if (data.size() != wanted)
      throw Error("the shape asks for " + std::to_string(wanted) + " bytes");
    return tensors::make_tensor("", std::move(element), shape, {data.begin(), data.end()});
  } catch (const Error& error) {
    throw error.at(name);
  }
}

NewArray array_of(const tensors::Tensor& tensor) {
  auto held = std::make_unique<std::uint8_t[]>(tensor.data.size());
  std::memcpy(held.get(), tensor.data.data(), tensor.data.size());
  std::uint8_t* data = held.get();
  const nb::capsule owner(held.release(),
                          [](void* p) noexcept { delete[] static_cast<std::uint8_t*>(p); });
  return {tensor.name, tensor.type.name, tensor.shape,
          nb::ndarray<nb::numpy, std::uint8_t, nb::ndim<1>>(data, {tensor.data.size()}, owner)};
}

}  // namespace halfulp::python

// SPDX-License-Identifier: MIT
#include "cli/tensor_options.h"

#include <utility>

#include "cli/at_option.h"
#include "formats/error.h"

namespace halfulp::cli {
tensors::Shape parse_extents(const std::string& text, const std::string& option) {
  tensors::Shape shape;
  std::string number;
  for (const char c : text + ",") {
    if (c >= '0' && c <= '9' && number.size() < 18) {
      number += c;
    } else if ((c == ',' || c == 'x') && !number.empty()) {
      shape.push_back(std::stoll(number));
      number.clear();
    } else {
      throw Error("\"" + text + "\" is no shape", option, "write for example 128,512");
    }
  }
  return shape;
}

void add_tensor_options(Parser& parser, TensorOptions& options) {
  parser
      .text("--dtype", options.dtype,
            "the type of elements that the file leaves open: raw files, raw bytes (|V1), bytes")
      .value_name("TYPE");
  parser.text("--shape", options.shape, "of a raw file: 128,512").value_name("N,...");
  parser.text("--byte-order", options.byte_order, "of a raw file: little (the default) or big")
      .value_name("ORDER");
  parser.flag("--fortran-order", options.fortran_order,
              "the first index of a raw file varies fastest");
  parser.flag("--packed", options.packed,
              "elements of 4 or 6 bits lie close, in raw files and in U8 tensors of .safetensors");
}

tensors::ReadOptions read_options(const TensorOptions& options) {
  tensors::ReadOptions read;
  if (!options.dtype.empty())
    read.type = at_option("--dtype", [&] { return tensors::element_type(options.dtype); });
  if (!options.shape.empty()) read.shape = parse_extents(options.shape, "--shape");
  if (options.byte_order != "little" && options.byte_order != "big")
    throw Error("\"" + options.byte_order + "\" is neither little nor big", "--byte-order",
                suggest(options.byte_order, {"little", "big"}));
  read.layout.byte_order =
      options.byte_order == "big" ? tensors::ByteOrder::big : tensors::ByteOrder::little;
  read.layout.fortran_order = options.fortran_order;
  read.packed = options.packed;
  return read;
}

tensors::Tensor storable(tensors::Tensor tensor, tensors::Container container) {
  const bool named = container == tensors::Container::safetensors
                         ? tensors::safetensors_name(tensor.type).has_value()
                         : tensors::numpy_code(tensor.type).front() != 'V';
  if (named) return tensor;
  const std::size_t bits = 8 * tensors::element_bytes(tensor.type);
  tensor.type = tensors::element_type("uint" + std::to_string(bits));
  return tensor;
}

tensors::Tensor as_codes_of(tensors::Tensor tensor, const Format& format) {
  const auto is_unsigned = [](const Format& of) {
    const auto* fixed = std::get_if<Fixed>(&of.kind);
    return fixed != nullptr && !fixed->sign;
  };
  const tensors::ElementType wanted = tensors::element_type(format);
  const bool as_large = tensors::element_bytes(wanted) == tensors::element_bytes(tensor.type);
  if (!is_unsigned(tensor.type.format) || is_unsigned(format) || !as_large) return tensor;
  return tensors::make_tensor(tensor.name, wanted, tensor.shape, std::move(tensor.data));
}

}  // namespace halfulp::cli

// SPDX-License-Identifier: MIT
#include "golden/tensors/npy.h"

#include <optional>

#include "formats/error.h"
#include "golden/tensors/npy_header.h"

namespace halfulp::tensors {
namespace {

struct TypeText {
  ByteOrder byte_order = ByteOrder::little;
  std::string code;  // letter and size, "f4"
};

// "<f4", ">i2", "|u1", "=f8", "f8". Without an order it is the machine's, which is little-endian
// wherever such files are common.
TypeText split_type(const std::string& text) {
  TypeText type;
  const bool has_order =
      !text.empty() && std::string_view("<>=|").find(text[0]) != std::string::npos;
  if (has_order && text[0] == '>') type.byte_order = ByteOrder::big;
  type.code = text.substr(has_order ? 1 : 0);
  return type;
}

[[noreturn]] void refuse_type(const std::string& text, const std::string& code) {
  const char letter = code.empty() ? '\0' : code[0];
  std::string what = "elements of an unknown type";
  std::string hint = "numbers are read: b1, i1 to i8, u1 to u8, f2, f4, f8";
  if (letter == 'c' || letter == 'W') {
    what = "complex elements";
    hint = "save the real and the imaginary part as arrays of their own";
  } else if (letter == 'O') {
    what = "Python objects";
    hint = "convert the array to numbers before it is saved";
  } else if (letter == 'S' || letter == 'U' || letter == 'a') {
    what = "text elements";
  } else if (letter == 'M' || letter == 'm') {
    what = "dates or times";
    hint = "save array.view(numpy.int64)";
  } else if (letter == 'f' && code.size() > 1 &&
             code.find_first_not_of("0123456789", 1) == std::string::npos) {
    what = "floating-point elements of " + printable(code.substr(1)) + " bytes";
    hint = "save array.astype(numpy.float64)";
  }
  throw Error(what + " (" + printable(text) + ")", "", hint);
}

// The size of raw bytes, "V2".
std::optional<std::size_t> raw_size(const std::string& code) {
  for (const std::size_t size : {1U, 2U, 4U, 8U}) {
    if (code == "V" + std::to_string(size)) return size;
  }
  return std::nullopt;
}

ElementType resolve_type(const std::string& text, const std::string& code, GivenType& given) {
  if (const std::optional<std::size_t> size = raw_size(code)) return given.of_raw_bytes(*size);
  const std::optional<ElementType> type = type_of_numpy_code(code);
  // ml_dtypes 0.1 wrote names: {'descr': 'float8_e4m3fn'}.
  const std::optional<ElementType> named = type ? type : type_of_numpy_name(code);
  if (!named) refuse_type(text, code);
  return given.or_given(*named);
}

void require_size(std::uint64_t found, std::size_t count, std::size_t size) {
  // No overflow: a shape has at most 2^60 elements, an element at most 8 bytes.
  const std::size_t needed = count * size;
  if (found == needed) return;
  const std::string numbers =
      std::to_string(found) + " bytes follow the header, its shape needs " + std::to_string(needed);
  throw Error(numbers, "",
              found < needed ? "is the file whole?"
                             : "one array a file; several arrays go into an .npz file");
}

}  // namespace

StoredTensor stored_npy(ByteView beginning, std::uint64_t file_size, GivenType& given) {
  NpyHeader header = parse_npy_header(beginning);
  const std::size_t count = element_count(header.shape);
  const TypeText text = split_type(header.type);
  ElementType type = resolve_type(header.type, text.code, given);
  require_size(file_size - header.length, count, element_bytes(type));
  return {.heading = {"", std::move(type), std::move(header.shape)},
          .begin = header.length,
          .end = file_size,
          .layout = {text.byte_order, header.fortran_order}};
}

Tensor parse_npy(ByteView file, GivenType& given) {
  const StoredTensor stored = stored_npy(file, file.size(), given);
  return tensor_of(stored, file.subspan(stored.begin));
}

std::string npy_beginning(const Heading& heading) {
  const std::string order = element_bytes(heading.type) == 1 ? "|" : "<";
  return npy_header_text(order + numpy_code(heading.type), false, heading.shape);
}

std::string npy_file(const Tensor& tensor, const Layout& layout) {
  const std::string code = numpy_code(tensor.type);
  const bool raw = code[0] == 'V';
  const bool big = layout.byte_order == ByteOrder::big;
  const bool one_byte = element_bytes(tensor.type) == 1;
  if (raw && big && !one_byte)
    throw Error("NumPy has no byte order for " + tensor.type.name, "",
                "leave it in little-endian order");
  const bool fortran = layout.fortran_order && orders_differ(tensor.shape);
  const std::string order = one_byte ? "|" : big ? ">" : "<";
  std::string file = npy_header_text(order + code, fortran, tensor.shape);
  const Bytes elements = to_layout(tensor, layout);
  file.append(reinterpret_cast<const char*>(elements.data()), elements.size());
  return file;
}

}  // namespace halfulp::tensors

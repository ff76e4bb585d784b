// SPDX-License-Identifier: MIT
//
// What an element of a tensor is: a number format under the name that NumPy, ml_dtypes or the
// catalogue has for it, with what the file formats call it. The table of those that NumPy,
// ml_dtypes 0.6 and safetensors 0.8 know is in element_type.cc; every other format of at most 64
// bits is an element type too, which only the caller can name.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "formats/format.h"

namespace halfulp::tensors {

struct ElementType {
  std::string name;  // "float32", "bfloat16", "int4", "bool"; else the format's
  Format format;     // bool is an unsigned integer of one bit
  bool operator==(const ElementType&) const = default;
};

// The type of a name, or of a format as every option --format takes it. Throws Error: unknown,
// wider than 64 bits, or a name such as "f4" or "i8", which counts bytes in NumPy and bits here.
ElementType element_type(const std::string& text);
// The same of a format at hand. Precondition: at most 64 bits.
ElementType element_type(const Format& format);

// Bytes that an element takes in memory and in NumPy's files: 1, 2, 4 or 8.
std::size_t element_bytes(const ElementType& type);

// NumPy's letter and size in bytes, "f4"; "V2" of types that NumPy itself does not know.
std::string numpy_code(const ElementType& type);
// The type that NumPy's letter and size stand for; absent where they name none. "f1" is what
// ml_dtypes calls its float8_e5m2.
std::optional<ElementType> type_of_numpy_code(std::string_view code);

// The type of a name that NumPy or ml_dtypes has for it, "float8_e4m3fn"; absent for any other.
std::optional<ElementType> type_of_numpy_name(std::string_view name);

// safetensors' name and back, "BF16"; absent where it has none.
std::optional<std::string> safetensors_name(const ElementType& type);
std::optional<ElementType> type_of_safetensors_name(std::string_view name);
// The place in safetensors' own list of types, which is in order of increasing alignment.
// Precondition: safetensors has a name for the type.
int safetensors_rank(const ElementType& type);

// The type of elements that a file leaves open. The caller may give one: it is taken where the
// file has raw bytes, or unsigned integers (as which codes are often stored), of its size.
class GivenType {
 public:
  // packed: bytes hold several codes of the type, where its codes have 4 or 6 bits.
  explicit GivenType(std::optional<ElementType> type, bool packed = false)
      : type_(std::move(type)), packed_(packed) {}

  // Throws Error where none was given or its size is another.
  ElementType of_raw_bytes(std::size_t size);
  // The given type instead of an unsigned integer of its size; else what the file says.
  ElementType or_given(const ElementType& in_file);
  // The given type, where it is packed and the file has bytes.
  std::optional<ElementType> packed_in(const ElementType& in_file);
  // Did elements take it?
  [[nodiscard]] bool used() const { return used_; }
  // Throws Error where a type was given and no element took it.
  void require_used() const;

 private:
  std::optional<ElementType> type_;
  bool packed_ = false;
  bool used_ = false;
};

}  // namespace halfulp::tensors

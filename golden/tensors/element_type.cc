// SPDX-License-Identifier: MIT
//
// Sources: NumPy 2.4, numpy.lib.format (array-protocol type strings); ml_dtypes 0.6.0, whose types
// np.save writes as raw bytes "<V1" and "<V2", and float8_e5m2 as "<f1" (found by experiment);
// safetensors 0.8.0, the enumeration Dtype.
#include "golden/tensors/element_type.h"

#include <algorithm>
#include <array>
#include <vector>

#include "formats/codes.h"
#include "formats/engine.h"
#include "formats/error.h"
#include "formats/json.h"

namespace halfulp::tensors {
namespace {

struct Known {
  const char* name;
  const char* format;
  const char* numpy;        // "" where NumPy has only raw bytes for it
  const char* safetensors;  // "" where it has none
};

// In the order of safetensors' types, then the rest.
constexpr std::array<Known, 28> known_types{{
    {"bool", "uint1", "b1", "BOOL"},
    {"float4_e2m1fn", "float4_e2m1fn", "", "F4"},
    {"float6_e2m3fn", "float6_e2m3fn", "", "F6_E2M3"},
    {"float6_e3m2fn", "float6_e3m2fn", "", "F6_E3M2"},
    {"uint8", "uint8", "u1", "U8"},
    {"int8", "int8", "i1", "I8"},
    {"float8_e5m2", "float8_e5m2", "", "F8_E5M2"},
    {"float8_e4m3fn", "float8_e4m3fn", "", "F8_E4M3"},
    {"float8_e8m0fnu", "float8_e8m0fnu", "", "F8_E8M0"},
    {"float8_e4m3fnuz", "float8_e4m3fnuz", "", "F8_E4M3FNUZ"},
    {"float8_e5m2fnuz", "float8_e5m2fnuz", "", "F8_E5M2FNUZ"},
    {"int16", "int16", "i2", "I16"},
    {"uint16", "uint16", "u2", "U16"},
    {"float16", "binary16", "f2", "F16"},
    {"bfloat16", "bfloat16", "", "BF16"},
    {"int32", "int32", "i4", "I32"},
    {"uint32", "uint32", "u4", "U32"},
    {"float32", "binary32", "f4", "F32"},
    {"float64", "binary64", "f8", "F64"},
    {"int64", "int64", "i8", "I64"},
    {"uint64", "uint64", "u8", "U64"},
    {"float8_e3m4", "float8_e3m4", "", ""},
    {"float8_e4m3", "float8_e4m3", "", ""},
    {"float8_e4m3b11fnuz", "float8_e4m3b11fnuz", "", ""},
    {"int4", "int4", "", ""},
    {"uint4", "uint4", "", ""},
    {"int2", "int2", "", ""},
    {"uint2", "uint2", "", ""},
}};

struct Entry {
  Known known;
  ElementType type;
};

const std::vector<Entry>& entries() {
  static const std::vector<Entry> list = [] {
    std::vector<Entry> made;
    for (const Known& known : known_types)
      made.push_back({known, {known.name, format_from_text(known.format)}});
    return made;
  }();
  return list;
}

const Entry* find_entry(const ElementType& type) {
  for (const Entry& entry : entries()) {
    if (entry.type.name == type.name && entry.type.format.kind == type.format.kind) return &entry;
  }
  return nullptr;
}

// "f4", "i8", "u1": NumPy counts bytes, the catalogue's aliases count bits.
void refuse_two_meanings(const std::string& text) {
  constexpr std::string_view letters = "fiu";
  constexpr std::string_view digits = "1248";
  if (text.size() != 2 || letters.find(text[0]) == std::string_view::npos ||
      digits.find(text[1]) == std::string_view::npos)
    return;
  const std::string word = text[0] == 'f' ? "float" : text[0] == 'i' ? "int" : "uint";
  throw Error("\"" + text + "\" alone means bits to some and bytes to others", "",
              "write the whole name with its bits, such as \"" + word + "32\"");
}

}  // namespace

ElementType element_type(const std::string& text) {
  refuse_two_meanings(text);
  if (text == "bool") return entries().front().type;
  const Format format = format_from_text(text);
  constexpr int widest = 64;
  if (bits(format) > widest)
    throw Error(format.name + " has " + std::to_string(bits(format)) + " bits", "",
                "elements of tensors have at most 64");
  return element_type(format);
}

ElementType element_type(const Format& format) {
  for (const Entry& entry : entries()) {
    if (entry.type.format.kind == format.kind && entry.type.name != "bool") return entry.type;
  }
  return {format.name, format};
}

std::size_t element_bytes(const ElementType& type) {
  const int needed = bits(type.format);
  for (const std::size_t size : {1U, 2U, 4U, 8U}) {
    if (needed <= static_cast<int>(8 * size)) return size;
  }
  throw std::logic_error("element_bytes: " + type.name + " has more than 64 bits");
}

std::string numpy_code(const ElementType& type) {
  const Entry* entry = find_entry(type);
  if (entry != nullptr && entry->known.numpy[0] != '\0') return entry->known.numpy;
  return "V" + std::to_string(element_bytes(type));
}

std::optional<ElementType> type_of_numpy_code(std::string_view code) {
  if (code == "f1") return element_type("float8_e5m2");
  for (const Entry& entry : entries()) {
    if (!code.empty() && entry.known.numpy == code) return entry.type;
  }
  return std::nullopt;
}

std::optional<ElementType> type_of_numpy_name(std::string_view name) {
  // As ml_dtypes called it until version 0.2.
  if (name == "float8_e4m3b11") name = "float8_e4m3b11fnuz";
  for (const Entry& entry : entries()) {
    if (entry.known.name == name) return entry.type;
  }
  return std::nullopt;
}

std::optional<std::string> safetensors_name(const ElementType& type) {
  const Entry* entry = find_entry(type);
  if (entry == nullptr || entry->known.safetensors[0] == '\0') return std::nullopt;
  return entry->known.safetensors;
}

std::optional<ElementType> type_of_safetensors_name(std::string_view name) {
  for (const Entry& entry : entries()) {
    if (!name.empty() && entry.known.safetensors == name) return entry.type;
  }
  return std::nullopt;
}

int safetensors_rank(const ElementType& type) {
  return static_cast<int>(find_entry(type) - entries().data());
}

ElementType GivenType::of_raw_bytes(std::size_t size) {
  const std::string sizes = std::to_string(size) + (size == 1 ? " raw byte" : " raw bytes");
  if (!type_)
    throw Error(
        "the elements are " + sizes + " and the file does not say what they mean", "",
        "name their type, for instance " + std::string(size == 1 ? "float8_e4m3fn" : "bfloat16"));
  if (element_bytes(*type_) != size)
    throw Error("the elements are " + sizes + ", which " + type_->name + " is not", "",
                "name a type of " + std::to_string(8 * size) + " bits or little less");
  used_ = true;
  return *type_;
}

ElementType GivenType::or_given(const ElementType& in_file) {
  const auto* integer = std::get_if<Fixed>(&in_file.format.kind);
  const bool takes = type_ && integer != nullptr && !integer->sign && in_file.name != "bool" &&
                     numpy_code(in_file)[0] == 'u' &&
                     element_bytes(in_file) == element_bytes(*type_);
  used_ |= takes || (type_ && *type_ == in_file);
  return takes ? *type_ : in_file;
}

std::optional<ElementType> GivenType::packed_in(const ElementType& in_file) {
  if (!packed_ || !type_ || packed_bits(type_->format) >= 8 || bits(type_->format) < 4 ||
      in_file.name != "uint8")
    return std::nullopt;
  used_ = true;
  return type_;
}

void GivenType::require_used() const {
  if (type_ && !used_)
    throw Error("no array has raw bytes or unsigned integers that " + type_->name +
                    " could be the meaning of",
                "", "leave the type to the file");
}

}  // namespace halfulp::tensors

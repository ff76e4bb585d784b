// SPDX-License-Identifier: MIT
#include "golden/tensors/safetensors.h"

#include <algorithm>
#include <optional>
#include <set>

#include "formats/codes.h"
#include "formats/counted.h"
#include "formats/error.h"
#include "formats/files/safetensors_layout.h"

namespace halfulp::tensors {
namespace {

constexpr const char* damaged = "is the file damaged?";

std::string place_of(const std::string& name) { return "/" + printable(name); }

ElementType type_of(const SafetensorsEntry& entry) {
  if (const std::optional<ElementType> type = type_of_safetensors_name(entry.type)) return *type;
  const std::string place = place_of(entry.name) + "/dtype";
  if (entry.type == "C64")
    throw Error("complex elements (C64)", place,
                "save the real and the imaginary part as tensors of their own");
  throw Error("unknown element type \"" + printable(entry.type) + "\"", place,
              "the types are those of safetensors 0.8, such as F32, BF16, F8_E4M3");
}

std::size_t count_of(const SafetensorsEntry& entry) {
  try {
    return element_count(entry.shape);
  } catch (const Error& error) {
    throw error.at(place_of(entry.name) + "/shape");
  }
}

// Throws Error where the entry's data are not of its shape's size.
void require_size(const SafetensorsEntry& entry) {
  const std::uint64_t needed =
      safetensors_size(type_of(entry), count_of(entry), place_of(entry.name) + "/shape");
  if (entry.end - entry.begin != needed)
    throw Error(
        counted(entry.end - entry.begin, "byte") + ", the shape needs " + std::to_string(needed),
        place_of(entry.name) + "/data_offsets", damaged);
}

// The shape of the codes of 4 or 6 bits in bytes of a shape.
Shape unpacked(Shape shape, const ElementType& type) {
  if (shape.empty()) throw Error("a single byte, without a dimension, is not packed");
  const std::int64_t size_in_bits = 8 * shape.back();
  if (size_in_bits % bits(type.format) != 0)
    throw Error("the last dimension, " + std::to_string(shape.back()) +
                ", is no whole number of elements of " + type.name);
  shape.back() = size_in_bits / bits(type.format);
  return shape;
}

StoredTensor stored_entry(const SafetensorsEntry& entry, std::uint64_t data_begin,
                          GivenType& given) {
  const std::uint64_t begin = data_begin + entry.begin;
  const std::uint64_t end = data_begin + entry.end;
  const ElementType in_file = type_of(entry);
  if (std::optional<ElementType> packed = given.packed_in(in_file)) {
    Shape shape = unpacked(entry.shape, *packed);
    return {.heading = {entry.name, *std::move(packed), std::move(shape)},
            .begin = begin,
            .end = end,
            .packed = true};
  }
  return {.heading = {entry.name, given.or_given(in_file), entry.shape},
          .begin = begin,
          .end = end,
          .packed = lies_close(in_file)};
}

// What stands in the header for a tensor, but for the offsets: end is its size.
SafetensorsEntry entry_of(const Heading& heading, std::size_t place) {
  SafetensorsEntry entry{
      .name = heading.name.empty() ? "arr_" + std::to_string(place) : heading.name,
      .type = {},
      .shape = heading.shape};
  const std::string where = place_of(entry.name);
  if (entry.name == metadata_key) throw Error("no name for a tensor", where, "call it otherwise");
  const std::optional<std::string> type = safetensors_name(heading.type);
  if (!type)
    throw Error("safetensors has no type for " + heading.type.name, where,
                "write its codes as uint" + std::to_string(8 * element_bytes(heading.type)));
  entry.type = *type;
  entry.end = safetensors_size(heading.type, element_count(heading.shape), where);
  return entry;
}

}  // namespace

bool lies_close(const ElementType& type) {
  const int width = bits(type.format);
  return width == 4 || width == 6;
}

std::uint64_t safetensors_size(const ElementType& type, std::size_t count,
                               const std::string& place) {
  if (!lies_close(type)) return count * element_bytes(type);
  const std::size_t size_in_bits = count * static_cast<std::size_t>(bits(type.format));
  if (size_in_bits % 8 != 0)
    throw Error(
        std::to_string(count) + " elements of " + type.name + " do not fill their last byte", place,
        "safetensors has whole bytes only; .npy and .npz take any number");
  return size_in_bits / 8;
}

StoredTensor stored_safetensors(const SafetensorsEntry& entry, std::uint64_t data_begin,
                                GivenType& given) {
  require_size(entry);
  try {
    return stored_entry(entry, data_begin, given);
  } catch (const Error& error) {
    throw error.at(place_of(entry.name));
  }
}

TensorFile parse_safetensors(ByteView file, GivenType& given, Selection& selection) {
  SafetensorsLayout layout = safetensors_layout(file);
  TensorFile result{.tensors = {}, .metadata = std::move(layout.header.metadata)};
  for (const SafetensorsEntry& entry : layout.header.entries) {
    if (!selection.wants(entry.name)) continue;
    const StoredTensor stored = stored_safetensors(entry, 0, given);
    try {
      result.tensors.push_back(tensor_of(stored, layout.data_of(entry)));
    } catch (const Error& error) {
      throw error.at(place_of(entry.name));
    }
  }
  return result;
}

SafetensorsPlan safetensors_plan(std::span<const Heading> headings, Metadata metadata) {
  std::vector<SafetensorsEntry> entries;
  std::set<std::string> names;
  for (const Heading& heading : headings) {
    entries.push_back(entry_of(heading, entries.size()));
    const std::string& name = entries.back().name;
    if (!names.insert(name).second) throw Error("two tensors of this name", place_of(name));
  }
  SafetensorsPlan plan{.header = {.entries = {}, .metadata = std::move(metadata)}, .tensors = {}};
  for (std::size_t i = 0; i < entries.size(); ++i) plan.tensors.push_back(i);
  std::sort(plan.tensors.begin(), plan.tensors.end(), [&](std::size_t a, std::size_t b) {
    const int rank_a = safetensors_rank(headings[a].type);
    const int rank_b = safetensors_rank(headings[b].type);
    return rank_a != rank_b ? rank_a > rank_b : entries[a].name < entries[b].name;
  });
  std::uint64_t offset = 0;
  for (const std::size_t i : plan.tensors) {
    SafetensorsEntry& entry = plan.header.entries.emplace_back(std::move(entries[i]));
    entry.begin = offset;
    entry.end += offset;
    offset = entry.end;
  }
  return plan;
}

std::string safetensors_file(const TensorFile& file) {
  std::vector<Heading> headings;
  for (const Tensor& tensor : file.tensors)
    headings.push_back({tensor.name, tensor.type, tensor.shape});
  const SafetensorsPlan plan = safetensors_plan(headings, file.metadata);
  std::string bytes = safetensors_start(plan.header);
  for (const std::size_t i : plan.tensors) {
    const Tensor& tensor = file.tensors[i];
    const Bytes data = lies_close(tensor.type) ? packed_codes(tensor) : tensor.data;
    bytes.append(reinterpret_cast<const char*>(data.data()), data.size());
  }
  return bytes;
}

}  // namespace halfulp::tensors

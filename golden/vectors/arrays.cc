// SPDX-License-Identifier: MIT
#include "golden/vectors/arrays.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "formats/counted.h"
#include "formats/error.h"
#include "formats/json.h"
#include "golden/tensors/npz.h"

namespace halfulp::vectors {
namespace {

constexpr const char* metadata_name = "metadata";

tensors::ElementType integers_of(int bits) {
  for (const int width : {8, 16, 32, 64}) {
    if (bits <= width) return tensors::element_type("uint" + std::to_string(width));
  }
  throw Error("the style npz holds codes of at most 64 bits", "", "take testfloat, csv or json");
}

void take_array(const Layout& layout, const tensors::Tensor& array, std::size_t place,
                const Field& field, std::vector<Case>& cases) {
  for (std::size_t i = 0; i < cases.size(); ++i) {
    const std::uint64_t code = tensors::code_at(array, i);
    if (field.bits < 64 && code >> field.bits != 0)
      throw Error("element " + std::to_string(i) + " has more than " + counted(field.bits, "bit"),
                  field.name, "is it of another format?");
    set_field_value(layout, cases[i], place, code);
  }
}

const tensors::Tensor* find(const std::vector<tensors::Tensor>& arrays, const std::string& name) {
  const auto at = std::find_if(arrays.begin(), arrays.end(),
                               [&](const tensors::Tensor& array) { return array.name == name; });
  return at == arrays.end() ? nullptr : &*at;
}

std::optional<std::uint64_t> stated_count(const tensors::Tensor* metadata, const Layout& layout) {
  if (metadata == nullptr) return std::nullopt;
  const std::size_t length = tensors::element_count(*metadata);
  std::string text;
  for (std::size_t i = 0; i < length; ++i) {
    const std::uint64_t code = tensors::code_at(*metadata, i);
    if (code > 255) throw Error("the array has more than bytes", metadata_name, "it is JSON");
    text.push_back(static_cast<char>(code));
  }
  try {
    return count_of_metadata(parse_json(text, ""), layout);
  } catch (const Error& error) {
    throw error.at(metadata_name);
  }
}

}  // namespace

std::string npz_of(const Layout& layout, const Origin& origin, std::span<const Case> cases) {
  const std::vector<Field> fields = fields_of(layout);
  std::vector<tensors::Tensor> arrays;
  const auto length = static_cast<std::int64_t>(cases.size());
  for (std::size_t place = 0; place < fields.size(); ++place) {
    std::vector<std::uint64_t> codes;
    codes.reserve(cases.size());
    for (const Case& c : cases)
      codes.push_back(static_cast<std::uint64_t>(field_value(layout, c, place)));
    arrays.push_back(tensors::from_codes(
        {.name = fields[place].name, .type = integers_of(fields[place].bits), .shape = {length}},
        codes));
  }
  const std::string text = origin_json(layout, origin);
  const std::vector<std::uint64_t> bytes(text.begin(), text.end());
  arrays.push_back(tensors::from_codes({.name = metadata_name,
                                        .type = tensors::element_type("uint8"),
                                        .shape = {static_cast<std::int64_t>(text.size())}},
                                       bytes));
  return tensors::npz_file(arrays, {});
}

ArrayCases cases_of_npz(std::span<const std::uint8_t> file, const Layout& layout,
                        bool flags_optional) {
  tensors::GivenType given({});
  tensors::Selection all;
  const std::vector<tensors::Tensor> arrays = tensors::parse_npz(file, given, all);
  const std::vector<Field> fields = fields_of(layout);
  for (const tensors::Tensor& array : arrays) {
    const bool known = array.name == metadata_name || array.name == "sr" ||
                       std::any_of(fields.begin(), fields.end(),
                                   [&](const Field& field) { return field.name == array.name; });
    if (!known)
      throw Error("an array that no case of " + std::string(name_of(layout.op)) + " has",
                  array.name, "there are a, b, c, random, result, flags, as many as are needed");
  }
  std::vector<Case> cases;
  for (std::size_t place = 0; place < fields.size(); ++place) {
    const Field& field = fields[place];
    integers_of(field.bits);
    const tensors::Tensor* array = find(arrays, field.name);
    if (array == nullptr && field.name == "random") array = find(arrays, "sr");
    if (array == nullptr && flags_optional && field.name == "flags") {
      for (Case& c : cases) c.has_flags = false;
      continue;
    }
    if (array == nullptr) throw Error("the array is missing", field.name, "add it to the archive");
    const std::size_t length = tensors::element_count(*array);
    if (place == 0) cases.resize(length);
    if (array->shape.size() != 1 || length != cases.size())
      throw Error("the array has another shape than the first", field.name,
                  "each has one element a case");
    take_array(layout, *array, place, field, cases);
  }
  return {std::move(cases), stated_count(find(arrays, metadata_name), layout)};
}

}  // namespace halfulp::vectors

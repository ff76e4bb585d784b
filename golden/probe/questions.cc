// SPDX-License-Identifier: MIT
#include "golden/probe/questions.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "formats/codes.h"
#include "formats/error.h"
#include "formats/json.h"

namespace halfulp::probe {
namespace {

using tensors::Shape;
using tensors::Tensor;

constexpr const char* schema = "halfulp.probe.questions/1";
constexpr const char* schema_key = "schema";
constexpr const char* ports_key = "ports";
constexpr const char* about_key = "about";

std::size_t blocks_of(const Ports& ports) {
  if (!ports.scales) return 0;
  const auto block = static_cast<std::size_t>(ports.scales->block);
  return (ports.terms + block - 1) / block;
}

Json json_of(const Ports& ports) {
  Json object;
  object["a"] = to_json(ports.a);
  object["b"] = to_json(ports.b);
  object["c"] = to_json(ports.c);
  object["d"] = to_json(ports.d);
  object["terms"] = ports.terms;
  if (ports.scales) {
    object["scales"] = {{"left", to_json(ports.scales->left)},
                        {"right", to_json(ports.scales->right)},
                        {"block", ports.scales->block}};
  }
  return object;
}

constexpr std::int64_t most_terms = std::int64_t{1} << 16;

Ports ports_from_json(const Json& value, const std::string& where) {
  ObjectReader reader(value, where);
  const auto format = [](ObjectReader& from, const std::string& key) {
    return format_from_json(from.require(key), from.place(key));
  };
  Ports ports{.a = format(reader, "a"),
              .b = format(reader, "b"),
              .c = format(reader, "c"),
              .d = format(reader, "d")};
  ports.terms = static_cast<std::size_t>(reader.integer("terms", 64, 1, most_terms));
  if (const Json* scales = reader.find("scales")) {
    ObjectReader inner(*scales, reader.place("scales"));
    ports.scales = {.left = format(inner, "left"),
                    .right = format(inner, "right"),
                    .block = inner.integer("block", 32, 1, most_terms)};
    inner.finish();
  }
  reader.finish();
  return ports;
}

template <typename CodesOf>
Tensor tensor_of(const std::string& name, const Format& format, const Shape& shape,
                 const std::vector<Question>& questions, const CodesOf& codes_of_question) {
  std::vector<std::uint64_t> codes;
  for (const Question& question : questions) {
    for (const Code code : codes_of_question(question))
      codes.push_back(static_cast<std::uint64_t>(code));
  }
  return tensors::from_codes({name, tensors::element_type(format), shape}, codes);
}

const Tensor& find(const tensors::TensorFile& file, const std::string& name) {
  for (const Tensor& tensor : file.tensors) {
    if (tensor.name == name) return tensor;
  }
  throw Error("there is no such tensor", name, "give the file that `halfulp probe --ask` wrote");
}

std::string metadata_of(const tensors::TensorFile& file, const std::string& key) {
  for (const auto& [name, text] : file.metadata) {
    if (name == key) return text;
  }
  throw Error("the metadata do not say it", key, "give the file that `halfulp probe --ask` wrote");
}

// The codes of row number `row` of a tensor that has rows of one length.
std::vector<Code> row_of(const Tensor& tensor, std::size_t row, std::size_t length) {
  std::vector<Code> codes(length);
  for (std::size_t k = 0; k < length; ++k) codes[k] = tensors::code_at(tensor, row * length + k);
  return codes;
}

void require_rows(const Tensor& tensor, std::size_t rows, std::size_t length, const Format& format,
                  const std::string& place) {
  if (tensors::element_count(tensor) != rows * length)
    throw Error("a tensor of shape " + tensors::shape_text(tensor.shape), place,
                "give " + std::to_string(rows) + " x " + std::to_string(length) + " elements");
  const tensors::ElementType wanted = tensors::element_type(format);
  if (tensors::element_bytes(tensor.type) != tensors::element_bytes(wanted))
    throw Error("elements of " + tensor.type.name, place,
                "give codes of " + format.name + ", or unsigned integers as large");
  const int used = bits(format);
  for (std::size_t i = 0; used < 64 && i < rows * length; ++i) {
    if (tensors::code_at(tensor, i) >> used != 0)
      throw Error("element " + std::to_string(i) + " is no code of " + format.name, place,
                  "bits above the code are zeros");
  }
}

}  // namespace

Ports ports_of(const MatrixUnit& unit, std::size_t terms) {
  Ports ports{
      .a = unit.a.format, .b = unit.b.format, .c = unit.c.format, .d = unit.d, .terms = terms};
  for (const Sum& sum : unit.tree.sums) {
    if (sum.scaling) ports.scales = {sum.scaling->left, sum.scaling->right, sum.scaling->block};
  }
  return ports;
}

bool fits(const MatrixUnit& unit, const Ports& ports) {
  const Ports own = ports_of(unit, ports.terms);
  const bool scales = own.scales.has_value() == ports.scales.has_value() &&
                      (!own.scales || (own.scales->left.kind == ports.scales->left.kind &&
                                       own.scales->right.kind == ports.scales->right.kind &&
                                       own.scales->block == ports.scales->block));
  return own.a.kind == ports.a.kind && own.b.kind == ports.b.kind && own.c.kind == ports.c.kind &&
         own.d.kind == ports.d.kind && scales;
}

tensors::TensorFile file_of(const Ports& ports, const std::vector<Question>& questions) {
  const auto cases = static_cast<std::int64_t>(questions.size());
  const auto terms = static_cast<std::int64_t>(ports.terms);
  const auto blocks = static_cast<std::int64_t>(blocks_of(ports));
  const bool scaled = ports.scales.has_value();
  const auto shape = [&](const Shape& batch, const Shape& matrix) {
    return scaled ? matrix : batch;
  };
  tensors::TensorFile file;
  file.tensors.push_back(tensor_of("a", ports.a, shape({cases, 1, terms}, {cases, terms}),
                                   questions, [](const Question& q) { return q.a; }));
  file.tensors.push_back(tensor_of("b", ports.b, shape({cases, terms, 1}, {cases, terms}),
                                   questions, [](const Question& q) { return q.b; }));
  file.tensors.push_back(tensor_of("c", ports.c, shape({cases, 1, 1}, {cases}), questions,
                                   [](const Question& q) { return std::vector<Code>{q.c}; }));
  if (scaled) {
    file.tensors.push_back(tensor_of("a_scales", ports.scales->left, {cases, blocks}, questions,
                                     [](const Question& q) { return q.a_scales; }));
    file.tensors.push_back(tensor_of("b_scales", ports.scales->right, {cases, blocks}, questions,
                                     [](const Question& q) { return q.b_scales; }));
  }
  Json about = Json::array();
  for (const Question& question : questions) about.push_back(question.about);
  file.metadata = {
      {schema_key, schema}, {ports_key, json_of(ports).dump()}, {about_key, about.dump()}};
  return file;
}

Asked questions_of(const tensors::TensorFile& file) {
  if (const std::string said = metadata_of(file, schema_key); said != schema)
    throw Error("\"" + said + "\" is not " + schema, schema_key,
                "give the file that `halfulp probe --ask` wrote");
  Asked asked{.ports = ports_from_json(parse_json(metadata_of(file, ports_key), ports_key), ""),
              .questions = {}};
  const Json about = parse_json(metadata_of(file, about_key), about_key);
  if (!about.is_array()) throw Error("no list", about_key);
  const std::size_t cases = about.size();
  const std::size_t terms = asked.ports.terms;
  const std::size_t blocks = blocks_of(asked.ports);
  const auto rows = [&](const std::string& name, std::size_t length, const Format& format) {
    const Tensor& tensor = find(file, name);
    require_rows(tensor, cases, length, format, name);
    return &tensor;
  };
  const Tensor* a = rows("a", terms, asked.ports.a);
  const Tensor* b = rows("b", terms, asked.ports.b);
  const Tensor* c = rows("c", 1, asked.ports.c);
  const Tensor* left = blocks > 0 ? rows("a_scales", blocks, asked.ports.scales->left) : nullptr;
  const Tensor* right = blocks > 0 ? rows("b_scales", blocks, asked.ports.scales->right) : nullptr;
  for (std::size_t i = 0; i < cases; ++i) {
    if (!about[i].is_string()) throw Error("no text", about_key);
    Question question{.a = row_of(*a, i, terms),
                      .b = row_of(*b, i, terms),
                      .c = tensors::code_at(*c, i),
                      .a_scales = {},
                      .b_scales = {},
                      .about = about[i].get<std::string>()};
    if (blocks > 0) {
      question.a_scales = row_of(*left, i, blocks);
      question.b_scales = row_of(*right, i, blocks);
    }
    asked.questions.push_back(std::move(question));
  }
  return asked;
}

std::vector<Code> answers_of(const Tensor& d, std::size_t questions, const Format& format) {
  const bool diagonal = questions > 1 && tensors::element_count(d) == questions * questions;
  if (!diagonal) {
    require_rows(d, questions, 1, format, "d");
    return row_of(d, 0, questions);
  }
  require_rows(d, questions, questions, format, "d");
  std::vector<Code> codes(questions);
  for (std::size_t i = 0; i < questions; ++i) codes[i] = tensors::code_at(d, i * (questions + 1));
  return codes;
}

}  // namespace halfulp::probe

// SPDX-License-Identifier: MIT
#include "experiments/models/training/table.h"

#include <charconv>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <span>
#include <string_view>
#include <utility>

#include "experiments/hash.h"
#include "formats/counted.h"
#include "formats/error.h"

namespace halfulp::experiments::training {
namespace {

constexpr std::size_t most_numbers = std::size_t{1} << 28;

// Appends one sample's target, as numbers or as its class.
void add_target(std::span<const double> given, const TableShape& shape, const std::string& where,
                Table& table) {
  if (!shape.classes) {
    table.target.insert(table.target.end(), given.begin(), given.end());
    return;
  }
  const double number = given.front();
  if (!(number >= 0 && number < static_cast<double>(shape.outputs)) || number != std::floor(number))
    throw Error(Json(number).dump() + " is no class", where,
                "classes are 0 to " + std::to_string(shape.outputs - 1) +
                    ", one for each output of the network");
  std::vector<double> row(shape.outputs, 0.0);
  row[static_cast<std::size_t>(number)] = 1.0;
  table.target.insert(table.target.end(), row.begin(), row.end());
}

std::vector<double> numbers_of(const Json& row, const std::string& where, std::size_t count) {
  if (row.is_number() && count == 1) return {row.get<double>()};
  if (!row.is_array() || row.size() != count)
    throw Error(
        count == 1 ? "a number is needed" : "a list of " + counted(count, "number") + " is needed",
        where, "targets are the network's outputs, or a class; inputs are the network's");
  std::vector<double> numbers;
  for (std::size_t i = 0; i < count; ++i) {
    if (!row[i].is_number())
      throw Error(row[i].dump() + " is no number", where + "/" + std::to_string(i));
    numbers.push_back(row[i].get<double>());
  }
  return numbers;
}

std::size_t targets_a_row(const TableShape& shape) { return shape.classes ? 1 : shape.outputs; }

const Json& list_of(ObjectReader& reader, const char* name) {
  const Json& value = reader.require(name);
  if (!value.is_array() || value.empty())
    throw Error("a list of samples, [[...], ...], is needed", reader.place(name));
  return value;
}

void read_lists(ObjectReader& reader, const TableShape& shape, Table& table) {
  const Json& x = list_of(reader, "x");
  const Json& target = list_of(reader, "target");
  if (x.size() != target.size())
    throw Error(
        "there are " + counted(x.size(), "row") + " of x and " + counted(target.size(), "target"),
        reader.place("target"), "give every sample one");
  for (std::size_t r = 0; r < x.size(); ++r) {
    const std::string row = "/" + std::to_string(r);
    const std::vector<double> inputs = numbers_of(x[r], reader.place("x") + row, shape.inputs);
    table.x.insert(table.x.end(), inputs.begin(), inputs.end());
    const std::string at = reader.place("target") + row;
    add_target(numbers_of(target[r], at, targets_a_row(shape)), shape, at, table);
  }
}

std::string printable(std::string_view text) {
  std::string shown(text);
  for (char& c : shown)
    if (c < ' ' || c > '~') c = '?';
  return shown;
}

std::vector<double> numbers_of_line(std::string_view line, const std::string& where) {
  std::vector<double> numbers;
  while (true) {
    const std::size_t end = std::min(line.find(','), line.size());
    std::string_view text = line.substr(0, end);
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
    while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
    double number = 0;
    const auto [last, status] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (status != std::errc() || last != text.data() + text.size() || !std::isfinite(number))
      throw Error(Json(printable(text.substr(0, 40))).dump() + " is no finite number", where,
                  "a line is numbers with commas between; there is no heading");
    numbers.push_back(number);
    if (end == line.size()) return numbers;
    line.remove_prefix(end + 1);
  }
}

void read_file(const std::string& path, const std::string& where, const TableShape& shape,
               Table& table) {
  std::ifstream file(path);
  if (!file || std::filesystem::is_directory(path))
    throw Error("cannot read the file " + path, where,
                "docs/training.md says where the data of the experiments come from");
  std::string line;
  for (std::size_t number = 1; std::getline(file, line); ++number) {
    if (!line.empty() && line.back() == '\r') line.pop_back();
    if (line.empty()) continue;
    const std::string at = path + ", line " + std::to_string(number);
    const std::vector<double> numbers = numbers_of_line(line, at);
    if (numbers.size() != shape.inputs + targets_a_row(shape))
      throw Error(counted(numbers.size(), "number") + " instead of " +
                      std::to_string(shape.inputs + targets_a_row(shape)),
                  at, "a line has the network's inputs and the target");
    const std::span<const double> all(numbers);
    table.x.insert(table.x.end(), all.begin(), all.begin() + static_cast<long>(shape.inputs));
    add_target(all.subspan(shape.inputs), shape, at, table);
    if (table.x.size() > most_numbers)
      throw Error("the file has more than 2^28 numbers", at, "use a part of it");
  }
  if (table.x.empty()) throw Error("the file " + path + " has no samples", where);
}

std::string hash_of(const Table& table) {
  return hexadecimal(fnv1a(std::span<const double>(table.target),
                           fnv1a(std::span<const double>(table.x), fnv_start)));
}

}  // namespace

Table parse_table(const Json& value, const std::string& where, const std::string& folder,
                  const TableShape& shape, Json& resolved) {
  ObjectReader reader(value, where);
  Table table{.inputs = shape.inputs, .outputs = shape.outputs, .x = {}, .target = {}};
  resolved = Json::object();
  if (!reader.has("file")) {
    read_lists(reader, shape, table);
    reader.finish();
    resolved["x"] = value["x"];
    resolved["target"] = value["target"];
    return table;
  }
  const std::string name = reader.text("file", "");
  const double scale = reader.number("scale", 1.0, -1e30, 1e30);
  const std::filesystem::path path(name);
  read_file((path.is_absolute() ? path : std::filesystem::path(folder) / path).string(),
            reader.place("file"), shape, table);
  const std::string hash = hash_of(table);
  const std::string demanded = reader.text("hash", hash);
  if (demanded != hash)
    throw Error("the file's numbers have the hash " + hash, reader.place("hash"),
                "it is another file than this document is about");
  reader.finish();
  for (double& number : table.x) number *= scale;
  resolved = {{"file", name}, {"scale", scale}, {"hash", hash}};
  return table;
}

}  // namespace halfulp::experiments::training

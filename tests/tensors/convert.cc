// SPDX-License-Identifier: MIT
//
// Converts tensor files: a driver for interoperability.py, not a part of the program. Every line of
// standard input is a task, IN OUT [OPTION...] with tabs between them; the answer is a line, "done"
// or what went wrong.
//   --type T --shape 2,3   of IN, where it does not say them (--shape scalar: no dimension)
//   --in-big --in-fortran --in-packed    how a raw IN lies
//   --out-big --out-fortran --out-packed how OUT lies
//   --to T                 converts every element, through doubles; --floats: through floats
//   --through-codes        takes every tensor to codes and back
#include <iostream>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "formats/error.h"
#include "golden/tensors/files.h"

namespace halfulp::tensors {
namespace {

struct Options {
  std::vector<std::string> files;
  std::set<std::string> flags;
  std::string to;
  ReadOptions read;
  WriteOptions write;
};

Shape parse_shape(const std::string& text) {
  Shape shape;
  std::istringstream parts(text);
  for (std::string part; std::getline(parts, part, ',');) shape.push_back(std::stoll(part));
  return shape;
}

Options parse_options(const std::vector<std::string>& arguments) {
  Options options;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string& word = arguments[i];
    if (word == "--type") {
      options.read.type = element_type(arguments.at(++i));
    } else if (word == "--shape") {
      const std::string& text = arguments.at(++i);
      options.read.shape = text == "scalar" ? Shape{} : parse_shape(text);
    } else if (word == "--to") {
      options.to = arguments.at(++i);
    } else if (word.starts_with("--")) {
      options.flags.insert(word.substr(2));
    } else {
      options.files.push_back(word);
    }
  }
  const auto has = [&](const char* flag) { return options.flags.count(flag) > 0; };
  const auto order = [](bool big) { return big ? ByteOrder::big : ByteOrder::little; };
  options.read.layout = {order(has("in-big")), has("in-fortran")};
  options.read.packed = has("in-packed");
  options.write.layout = {order(has("out-big")), has("out-fortran")};
  options.write.packed = has("out-packed");
  return options;
}

Tensor converted(const Tensor& tensor, const Options& options) {
  if (options.flags.count("through-codes") > 0) {
    const Heading heading{tensor.name, tensor.type, tensor.shape};
    return from_packed_codes(heading, packed_codes(from_codes(heading, codes_of(tensor))));
  }
  if (options.to.empty()) return tensor;
  const Heading heading{tensor.name, element_type(options.to), tensor.shape};
  if (options.flags.count("floats") > 0)
    return from_numbers(heading, std::span<const float>(floats_of(tensor)));
  return from_numbers(heading, std::span<const double>(doubles_of(tensor)));
}

void convert(const std::vector<std::string>& arguments) {
  const Options options = parse_options(arguments);
  TensorFile file = read(options.files.at(0), options.read);
  for (Tensor& tensor : file.tensors) tensor = converted(tensor, options);
  write(options.files.at(1), file, options.write);
}

}  // namespace
}  // namespace halfulp::tensors

int main() {
  for (std::string line; std::getline(std::cin, line);) {
    std::vector<std::string> words;
    std::istringstream parts(line);
    for (std::string word; std::getline(parts, word, '\t');) words.push_back(word);
    try {
      halfulp::tensors::convert(words);
      std::cout << "done" << std::endl;
    } catch (const halfulp::Error& error) {
      std::cout << "refused: " << error.what() << std::endl;
    }
  }
  return 0;
}

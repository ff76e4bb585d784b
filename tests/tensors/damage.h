// SPDX-License-Identifier: MIT
//
// Damage to files, drawn from a generator: bits, bytes, numbers and pieces changed, moved, lost and
// doubled. And what every reader promises of any bytes whatever.
#pragma once

#include <array>
#include <random>
#include <string>
#include <vector>

#include "support.h"

namespace halfulp::tensors {

class Damage {
 public:
  explicit Damage(std::uint64_t seed) : generator_(seed) {}

  // A number below `end`, which is above 0. (std::uniform_int_distribution differs by library.)
  std::size_t below(std::size_t end) { return static_cast<std::size_t>(generator_() % end); }

  // One to eight damages to the file; other is one to take pieces from.
  Bytes damaged(Bytes file, const Bytes& other) {
    const std::size_t count = 1 + below(below(8) + 1);
    for (std::size_t i = 0; i < count; ++i) damage_once(file, other);
    return file;
  }

 private:
  void damage_once(Bytes& file, const Bytes& other) {
    switch (below(10)) {
      case 0:
        if (!file.empty()) file[below(file.size())] ^= static_cast<std::uint8_t>(1U << below(8));
        break;
      case 1:
        if (!file.empty()) file[below(file.size())] = static_cast<std::uint8_t>(below(256));
        break;
      case 2:
        overwrite_number(file);
        break;
      case 3:
        change_digit(file);
        break;
      case 4:
        file.resize(below(file.size() + 1));
        break;
      case 5:
        file.insert(at(file, below(file.size() + 1)), below(40), file.empty() ? 0 : file.back());
        break;
      case 6: {
        const std::size_t begin = below(file.size() + 1);
        file.erase(at(file, begin), at(file, begin + below(file.size() - begin + 1)));
        break;
      }
      case 7:
        insert_piece(file, Bytes(file));
        break;
      case 8:
        insert_piece(file, other);
        break;
      default:
        insert_word(file);
    }
  }

  static Bytes::iterator at(Bytes& file, std::size_t place) {
    return file.begin() + static_cast<std::ptrdiff_t>(place);
  }

  // One of the numbers at which sizes and offsets go wrong, in 1 to 8 bytes.
  void overwrite_number(Bytes& file) {
    constexpr std::array<std::uint64_t, 12> numbers{0,
                                                    1,
                                                    0x7f,
                                                    0xff,
                                                    0x7fff,
                                                    0xffff,
                                                    0x7fffffff,
                                                    0xffffffff,
                                                    100'000'000,
                                                    std::uint64_t{1} << 60,
                                                    0x7fffffffffffffff,
                                                    0xffffffffffffffff};
    const std::size_t size = std::size_t{1} << below(4);
    if (file.size() < size) return;
    store_little(numbers[below(numbers.size())], file.data() + below(file.size() - size + 1), size);
  }

  void change_digit(Bytes& file) {
    std::vector<std::size_t> digits;
    for (std::size_t i = 0; i < file.size(); ++i) {
      if (file[i] >= '0' && file[i] <= '9') digits.push_back(i);
    }
    if (digits.empty()) return;
    file[digits[below(digits.size())]] = static_cast<std::uint8_t>('0' + below(10));
  }

  void insert_piece(Bytes& file, const Bytes& source) {
    const std::size_t begin = below(source.size() + 1);
    const std::size_t length = below(std::min<std::size_t>(source.size() - begin, 100) + 1);
    const auto from = source.begin() + static_cast<std::ptrdiff_t>(begin);
    file.insert(at(file, below(file.size() + 1)), from, from + static_cast<std::ptrdiff_t>(length));
  }

  // A word of the formats.
  void insert_word(Bytes& file) {
    static constexpr std::array<std::string_view, 24> words{
        "'shape'",   "(",      ")",          ",",
        "{",         "}",      "[",          "]",
        "\"",        "'",      "True",       "'<f8'",
        "'|V1'",     "-",      "PK\x01\x02", "PK\x05\x06",
        "\"dtype\"", "\"F4\"", "9999999999", "\"__metadata__\"",
        "GGUF",      "_scale", "\"U8\"",     "general.alignment"};
    const std::string_view word = words[below(words.size())];
    file.insert(at(file, below(file.size() + 1)), word.begin(), word.end());
  }

  std::mt19937_64 generator_;
};

// The options with which the file is read, one of a few.
inline ReadOptions options_of(Container container, std::size_t choice) {
  static const std::array<ElementType, 6> types{
      element_type("bfloat16"),      element_type("float8_e4m3fn"), element_type("float4_e2m1fn"),
      element_type("float6_e3m2fn"), element_type("posit64"),       element_type("bool")};
  const bool raw = container == Container::raw;
  ReadOptions options;
  if (choice % 2 == 1 || raw) options.type = types[choice / 2 % types.size()];
  if (!raw) return options;
  static const std::array<Shape, 6> shapes{
      {{}, {12}, {2, 3}, {0, 5}, {3, 2, 2}, {std::int64_t{1} << 59}}};
  options.shape = shapes[choice / 12 % shapes.size()];
  options.layout = {choice / 72 % 2 == 1 ? ByteOrder::big : ByteOrder::little,
                    choice / 144 % 2 == 1};
  options.packed = choice / 288 % 2 == 1;
  return options;
}

// "", or what is wrong with how the bytes were read: it must be an Error of one short line, or
// tensors that keep Tensor's promises and that, written again where the container holds them, read
// as the same. Anything else that is thrown goes through.
inline std::string broken_promise(ByteView bytes, Container container, const ReadOptions& options) {
  constexpr std::size_t longest_line = 1000;
  TensorFile file;
  try {
    file = parse(bytes, container, options);
  } catch (const Error& error) {
    const std::string_view line = error.what();
    if (line.empty() || line.size() > longest_line) return "a line of another length";
    for (const char c : line) {
      if (c >= 0 && c < ' ') return "a control character in the line";
    }
    return "";
  }
  std::string written;
  try {
    for (const Tensor& tensor : file.tensors)
      if (make_tensor(tensor.name, tensor.type, tensor.shape, tensor.data) != tensor)
        return "a tensor is not what it says";
    written = file_bytes(file, container, {.layout = options.layout, .packed = options.packed});
  } catch (const Error&) {
    return "";
  }
  // NumPy's files do not keep the meaning of raw bytes, which "f1" alone has without being told.
  const bool of_numpy = container == Container::npy || container == Container::npz;
  for (const Tensor& tensor : file.tensors) {
    if (of_numpy && !options.type && numpy_code(tensor.type)[0] == 'V') return "";
  }
  const TensorFile again = parse(bytes_of(written), container, options);
  if (again.tensors.size() != file.tensors.size()) return "written, it has other tensors";
  if (again.metadata != file.metadata) return "written, it has other metadata";
  // safetensors has an order of its own, and nameless arrays get a name.
  std::vector<bool> found(file.tensors.size(), false);
  for (const Tensor& tensor : again.tensors) {
    bool same = false;
    for (std::size_t i = 0; i < file.tensors.size() && !same; ++i) {
      Tensor named = file.tensors[i];
      if (container == Container::npz || container == Container::safetensors)
        named.name = name_or_place(named, i);
      same = !found[i] && named == tensor;
      if (same) found[i] = true;
    }
    if (!same) return "written, it has another tensor";
  }
  return "";
}

}  // namespace halfulp::tensors

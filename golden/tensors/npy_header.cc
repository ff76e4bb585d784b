// SPDX-License-Identifier: MIT
//
// Source: NumPy 2.4, numpy.lib.format: six bytes of magic, two of version, the header's length in
// two (1.0) or four (2.0, 3.0) bytes, least significant first, and a dictionary with the keys
// 'descr', 'fortran_order', 'shape', padded with blanks and a line feed to a multiple of 64 bytes.
#include "golden/tensors/npy_header.h"

#include <cctype>
#include <optional>
#include <set>

#include "formats/counted.h"
#include "formats/error.h"

namespace halfulp::tensors {
namespace {

constexpr std::string_view magic = "\x93NUMPY";
constexpr std::size_t longest_header = 10000;  // NumPy's own default limit

// Takes the dictionary apart from the left. Blanks between its parts mean nothing.
class HeaderScanner {
 public:
  explicit HeaderScanner(std::string_view rest) : rest_(rest) {}

  bool symbol(char expected) {
    skip_blanks();
    if (rest_.empty() || rest_.front() != expected) return false;
    rest_.remove_prefix(1);
    return true;
  }

  void require(char expected) {
    if (!symbol(expected)) fail(std::string("'") + expected + "' is missing");
  }

  // A text in single or double quotation marks.
  std::string text() {
    if (!before("'\"")) fail("a text is missing");
    const std::size_t end = rest_.find(rest_.front(), 1);
    if (end == std::string_view::npos) fail("a text does not end");
    const std::string_view content = rest_.substr(1, end - 1);
    if (content.find('\\') != std::string_view::npos) fail("a backslash stands in a text");
    rest_.remove_prefix(end + 1);
    return std::string(content);
  }

  bool truth() {
    const std::string_view word = letters();
    if (word != "True" && word != "False") fail("True or False is missing");
    return word == "True";
  }

  // A decimal integer that fits 64 bits. Python 2 wrote an L behind it.
  std::int64_t integer() {
    constexpr std::size_t most_digits = 18;
    const bool negative = symbol('-');
    skip_blanks();
    std::int64_t value = 0;
    std::size_t count = 0;
    for (; count < rest_.size() && is_digit(rest_[count]); ++count) {
      if (count == most_digits) fail("a number has more than 18 digits");
      value = value * 10 + (rest_[count] - '0');
    }
    if (count == 0) fail("a number is missing");
    rest_.remove_prefix(count);
    if (!rest_.empty() && rest_.front() == 'L') rest_.remove_prefix(1);
    return negative ? -value : value;
  }

  // A tuple of integers: (), (3,), (2, 3).
  Shape tuple() {
    Shape shape;
    bool comma = true;
    for (require('('); !symbol(')'); comma = symbol(',')) {
      if (!comma) fail("',' is missing");
      if (shape.size() == most_dimensions) fail("the shape has more than 64 dimensions");
      shape.push_back(integer());
    }
    if (shape.size() == 1 && !comma) fail("the shape is a number, not a tuple");
    return shape;
  }

  // Whether one of the symbols comes next.
  bool before(std::string_view symbols) {
    skip_blanks();
    return !rest_.empty() && symbols.find(rest_.front()) != std::string_view::npos;
  }

  bool at_end() {
    skip_blanks();
    return rest_.empty();
  }

  [[noreturn]] void fail(const std::string& what) const {
    const std::string here =
        rest_.empty() ? "at its end" : "at \"" + printable(rest_.substr(0, 20)) + "\"";
    throw Error("the header is not what NumPy writes: " + what + " " + here, "",
                "is the file damaged?");
  }

 private:
  static bool is_digit(char c) { return c >= '0' && c <= '9'; }
  static bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

  void skip_blanks() {
    while (!rest_.empty() && is_blank(rest_.front())) rest_.remove_prefix(1);
  }

  std::string_view letters() {
    skip_blanks();
    std::size_t count = 0;
    while (count < rest_.size() && std::isalpha(static_cast<unsigned char>(rest_[count])) != 0)
      ++count;
    const std::string_view word = rest_.substr(0, count);
    rest_.remove_prefix(count);
    return word;
  }

  std::string_view rest_;
};

NpyHeader parse_dictionary(std::string_view text) {
  HeaderScanner scanner(text);
  NpyHeader header;
  std::set<std::string> seen;
  bool comma = true;
  for (scanner.require('{'); !scanner.symbol('}'); comma = scanner.symbol(',')) {
    if (!comma) scanner.fail("',' is missing");
    const std::string key = scanner.text();
    if (!seen.insert(key).second) scanner.fail("the key '" + printable(key) + "' stands twice");
    scanner.require(':');
    if (key == "descr") {
      if (scanner.before("[("))
        throw Error("a structured array", "", "save its fields as arrays of their own");
      header.type = scanner.text();
    } else if (key == "fortran_order") {
      header.fortran_order = scanner.truth();
    } else if (key == "shape") {
      header.shape = scanner.tuple();
    } else {
      scanner.fail("there is a key '" + printable(key) + "'");
    }
  }
  if (!scanner.at_end()) scanner.fail("something follows the dictionary");
  for (const char* key : {"descr", "fortran_order", "shape"}) {
    if (seen.count(key) == 0) scanner.fail(std::string("the key '") + key + "' is missing");
  }
  return header;
}

std::string tuple_text(const Shape& shape) {
  std::string text;
  for (const std::int64_t dimension : shape)
    text += (text.empty() ? "" : ", ") + std::to_string(dimension);
  return "(" + text + (shape.size() == 1 ? ",)" : ")");
}

}  // namespace

NpyHeader parse_npy_header(ByteView file) {
  const std::string_view text(reinterpret_cast<const char*>(file.data()), file.size());
  if (!text.starts_with(magic))
    throw Error("no NumPy array: the file does not begin with \\x93NUMPY", "",
                "write it with numpy.save");
  constexpr std::size_t version_end = 8;
  if (file.size() < version_end) throw Error("the file ends before its header", "", "is it whole?");
  const unsigned major = file[6];
  const unsigned minor = file[7];
  if (major < 1 || major > 3 || minor != 0)
    throw Error(
        "format version " + std::to_string(major) + "." + std::to_string(minor) + " is not known",
        "", "versions 1.0, 2.0 and 3.0 are");
  const std::size_t length_size = major == 1 ? 2 : 4;
  if (file.size() < version_end + length_size)
    throw Error("the file ends before its header", "", "is it whole?");
  const std::size_t length = load_little(file.data() + version_end, length_size);
  if (length > longest_header)
    throw Error("the header has " + counted(length, "byte"), "",
                "that of an array of numbers has at most " + std::to_string(longest_header));
  const std::size_t begin = version_end + length_size;
  if (file.size() < begin + length)
    throw Error("the file ends within its header of " + counted(length, "byte"), "",
                "is it whole?");
  NpyHeader header = parse_dictionary(text.substr(begin, length));
  header.length = begin + length;
  return header;
}

std::string npy_header_text(const std::string& type, bool fortran_order, const Shape& shape) {
  std::string dictionary = "{'descr': '" + type +
                           "', 'fortran_order': " + (fortran_order ? "True" : "False") +
                           ", 'shape': " + tuple_text(shape) + ", }";
  // Room for the growing axis, the first in C order and the last in Fortran order, to become as
  // long as a number of 21 digits.
  constexpr std::size_t most_digits = 21;
  if (!shape.empty()) {
    const std::int64_t axis = fortran_order ? shape.back() : shape.front();
    dictionary.append(most_digits - std::to_string(axis).size(), ' ');
  }
  constexpr std::size_t prefix = 10;
  constexpr std::size_t alignment = 64;
  dictionary.append(alignment - (prefix + dictionary.size() + 1) % alignment, ' ');
  dictionary += '\n';
  std::string text(magic);
  text += {'\x01', '\x00', static_cast<char>(dictionary.size() & 0xffU),
           static_cast<char>(dictionary.size() >> 8U)};
  return text + dictionary;
}

}  // namespace halfulp::tensors

// SPDX-License-Identifier: MIT
#include "golden/probe/recorded.h"

#include <algorithm>
#include <optional>

#include "formats/codes.h"
#include "formats/error.h"

namespace halfulp::probe {
namespace {

using tensors::Tensor;

std::vector<std::string_view> words_of(std::string_view line) {
  std::vector<std::string_view> words;
  constexpr std::string_view blanks = " \t\r";
  for (std::size_t first = line.find_first_not_of(blanks); first != std::string_view::npos;) {
    const std::size_t end = std::min(line.find_first_of(blanks, first), line.size());
    words.push_back(line.substr(first, end - first));
    first = line.find_first_not_of(blanks, end);
  }
  return words;
}

std::vector<Code> codes_of(std::string_view digits, const Format& format, const std::string& what) {
  const auto width = static_cast<std::size_t>((bits(format) + 3) / 4);
  if (digits.size() % width != 0)
    throw Error(std::to_string(digits.size()) + " digits of " + what, "",
                "codes of " + format.name + " have " + std::to_string(width));
  std::vector<Code> codes;
  for (std::size_t i = 0; i < digits.size(); i += width) {
    const std::string one = "0x" + std::string(digits.substr(i, width));
    codes.push_back(parse_code(format, one));
  }
  return codes;
}

Code code_of(std::string_view digits, const Format& format, const std::string& what) {
  const std::vector<Code> codes = codes_of(digits, format, what);
  if (codes.size() != 1)
    throw Error(std::to_string(codes.size()) + " codes of " + what, "", "give one");
  return codes.front();
}

void add_row(std::string_view line, Recorded& recorded) {
  std::vector<std::string_view> words = words_of(line);
  if (words.empty() || words[0].front() == '#') return;
  Ports& ports = recorded.ports;
  const std::size_t wanted = ports.scales ? 6 : 4;
  if (words.size() == wanted + 1) words.erase(words.begin());
  if (words.size() != wanted)
    throw Error(std::to_string(words.size()) + " words", "",
                ports.scales ? "write a b c a_scales b_scales d, perhaps a name before them"
                             : "write a b c d, perhaps a name before them");
  Question question{.a = codes_of(words[0], ports.a, "a"),
                    .b = codes_of(words[1], ports.b, "b"),
                    .c = code_of(words[2], ports.c, "c"),
                    .a_scales = {},
                    .b_scales = {},
                    .about = "recorded"};
  if (ports.scales) {
    question.a_scales = codes_of(words[3], ports.scales->left, "a_scales");
    question.b_scales = codes_of(words[4], ports.scales->right, "b_scales");
  }
  if (recorded.questions.empty()) ports.terms = question.a.size();
  if (question.a.size() != ports.terms || question.b.size() != ports.terms || ports.terms == 0)
    throw Error(std::to_string(question.a.size()) + " numbers of a and " +
                    std::to_string(question.b.size()) + " of b",
                "", "all rows have as many");
  recorded.answers.push_back(code_of(words.back(), ports.d, "d"));
  recorded.questions.push_back(std::move(question));
}

void require_codes(const Tensor& tensor, const Format& format, const std::string& place) {
  if (tensors::element_bytes(tensor.type) == tensors::element_bytes(tensors::element_type(format)))
    return;
  throw Error("elements of " + tensor.type.name, place, "give codes of " + format.name);
}

// The matrices of a product, and where their elements lie.
class Product {
 public:
  Product(const kernels::ProductOperands& operands, const Tensor& d, const Ports& formats)
      : operands_(operands), d_(d), ports_(formats) {
    const tensors::Shape& a = operands.a->shape;
    const tensors::Shape& b = operands.b->shape;
    if (a.size() < 2) throw Error("no matrix", "a", "give rows x terms");
    if (b.size() < 2) throw Error("no matrix", "b", "give terms x columns");
    rows_ = static_cast<std::size_t>(a[a.size() - 2]);
    ports_.terms = static_cast<std::size_t>(a.back());
    const std::size_t of_terms = operands.b_transposed ? 1 : 2;
    columns_ = static_cast<std::size_t>(b[b.size() - (3 - of_terms)]);
    if (static_cast<std::size_t>(b[b.size() - of_terms]) != ports_.terms)
      throw Error("another number of terms than a", "b",
                  "give --b-transposed where its rows are the columns of the product");
    batches_ = tensors::element_count(tensors::Shape(a.begin(), a.end() - 2));
    const std::size_t of_b = tensors::element_count(tensors::Shape(b.begin(), b.end() - 2));
    shared_b_ = b.size() == 2;
    if (!shared_b_ && of_b != batches_) throw Error("another batch than that of a", "b");
    require("a", *operands.a, ports_.a);
    require("b", *operands.b, ports_.b);
    if (tensors::element_count(d) != size()) throw Error("another shape than the product", "d");
    require("d", d, ports_.d);
    if (operands.c != nullptr) {
      const std::size_t count = tensors::element_count(*operands.c);
      if (count != size() && count != columns_ && count != 1)
        throw Error("another shape than the result", "c");
      require("c", *operands.c, ports_.c);
    }
    if (ports_.scales) require_scales();
  }

  [[nodiscard]] std::size_t size() const { return batches_ * rows_ * columns_; }
  [[nodiscard]] const Ports& ports() const { return ports_; }

  [[nodiscard]] Question question(std::size_t i) const {
    const std::size_t column = i % columns_;
    const std::size_t row = i / columns_;  // of all batches
    const std::size_t of_b = shared_b_ ? 0 : row / rows_ * ports_.terms * columns_;
    Question question;
    question.about = "recorded";
    for (std::size_t k = 0; k < ports_.terms; ++k) {
      question.a.push_back(tensors::code_at(*operands_.a, row * ports_.terms + k));
      question.b.push_back(tensors::code_at(
          *operands_.b,
          of_b + (operands_.b_transposed ? column * ports_.terms + k : k * columns_ + column)));
    }
    question.c = addend(i);
    for (std::size_t k = 0; k < blocks_; ++k) {
      question.a_scales.push_back(
          tensors::code_at(*operands_.a_scales[0], row % rows_ * blocks_ + k));
      question.b_scales.push_back(tensors::code_at(*operands_.b_scales[0], column * blocks_ + k));
    }
    return question;
  }
  [[nodiscard]] Code answer(std::size_t i) const { return tensors::code_at(d_, i); }

 private:
  static void require(const std::string& place, const Tensor& tensor, const Format& format) {
    require_codes(tensor, format, place);
  }
  void require_scales() {
    if (operands_.a_scales.size() != 1 || operands_.b_scales.size() != 1)
      throw Error("the unit takes scales", "a_scales", "give those of a and of b");
    const auto block = static_cast<std::size_t>(ports_.scales->block);
    blocks_ = (ports_.terms + block - 1) / block;
    if (tensors::element_count(*operands_.a_scales[0]) != rows_ * blocks_)
      throw Error("another shape", "a_scales", "give rows x " + std::to_string(blocks_));
    if (tensors::element_count(*operands_.b_scales[0]) != columns_ * blocks_)
      throw Error("another shape", "b_scales", "give columns x " + std::to_string(blocks_));
    require("a_scales", *operands_.a_scales[0], ports_.scales->left);
    require("b_scales", *operands_.b_scales[0], ports_.scales->right);
  }
  [[nodiscard]] Code addend(std::size_t i) const {
    if (operands_.c == nullptr) return zero_code(ports_.c, false);
    const std::size_t count = tensors::element_count(*operands_.c);
    return tensors::code_at(*operands_.c, count == 1 ? 0 : count == size() ? i : i % columns_);
  }

  const kernels::ProductOperands& operands_;
  const Tensor& d_;
  Ports ports_;
  std::size_t batches_ = 1, rows_ = 0, columns_ = 0, blocks_ = 0;
  bool shared_b_ = false;
};

}  // namespace

Recorded recorded_rows(std::string_view text, const Ports& formats) {
  Recorded recorded{.ports = formats, .questions = {}, .answers = {}};
  std::size_t number = 1;
  for (std::size_t first = 0; first < text.size(); ++number) {
    const std::size_t end = std::min(text.find('\n', first), text.size());
    try {
      add_row(text.substr(first, end - first), recorded);
    } catch (const Error& error) {
      throw error.at("line " + std::to_string(number));
    }
    first = end + 1;
  }
  return recorded;
}

Recorded recorded_product(const kernels::ProductOperands& operands, const Tensor& d,
                          const Ports& formats, std::size_t most) {
  const Product product(operands, d, formats);
  Recorded recorded{.ports = product.ports(), .questions = {}, .answers = {}};
  const std::size_t count = std::min(product.size(), most);
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t place = i * product.size() / count;
    recorded.questions.push_back(product.question(place));
    recorded.answers.push_back(product.answer(place));
  }
  return recorded;
}

}  // namespace halfulp::probe

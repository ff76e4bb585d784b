// SPDX-License-Identifier: MIT
#include "golden/probe/recorded.h"

#include <algorithm>
#include <utility>

#include "formats/codes.h"
#include "formats/error.h"
#include "golden/kernels/result_operands.h"

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

void require_format(const Tensor& tensor, const Format& format, const std::string& place) {
  if (tensor.type.format.kind == format.kind) return;
  throw Error("elements of " + tensor.type.name, place, "give codes of " + format.name);
}

// A unit that takes and gives what the device does; how it adds is of no matter.
MatrixUnit unit_of(const Ports& ports) {
  MatrixUnit unit;
  unit.a.format = ports.a;
  unit.b.format = ports.b;
  unit.c.format = ports.c;
  unit.d = ports.d;
  Sum sum{.joining = Joining::in_sequence, .quantizer = {.format = ports.d, .rounding = {}}};
  if (ports.scales)
    sum.scaling = Scaling{
        .block = ports.scales->block, .left = ports.scales->left, .right = ports.scales->right};
  unit.tree.sums = {sum};
  return unit;
}

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
  const kernels::ResultOperands results(unit_of(formats), {}, operands);
  if (operands.c != nullptr) require_format(*operands.c, formats.c, "c");
  require_format(d, formats.d, "d");
  const std::size_t size = results.batches() * results.rows() * results.columns();
  if (tensors::element_count(d) != size) throw Error("another shape than the product", "d");
  Recorded recorded{.ports = formats, .questions = {}, .answers = {}};
  recorded.ports.terms = results.terms();
  const std::size_t count = std::min(size, most);
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t place = i * size / count;
    const std::size_t column = place % results.columns();
    const std::size_t row = place / results.columns() % results.rows();
    const std::size_t batch = place / (results.columns() * results.rows());
    kernels::ResultLine left = results.row(batch, row);
    kernels::ResultLine right = results.column(batch, column);
    Question question{
        .a = std::move(left.codes),
        .b = std::move(right.codes),
        .c = results.has_c() ? results.c(batch, row, column) : zero_code(formats.c, false),
        .a_scales = {},
        .b_scales = {},
        .about = "recorded"};
    if (formats.scales) {
      question.a_scales = std::move(left.scales[0]);
      question.b_scales = std::move(right.scales[0]);
    }
    recorded.questions.push_back(std::move(question));
    recorded.answers.push_back(tensors::code_at(d, place));
  }
  return recorded;
}

}  // namespace halfulp::probe

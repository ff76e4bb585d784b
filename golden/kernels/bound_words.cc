// SPDX-License-Identifier: MIT
#include "golden/kernels/bound_words.h"

#include <array>
#include <charconv>
#include <cmath>
#include <vector>

#include "formats/counted.h"
#include "golden/words/table.h"

namespace halfulp::kernels {
namespace {

double ratio_of(const BoundedResult& result) { return result.error / result.bound; }

// So many significant digits, in any locale.
std::string digits(double x, int count) {
  std::array<char, 32> text{};
  const auto end =
      std::to_chars(text.data(), text.data() + text.size(), x, std::chars_format::general, count);
  return {text.data(), end.ptr};
}
double number_of(const std::string& text) {
  double x = 0;
  std::from_chars(text.data(), text.data() + text.size(), x);
  return x;
}

// Three digits that are not less than the number.
std::string upward_text(double x) {
  std::string text = digits(x, 3);
  for (double y = x; std::isfinite(x) && number_of(text) < x; y *= 1.002) text = digits(y, 3);
  return text;
}

std::string at_text(const tensors::Shape& shape, const BoundedResult& result) {
  return tensors::index_text(shape, result.index);
}

std::string first_text(const tensors::Shape& shape, const BoundVerdict& found) {
  std::vector<std::vector<std::string>> rows;
  for (const BoundedResult& one : found.first)
    rows.push_back({"  " + at_text(shape, one), digits(one.got, 9), digits(one.exact, 9),
                    digits(one.error, 3), digits(one.bound, 3), digits(ratio_of(one), 3)});
  if (rows.empty()) return "";
  return words::table_text({{"  at"},
                            {"got", words::Align::right},
                            {"exact", words::Align::right},
                            {"error", words::Align::right},
                            {"bound", words::Align::right},
                            {"error / bound", words::Align::right}},
                           rows);
}

// What a probabilistic bound rests on.
std::string assumption_text(const BoundVerdict& found, double failure) {
  if (!found.has_likely_errors && found.has_certain_errors)
    return "  WARNING: all errors are of cuts and directed roundings, whose mean is not zero: this "
           "is "
           "the deterministic bound\n";
  return "  lambda " + digits(found.lambda, 3) +
         ": any result is beyond with probability at most " + digits(failure, 6) +
         ", if errors of "
         "roundings to nearest are independent with mean zero\n" +
         (found.has_certain_errors
              ? "  cuts and directed roundings, whose errors have no mean of zero, count in full\n"
              : "");
}

}  // namespace

std::string text_of(const tensors::Shape& shape, const BoundVerdict& found, BoundKind kind,
                    double failure) {
  const bool probabilistic = kind == BoundKind::probabilistic;
  std::string text = std::string("bound (") + (probabilistic ? "probabilistic" : "deterministic") +
                     "): " + (found.within() ? "yes" : "NO") + ", " + std::to_string(found.beyond) +
                     " of " + counted(found.results, "result") +
                     (found.beyond == 1 ? " is" : " are") + " further from the exact product\n";
  if (found.unbounded > 0)
    text += "  " + counted(found.unbounded, "result") +
            " without a bound: operands that are not finite, or sums that may overflow\n";
  if (found.largest && found.largest->error > 0)
    text += "  largest error: " + digits(ratio_of(*found.largest), 3) + " of its bound, " +
            digits(found.largest->error, 3) + " of " + digits(found.largest->bound, 3) + " at " +
            at_text(shape, *found.largest) + "\n";
  text += "  largest bound: " + upward_text(found.largest_bound) +
          ", an --atol that all results of this unit and order meet against exact ones\n";
  if (probabilistic) text += assumption_text(found, failure);
  return text + first_text(shape, found);
}

}  // namespace halfulp::kernels

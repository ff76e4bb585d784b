// SPDX-License-Identifier: MIT
#include "golden/comparison/compare.h"

#include <algorithm>
#include <utility>

#include "formats/codes.h"
#include "formats/error.h"
#include "golden/comparison/in_order.h"

namespace halfulp::comparison {
namespace {

// What is found in a stretch.
struct Part {
  Differences differences;
  Tally tally;
  std::vector<Tally> impostors;  // those that are looked at stretch by stretch
  Nearness nearness;
};

class Comparing {
 public:
  Comparing(const Inputs& inputs, const CompareOptions& options)
      : inputs_(inputs),
        options_(options),
        judge_(options.format, options.tolerance, options.strictness),
        got_(inputs.got, options.format, Recoder::How::exactly),
        want_(inputs.want, options.format, Recoder::How::exactly),
        matrix_(matrix_of(inputs.want.shape())),
        wrong_(options.format, judge_, want_),
        skips_(std::any_of(inputs.scales.begin(), inputs.scales.end(),
                           [](const DifferingScales& level) { return level.any(); })) {
    require_shape(inputs.got, inputs.want);
    if (inputs.addend != nullptr) add_wrong(Wrong::addend, *inputs.addend);
    if (inputs.stale != nullptr) add_wrong(Wrong::stale, *inputs.stale);
    if (inputs.exact == nullptr) return;
    require_shape(*inputs.exact, inputs.want);
    ruler_.emplace(options.format);
    exact_decoder_.emplace(inputs.exact->type().format);
    if (!exact_decoder_->is_exact())
      throw Error("elements of " + inputs.exact->type().name + " are no doubles",
                  inputs.exact->place(), "write the exact results as float64");
  }

  Comparison execute(const CompareProgress& progress) {
    const std::size_t count = want_.size();
    Comparison made;
    made.shape = inputs_.want.shape();
    made.format = options_.format;
    made.differences.tiles = Tiles(matrix_);
    std::vector<Tally> tallies(wrong_.all().size());
    Nearness nearness;
    in_order<Part>((count + stretch - 1) / stretch, options_.threads,
                   [&](std::size_t index) {
                     const std::size_t begin = index * stretch;
                     return part(begin, std::min(stretch, count - begin));
                   },
                   [&](std::size_t index, const Part& found) {
                     made.differences.add(found.differences, options_.shown);
                     made.tally.add(found.tally);
                     nearness.add(found.nearness);
                     for (std::size_t i = 0; i < found.impostors.size(); ++i)
                       tallies[i].add(found.impostors[i]);
                     if (progress) progress(std::min((index + 1) * stretch, count), count);
                   });
    made.rulings = rulings(options_.tolerance, made.tally);
    const bool judged = made.tally.elements > 0 || count == 0;
    made.within = judged && all_hold(made.rulings);
    if (options_.guard) made.guard = guard(made.differences, std::move(tallies));
    if (ruler_) made.nearness = nearness;
    return made;
  }

 private:
  void add_wrong(Wrong wrong, const tensors::TensorCodes& tensor) {
    require_shape(tensor, inputs_.want);
    wrong_.add(wrong, tensor);
  }

  [[nodiscard]] bool is_skipped(std::size_t element) const {
    return std::any_of(inputs_.scales.begin(), inputs_.scales.end(),
                       [&](const DifferingScales& level) { return level.differs_at(element); });
  }

  [[nodiscard]] std::vector<bool> skipped(std::size_t begin, std::size_t count) const {
    std::vector<bool> made(skips_ ? count : 0);
    for (std::size_t i = 0; i < made.size(); ++i) made[i] = is_skipped(begin + i);
    return made;
  }

  [[nodiscard]] Part part(std::size_t begin, std::size_t count) const {
    const bool numbers = ruler_.has_value();
    const Elements got = judge_.elements(got_.codes(begin, count), numbers);
    const Elements want = judge_.elements(want_.codes(begin, count), numbers);
    const std::vector<bool> left_out = skipped(begin, count);
    Part found;
    found.differences =
        differences_of({got, want, begin, left_out}, judge_, matrix_, options_.shown);
    found.tally = judge_.tally(got, want, left_out);
    if (options_.guard) found.impostors = impostors(want, begin, left_out);
    if (numbers) found.nearness = ruler_->measure(got, want, exact(begin, count), left_out);
    return found;
  }

  [[nodiscard]] std::vector<double> exact(std::size_t begin, std::size_t count) const {
    std::vector<std::uint64_t> codes(count);
    inputs_.exact->read(begin, codes);
    std::vector<double> numbers(count);
    exact_decoder_->decode(codes, numbers);
    return numbers;
  }

  [[nodiscard]] std::vector<Tally> impostors(const Elements& want, std::size_t begin,
                                             const std::vector<bool>& left_out) const {
    std::vector<Tally> made;
    for (const Wrong wrong : wrong_.all()) {
      if (wrong == Wrong::transposed) {
        made.emplace_back();
        continue;
      }
      made.push_back(
          judge_.tally(judge_.elements(wrong_.codes(wrong, begin, want.codes)), want, left_out));
    }
    return made;
  }

  [[nodiscard]] Guard guard(const Differences& differences, std::vector<Tally> tallies) const {
    Guard made;
    for (std::size_t i = 0; i < tallies.size(); ++i) {
      const Wrong wrong = wrong_.all()[i];
      if (wrong == Wrong::transposed) {
        tallies[i] = wrong_.tally_of_transposed(
            skips_ ? [this](std::size_t element) { return is_skipped(element); }
                   : std::function<bool(std::size_t)>(),
            options_.threads);
      }
      const bool passes = all_hold(rulings(options_.tolerance, tallies[i]));
      if (wrong == Wrong::zeros && (options_.tolerance.ulp || options_.tolerance.close))
        made.swallowed = tallies[i].within;
      made.impostors.push_back({wrong, tallies[i], passes});
    }
    made.largest_over_tolerance = largest_over_tolerance(differences);
    return made;
  }

  [[nodiscard]] std::optional<double> largest_over_tolerance(const Differences& found) const {
    const Tolerance& tolerance = options_.tolerance;
    if (tolerance.close) {
      const double allowed = tolerance.close->allowed(found.largest_number);
      if (allowed > 0) return found.largest_number / allowed;
    }
    if (tolerance.ulp && *tolerance.ulp > 0)
      return static_cast<double>(found.largest_rank) / static_cast<double>(*tolerance.ulp);
    return std::nullopt;
  }

  const Inputs& inputs_;
  const CompareOptions& options_;
  const Judge judge_;
  const Side got_, want_;
  const Matrix matrix_;
  WrongOutputs wrong_;
  const bool skips_;
  std::optional<Ruler> ruler_;
  std::optional<Decoder> exact_decoder_;
};

}  // namespace

void require_shape(const tensors::TensorCodes& tensor, const tensors::TensorCodes& want) {
  if (tensor.shape() == want.shape()) return;
  throw Error("the shape " + tensors::shape_text(tensor.shape()) + ", that of " + want.place() +
                  " is " + tensors::shape_text(want.shape()),
              tensor.place(), "elements are compared place by place");
}

bool Guard::is_sound() const {
  return std::none_of(impostors.begin(), impostors.end(),
                      [](const Impostor& impostor) { return impostor.passes; });
}

Comparison compare(const Inputs& inputs, const CompareOptions& options,
                   const CompareProgress& progress) {
  return Comparing(inputs, options).execute(progress);
}

}  // namespace halfulp::comparison

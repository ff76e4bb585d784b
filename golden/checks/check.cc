// SPDX-License-Identifier: MIT
#include "golden/checks/check.h"

#include <algorithm>
#include <string_view>
#include <vector>

#include "emulator/parallel.h"
#include "golden/vectors/arrays.h"
#include "golden/vectors/line_reader.h"

namespace halfulp::checks {
namespace {

using vectors::LineReader;

// What was found in a part of the lines, in their order.
struct Findings {
  Summary counts;
  std::vector<Mismatch> first;
  std::vector<Error> errors;  // of the first bad lines
};

class Check {
 public:
  Check(const vectors::Calculation& calculation, vectors::LineSource& source,
        const CheckOptions& options, const CheckReports& reports)
      : calculation_(calculation),
        layout_(calculation.layout()),
        source_(source),
        options_(options),
        reports_(reports),
        plan_(calculation.prepared(usual_cases)) {}

  Summary execute() {
    const vectors::Style style = style_of_source();
    const std::optional<std::uint64_t> stated =
        style == vectors::Style::npz ? check_arrays() : check_lines(style);
    total_.stated_count = stated;
    return std::move(total_);
  }

 private:
  vectors::Style style_of_source() {
    if (options_.style) return *options_.style;
    if (!options_.skip_noise) return vectors::detect_style(source_.peek());
    // Until a line is a case, as far as noise may reasonably go on.
    constexpr std::size_t most_noise = std::size_t{1} << 16;
    while (true) {
      const std::string_view text = source_.peek();
      const bool goes_on = text.size() < most_noise && source_.may_go_on();
      const std::string_view lines = goes_on ? text.substr(0, text.rfind('\n') + 1) : text;
      if (const auto style = vectors::detect_style_in_noise(lines, layout_, flags_optional()))
        return *style;
      if (!goes_on) return vectors::Style::testfloat;
      source_.peek_more();
    }
  }

  [[nodiscard]] bool flags_optional() const { return !options_.strictness.flags; }

  void judge_case(const vectors::Case& c, const std::string& name, std::size_t number,
                  Findings& found) const {
    ++found.counts.cases;
    const Judgement judgement = judge(calculation_, options_.strictness, c, &plan_);
    if (judgement.good) return;
    ++found.counts.mismatches;
    if (found.first.size() < options_.shown)
      found.first.push_back(
          {.place = name + std::to_string(number), .got = c, .want = judgement.want});
  }

  // False where a bad line ends the work.
  bool add(const Findings& found) {
    for (const Mismatch& mismatch : found.first) {
      if (shown_++ >= options_.shown) break;
      if (reports_.mismatch) reports_.mismatch(mismatch);
    }
    total_.cases += found.counts.cases;
    total_.mismatches += found.counts.mismatches;
    total_.others += found.counts.others;
    total_.noise += found.counts.noise;
    if (!found.errors.empty() && !options_.keep_going) {
      total_.ended_by = found.errors.front();
      return false;
    }
    for (const Error& error : found.errors) {
      if (bad_shown_++ >= options_.shown) break;
      if (reports_.bad_line) reports_.bad_line(error);
    }
    total_.bad_lines += found.counts.bad_lines;
    return true;
  }

  // The number of cases that the source states; so does check_lines.
  std::optional<std::uint64_t> check_arrays() {
    const std::string bytes = source_.rest();
    vectors::ArrayCases read;
    try {
      read =
          vectors::cases_of_npz({reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()},
                                layout_, flags_optional());
    } catch (const Error& error) {
      throw error.at(source_.name());
    }
    in_chunks(read.cases.size(), [&](std::size_t index, Findings& found) {
      judge_case(read.cases[index], source_.name() + ", case ", index, found);
      return true;
    });
    return read.stated_count;
  }

  // Calls body for every index on any thread, one after another within a chunk until it answers
  // false; then what the chunks found is added in order. False where a bad line ends the work.
  template <typename Body>
  bool in_chunks(std::size_t count, const Body& body) {
    constexpr std::size_t chunk = 2048;
    std::vector<Findings> found((count + chunk - 1) / chunk);
    emulator::for_each_chunk(count, chunk, options_.threads,
                             [&](std::size_t begin, std::size_t end) {
                               for (std::size_t i = begin; i < end; ++i) {
                                 if (!body(i, found[begin / chunk])) break;
                               }
                             });
    return std::all_of(found.begin(), found.end(),
                       [this](const Findings& part) { return add(part); });
  }

  std::optional<std::uint64_t> check_lines(vectors::Style style) {
    LineReader reader(style, layout_, flags_optional());
    const std::string place = source_.name() + ", line ";
    const std::uint64_t size = source_.size();
    bool beginning = true;
    while (true) {
      const std::vector<std::string_view>& lines = source_.next();
      if (lines.empty()) return reader.stated_count();
      const std::size_t number = source_.line_number();
      std::size_t skipped = 0;
      while (beginning && skipped < lines.size()) {
        beginning = is_beginning(reader, lines[skipped], number + skipped);
        if (beginning) ++skipped;
      }
      const bool goes_on = in_chunks(lines.size() - skipped, [&](std::size_t i, Findings& found) {
        return check_line(reader, lines[skipped + i], place, number + skipped + i, found);
      });
      if (!goes_on) return std::nullopt;
      if (reports_.progress) reports_.progress(source_.position(), size, total_.cases);
    }
  }

  [[nodiscard]] std::string_view line_of(const LineReader& reader, std::string_view line) const {
    return options_.skip_noise ? reader.without_prompt(line) : line;
  }

  // Noise before the first case is of the beginning.
  bool is_beginning(LineReader& reader, std::string_view whole, std::size_t number) {
    const std::string_view line = line_of(reader, whole);
    std::optional<Error> error;
    try {
      if (reader.begin(line)) return true;
    } catch (const Error& caught) {
      error = caught.at(source_.place(number));
    }
    const bool is_noise = options_.skip_noise && reader.is_noise(line);
    if (error && !is_noise) throw *error;
    total_.noise += is_noise ? 1 : 0;
    return is_noise;
  }

  // False where the line is bad and ends the work.
  bool check_line(const LineReader& reader, std::string_view whole, const std::string& place,
                  std::size_t number, Findings& found) const {
    const std::string_view line = line_of(reader, whole);
    vectors::Case c;
    try {
      switch (reader.read(line, c)) {
        case LineReader::Line::a_case:
          judge_case(c, place, number, found);
          break;
        case LineReader::Line::another:
          ++found.counts.others;
          break;
        case LineReader::Line::nothing:
          break;
      }
    } catch (const Error& error) {
      if (options_.skip_noise && reader.is_noise(line)) {
        ++found.counts.noise;
        return true;
      }
      if (found.errors.size() < std::max(options_.shown, std::uint64_t{1}))
        found.errors.push_back(error.at(place + std::to_string(number)));
      ++found.counts.bad_lines;
      return options_.keep_going;
    }
    return true;
  }

  const vectors::Calculation& calculation_;
  const vectors::Layout layout_;
  vectors::LineSource& source_;
  const CheckOptions& options_;
  const CheckReports& reports_;
  Summary total_;
  std::uint64_t shown_ = 0, bad_shown_ = 0;
  // How many cases a source has is not known before it is read.
  static constexpr std::uint64_t usual_cases = 10000;
  const OperationPlan plan_;
};

}  // namespace

Summary check(const vectors::Calculation& calculation, vectors::LineSource& source,
              const CheckOptions& options, const CheckReports& reports) {
  return Check(calculation, source, options, reports).execute();
}

}  // namespace halfulp::checks

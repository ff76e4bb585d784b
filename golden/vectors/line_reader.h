// SPDX-License-Identifier: MIT
//
// Lines of one style as vectors. Lines are independent of each other but for those at the
// beginning: comments, a line of names, metadata, prose. Those are offered to begin() in their
// order; afterwards read() may be called on any line, from any thread, and allocates nothing for
// testfloat and readmemh.
//
// Digits count in either case, and each field has as many as its width needs: a line with other
// widths is of another format. Digits x and z are read as unknown.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "golden/vectors/fptest.h"
#include "golden/vectors/layout.h"

namespace halfulp::vectors {

class LineReader {
 public:
  // flags_optional: lines may lack the flags. Throws Error where the style cannot hold the layout.
  // Precondition: not npz.
  LineReader(Style style, const Layout& layout, bool flags_optional);

  // True where the line belongs to the beginning; false at the first case. Throws Error.
  bool begin(std::string_view line);
  // The number of cases, where the beginning states it.
  [[nodiscard]] std::optional<std::uint64_t> stated_count() const;

  enum class Line : std::uint8_t { a_case, another, nothing };
  // `nothing`: blank, or a comment. `another`: fptest only, see there. Throws Error, without a
  // location.
  Line read(std::string_view line, Case& c) const;
  // Of a line that cannot be read: is it something else than a damaged case, the talk of a
  // simulator? Cases begin as one does, or have at most one field that is no row of digits.
  [[nodiscard]] bool is_noise(std::string_view line) const;
  // testfloat: the case behind the mark "# " that some simulators put before all they print; any
  // other line as it is.
  [[nodiscard]] std::string_view without_prompt(std::string_view line) const;

 private:
  Line read_fields(std::string_view line, Case& c) const;
  Line read_word(std::string_view line, Case& c) const;
  Line read_cells(std::string_view line, Case& c) const;
  Line read_object(std::string_view line, Case& c) const;
  void set(Case& c, std::size_t place, std::string_view text) const;
  [[nodiscard]] bool are_fields(const std::vector<std::string_view>& words) const;
  bool take_metadata(std::string_view line);
  void take_names(std::string_view line);

  Style style_;
  Layout layout_;
  bool flags_optional_;
  std::vector<Field> fields_;
  std::vector<std::size_t> columns_;  // csv: the field of each
  int word_digits_ = 0;               // readmemh: of a word without underscores
  std::optional<Fptest> fptest_;
  bool began_ = false;
  OriginReader origin_;                        // of comments and prose
  std::optional<std::uint64_t> stated_count_;  // json: of the metadata
};

// What the beginning of a text looks like whose lines may be noise: the first style of lines under
// which one of them is a case; absent where none is.
std::optional<Style> detect_style_in_noise(std::string_view beginning, const Layout& layout,
                                           bool flags_optional);

}  // namespace halfulp::vectors

// SPDX-License-Identifier: MIT
//
// Vectors as lines of one style. What made the file stands before them where the style has a place
// for it; testfloat has none.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "golden/vectors/fptest.h"
#include "golden/vectors/layout.h"

namespace halfulp::vectors {

class LineWriter {
 public:
  // Throws Error where the style cannot hold the layout. Precondition: not npz.
  LineWriter(Style style, const Layout& layout);

  [[nodiscard]] std::string heading(const Origin& origin) const;
  void append(const Case& c, std::string& text) const;

 private:
  void append_json(const Case& c, std::string& text) const;

  Style style_;
  Layout layout_;
  std::vector<Field> fields_;
  std::optional<Fptest> fptest_;
};

}  // namespace halfulp::vectors

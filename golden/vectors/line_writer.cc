// SPDX-License-Identifier: MIT
#include "golden/vectors/line_writer.h"

#include "formats/error.h"

namespace halfulp::vectors {

LineWriter::LineWriter(Style style, const Layout& layout)
    : style_(style), layout_(layout), fields_(fields_of(layout)) {
  HALFULP_REQUIRE(style != Style::npz, "LineWriter: npz has no lines");
  if (style == Style::fptest) fptest_.emplace(layout);
}

std::string LineWriter::heading(const Origin& origin) const {
  if (style_ == Style::testfloat) return {};
  if (style_ == Style::json) return origin_json(layout_, origin) + "\n";
  std::string text;
  const std::string mark = style_ == Style::readmemh ? "// " : style_ == Style::csv ? "# " : "";
  if (style_ == Style::fptest) text += "Floating point tests\n";
  for (const std::string& line : origin_lines(layout_, origin)) text += mark + line + "\n";
  if (style_ == Style::readmemh) {
    text += "// fields:";
    for (const Field& field : fields_)
      text += " " + field.name + "[" + std::to_string(4 * field.digits()) + "]";
    text += "\n";
  }
  if (style_ == Style::fptest) text += "--------------------\n\n";
  if (style_ == Style::csv) {
    for (const Field& field : fields_) text += (text.back() == '\n' ? "" : ",") + field.name;
    text += "\n";
  }
  return text;
}

void LineWriter::append_json(const Case& c, std::string& text) const {
  for (std::size_t i = 0; i < fields_.size(); ++i) {
    text += i == 0 ? "{\"" : ",\"";
    text += fields_[i].name;
    text += "\":\"";
    append_hexadecimal(text, field_value(layout_, c, i), fields_[i].digits());
    text += '"';
  }
  text += "}\n";
}

void LineWriter::append(const Case& c, std::string& text) const {
  if (style_ == Style::fptest) return fptest_->append(c, text);
  if (style_ == Style::json) return append_json(c, text);
  const char between = style_ == Style::readmemh ? '_' : style_ == Style::csv ? ',' : ' ';
  for (std::size_t i = 0; i < fields_.size(); ++i) {
    if (i > 0) text += between;
    append_hexadecimal(text, field_value(layout_, c, i), fields_[i].digits());
  }
  text += '\n';
}

}  // namespace halfulp::vectors

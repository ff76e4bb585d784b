// SPDX-License-Identifier: MIT
#include "golden/vectors/package.h"

#include <cctype>
#include <limits>
#include <nlohmann/json.hpp>

#include "formats/json.h"

namespace halfulp::vectors {
namespace {

std::string identifier(const std::string& text) {
  std::string word;
  for (const char c : text) word += std::isalnum(static_cast<unsigned char>(c)) != 0 ? c : '_';
  if (word.empty() || std::isdigit(static_cast<unsigned char>(word[0])) != 0) word = "p_" + word;
  return word;
}

// A string literal: 5.9.
std::string literal(const std::string& text) {
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') quoted += '\\';
    quoted += c == '\n' ? ' ' : c;
  }
  return quoted + "\"";
}

std::string upper(std::string text) {
  for (char& c : text) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return text;
}

// As an int where it is one, which loops count with.
std::string integer(const std::string& name, std::uint64_t value) {
  if (value <= std::numeric_limits<std::int32_t>::max())
    return "  localparam int " + name + " = " + std::to_string(value) + ";\n";
  return "  localparam bit [63:0] " + name + " = 64'd" + std::to_string(value) + ";\n";
}
// Without a type: not every simulator knows parameters of type string.
std::string text_parameter(const std::string& name, const std::string& value) {
  return "  localparam " + name + " = " + literal(value) + ";\n";
}

}  // namespace

std::string package_of(const Layout& layout, const Origin& origin, const PackageFacts& facts) {
  const std::vector<Field> fields = fields_of(layout);
  int width = 0;
  for (const Field& field : fields) width += 4 * field.digits();
  std::string text;
  for (const std::string& line : origin_lines(layout, origin)) text += "// " + line + "\n";
  text += "package " + identifier(facts.name) + ";\n";
  text += integer("VEC_COUNT", origin.count);
  if (!origin.every_case) text += integer("VEC_SEED", origin.seed);
  text += text_parameter("VEC_FILE", facts.vector_file);
  text += text_parameter("VEC_SHA256", facts.sha256);
  text += text_parameter("VEC_GENERATOR", "halfulp " + origin.version);
  text += text_parameter("VEC_OP", std::string(name_of(layout.op)));
  for (std::size_t i = 0; i < layout.inputs.size(); ++i)
    text += text_parameter(upper(fields[i].name) + "_FORMAT", layout.inputs[i].name);
  text += text_parameter("RESULT_FORMAT", layout.output.format.name);
  Json rounding = to_json(layout.output);
  rounding.erase("format");
  text += text_parameter("ROUNDING", rounding.dump());
  text +=
      "\n  // Fields are whole hexadecimal digits, the first in the highest bits; _BITS of each\n"
      "  // are used, the lowest ones.\n";
  text += "  localparam int VEC_WIDTH = " + std::to_string(width) + ";\n";
  int top = width;
  std::string members;
  for (const Field& field : fields) {
    const int used = 4 * field.digits();
    top -= used;
    const std::string name = upper(field.name);
    text += "  localparam int " + name + "_LSB = " + std::to_string(top) + ";\n";
    text += "  localparam int " + name + "_BITS = " + std::to_string(field.bits) + ";\n";
    members += "    logic [" + std::to_string(used - 1) + ":0] " + field.name + ";\n";
  }
  text += "\n  typedef struct packed {\n" + members + "  } vec_t;\n";
  text +=
      "\n  // logic [VEC_WIDTH-1:0] vec [0:VEC_COUNT-1];\n"
      "  // initial $readmemh(VEC_FILE, vec);\n";
  return text + "endpackage\n";
}

}  // namespace halfulp::vectors

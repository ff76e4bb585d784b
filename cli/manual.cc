// SPDX-License-Identifier: MIT
#include "cli/manual.h"

namespace halfulp::cli {
namespace {

// Text as roff takes it literally: the escape character and minus signs escaped, and nothing at the
// head of a line that would be a request.
std::string escaped(const std::string& text) {
  std::string out;
  bool at_head = true;
  for (const char c : text) {
    if (at_head && (c == '.' || c == '\'')) out += "\\&";
    at_head = c == '\n';
    if (c == '\\') {
      out += "\\e";
    } else if (c == '-') {
      out += "\\-";
    } else if (c == '`' || c == '\'') {
      out += c == '`' ? "\\`" : "\\(aq";
    } else if (c == '~') {
      out += "\\(ti";
    } else if (c == '^') {
      out += "\\(ha";
    } else {
      out += c;
    }
  }
  return out;
}

std::string upper(std::string text) {
  for (char& c : text) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  return text;
}

std::string head(const std::string& name, const std::string& summary) {
  return ".TH " + escaped(upper(name)) +
         " 1 \"\" \"halfulp " HALFULP_VERSION "\" \"halfulp\"\n.SH NAME\n" + escaped(name) +
         " \\- " + escaped(summary) + "\n";
}

std::string bold(const std::string& text) { return "\\fB" + escaped(text) + "\\fR"; }
std::string italic(const std::string& text) { return "\\fI" + escaped(text) + "\\fR"; }

// "-o, --output FILE" before what it does.
std::string entry(const OptionHelp& option) {
  std::string names;
  for (const std::string& name : option.names) {
    names += names.empty() ? "" : ", ";
    names += option.operand ? italic(name) : bold(name);
  }
  if (!option.value.empty()) names += " " + italic(option.value);
  std::string what = option.what;
  if (option.required && !option.operand) what += " (required)";
  return ".TP\n" + names + "\n" + escaped(what) + "\n";
}

std::string synopsis(const VerbHelp& verb) {
  std::string text =
      ".SH SYNOPSIS\n" + bold("halfulp " + verb.name) + " [" + italic("OPTIONS") + "]";
  for (const OptionHelp& option : verb.options) {
    if (!option.operand) continue;
    const std::string operand = italic(option.names.front()) + (option.repeated ? " ..." : "");
    text += " " + (option.required ? operand : "[" + operand + "]");
  }
  return text + "\n";
}

const char* const exit_status =
    ".SH EXIT STATUS\n"
    ".TP\n0\nDone and good.\n"
    ".TP\n1\nThe work was done and its verdict is bad: a mismatch, a failed check.\n"
    ".TP\n2\nThe call or its input is wrong; one line on standard error says what and where.\n"
    ".TP\n128 + \\fIN\\fR\nStopped by signal \\fIN\\fR, 141 by a reader that went away.\n";

const char* const environment =
    ".SH ENVIRONMENT\n"
    ".TP\n\\fBHALFULP_ISA\\fR\n"
    "Forces an instruction set; it changes the speed, never a result. An unknown name lists those "
    "of the machine.\n"
    ".TP\n\\fBHALFULP_CACHE\\fR\n"
    "The folder that tables of functions are kept in; \\fBoff\\fR keeps them in memory only.\n";

}  // namespace

std::string manual_page(std::span<const Verb> verbs) {
  std::string text = head("halfulp", "bit-exact emulation of number formats");
  text += ".SH SYNOPSIS\n" + bold("halfulp") + " " + italic("VERB") + " [" + italic("OPTIONS") +
          "] ...\n.br\n" + bold("halfulp help") + " [" + italic("VERB") + "]\n";
  text +=
      ".SH DESCRIPTION\nBit\\-exact emulation of number formats for precision research. Every verb "
      "has a manual page of its own.\n";
  text += ".SH VERBS\n";
  for (const Verb& verb : verbs)
    text +=
        ".TP\n" + bold(std::string(verb.name)) + "\n" + escaped(std::string(verb.summary)) + "\n";
  text += exit_status;
  text += environment;
  text += ".SH SEE ALSO\n";
  for (const Verb& verb : verbs)
    text += ".BR halfulp\\-" + std::string(verb.name) +
            (verb.name == verbs.back().name ? " (1)\n" : " (1),\n");
  return text;
}

std::string manual_page(const VerbHelp& verb) {
  std::string text = head("halfulp-" + verb.name, verb.summary) + synopsis(verb);
  text += ".SH DESCRIPTION\n" + escaped(verb.description) + "\n";
  std::string operands;
  std::string options;
  for (const OptionHelp& option : verb.options)
    (option.operand ? operands : options) += entry(option);
  if (!operands.empty()) text += ".SH OPERANDS\n" + operands;
  text += ".SH OPTIONS\n" + options;
  if (!verb.examples.empty()) text += ".SH EXAMPLES\n.nf\n" + escaped(verb.examples) + ".fi\n";
  return text + exit_status + ".SH SEE ALSO\n.BR halfulp (1)\n";
}

}  // namespace halfulp::cli

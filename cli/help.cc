// SPDX-License-Identifier: MIT
//
// halfulp help: the overview, the help of one verb, and both as manual pages.
#include <filesystem>
#include <string>

#include "cli/manual.h"
#include "cli/output.h"
#include "cli/verb.h"
#include "formats/error.h"

namespace halfulp::cli {
namespace {

const char* const description =
    "Explains VERB as `halfulp VERB --help` does; without it, lists the verbs. --man prints a "
    "page\n"
    "for man, and --man-pages writes halfulp.1 and a page for every verb.";

const char* const examples =
    "  $ halfulp help cast | head -1\n"
    "  Rounds each token once to the format --to and prints `code value flags`, a line a token.\n"
    "\n"
    "  $ halfulp help --man-pages man1 && ls man1 | head -2\n"
    "  halfulp-bench.1\n"
    "  halfulp-blame.1\n"
    "\n"
    "  $ halfulp help run --man | head -1\n"
    "  ...\n";

struct HelpOptions {
  std::string verb, folder;
  bool man = false;
};

std::string overview() {
  std::string text =
      "halfulp: bit-exact emulation of number formats for precision research\n\n"
      "Usage: halfulp VERB [OPTIONS] ...\n\nVerbs:\n";
  for (const Verb& verb : verbs()) {
    std::string name(verb.name);
    name.resize(10, ' ');
    text += "  " + name + "  " + std::string(verb.summary) + "\n";
  }
  text +=
      "\n`halfulp help VERB` explains a verb with examples, and `halfulp --version` says which\n"
      "halfulp this is. The environment variable HALFULP_ISA forces an instruction set; it\n"
      "changes the speed, never a result.\n";
  return text;
}

void write_pages(const std::string& folder) {
  std::error_code ignored;  // what cannot be made cannot be written to either
  std::filesystem::create_directories(folder, ignored);
  write_file(folder + "/halfulp.1", manual_page(verbs()));
  for (const Verb& verb : verbs())
    write_file(folder + "/halfulp-" + std::string(verb.name) + ".1", manual_page(help_of(verb)));
}

}  // namespace

int help_verb(const Arguments& arguments) {
  HelpOptions options;
  Parser parser("help", description, examples);
  parser.text("VERB", options.verb, "the verb to explain; all of them without it").value_name("");
  parser.flag("--man", options.man, "print the manual page instead");
  parser.text("--man-pages", options.folder, "write all manual pages to this folder")
      .value_name("FOLDER");
  if (!parser.parse(arguments)) return exit_good;
  if (!options.folder.empty()) {
    if (!options.verb.empty() || options.man)
      throw Error("writes the pages of all verbs", "--man-pages", "it stands alone");
    write_pages(options.folder);
  } else if (options.verb.empty()) {
    print(options.man ? manual_page(verbs()) : overview());
  } else if (options.man) {
    print(manual_page(help_of(find_verb(options.verb))));
  } else {
    return find_verb(options.verb).execute({"--help"});
  }
  return exit_good;
}

}  // namespace halfulp::cli

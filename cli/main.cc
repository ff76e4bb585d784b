// SPDX-License-Identifier: MIT
//
// The program `halfulp`: the list of its verbs, and the one place where an error becomes a line on
// standard error and an exit status (0 good, 1 a bad verdict, 2 a wrong call or input).
#include <algorithm>
#include <array>
#include <csignal>
#include <cstdlib>
#include <exception>
#include <new>
#include <string>
#include <vector>

#include "cli/output.h"
#include "cli/verb.h"
#include "emulator/instruction_set.h"
#include "formats/error.h"

namespace halfulp::cli {
namespace {

constexpr std::array<Verb, 11> verbs{{
    {"formats", "the number formats: all of them, one of them, its codes", formats_verb},
    {"cast", "round values, or codes of another format, to a format", cast_verb},
    {"explain", "one number in one format: neighbours, every rounding, wrong ways", explain_verb},
    {"op", "compute one operation on numbers or codes, rounded once", op_verb},
    {"vectors", "write test vectors for hardware and libraries", vectors_verb},
    {"check", "recompute test vectors and say what is wrong with them", check_verb},
    {"quantize", "round tensor files to a format, block formats included", quantize_verb},
    {"verify", "prove the fast emulator equal to the exact reference", verify_verb},
    {"run", "run an experiment or a sweep and write its result", run_verb},
    {"reproduce", "run the experiments with published figures and compare", reproduce_verb},
    {"report", "draw the result of a run as a page that stands alone", report_verb},
}};

constexpr int reader_gone_status = 141;  // as a shell names the end by SIGPIPE

std::string overview() {
  std::string text =
      "halfulp: bit-exact emulation of number formats for precision research\n\n"
      "Usage: halfulp VERB [OPTIONS] ...\n\nVerbs:\n";
  for (const Verb& verb : verbs) {
    text += "  " + std::string(verb.name) + std::string(10 - verb.name.size(), ' ');
    text += std::string(verb.summary) + "\n";
  }
  text +=
      "\n`halfulp VERB --help` explains a verb with examples. `halfulp --version` says which\n"
      "halfulp this is. The environment variable HALFULP_ISA forces an instruction set; it\n"
      "changes the speed, never a result.\n";
  return text;
}

const Verb& find_verb(const std::string& name) {
  std::vector<std::string> names;
  for (const Verb& verb : verbs) {
    if (verb.name == name) return verb;
    names.emplace_back(verb.name);
  }
  const std::string hint = suggest(name, names);
  const bool option = !name.empty() && name[0] == '-';
  throw Error((option ? "unknown option " + name : "unknown verb \"" + name + "\""), "",
              hint.empty() ? "`halfulp --help` lists the verbs" : hint);
}

void choose_instruction_set() {
  const char* name = std::getenv("HALFULP_ISA");
  if (name == nullptr || *name == '\0') return;
  try {
    emulator::force_instruction_set(name);
  } catch (const Error& error) {
    throw error.at("HALFULP_ISA");
  }
}

int execute(const Arguments& arguments) {
  if (arguments.empty()) throw Error("no verb is given", "", "`halfulp --help` lists the verbs");
  const std::string& first = arguments.front();
  if (first == "--help" || first == "-h" || first == "help") {
    print(overview());
    return exit_good;
  }
  choose_instruction_set();
  if (first == "--version") {
    print("halfulp " HALFULP_VERSION " (" + emulator::instruction_set() + ")\n");
    return exit_good;
  }
  return find_verb(first).execute({arguments.begin() + 1, arguments.end()});
}

}  // namespace
}  // namespace halfulp::cli

int main(int argc, char** argv) {
  using namespace halfulp::cli;
  open_standard_descriptors();
  std::signal(SIGXFSZ, SIG_IGN);  // a write beyond the limit of a file's size then answers EFBIG
  try {
    const int status = execute({argv + std::min(argc, 1), argv + argc});
    flush_output();
    return status;
  } catch (const ReaderGone&) {
    std::_Exit(reader_gone_status);
  } catch (const halfulp::Error& error) {
    note(error.what());
  } catch (const std::bad_alloc&) {
    note("not enough memory");
  } catch (const std::exception& error) {
    note(std::string("internal error: ") + error.what());
  }
  // What was answered before the error stays answered.
  std::fflush(stdout);
  return exit_wrong_call;
}

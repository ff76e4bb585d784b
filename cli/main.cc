// SPDX-License-Identifier: MIT
//
// The program `halfulp`: the one place where an error becomes a line on standard error and an exit
// status (0 good, 1 a bad verdict, 2 a wrong call or input). Its verbs stand in verbs.cc.
#include <algorithm>
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

constexpr int reader_gone_status = 141;  // as a shell names the end by SIGPIPE

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
  if (first == "--help" || first == "-h") return help_verb({});
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

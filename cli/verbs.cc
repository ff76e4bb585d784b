// SPDX-License-Identifier: MIT
//
// The list of the verbs.
#include <array>

#include "cli/verb.h"
#include "formats/error.h"

namespace halfulp::cli {
namespace {

constexpr std::array<Verb, 23> table{{
    {"formats", "the number formats: all of them, one of them, its codes", formats_verb},
    {"cast", "round values, or codes of another format, to a format", cast_verb},
    {"explain", "one number in one format: neighbours, every rounding, wrong ways", explain_verb},
    {"op", "compute one operation on numbers or codes, rounded once", op_verb},
    {"vectors", "write test vectors for hardware and libraries", vectors_verb},
    {"check", "recompute test vectors and say what is wrong with them", check_verb},
    {"compare", "compare tensor files in ulp and against tolerances", compare_verb},
    {"quantize", "round tensor files to a format, block formats included", quantize_verb},
    {"dequantize", "turn codes and scales of tensor files back to values", dequantize_verb},
    {"units", "the matrix units: all of them, one of them, what is proven of it", units_verb},
    {"gemm", "a product of matrices as a matrix unit and a kernel's order compute it", gemm_verb},
    {"kernel", "softmax, norms, attention and others, step by step as a document says",
     kernel_verb},
    {"probe", "find out what a device that multiplies matrices computes", probe_verb},
    {"verify", "prove the fast emulator equal to the exact reference", verify_verb},
    {"bench", "how fast the emulator is, beside copies, loops and sgemm", bench_verb},
    {"policy", "say which precision stands where in an experiment", policy_verb},
    {"run", "run an experiment or a sweep and write its result", run_verb},
    {"status", "say how far a run or the shards of a sweep are", status_verb},
    {"blame", "find which place of a policy costs what", blame_verb},
    {"reproduce", "run the experiments with published figures and compare", reproduce_verb},
    {"report", "draw the result of a run as a page that stands alone", report_verb},
    {"completion", "print what makes a shell complete verbs, options and names", completion_verb},
    {"help", "explain a verb, or write the manual pages", help_verb},
}};

}  // namespace

std::span<const Verb> verbs() { return table; }

const Verb& find_verb(const std::string& name) {
  std::vector<std::string> names;
  for (const Verb& verb : table) {
    if (verb.name == name) return verb;
    names.emplace_back(verb.name);
  }
  const std::string hint = suggest(name, names);
  const bool option = !name.empty() && name[0] == '-';
  throw Error((option ? "unknown option " + name : "unknown verb \"" + name + "\""), "",
              hint.empty() ? "`halfulp --help` lists the verbs" : hint);
}

}  // namespace halfulp::cli

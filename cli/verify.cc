// SPDX-License-Identifier: MIT
//
// halfulp verify: the emulator against the reference and MPFR, row by row of a table: a format and
// an operation, every operand combination where the budget allows it, drawn ones else. Rows are cut
// into blocks that threads take in any order; what a block checks depends on the block alone.
#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <memory>
#include <mutex>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "cli/output.h"
#include "cli/progress.h"
#include "cli/verb.h"
#include "emulator/engine.h"
#include "emulator/instruction_set.h"
#include "emulator/parallel.h"
#include "formats/block.h"
#include "formats/catalogue.h"
#include "formats/codes.h"
#include "formats/counted.h"
#include "formats/error.h"
#include "formats/json.h"
#include "golden/equality/block_equality.h"
#include "golden/equality/equality.h"

namespace halfulp::cli {
namespace {

const char* const description =
    "Proves the fast emulator equal to the exact reference, and both to MPFR's own rounding where\n"
    "MPFR can express the format: values, codes and flags, in every rounding mode, on codes and "
    "on\n"
    "arrays. Every operand combination where that is at most --budget cases, else that many, "
    "drawn\n"
    "so that edge cases come often. NAME: formats; all of the catalogue without it. Conversions "
    "come\n"
    "from every format of the catalogue of at most 16 bits, and from drawn codes of wider ones.\n"
    "Logarithmic formats, which the reference takes long to compare, have an eighth of the "
    "budget.\n"
    "Overflow rules, tininess and flushing are drawn for every block of operands. Of block "
    "formats\n"
    "drawn matrices are quantized and drawn codes dequantized: values, codes, scales, counts. Then "
    "what\n"
    "arrays gave is compared on --instruction-sets. Exit status 1 on a mismatch.";

const char* const examples =
    "  $ halfulp verify float4_e2m1fn --operation add,mul --quiet\n"
    "  ...\n"
    "\n"
    "  $ halfulp verify float8_e4m3fn bfloat16 --short --json --quiet\n"
    "  ...\n";

constexpr std::uint64_t default_budget = std::uint64_t{1} << 24;
constexpr std::uint64_t short_budget = std::uint64_t{1} << 14;
constexpr int most_listed_bits = 16;

struct VerifyOptions {
  std::vector<std::string> names, operations, roundings, instruction_sets;
  std::uint64_t budget = default_budget;
  int threads = 0;
  bool is_short = false, json = false, quiet = false;
};

struct Row {
  std::string format;
  std::string text{};  // what the command line calls it, where that is not its name
  std::string operation;
  bool exhaustive = true;
  std::size_t modes = 0;
  Tally tally;
};

struct Task {
  std::size_t row = 0;
  Subject subject;
  Block block;
  std::shared_ptr<const Matrices> matrices{};  // of block formats, in the place of a subject
  std::uint64_t digest = 0;  // of what its arrays gave on the first instruction set

  [[nodiscard]] bool is_codes() const { return !matrices && !subject.op && !subject.source; }
};

struct Work {
  std::vector<Row> rows;
  std::vector<Task> tasks;
  std::uint64_t combinations = 0;
};

const std::vector<std::string>& operation_names() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> list{"codes", "quantize", "dequantize"};
    for (const OpEntry& entry : operations()) list.emplace_back(entry.name);
    return list;
  }();
  return names;
}

struct Formats {
  std::vector<Format> scalar;
  std::vector<BlockFormat> block;
};

Formats formats_of(const VerifyOptions& options) {
  Formats formats;
  for (const std::string& name : options.names) {
    const bool described = looks_like_json(name) || looks_like_path(name);
    if (!described && !is_block_name(name)) {
      formats.scalar.push_back(format_from_text(name));
      continue;
    }
    const AnyQuantizer any = any_quantizer_from_text(name);
    if (const auto* block = std::get_if<BlockFormat>(&any)) {
      formats.block.push_back(*block);
    } else {
      formats.scalar.push_back(std::get<Quantizer>(any).format);
    }
  }
  if (!options.names.empty()) return formats;
  for (const CatalogueEntry& entry : catalogue()) formats.scalar.push_back(entry.format);
  for (const BlockEntry& entry : block_catalogue()) formats.block.push_back(entry.format);
  return formats;
}

std::vector<Mode> modes_of(const VerifyOptions& options) {
  std::vector<Mode> modes;
  for (const std::string& name : options.roundings) {
    try {
      modes.push_back(parse_mode(name));
    } catch (const Error& error) {
      throw error.at("--rounding");
    }
  }
  return modes.empty() ? all_modes() : modes;
}

void check_operations(const VerifyOptions& options) {
  for (const std::string& name : options.operations) {
    const std::vector<std::string>& known = operation_names();
    if (std::find(known.begin(), known.end(), name) != known.end()) continue;
    const std::string hint = suggest(name, known);
    throw Error(
        "unknown operation \"" + name + "\"", "--operation",
        hint.empty() ? "there are codes, quantize, dequantize and what `halfulp op` lists" : hint);
  }
}

class Planner {
 public:
  Planner(const VerifyOptions& options, const std::vector<Mode>& modes)
      : options_(options), modes_(modes.size()), per_combination_(cases_per_combination(modes)) {}

  Work plan(const Formats& formats) {
    for (const Format& format : formats.scalar) {
      if (wanted("codes")) add_codes(format);
      if (wanted("cast")) add_casts(format);
      for (const OpEntry& entry : operations()) {
        if (entry.op != Op::convert && wanted(std::string(entry.name)))
          add_operation(format, entry.op);
      }
    }
    for (const BlockFormat& format : formats.block) {
      if (wanted("quantize")) add_matrices(format, "quantize");
      if (wanted("dequantize")) add_matrices(format, "dequantize");
    }
    return std::move(work_);
  }

 private:
  [[nodiscard]] bool wanted(const std::string& name) const {
    const std::vector<std::string>& names = options_.operations;
    return names.empty() || std::find(names.begin(), names.end(), name) != names.end();
  }

  std::size_t add_row(const std::string& format, const std::string& operation) {
    work_.rows.push_back({.format = format, .operation = operation, .modes = modes_, .tally = {}});
    return work_.rows.size() - 1;
  }
  std::size_t add_row(const Format& format, const std::string& operation) {
    return add_row(format.name, operation);
  }

  // The reference takes about as long for an element of a matrix as for a dozen roundings.
  void add_matrices(const BlockFormat& format, const std::string& operation) {
    constexpr std::uint64_t cost = 16;
    constexpr std::uint64_t fewest = 16;
    constexpr std::uint64_t size = 32;
    const std::size_t row = add_row(format.name, operation);
    const auto matrices = std::make_shared<const Matrices>(
        Matrices{.format = format, .decoded = operation == "dequantize"});
    const std::uint64_t count = std::max(options_.budget / cost / cases_per_matrix, fewest);
    for (std::uint64_t begin = 0; begin < count; begin += size) {
      const Block block{.begin = begin, .end = std::min(begin + size, count), .exhaustive = false};
      work_.tasks.push_back({.row = row, .subject = {}, .block = block, .matrices = matrices});
    }
    work_.combinations += count;
    work_.rows[row].exhaustive = false;
    if (matrices->decoded) work_.rows[row].modes = 1;
    if (!is_block_name(format.name)) work_.rows[row].text = to_json(format).dump();
  }

  // All combinations of the subject if each can be rounded in every way within the budget; else
  // so many drawn that their comparisons (on codes, with MPFR, on arrays) come to the budget.
  void add_blocks(std::size_t row, const Subject& subject, std::uint64_t all,
                  std::uint64_t budget) {
    constexpr std::uint64_t slowness = 8;  // of the reference's comparisons of irrational numbers
    if (!is_dyadic(subject.format)) budget /= slowness;
    const std::uint64_t roundings = std::max<std::uint64_t>(budget / per_combination_, 1);
    const std::uint64_t comparisons = subject.op ? 4 : 6;
    const bool exhaustive = all <= roundings;
    const std::uint64_t count =
        exhaustive ? all : std::max<std::uint64_t>(roundings / comparisons, 16);
    constexpr std::uint64_t least_block = 64;
    constexpr std::uint64_t greatest_block = 2048;
    const std::uint64_t size = std::clamp(count / 64, least_block, greatest_block);
    for (std::uint64_t begin = 0; begin < count; begin += size) {
      const Block block{
          .begin = begin, .end = std::min(begin + size, count), .exhaustive = exhaustive};
      work_.tasks.push_back({.row = row, .subject = subject, .block = block});
    }
    work_.combinations += count;
    work_.rows[row].exhaustive = work_.rows[row].exhaustive && exhaustive;
  }

  // Of formats that arrays carry.
  void add_codes(const Format& format) {
    if (!fits_binary64(format)) return;
    const std::size_t row = add_row(format, "codes");
    work_.rows[row].modes = 1;
    add_blocks(row, {.format = format, .op = {}, .source = {}}, combinations(format, 1),
               options_.budget);
  }

  // One row for all sources of at most 16 bits, each with a budget of its own (--short: a share of
  // one), and one each for drawn codes of the wider ones.
  void add_casts(const Format& format) {
    const std::size_t row = add_row(format, "cast");
    std::uint64_t all = 0;
    for (const CatalogueEntry& entry : catalogue()) {
      if (bits(entry.format) <= most_listed_bits) all += combinations(entry.format, 1);
    }
    constexpr std::uint64_t fewest = 16;
    for (const CatalogueEntry& entry : catalogue()) {
      const std::uint64_t own = combinations(entry.format, 1);
      const Subject subject{.format = format, .op = {}, .source = entry.format};
      if (bits(entry.format) > most_listed_bits) {
        add_blocks(add_row(format, "cast " + entry.format.name), subject, own, options_.budget / 4);
      } else if (options_.is_short) {
        const std::uint64_t share = options_.budget / per_combination_ * own / all;
        add_blocks(row, subject, own, std::max(share, fewest) * per_combination_);
      } else {
        add_blocks(row, subject, own, options_.budget);
      }
    }
  }

  // What is neither arithmetic nor exhaustive has a smaller budget. Comparisons deliver truths, and
  // integers of several widths and both kinds of sign are delivered.
  void add_operation(const Format& format, Op op) {
    const std::uint64_t all = combinations(format, arity(op));
    constexpr std::uint64_t share = 16;
    const bool exhausted = all <= options_.budget / per_combination_;
    const std::uint64_t budget =
        is_arithmetic(op) || exhausted ? options_.budget : options_.budget / share;
    const std::string name(name_of(op));
    if (is_to_integer(op)) {
      for (const char* integer : {"int8", "uint16", "int32", "uint64"}) {
        add_blocks(add_row(format, name + " " + integer),
                   {.format = find_format(integer), .op = op, .source = format}, all, budget / 4);
      }
    } else if (is_comparison(op)) {
      add_blocks(add_row(format, name),
                 {.format = find_format("uint1"), .op = op, .source = format}, all, budget);
    } else {
      add_blocks(add_row(format, name), {.format = format, .op = op, .source = {}}, all, budget);
    }
  }

  const VerifyOptions& options_;
  std::size_t modes_;
  std::uint64_t per_combination_;
  Work work_;
};

// Calls check for every task on any thread, and adds up what it finds.
template <typename Check>
void for_each(Work& work, const VerifyOptions& options, const std::string& what,
              const Check& check) {
  ProgressBar bar(what, options.quiet);
  std::mutex mutex;
  std::uint64_t done = 0;
  std::uint64_t cases = 0;
  emulator::for_each_task(work.tasks.size(), options.threads, [&](std::size_t index) {
    Task& task = work.tasks[index];
    const Tally tally = check(task);
    const std::lock_guard<std::mutex> lock(mutex);
    Row& row = work.rows[task.row];
    row.tally.add(tally);
    done += task.block.end - task.block.begin;
    cases += tally.cases;
    // Rows differ in cost; the share of combinations is the best guess at the share of the time.
    const double share = static_cast<double>(done) / static_cast<double>(work.combinations);
    bar.update(static_cast<double>(cases), static_cast<double>(cases) / share, 0,
               row.format + " " + row.operation);
  });
}

Tally check(const Task& task, const std::vector<Mode>& modes) {
  if (task.matrices) return check_matrices(*task.matrices, task.block, modes, emulator::engine());
  return task.is_codes() ? check_codes(task.subject.format, task.block, emulator::engine())
                         : check_block(task.subject, task.block, modes, emulator::engine());
}

// The first instruction set against the reference; the others against the first, and where they
// differ against the reference too, which says where.
void execute(Work& work, const std::vector<Mode>& modes, const VerifyOptions& options) {
  const auto digest = [&](const Task& task) {
    if (task.matrices) {
      return digest_matrices(*task.matrices, task.block, modes, emulator::engine());
    }
    return digest_block(task.subject, task.block, modes, emulator::engine());
  };
  const std::vector<std::string>& sets = options.instruction_sets;
  emulator::force_instruction_set(sets.front());
  for_each(work, options, "cases", [&](Task& task) {
    if (!task.is_codes() && sets.size() > 1) task.digest = digest(task);
    return check(task, modes);
  });
  for (std::size_t i = 1; i < sets.size(); ++i) {
    emulator::force_instruction_set(sets[i]);
    for_each(work, options, "blocks on " + sets[i], [&](const Task& task) -> Tally {
      Tally tally{.cases = 1, .mismatches = 0, .first = {}};
      if (task.is_codes()) {
        tally = check(task, modes);
      } else if (digest(task) != task.digest) {
        tally = check(task, modes);
        tally.mismatches = std::max<std::uint64_t>(tally.mismatches, 1);
      }
      for (std::string& line : tally.first) line = sets[i] + ": " + line;
      return tally;
    });
  }
  emulator::force_instruction_set(sets.front());
}

// All that the machine has, or those that are named.
std::vector<std::string> instruction_sets_of(const std::vector<std::string>& names) {
  std::vector<std::string> known = emulator::instruction_sets();
  if (names.empty()) return {emulator::instruction_set()};
  if (names.size() == 1 && names.front() == "all") return known;
  for (const std::string& name : names) {
    if (std::find(known.begin(), known.end(), name) != known.end()) continue;
    std::string list = "all";
    for (const std::string& set : known) list += ", " + set;
    throw Error("\"" + name + "\" is no instruction set of this machine", "--instruction-sets",
                "there are " + list);
  }
  return names;
}

std::string repeat_call(const Row& row, const VerifyOptions& options) {
  const std::string operation = row.operation.substr(0, row.operation.find(' '));
  const std::string& format = row.text.empty() ? row.format : row.text;
  std::string call = "halfulp verify '" + format + "' --operation " + operation;
  if (options.is_short) call += " --short";
  if (!options.is_short && options.budget != default_budget)
    call += fmt::format(" --budget {}", options.budget);
  for (const std::string& name : options.roundings) call += " --rounding " + name;
  return call;
}

void print_json(const Work& work, const VerifyOptions& options) {
  for (const Row& row : work.rows) {
    Json object;
    object["format"] = row.format;
    object["operation"] = row.operation;
    object["rounding_modes"] = row.modes;
    object["cases"] = row.tally.cases;
    object["exhaustive"] = row.exhaustive;
    object["mismatches"] = row.tally.mismatches;
    if (row.tally.mismatches > 0) {
      object["first"] = row.tally.first;
      object["repeat"] = repeat_call(row, options);
    }
    print(object.dump() + "\n");
  }
}

void print_table(const Work& work, const VerifyOptions& options) {
  std::vector<std::vector<std::string>> rows;
  std::uint64_t cases = 0;
  std::uint64_t mismatches = 0;
  for (const Row& row : work.rows) {
    cases += row.tally.cases;
    mismatches += row.tally.mismatches;
    rows.push_back({row.format, row.operation, std::to_string(row.modes),
                    std::to_string(row.tally.cases), row.exhaustive ? "exhaustive" : "drawn",
                    std::to_string(row.tally.mismatches)});
  }
  print(table_text({{"format"},
                    {"operation"},
                    {"rounding modes", Align::right},
                    {"cases", Align::right},
                    {"operands"},
                    {"mismatches", Align::right}},
                   rows));
  print(counted(cases, "case") + ", " + counted(mismatches, "mismatch", "mismatches") + "\n");
  for (const Row& row : work.rows) {
    if (row.tally.mismatches == 0) continue;
    for (const std::string& line : row.tally.first) print(line + "\n");
    print("  again: " + repeat_call(row, options) + "\n");
  }
}

int verify(VerifyOptions options) {
  check_operations(options);
  options.instruction_sets = instruction_sets_of(options.instruction_sets);
  const std::vector<Mode> modes = modes_of(options);
  Work work = Planner(options, modes).plan(formats_of(options));
  execute(work, modes, options);
  options.json ? print_json(work, options) : print_table(work, options);
  const bool good = std::all_of(work.rows.begin(), work.rows.end(),
                                [](const Row& row) { return row.tally.mismatches == 0; });
  return good ? exit_good : exit_bad_verdict;
}

}  // namespace

int verify_verb(const Arguments& arguments) {
  VerifyOptions options;
  Parser parser("verify", description, examples);
  parser.list("NAME", options.names, "formats; all of the catalogue without it").value_name("");
  parser
      .list("--operation", options.operations,
            "only these: codes, cast, or any that `halfulp op` lists; of block formats\n"
            "quantize, dequantize")
      .value_name("OP,...")
      .delimiter(',')
      .repeated();
  parser.list("--rounding", options.roundings, "only these rounding modes")
      .value_name("NAME,...")
      .delimiter(',')
      .repeated();
  parser
      .list("--instruction-sets", options.instruction_sets,
            "check arrays on these too, or on `all`; only the best without it")
      .value_name("NAME,...")
      .delimiter(',')
      .repeated();
  parser.count("--budget", options.budget,
               "cases a row, and a source of at most 16 bits in casts (2^24)", 1,
               std::uint64_t{1} << 48);
  parser.flag("--short", options.is_short, "a budget of 2^14: what the tests run");
  add_threads(parser, options.threads);
  add_json(parser, options.json);
  add_quiet(parser, options.quiet);
  if (!parser.parse(arguments)) return exit_good;
  if (options.is_short) options.budget = short_budget;
  return verify(options);
}

}  // namespace halfulp::cli

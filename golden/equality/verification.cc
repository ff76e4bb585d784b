// SPDX-License-Identifier: MIT
#include "golden/equality/verification.h"

#include <algorithm>
#include <memory>
#include <mutex>
#include <nlohmann/json.hpp>
#include <utility>

#include "emulator/engine.h"
#include "emulator/instruction_set.h"
#include "emulator/parallel.h"
#include "formats/catalogue.h"
#include "formats/codes.h"
#include "formats/json.h"
#include "golden/equality/block_equality.h"
#include "golden/equality/unit_equality.h"

namespace halfulp::equality {
namespace {

constexpr int most_listed_bits = 16;

struct Task {
  std::size_t row = 0;
  Subject subject;
  CaseRange range;
  std::shared_ptr<const Matrices> matrices{};  // of block formats, in the place of a subject
  const MatrixUnit* unit = nullptr;            // likewise
  std::uint64_t digest = 0;  // of what its arrays gave on the first instruction set

  [[nodiscard]] bool is_codes() const {
    return !matrices && unit == nullptr && !subject.op && !subject.source;
  }
};

struct Work {
  std::vector<Row> rows;
  std::vector<Task> tasks;
  std::uint64_t combinations = 0;
};

using Report = std::function<void(const Row& row, double cases, double all_cases)>;

class Planner {
 public:
  explicit Planner(const Scope& scope)
      : scope_(scope),
        modes_(scope.modes.size()),
        per_combination_(cases_per_combination(scope.modes)) {}

  Work plan() {
    for (const Format& format : scope_.formats) {
      if (wanted("codes")) add_codes(format);
      if (wanted("cast")) add_casts(format);
      for (const OpEntry& entry : operations()) {
        if (entry.op != Op::convert && wanted(std::string(entry.name)))
          add_operation(format, entry.op);
      }
    }
    for (const BlockFormat& format : scope_.block_formats) {
      if (wanted("quantize")) add_matrices(format, "quantize");
      if (wanted("dequantize")) add_matrices(format, "dequantize");
    }
    for (const MatrixUnit& unit : scope_.units)
      if (wanted("dot")) add_products(unit);
    return std::move(work_);
  }

 private:
  [[nodiscard]] bool wanted(const std::string& name) const {
    const std::vector<std::string>& names = scope_.operations;
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
    const std::uint64_t count = std::max(scope_.budget / cost / cases_per_matrix, fewest);
    for (std::uint64_t begin = 0; begin < count; begin += size) {
      const CaseRange range{
          .begin = begin, .end = std::min(begin + size, count), .exhaustive = false};
      work_.tasks.push_back({.row = row, .subject = {}, .range = range, .matrices = matrices});
    }
    work_.combinations += count;
    work_.rows[row].exhaustive = false;
    if (matrices->decoded) work_.rows[row].modes = 1;
    if (!is_block_name(format.name)) work_.rows[row].text = to_json(format).dump();
  }

  // The reference takes about as long for a dot product as for a dozen roundings and more.
  void add_products(const MatrixUnit& unit) {
    constexpr std::uint64_t cost = 16;
    constexpr std::uint64_t fewest = 16;
    constexpr std::uint64_t size = 64;
    const std::size_t row = add_row(unit.name, "dot");
    const std::uint64_t count = std::max(scope_.budget / cost / cases_per_product, fewest);
    for (std::uint64_t begin = 0; begin < count; begin += size) {
      const CaseRange range{
          .begin = begin, .end = std::min(begin + size, count), .exhaustive = false};
      work_.tasks.push_back({.row = row, .subject = {}, .range = range, .unit = &unit});
    }
    work_.combinations += count;
    work_.rows[row].exhaustive = false;
    work_.rows[row].modes = 1;
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
      const CaseRange range{
          .begin = begin, .end = std::min(begin + size, count), .exhaustive = exhaustive};
      work_.tasks.push_back({.row = row, .subject = subject, .range = range});
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
               scope_.budget);
  }

  // One row for all sources of at most 16 bits, each with a budget of its own (or all a share of
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
        add_blocks(add_row(format, "cast " + entry.format.name), subject, own, scope_.budget / 4);
      } else if (scope_.shares_budget_of_casts) {
        const std::uint64_t share = scope_.budget / per_combination_ * own / all;
        add_blocks(row, subject, own, std::max(share, fewest) * per_combination_);
      } else {
        add_blocks(row, subject, own, scope_.budget);
      }
    }
  }

  // What is neither arithmetic nor exhaustive has a smaller budget. Comparisons deliver truths, and
  // integers of several widths and both kinds of sign are delivered.
  void add_operation(const Format& format, Op op) {
    const std::uint64_t all = combinations(format, arity(op));
    constexpr std::uint64_t share = 16;
    const bool exhausted = all <= scope_.budget / per_combination_;
    const std::uint64_t budget =
        is_arithmetic(op) || exhausted ? scope_.budget : scope_.budget / share;
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

  const Scope& scope_;
  std::size_t modes_;
  std::uint64_t per_combination_;
  Work work_;
};

// Calls check for every task on any thread, and adds up what it finds.
template <typename Check>
void for_each(Work& work, int threads, const Report& report, const Check& check) {
  std::mutex mutex;
  std::uint64_t done = 0;
  std::uint64_t cases = 0;
  emulator::for_each_task(work.tasks.size(), threads, [&](std::size_t index) {
    Task& task = work.tasks[index];
    const Tally tally = check(task);
    const std::lock_guard<std::mutex> lock(mutex);
    Row& row = work.rows[task.row];
    row.tally.add(tally);
    done += task.range.end - task.range.begin;
    cases += tally.cases;
    // Rows differ in cost; the share of combinations is the best guess at the share of the time.
    const double share = static_cast<double>(done) / static_cast<double>(work.combinations);
    report(row, static_cast<double>(cases), static_cast<double>(cases) / share);
  });
}

Tally check(const Task& task, const std::vector<Mode>& modes, Caches* caches) {
  if (task.unit != nullptr) return check_products(*task.unit, task.range, emulator::engine());
  if (task.matrices) return check_matrices(*task.matrices, task.range, modes, emulator::engine());
  return task.is_codes() ? check_codes(task.subject.format, task.range, emulator::engine())
                         : check_range(task.subject, task.range, modes, emulator::engine(), caches);
}

std::uint64_t digest(const Task& task, const std::vector<Mode>& modes, Caches* caches) {
  if (task.unit != nullptr) return digest_products(*task.unit, task.range, emulator::engine());
  if (task.matrices) return digest_matrices(*task.matrices, task.range, modes, emulator::engine());
  return digest_range(task.subject, task.range, modes, emulator::engine(), caches);
}

// What another instruction set than the first gives.
Tally check_digest(const Task& task, const std::vector<Mode>& modes, Caches* caches,
                   const std::string& set) {
  Tally tally{.cases = 1, .mismatches = 0, .first = {}};
  if (task.is_codes()) {
    tally = check(task, modes, caches);
  } else if (digest(task, modes, caches) != task.digest) {
    tally = check(task, modes, caches);
    tally.mismatches = std::max<std::uint64_t>(tally.mismatches, 1);
  }
  for (std::string& line : tally.first) line = set + ": " + line;
  return tally;
}

}  // namespace

const std::vector<std::string>& verified_operations() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> list{"codes", "quantize", "dequantize", "dot"};
    for (const OpEntry& entry : operations()) list.emplace_back(entry.name);
    return list;
  }();
  return names;
}

std::vector<Row> verify(const Scope& scope, const std::vector<std::string>& instruction_sets,
                        int threads, const std::function<void(const VerifyProgress&)>& progress) {
  Work work = Planner(scope).plan();
  for (const std::string& set : instruction_sets) {
    const bool first = &set == &instruction_sets.front();
    const Report report = [&](const Row& row, double cases, double all_cases) {
      if (progress)
        progress({.instruction_set = set,
                  .first = first,
                  .row = row,
                  .cases = cases,
                  .all_cases = all_cases});
    };
    emulator::force_instruction_set(set);
    if (!work.rows.empty()) report(work.rows.front(), 0, 0);
    for_each(work, threads, report, [&](Task& task) {
      if (!first) return check_digest(task, scope.modes, scope.caches, set);
      if (!task.is_codes() && instruction_sets.size() > 1)
        task.digest = digest(task, scope.modes, scope.caches);
      return check(task, scope.modes, scope.caches);
    });
  }
  emulator::force_instruction_set(instruction_sets.front());
  return std::move(work.rows);
}

}  // namespace halfulp::equality

// SPDX-License-Identifier: MIT
#include "cli/probe.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <functional>
#include <nlohmann/json.hpp>
#include <optional>

#include "cli/at_option.h"
#include "cli/named_tensor.h"
#include "cli/output.h"
#include "cli/product_call.h"
#include "cli/progress.h"
#include "cli/tensor_options.h"
#include "cli/verb.h"
#include "emulator/engine.h"
#include "formats/error.h"
#include "formats/files/bytes.h"
#include "formats/json.h"
#include "golden/probe/first_questions.h"
#include "golden/probe/recorded.h"
#include "golden/tensors/files.h"

namespace halfulp::cli {
namespace {

namespace fs = std::filesystem;
using probe::Exam;
using probe::Ports;
using probe::Standing;

const char* const description =
    "Finds out what a device that multiplies matrices computes: its sums as a unit that `halfulp "
    "gemm`\n"
    "takes, what speaks for each property, and the nearest unit that is shipped. --ask writes "
    "questions\n"
    "into a folder, batches of products of one row by one column (a: cases x 1 x terms, b: cases x "
    "terms\n"
    "x 1, c: cases x 1 x 1). The device multiplies them; its d = a b + c goes beside them as "
    "answers1.npy\n"
    "or answers1.safetensors, and --answers says what it is. --ask again writes another round, of "
    "inputs\n"
    "on which the units left part, until nothing is left to ask. In PyTorch (bfloat16, say):\n"
    "  q = safetensors.torch.load_file('device/questions1.safetensors')\n"
    "  d = torch.baddbmm(q['c'], q['a'], q['b'])\n"
    "  safetensors.torch.save_file({'d': d}, 'device/answers1.safetensors')\n"
    "Where the device has scales (--unit of such), a and the transposed b are cases x terms, c one "
    "a\n"
    "column, and the answers the diagonal of the product.\n"
    "Answers to other inputs serve as well: a product as gemm takes it with --a, --b, --c and --d, "
    "or\n"
    "rows of digits with --recorded. They name the shipped units that give all of them, or none.";

const char* const examples =
    "  $ halfulp probe --ask device --a-format float8_e4m3fn\n"
    "  device/questions1.safetensors: 1360 dot products of 64 terms; the device's d goes into "
    "device/answers1.safetensors\n"
    "\n"
    "  $ halfulp gemm --a device/questions1.safetensors:a --b device/questions1.safetensors:b --c "
    "device/questions1.safetensors:c --unit nv.hopper.wgmma.e4m3.f32 -o "
    "device/answers1.safetensors\n"
    "  ...\n"
    "\n"
    "  $ halfulp probe --answers device -o mine.json\n"
    "  device          nv.hopper.wgmma.e4m3.f32: all 1360 answers\n"
    "  ...\n";

struct ProbeOptions {
  std::string ask, answers, recorded, d, out;
  std::string a_format, b_format, c_format, d_format;
  std::uint64_t terms = 0;
  std::string unit, a, b, c, a_scales, b_scales;
  bool b_transposed = false, json = false, quiet = false;
};

constexpr std::size_t usual_terms = 64;
constexpr std::size_t most_results = 4096;

// What the device takes and gives, as options say.
Ports ports_of(const ProbeOptions& options) {
  Ports ports;
  if (!options.unit.empty()) {
    const MatrixUnit unit =
        at_option("--unit", [&] { return matrix_unit_from_text(options.unit); });
    ports = probe::ports_of(unit, usual_terms);
    // So many terms that there are two scales of each operand, and two instructions.
    const std::int64_t two = 2 * unit.terms;
    ports.terms = static_cast<std::size_t>(
        std::max<std::int64_t>(ports.scales ? two : usual_terms, usual_terms));
  } else if (options.a_format.empty()) {
    throw Error("nothing says what the device takes", "--a-format",
                "give it (and --b-format, --c-format, --d-format), or --unit of the same operands");
  }
  const auto read = [](const std::string& option, const std::string& text, Format& format) {
    if (!text.empty()) format = at_option(option, [&] { return format_from_text(text); });
  };
  read("--a-format", options.a_format, ports.a);
  if (options.unit.empty()) {
    ports.b = ports.a;
    ports.d = format_from_text("binary32");
  }
  read("--b-format", options.b_format, ports.b);
  read("--d-format", options.d_format, ports.d);
  if (options.unit.empty()) ports.c = ports.d;
  read("--c-format", options.c_format, ports.c);
  if (options.terms != 0) ports.terms = options.terms;
  return ports;
}

// A folder of rounds: questionsN.safetensors and what the device made of them.
class Folder {
 public:
  explicit Folder(std::string path, std::string option)
      : path_(std::move(path)), option_(std::move(option)) {}

  [[nodiscard]] std::string questions(std::size_t round) const {
    return (fs::path(path_) / ("questions" + std::to_string(round) + ".safetensors")).string();
  }
  [[nodiscard]] bool has_questions(std::size_t round) const { return fs::exists(questions(round)); }
  // The file of answers that is there, if one is.
  [[nodiscard]] std::optional<std::string> answers(std::size_t round) const {
    for (const char* const ending : {".safetensors", ".npy", ".npz"}) {
      const fs::path file = fs::path(path_) / ("answers" + std::to_string(round) + ending);
      if (fs::exists(file)) return file.string();
    }
    return std::nullopt;
  }
  [[nodiscard]] std::string wanted_answers(std::size_t round) const {
    return (fs::path(path_) / ("answers" + std::to_string(round) + ".safetensors")).string();
  }

  [[nodiscard]] probe::Asked asked(std::size_t round) const {
    const std::string file = questions(round);
    try {
      return probe::questions_of(tensors::read(file, {}));
    } catch (const Error& error) {
      throw error.location().starts_with(file) ? error : error.at(file);
    }
  }
  [[nodiscard]] std::vector<Code> answered(std::size_t round, const probe::Asked& asked) const {
    const std::string file = *answers(round);
    tensors::TensorFile read = tensors::read(file, {});
    const tensors::Tensor* d = read.tensors.size() == 1 ? &read.tensors.front() : nullptr;
    for (const tensors::Tensor& tensor : read.tensors) {
      if (tensor.name == "d") d = &tensor;
    }
    if (d == nullptr) throw Error("holds several tensors, none of them \"d\"", file);
    try {
      std::vector<Code> codes = probe::answers_of(*d, asked.questions.size(), asked.ports.d);
      if (round == 1 && std::ranges::all_of(codes, [&](Code code) { return code == codes[0]; }))
        throw Error("all " + std::to_string(codes.size()) + " answers are the same", "",
                    "did the device multiply, and is this its d?");
      return codes;
    } catch (const Error& error) {
      throw error.at(file);
    }
  }
  void write(std::size_t round, const Ports& ports,
             const std::vector<probe::Question>& questions_of_round) const {
    std::error_code failed;
    fs::create_directories(path_, failed);
    if (failed) throw Error("cannot be made (" + failed.message() + ")", path_);
    const std::string file = questions(round);
    require_writable(file);
    tensors::TensorFile made = probe::file_of(ports, questions_of_round);
    for (tensors::Tensor& tensor : made.tensors)
      tensor = storable(std::move(tensor), tensors::Container::safetensors);
    tensors::write(file, made, {});
  }
  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] const std::string& option() const { return option_; }

 private:
  std::string path_, option_;
};

// All rounds of a folder that are answered, one after the other.
class Rounds {
 public:
  Rounds(const Folder& folder, const Engine& engine, std::vector<MatrixUnit> known,
         const std::function<void(std::size_t)>& watcher)
      : known_(std::move(known)) {
    for (std::size_t round = 1; folder.has_questions(round); ++round) {
      if (!folder.answers(round)) {
        unanswered_ = round;
        break;
      }
      const probe::Asked asked = folder.asked(round);
      if (!exam_) exam_.emplace(asked.ports, engine).watch(watcher);
      if (asked.ports != exam_->ports())
        throw Error("other formats than in the round before", folder.questions(round));
      const std::size_t before = exam_->size();
      exam_->add(asked.questions, folder.answered(round, asked));
      standing_ = probe::standing_of(*exam_, known_, standing_, before);
      rounds_ = round;
    }
  }
  [[nodiscard]] std::size_t rounds() const { return rounds_; }
  [[nodiscard]] std::size_t unanswered() const { return unanswered_; }
  [[nodiscard]] const Exam& exam() const { return *exam_; }
  [[nodiscard]] const Standing& standing() const { return standing_; }

 private:
  std::vector<MatrixUnit> known_;
  std::optional<Exam> exam_;
  Standing standing_;
  std::size_t rounds_ = 0, unanswered_ = 0;
};

class Run {
 public:
  explicit Run(const ProbeOptions& options)
      : options_(options),
        engine_(emulator::engine()),
        known_(shipped_units()),
        bar_("units", options.quiet) {}

  int execute() {
    const bool given = !options_.a.empty() || !options_.b.empty() || !options_.d.empty();
    const std::array calls{!options_.ask.empty(), !options_.answers.empty(),
                           !options_.recorded.empty(), given};
    if (std::ranges::count(calls, true) != 1)
      throw Error(
          "one of --ask, --answers, --recorded and a product (--a, --b, --d) says what to do",
          "probe", "`halfulp probe --help` has an example");
    if (!options_.out.empty() && !options_.ask.empty())
      throw Error("--ask writes questions only", "-o", "give it with --answers");
    if (!options_.out.empty()) require_writable(options_.out);
    if (calls[0]) return ask();
    if (calls[1]) return tell();
    return calls[2] ? tell_recorded(recorded_rows()) : tell_recorded(recorded_product());
  }

 private:
  // --- Rounds of a folder.
  int ask() {
    const Folder folder(options_.ask, "--ask");
    if (!folder.has_questions(1)) {
      const Ports ports = ports_of(options_);
      return write(folder, 1, ports, first_questions(ports));
    }
    const Rounds rounds(folder, engine_, known(), watcher());
    require_same_ports(rounds);
    if (rounds.unanswered() != 0)
      throw Error("there is no answer to " + folder.questions(rounds.unanswered()), "--ask",
                  "write the device's d into " + folder.wanted_answers(rounds.unanswered()));
    const probe::Chosen next = probe::next_round(rounds.exam(), rounds.standing(), rounds.rounds());
    if (probe::is_settled(rounds.standing(), next, rounds.rounds())) {
      bar_.clear();
      print("nothing is left to ask: `halfulp probe --answers " + folder.path() +
            "` says what the device is\n");
      return exit_good;
    }
    return write(folder, rounds.rounds() + 1, rounds.exam().ports(), next.questions);
  }
  int write(const Folder& folder, std::size_t round, const Ports& ports,
            const std::vector<probe::Question>& questions) {
    folder.write(round, ports, questions);
    bar_.clear();
    print(folder.questions(round) + ": " + std::to_string(questions.size()) + " dot products of " +
          std::to_string(ports.terms) + " terms; the device's d goes into " +
          folder.wanted_answers(round) + "\n");
    return exit_good;
  }
  static std::vector<probe::Question> first_questions(const Ports& ports) {
    try {
      return probe::first_questions(ports);
    } catch (const Error& error) {
      throw Error(error.message(), "--" + error.location() + "-format", error.hint());
    }
  }

  // The questions of a folder say what the device takes; options may only say the same.
  void require_same_ports(const Rounds& rounds) const {
    if (rounds.rounds() == 0 || (options_.unit.empty() && options_.a_format.empty())) return;
    const Ports& asked = rounds.exam().ports();
    const Ports said = ports_of(options_);
    const auto require = [](const std::string& option, const Format& here, const Format& there) {
      if (here.kind != there.kind)
        throw Error("the questions of the folder are of " + there.name + ", not " + here.name,
                    option, "leave it out, or ask in another folder");
    };
    const bool unit = !options_.unit.empty();
    require(unit ? "--unit" : "--a-format", said.a, asked.a);
    if (unit || !options_.b_format.empty())
      require(unit ? "--unit" : "--b-format", said.b, asked.b);
    if (unit || !options_.d_format.empty())
      require(unit ? "--unit" : "--d-format", said.d, asked.d);
  }

  int tell() {
    const Folder folder(options_.answers, "--answers");
    const Rounds rounds(folder, engine_, known(), watcher());
    if (rounds.rounds() == 0)
      throw Error(folder.has_questions(1) ? "there are no answers" : "there are no questions",
                  folder.path(),
                  folder.has_questions(1)
                      ? "write the device's d into " + folder.wanted_answers(1)
                      : "`halfulp probe --ask " + folder.path() + "` writes them");
    require_same_ports(rounds);
    ProbeReport report{.exam = &rounds.exam(),
                       .standing = rounds.standing(),
                       .nearest = {},
                       .findings = {},
                       .rounds = rounds.rounds()};
    const probe::Chosen next = probe::next_round(rounds.exam(), rounds.standing(), rounds.rounds());
    report.settled = probe::is_settled(rounds.standing(), next, rounds.rounds());
    return finish(std::move(report));
  }

  // --- Answers that somebody else asked for.
  [[nodiscard]] probe::Recorded recorded_rows() const {
    const tensors::Bytes bytes = tensors::read_bytes(options_.recorded);
    const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    try {
      return probe::recorded_rows(text, ports_of(options_));
    } catch (const Error& error) {
      throw error.at(options_.recorded);
    }
  }
  [[nodiscard]] probe::Recorded recorded_product() const {
    const bool typed = options_.unit.empty() && options_.a_format.empty();
    std::optional<Ports> said;
    if (!typed) said = ports_of(options_);
    const auto tensor = [&](const std::string& option, const std::string& text,
                            Format Ports::*format) {
      if (text.empty()) throw Error("is missing", option, "give the file");
      return read_tensor(
          text, {.option = option, .format = said ? std::optional((*said).*format) : std::nullopt});
    };
    const tensors::Tensor a = tensor("--a", options_.a, &Ports::a);
    const tensors::Tensor b = tensor("--b", options_.b, &Ports::b);
    const tensors::Tensor d = tensor("--d", options_.d, &Ports::d);
    std::optional<tensors::Tensor> c;
    if (!options_.c.empty()) c = tensor("--c", options_.c, &Ports::c);
    const Ports ports = said.value_or(Ports{.a = a.type.format,
                                            .b = b.type.format,
                                            .c = c ? c->type.format : d.type.format,
                                            .d = d.type.format});
    kernels::ProductOperands operands{.a = &a, .b = &b, .c = c ? &*c : nullptr};
    operands.b_transposed = options_.b_transposed;
    std::optional<tensors::Tensor> left;
    std::optional<tensors::Tensor> right;
    if (!options_.a_scales.empty()) {
      left = read_tensor(options_.a_scales, {.option = "--a-scales"});
      operands.a_scales.push_back(&*left);
    }
    if (!options_.b_scales.empty()) {
      right = read_tensor(options_.b_scales, {.option = "--b-scales"});
      operands.b_scales.push_back(&*right);
    }
    try {
      return probe::recorded_product(operands, d, ports, most_results);
    } catch (const Error& error) {
      throw cli::with_option(error);
    }
  }

  int tell_recorded(const probe::Recorded& recorded) {
    if (recorded.questions.empty()) throw Error("no results", "probe", "give at least one");
    Exam exam(recorded.ports, engine_);
    exam.watch(watcher());
    exam.add(recorded.questions, recorded.answers);
    const std::vector<MatrixUnit> units = known();
    Standing standing{.fits = probe::ranked(exam, units), .left = {}};
    if (standing.fits.empty() || standing.fits.front().misses > 0)
      standing.fits = probe::infer(exam, units);
    for (const probe::Fit& fit : standing.fits) {
      if (fit.misses == 0) standing.left.push_back(fit.unit);
    }
    return finish({.exam = &exam, .standing = std::move(standing), .nearest = {}, .findings = {}});
  }

  std::function<void(std::size_t)> watcher() {
    return [this](std::size_t tried) {
      bar_.update(static_cast<double>(tried), 0, 0, std::to_string(tried) + " units tried");
    };
  }

  // The shipped units, and one of the user's.
  [[nodiscard]] std::vector<MatrixUnit> known() const {
    std::vector<MatrixUnit> all = known_;
    if (!options_.unit.empty()) all.insert(all.begin(), matrix_unit_from_text(options_.unit));
    return all;
  }

  int finish(ProbeReport report) {
    const Exam& exam = *report.exam;
    report.nearest = probe::nearest_named(exam);
    if (report.standing.fits.empty())
      throw Error("no unit of the family has such operands", "probe",
                  "floating-point formats of at most 64 bits are tried");
    report.findings = probe::findings_of(exam, cli::unit_of(report));
    if (!options_.out.empty()) {
      const MatrixUnit unit =
          probe::documented(cli::unit_of(report), "probed", report.findings, exam.size());
      write_file(options_.out, to_json(unit).dump(2) + "\n");
    }
    bar_.clear();
    print(options_.json ? probe_json(report) : probe_text(report));
    return report.standing.left.empty() ? exit_bad_verdict : exit_good;
  }

  const ProbeOptions& options_;
  const Engine& engine_;
  std::vector<MatrixUnit> known_;
  ProgressBar bar_;
};

}  // namespace

const MatrixUnit& unit_of(const ProbeReport& report) { return report.standing.fits.front().unit; }

int probe_verb(const Arguments& arguments) {
  ProbeOptions options;
  Parser parser("probe", description, examples);
  const auto file = [&](const std::string& name, std::string& variable, const std::string& what) {
    parser.text(name, variable, what).value_name("FILE");
  };
  const auto format = [&](const std::string& name, std::string& variable, const std::string& what) {
    parser.text(name, variable, what).value_name("F");
  };
  parser.text("--ask", options.ask, "write the next round of questions into this folder")
      .value_name("DIR");
  parser.text("--answers", options.answers, "say what the answers in this folder mean")
      .value_name("DIR");
  parser
      .text("--unit", options.unit,
            "a unit with the device's operands, which is one of the hypotheses")
      .value_name("U");
  format("--a-format", options.a_format, "the format of a, instead of a unit's");
  format("--b-format", options.b_format, "of b (that of a)");
  format("--c-format", options.c_format, "of c (that of d)");
  format("--d-format", options.d_format, "of d (binary32)");
  parser.count("--terms", options.terms, "terms of a dot product that --ask writes (64)", 4, 1024);
  file("--recorded", options.recorded, "rows of hexadecimal digits: a b c d, whoever chose them");
  file("--a", options.a, "of a recorded product: the left matrix, as gemm takes it");
  file("--b", options.b, "the right matrix");
  file("--c", options.c, "what was added");
  file("--d", options.d, "what the device made of them");
  file("--a-scales", options.a_scales, "scales of A, rows x blocks");
  file("--b-scales", options.b_scales, "scales of B, columns x blocks");
  parser.flag("--b-transposed", options.b_transposed, "B is columns x terms");
  parser.text("-o,--output", options.out, "write the unit found as a file that gemm takes")
      .value_name("FILE");
  add_json(parser, options.json);
  add_quiet(parser, options.quiet);
  if (!parser.parse(arguments)) return exit_good;
  return Run(options).execute();
}

}  // namespace halfulp::cli

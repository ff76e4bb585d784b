// SPDX-License-Identifier: MIT
//
// halfulp kernel: what a kernel that is no single product of matrices computes, step by step.
#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "cli/at_option.h"
#include "cli/named_tensor.h"
#include "cli/output.h"
#include "cli/progress.h"
#include "cli/same_file.h"
#include "cli/tensor_options.h"
#include "cli/verb.h"
#include "emulator/engine.h"
#include "experiments/study/sweep.h"
#include "formats/error.h"
#include "formats/json.h"
#include "golden/sequences/kernel_json.h"
#include "golden/sequences/step_words.h"
#include "golden/sequences/walker.h"
#include "golden/tensors/files.h"
#include "reference/engine.h"

namespace halfulp::cli {
namespace {

const char* const description =
    "Computes a kernel as its document says, each step in the stated order and rounded as stated:\n"
    "softmax, normalizations, activations, cross-entropy, convolutions, attention. NAME is one of\n"
    "those that are shipped (all of them are listed without NAME), a file, or JSON text\n"
    "(docs/kernels.md). Without --in the kernel is described; --json prints its document, to "
    "begin\n"
    "one's own with. Functions are correctly rounded. Files are .npy, .npz, .safetensors (name "
    "one\n"
    "of several tensors as FILE:NAME), or raw with --as and --shape. --all writes the result of\n"
    "every step, which shows where another implementation parts from it.";

const char* const examples =
    "  $ halfulp kernel softmax\n"
    "  name        softmax\n"
    "  ...\n"
    "\n"
    "  $ halfulp kernel rmsnorm --json > mine.json\n"
    "  ...\n"
    "\n"
    "  $ halfulp kernel softmax --in x=weights.npy --set order=pairwise:binary32 -o y.npy\n"
    "  y.npy: y, [2, 32] of float32\n";

struct KernelOptions {
  std::string name, out;
  std::vector<std::string> inputs, formats, shapes, settings;
  bool all = false, reference = false, json = false, quiet = false;
  int threads = 0;
  RoundingOptions rounding;
};

// "NAME=VALUE", several times, by name.
std::map<std::string, std::string> named_values(const std::vector<std::string>& texts,
                                                const std::string& option) {
  std::map<std::string, std::string> values;
  for (const std::string& text : texts) {
    const std::size_t equals = text.find('=');
    if (equals == std::string::npos || equals == 0 || equals + 1 == text.size())
      throw Error("\"" + text + "\" names nothing", option,
                  "write NAME=VALUE, as in " + option + " x=" +
                      (option == "--in"   ? "x.npy"
                       : option == "--as" ? "bfloat16"
                                          : "16,64"));
    const std::string name = text.substr(0, equals);
    if (!values.emplace(name, text.substr(equals + 1)).second)
      throw Error("\"" + name + "\" is given twice", option, "keep one of them");
  }
  return values;
}

// Without the parameters that settings of other members have put out of use.
Json without_replaced(Json edited, const Json& document) {
  if (!edited.is_object() || !edited.contains("parameters") || !edited["parameters"].is_object())
    return edited;
  const std::string before = document.dump();
  const std::string after = edited.dump();
  const Json parameters = edited["parameters"];
  for (const auto& entry : parameters.items()) {
    const std::string use = "\"$" + entry.key() + "\"";
    const bool replaced =
        before.find(use) != std::string::npos && after.find(use) == std::string::npos;
    if (replaced) edited["parameters"].erase(entry.key());
  }
  return edited;
}

// The document with its parameters set.
Json document_of(const KernelOptions& options) {
  const Json document = sequences::kernel_document(options.name);
  std::vector<std::string> settings;
  for (const std::string& setting : options.settings) {
    const std::string name = setting.substr(0, setting.find('='));
    if (!setting.starts_with("/")) {
      std::vector<std::string> names;
      if (document.is_object() && document.contains("parameters") &&
          document["parameters"].is_object()) {
        for (const auto& entry : document["parameters"].items()) names.push_back(entry.key());
      }
      if (std::ranges::find(names, name) == names.end()) {
        const std::string near = suggest(name, names);
        throw Error("the kernel has no parameter \"" + name + "\"", "--set",
                    near.empty() ? "`halfulp kernel " + options.name + "` lists them" : near);
      }
    }
    settings.push_back(setting.starts_with("/") ? setting : "/parameters/" + setting);
  }
  return without_replaced(experiments::apply_settings(document, settings), document);
}

sequences::Kernel kernel_of(const KernelOptions& options, const Json& document) {
  try {
    return sequences::kernel_from_json(document, "");
  } catch (const Error& error) {
    throw error.at(looks_like_json(options.name) ? "kernel" : options.name);
  }
}

void print_all(bool json) {
  std::vector<std::vector<std::string>> rows;
  for (const sequences::ShippedKernel& shipped : sequences::shipped_kernel_texts()) {
    const Json document = parse_json(shipped.text, std::string(shipped.name));
    const sequences::Kernel kernel = sequences::kernel_from_json(document, "");
    if (json) print(document.dump() + "\n");
    std::string inputs;
    for (const sequences::Input& input : kernel.inputs)
      inputs += (inputs.empty() ? "" : ", ") + input.name;
    rows.push_back({kernel.name, inputs, kernel.about});
  }
  std::ranges::sort(rows);
  if (!json) print(table_text({{"kernel"}, {"inputs"}, {"what"}}, rows));
}

void print_one(const sequences::Kernel& kernel, const Json& document) {
  const auto line = [](std::string name, const std::string& value) {
    if (value.empty()) return;
    name.resize(10, ' ');
    print(name + "  " + value + "\n");
  };
  const auto lines = [&](std::string title, const std::vector<std::string>& all) {
    for (const std::string& each : all) {
      line(title, each);
      title.clear();
    }
  };
  line("name", kernel.name);
  line("about", kernel.about);
  line("source", kernel.source);
  std::vector<std::string> inputs;
  for (const sequences::Input& input : kernel.inputs) inputs.push_back(words_of(input));
  lines("inputs", inputs);
  std::vector<std::string> parameters;
  if (document.contains("parameters")) {
    for (const auto& entry : document["parameters"].items())
      parameters.push_back(
          entry.key() + " = " +
          (entry.value().is_string() ? entry.value().get<std::string>() : entry.value().dump()));
  }
  lines("parameters", parameters);
  lines("steps", words_of(kernel.steps));
  lines("outputs", kernel.outputs);
}

class Run {
 public:
  Run(const KernelOptions& options, const sequences::Kernel& kernel)
      : options_(options),
        kernel_(kernel),
        files_(named_values(options.inputs, "--in")),
        formats_(named_values(options.formats, "--as")),
        shapes_(named_values(options.shapes, "--shape")) {}

  int execute() {
    require_output();
    sequences::WalkOptions how{.random = random_of(options_.rounding), .threads = options_.threads};
    tensors::TensorFile file;
    ProgressBar bar("steps", options_.quiet);
    double done = 0;
    how.observe = [&](const std::string& name, const sequences::Array& result) {
      bar.update(++done, 0, 0, name);
      if (options_.all) file.tensors.push_back(stored(result, name));
    };
    const Engine& engine = options_.reference ? reference::engine() : emulator::engine();
    const std::vector<sequences::Named> outputs = walk(inputs(), engine, how);
    bar.clear();
    for (const auto& [name, array] : outputs) {
      const auto same = [&name = name](const tensors::Tensor& t) { return t.name == name; };
      if (std::ranges::none_of(file.tensors, same)) file.tensors.push_back(stored(array, name));
    }
    tensors::write(options_.out, file, {});
    report(outputs);
    return exit_good;
  }

 private:
  void require_output() const {
    if (options_.out.empty()) throw Error("is missing", "-o", "name the file to write");
    std::vector<NamedPath> paths;
    for (const auto& entry : files_) paths.push_back({"--in", tensor_name(entry.second).path});
    const NamedPath output{"-o", options_.out};
    require_apart(paths, std::span(&output, 1));
    const tensors::Container container =
        at_option("-o", [&] { return tensors::container_of(options_.out); });
    const bool one = container == tensors::Container::npy || container == tensors::Container::raw;
    if (one && (options_.all || kernel_.outputs.size() > 1))
      throw Error("a file for one tensor, and several are written", "-o",
                  "name a .safetensors or .npz file");
    require_writable(options_.out);
  }
  [[nodiscard]] tensors::Tensor stored(const sequences::Array& array,
                                       const std::string& name) const {
    return storable(tensor_of(array, name), tensors::container_of(options_.out));
  }
  [[nodiscard]] std::map<std::string, sequences::Array> inputs() const {
    std::map<std::string, sequences::Array> arrays;
    for (const auto& [name, path] : files_) {
      Reading how{.option = "--in " + name};
      if (const auto found = formats_.find(name); found != formats_.end())
        how.format = at_option("--as", [&] { return format_from_text(found->second); });
      if (const auto found = shapes_.find(name); found != shapes_.end())
        how.shape = parse_extents(found->second, "--shape");
      const tensors::Tensor tensor = read_tensor(path, how);
      if (how.format && tensor.type.format.kind != how.format->kind)
        throw Error("is of " + tensor.type.name + ", which are no codes of " + how.format->name,
                    how.option, "leave out --as " + name + ", or name the format of its codes");
      arrays[name] = at_option(how.option, [&] { return sequences::array_from(tensor); });
    }
    for (const auto* named : {&formats_, &shapes_}) {
      for (const auto& entry : *named) {
        if (!files_.contains(entry.first))
          throw Error("there is no --in " + entry.first, named == &formats_ ? "--as" : "--shape",
                      "give the file, or leave it out");
      }
    }
    return arrays;
  }
  [[nodiscard]] std::vector<sequences::Named> walk(
      const std::map<std::string, sequences::Array>& inputs, const Engine& engine,
      const sequences::WalkOptions& how) const {
    try {
      return sequences::walk(kernel_, inputs, engine, how);
    } catch (const Error& error) {
      if (error.location().starts_with("/"))
        throw error.at(looks_like_json(options_.name) ? "kernel" : options_.name);
      throw Error(error.message(), "--in " + error.location(), error.hint());
    }
  }
  void report(const std::vector<sequences::Named>& outputs) const {
    if (options_.quiet && !options_.json) return;
    Json object{{"schema", "kernel/1"}, {"kernel", kernel_.name}, {"outputs", Json::array()}};
    for (const auto& [name, array] : outputs) {
      const std::string type = tensors::element_type(array.format).name;
      object["outputs"].push_back({{"name", name}, {"shape", array.shape}, {"type", type}});
      if (!options_.json)
        print(options_.out + ": " + name + ", " + tensors::shape_text(array.shape) + " of " + type +
              "\n");
    }
    if (options_.json) print(object.dump() + "\n");
  }

  const KernelOptions& options_;
  const sequences::Kernel& kernel_;
  std::map<std::string, std::string> files_, formats_, shapes_;
};

void declare(Parser& parser, KernelOptions& options) {
  parser.text("NAME", options.name, "the kernel; all of them are listed without it");
  parser.list("--in", options.inputs, "an input of the kernel; again for every input")
      .value_name("NAME=FILE")
      .repeated();
  parser
      .list("--as", options.formats,
            "the format of an input whose file holds codes in unsigned integers, or raw bytes")
      .value_name("NAME=F")
      .repeated();
  parser.list("--shape", options.shapes, "the shape of an input in a raw file")
      .value_name("NAME=N,...")
      .repeated();
  parser
      .list("--set", options.settings,
            "change a parameter first, or a member as /path=value; may be repeated")
      .value_name("NAME=VALUE")
      .repeated();
  parser.text("-o,--output", options.out, "the file to write: .npy, .npz, .safetensors, .raw")
      .value_name("OUT");
  parser.flag("--all", options.all, "write the result of every step");
  parser.number("--seed", options.rounding.seed, "seed of the stochastic modes (0)")
      .value_name("S");
  parser.text("--random", options.rounding.generator, "philox4x32-10 (the default) or splitmix64")
      .value_name("NAME");
  parser.flag("--reference", options.reference,
              "answer from the exact reference instead of the emulator");
  add_threads(parser, options.threads);
  add_json(parser, options.json);
  add_quiet(parser, options.quiet);
}

}  // namespace

int kernel_verb(const Arguments& arguments) {
  KernelOptions options;
  Parser parser("kernel", description, examples);
  declare(parser, options);
  if (!parser.parse(arguments)) return exit_good;
  if (options.name.empty()) {
    if (!options.inputs.empty() || !options.settings.empty())
      throw Error("the kernel is missing", "NAME", "`halfulp kernel` lists them");
    print_all(options.json);
    return exit_good;
  }
  const Json document = document_of(options);
  const sequences::Kernel kernel = kernel_of(options, document);
  if (!options.inputs.empty()) return Run(options, kernel).execute();
  if (!options.out.empty()) throw Error("no input is given", "--in", "write --in NAME=FILE");
  options.json ? print(document.dump(2) + "\n") : print_one(kernel, document);
  return exit_good;
}

}  // namespace halfulp::cli

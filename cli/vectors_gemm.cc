// SPDX-License-Identifier: MIT
#include "cli/vectors_gemm.h"

#include <array>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include "cli/at_option.h"
#include "cli/output.h"
#include "cli/progress.h"
#include "cli/tensor_options.h"
#include "emulator/engine.h"
#include "formats/error.h"
#include "formats/json.h"
#include "golden/kernels/inputs.h"
#include "golden/kernels/product.h"
#include "golden/tensors/files.h"
#include "reference/engine.h"

namespace halfulp::cli {
namespace {

using tensors::Container;
using tensors::Tensor;

constexpr std::uint64_t most_elements = std::uint64_t{1} << 30;

std::vector<kernels::InputClassEntry> classes_of(const std::string& text) {
  const auto all = kernels::input_classes();
  if (text == "all") return {all.begin(), all.end()};
  return {at_option("--class", [&] { return kernels::find_input_class(text); })};
}

// Where tensors go: into one .safetensors file, or each into a .npy file of a folder.
class Target {
 public:
  explicit Target(const std::string& path) : path_(path) {
    const std::filesystem::path target(path);
    if (path.empty() || path == "-")
      throw Error("tensors go to a file or a folder", "-o",
                  "write -o FILE.safetensors or -o FOLDER");
    is_file_ = target.extension() == ".safetensors";
    if (is_file_) {
      require_writable(path);
      return;
    }
    for (const char* const ending : {".npy", ".npz", ".raw", ".bin"}) {
      if (target.extension() == ending)
        throw Error("\"" + path + "\" is neither a folder nor a .safetensors file", "-o",
                    "several tensors are written");
    }
    if (std::filesystem::exists(target) && !std::filesystem::is_directory(target))
      throw Error("is a file", path, "name a folder or a .safetensors file");
  }

  void write(std::vector<Tensor> all, const tensors::Metadata& metadata) const {
    if (is_file_) {
      tensors::TensorFile file{.tensors = {}, .metadata = metadata};
      for (Tensor& tensor : all)
        file.tensors.push_back(storable(std::move(tensor), Container::safetensors));
      return tensors::write(path_, file, {});
    }
    std::error_code failed;
    std::filesystem::create_directories(path_, failed);
    if (failed) throw Error("cannot be made (" + failed.message() + ")", path_);
    for (const Tensor& tensor : all) require_writable(place(tensor));
    for (Tensor& tensor : all) {
      const std::string to = place(tensor);
      tensors::TensorFile file;
      file.tensors.push_back(storable(std::move(tensor), Container::npy));
      tensors::write(to, file, {});
    }
  }

 private:
  [[nodiscard]] std::string place(const Tensor& tensor) const {
    return (std::filesystem::path(path_) / (tensor.name + ".npy")).string();
  }
  std::string path_;
  bool is_file_ = false;
};

class Writer {
 public:
  explicit Writer(const GemmVectorsOptions& options)
      : options_(options),
        chosen_(unit_and_order_of(options.arithmetic)),
        unit_(unit_with_formats(chosen_, options.format)),
        classes_(classes_of(options.input_class)) {
    for (const auto& [option, n, m] : {std::tuple{"--terms", options.rows, options.terms},
                                       std::tuple{"--terms", options.terms, options.columns},
                                       std::tuple{"--columns", options.rows, options.columns}}) {
      if (n > most_elements / m)
        throw Error("a matrix of more than 2^30 elements", option, "choose a smaller product");
    }
  }

  int execute() {
    const Target target(options_.output);
    if (chosen_.unit) warn_of_unproven(unit_);
    ProgressBar bar("classes", options_.quiet);
    std::vector<Tensor> all;
    std::string names;
    for (std::size_t i = 0; i < classes_.size(); ++i) {
      std::vector<Tensor> of_class = tensors_of(classes_[i]);
      names.clear();
      for (Tensor& tensor : of_class) {
        names += (names.empty() ? "" : " ") + tensor.name;
        if (classes_.size() > 1) tensor.name = std::string(classes_[i].name) + "." + tensor.name;
        all.push_back(std::move(tensor));
      }
      bar.update(static_cast<double>(i + 1), static_cast<double>(classes_.size()), 0, "");
    }
    bar.clear();
    const std::vector<std::string> written = names_of(all);
    target.write(std::move(all), metadata());
    report(names, written);
    return exit_good;
  }

 private:
  static std::vector<std::string> names_of(const std::vector<Tensor>& tensors) {
    std::vector<std::string> names;
    for (const Tensor& tensor : tensors) names.push_back(tensor.name);
    return names;
  }

  [[nodiscard]] std::vector<Tensor> tensors_of(const kernels::InputClassEntry& entry) const {
    const kernels::InputShape shape{
        .rows = options_.rows, .terms = options_.terms, .columns = options_.columns};
    kernels::Inputs inputs =
        kernels::inputs_of(unit_, chosen_.order, entry.kind, shape, options_.random.seed);
    kernels::ProductOptions how;
    how.random = random_of(options_.random);
    how.threads = options_.threads;
    const Engine& engine = options_.reference ? reference::engine() : emulator::engine();
    Tensor d = kernels::multiply(unit_, chosen_.order, engine, inputs.operands(), how);
    std::vector<Tensor> all;
    all.push_back(std::move(inputs.a));
    all.push_back(std::move(inputs.b));
    all.push_back(std::move(inputs.c));
    for (std::size_t i = 0; i < inputs.a_scales.size(); ++i) {
      all.push_back(std::move(inputs.a_scales[i]));
      all.push_back(std::move(inputs.b_scales[i]));
    }
    all.push_back(std::move(d));
    return all;
  }

  // What the file was made of.
  [[nodiscard]] tensors::Metadata metadata() const {
    tensors::Metadata all{{"class", options_.input_class},
                          {"order", options_.arithmetic.order},
                          {"seed", std::to_string(options_.random.seed)},
                          {"version", HALFULP_VERSION}};
    if (chosen_.unit) all.emplace_back("unit", unit_.name);
    return all;
  }

  void report(const std::string& names, const std::vector<std::string>& written) const {
    if (options_.json) {
      Json object;
      object["output"] = options_.output;
      object["unit"] = chosen_.unit ? Json(unit_.name) : Json();
      object["order"] = options_.arithmetic.order;
      object["seed"] = options_.random.seed;
      object["shape"] = {options_.rows, options_.terms, options_.columns};
      object["tensors"] = written;
      return print(object.dump() + "\n");
    }
    if (options_.quiet) return;
    const std::string of = classes_.size() == 1 ? std::string(classes_.front().name)
                                                : std::to_string(classes_.size()) + " classes";
    print(options_.output + ": " + names + " of " + of + ", " + std::to_string(options_.rows) +
          " x " + std::to_string(options_.terms) + " x " + std::to_string(options_.columns) +
          ", seed " + std::to_string(options_.random.seed) + "\n");
  }

  const GemmVectorsOptions& options_;
  UnitAndOrder chosen_;
  MatrixUnit unit_;
  std::vector<kernels::InputClassEntry> classes_;
};

// Options of `vectors` that say how operations are rounded and cases are written.
constexpr std::array of_operations{"--to",          "--from",         "--rounding",
                                   "--overflow",    "--preset",       "--nan",
                                   "--tininess",    "--flush-inputs", "--flush-outputs",
                                   "--flush-flags", "--random-bits",  "--testfloat-exact",
                                   "--count",       "--all",          "--yes",
                                   "--style",       "--package",      "--coverage"};
constexpr std::array of_gemm{"--unit", "--order", "--class", "--rows", "--terms", "--columns"};

}  // namespace

void add_gemm_vectors_options(Parser& parser, GemmVectorsOptions& options) {
  constexpr std::uint64_t most = std::uint64_t{1} << 24;
  parser.text("--unit", options.arithmetic.unit, "of gemm: the matrix unit").value_name("U");
  parser
      .text("--order", options.arithmetic.order,
            "of gemm: what a kernel does around the unit, or instead of it (plain)")
      .value_name("ORDER");
  parser.text("--class", options.input_class, "of gemm: what is drawn (all)").value_name("CLASS");
  parser.count("--rows", options.rows, "of gemm: rows of A (16)", 1, most);
  parser.count("--terms", options.terms, "of gemm: columns of A, rows of B (64)", 1, most);
  parser.count("--columns", options.columns, "of gemm: columns of B (8)", 1, most);
}

void require_gemm_vectors_options(Parser& parser, bool gemm) {
  if (gemm) {
    for (const char* const option : of_operations) {
      if (parser.option(option).given())
        throw Error("does not go with gemm", option, "leave it out");
    }
    return;
  }
  for (const char* const option : of_gemm) {
    if (parser.option(option).given())
      throw Error("is of the operation gemm", option, "leave it out");
  }
}

int write_gemm(const GemmVectorsOptions& options) { return Writer(options).execute(); }

}  // namespace halfulp::cli

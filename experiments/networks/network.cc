// SPDX-License-Identifier: MIT
#include "experiments/networks/network.h"

#include <cmath>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <span>
#include <utility>

#include "experiments/data/variates.h"
#include "experiments/networks/layer_norm.h"
#include "experiments/networks/linear.h"
#include "experiments/networks/residual.h"
#include "formats/error.h"

namespace halfulp::experiments {
namespace {

constexpr std::int64_t most_width = 1 << 16;
constexpr std::int64_t most_depth = 1000;

const std::vector<std::string> kind_names{"linear", "mlp", "residual_mlp", "teacher_mlp"};

const std::vector<std::string> beginning_names{"kaiming_uniform", "normal", "xavier_normal",
                                               "constant"};

std::vector<Eigen::Index> parse_widths(const Json& value, const std::string& where) {
  if (!value.is_array() || value.size() < 2)
    throw Error("at least two widths are needed", where,
                "write for example [32, 128, 10]: inputs, what lies between, outputs");
  std::vector<Eigen::Index> widths;
  for (std::size_t i = 0; i < value.size(); ++i)
    widths.push_back(integer_from(value[i], where + "/" + std::to_string(i), 1, most_width));
  return widths;
}

void read_layers(ObjectReader& reader, NetworkDescription& d, Json& resolved) {
  if (d.kind == NetworkDescription::Kind::linear) {
    reader.require("inputs");
    d.widths = {reader.integer("inputs", 1, 1, most_width),
                reader.integer("outputs", 1, 1, most_width)};
    resolved["inputs"] = d.widths[0];
    resolved["outputs"] = d.widths[1];
  } else {
    d.widths = parse_widths(reader.require("widths"), reader.place("widths"));
    resolved["widths"] = d.widths;
  }
  d.bias = reader.boolean("bias", true);
  resolved["bias"] = d.bias;
}

// Of four times the width, or of gated functions 8/3 of it, so that both have as many weights.
Eigen::Index usual_hidden(const NetworkDescription& d) {
  if (d.activation != ActivationKind::swiglu) return 4 * d.width;
  return std::lround(8.0 * static_cast<double>(d.width) / 3.0);
}

void read_blocks(ObjectReader& reader, NetworkDescription& d, Json& resolved) {
  reader.require("width");
  reader.require("depth");
  d.width = reader.integer("width", 1, 1, most_width);
  d.depth = reader.integer("depth", 1, 1, most_depth);
  const bool is_teacher = d.kind == NetworkDescription::Kind::teacher_mlp;
  d.hidden = reader.integer("hidden", is_teacher ? d.width : usual_hidden(d), 1, 4 * most_width);
  resolved["width"] = d.width;
  resolved["depth"] = d.depth;
  resolved["hidden"] = d.hidden;
  if (is_teacher) return;
  d.layer_norm = reader.boolean("layer_norm", true);
  d.gamma = reader.number("gamma", 1.0, -1e6, 1e6);
  d.gamma_deviation = reader.number("gamma_deviation", 0.0, 0.0, 1e6);
  resolved["layer_norm"] = d.layer_norm;
  resolved["gamma"] = d.gamma;
  resolved["gamma_deviation"] = d.gamma_deviation;
}

void read_beginning(ObjectReader& reader, NetworkDescription& d, Json& resolved) {
  const std::size_t kind = reader.choice("weights", 0, beginning_names);
  d.beginning.kind = static_cast<WeightBeginning::Kind>(kind);
  resolved["weights"] = beginning_names[kind];
  if (d.beginning.kind == WeightBeginning::Kind::kaiming_uniform) return;
  d.beginning.gain = reader.number("gain", 1.0, -1e6, 1e6);
  resolved["gain"] = d.beginning.gain;
}

// From `in` to `hidden` and back to `out`.
template <typename Real>
struct TwoLayers {
  PlaceList& places;
  std::string name;
  const NetworkDescription& description;

  void append(Layers<Real>& layers, bool bias) const {
    const NetworkDescription& d = description;
    using Shape = typename Linear<Real>::Shape;
    const Shape first{.in = d.width,
                      .out = width_before(d.activation, d.hidden),
                      .bias = false,
                      .beginning = d.beginning};
    const Shape second{.in = d.hidden, .out = d.width, .bias = bias, .beginning = d.beginning};
    layers.push_back(std::make_unique<Linear<Real>>(places, name + ".w1", first));
    layers.push_back(
        std::make_unique<Activation<Real>>(places, name + ".activation", d.activation));
    layers.push_back(std::make_unique<Linear<Real>>(places, name + ".w2", second));
  }
};

template <typename Real>
std::unique_ptr<Layer<Real>> make_block(const NetworkDescription& d, PlaceList& places,
                                        const std::string& name) {
  Layers<Real> branch;
  if (d.layer_norm)
    branch.push_back(std::make_unique<LayerNorm<Real>>(
        places, name + ".norm",
        typename LayerNorm<Real>::Shape{
            .width = d.width, .gamma = d.gamma, .gamma_deviation = d.gamma_deviation}));
  TwoLayers<Real>{places, name, d}.append(branch, true);
  return std::make_unique<Residual<Real>>(places, name, std::move(branch));
}

}  // namespace

double NetworkDescription::multiplications() const {
  double count = 0;
  for (std::size_t i = 1; i < widths.size(); ++i)
    count += static_cast<double>(widths[i - 1]) * static_cast<double>(widths[i]);
  if (!widths.empty()) return count;
  const auto inner = static_cast<double>(width_before(activation, hidden) + hidden);
  return static_cast<double>(depth) * static_cast<double>(width) * inner;
}

NetworkDescription parse_network(const Json& value, const std::string& where, Json& resolved) {
  ObjectReader reader(value, where);
  NetworkDescription d;
  reader.require("kind");
  const std::size_t kind = reader.choice("kind", 0, kind_names);
  d.kind = static_cast<NetworkDescription::Kind>(kind);
  resolved["kind"] = kind_names[kind];
  if (d.kind != NetworkDescription::Kind::linear) {
    const std::size_t usual = d.kind == NetworkDescription::Kind::mlp
                                  ? static_cast<std::size_t>(ActivationKind::relu)
                                  : static_cast<std::size_t>(ActivationKind::gelu);
    const std::size_t activation = reader.choice("activation", usual, activation_names());
    d.activation = static_cast<ActivationKind>(activation);
    resolved["activation"] = activation_names()[activation];
  }
  if (d.kind == NetworkDescription::Kind::linear || d.kind == NetworkDescription::Kind::mlp)
    read_layers(reader, d, resolved);
  else
    read_blocks(reader, d, resolved);
  read_beginning(reader, d, resolved);
  reader.finish();
  return d;
}

template <typename Real>
std::unique_ptr<Layer<Real>> make_network(const NetworkDescription& d, PlaceList& places,
                                          const std::string& prefix) {
  Layers<Real> layers;
  for (std::size_t i = 1; i < d.widths.size(); ++i) {
    const std::string name = prefix + "layers." + std::to_string(i - 1);
    const bool is_last = i + 1 == d.widths.size();
    const Eigen::Index out = is_last ? d.widths[i] : width_before(d.activation, d.widths[i]);
    layers.push_back(std::make_unique<Linear<Real>>(
        places, name,
        typename Linear<Real>::Shape{
            .in = d.widths[i - 1], .out = out, .bias = d.bias, .beginning = d.beginning}));
    if (!is_last) layers.push_back(std::make_unique<Activation<Real>>(places, name, d.activation));
  }
  for (Eigen::Index k = 0; k < d.depth; ++k) {
    const std::string name = prefix + "blocks." + std::to_string(k);
    if (d.kind == NetworkDescription::Kind::residual_mlp)
      layers.push_back(make_block<Real>(d, places, name));
    else
      TwoLayers<Real>{places, name, d}.append(layers, false);
  }
  return std::make_unique<Sequence<Real>>(std::move(layers));
}

template <typename Real>
void begin_parameters(const std::vector<Parameter<Real>*>& parameters, const Machine& machine) {
  std::vector<double> variates;
  for (Parameter<Real>* p : parameters) {
    const Beginning& beginning = p->beginning;
    p->value = Matrix<Real>::Constant(p->rows, p->columns, static_cast<Real>(beginning.mean));
    if (beginning.deviation == 0.0) continue;
    variates.resize(static_cast<std::size_t>(p->value.size()));
    fill_variates(beginning.law, machine.random(p->name, "beginning", 0), 0, variates);
    for (Eigen::Index i = 0; i < p->value.size(); ++i)
      p->value.data()[i] = static_cast<Real>(
          beginning.mean + beginning.deviation * variates[static_cast<std::size_t>(i)]);
  }
}

template std::unique_ptr<Layer<float>> make_network(const NetworkDescription&, PlaceList&,
                                                    const std::string&);
template std::unique_ptr<Layer<double>> make_network(const NetworkDescription&, PlaceList&,
                                                     const std::string&);
template void begin_parameters(const std::vector<Parameter<float>*>&, const Machine&);
template void begin_parameters(const std::vector<Parameter<double>*>&, const Machine&);

}  // namespace halfulp::experiments

// SPDX-License-Identifier: MIT
//
// A layer of a network, forward and backward written by hand. Rows of matrices are samples.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "experiments/data/variates.h"
#include "experiments/networks/arithmetic.h"
#include "experiments/networks/matrix.h"

namespace halfulp::experiments {

// How a parameter begins: every number mean + deviation v, v of mean 0 and variance 1.
struct Beginning {
  double mean = 0.0, deviation = 0.0;
  Law law = Law::uniform;
};

// How the weights of linear layers begin.
struct WeightBeginning {
  enum class Kind : std::uint8_t {
    kaiming_uniform,  // uniform within 1 / sqrt(in), weights and biases (PyTorch's default)
    normal,           // of deviation gain / sqrt(in), biases 0
    xavier_normal,    // of deviation gain sqrt(2 / (in + out)), biases 0
    constant          // all of them gain, biases 0
  };
  Kind kind = Kind::kaiming_uniform;
  double gain = 1.0;
};

template <typename Real>
struct Parameter {
  std::string name;  // its layer's, and its own: "blocks.0.w1.weight"
  Eigen::Index rows = 0, columns = 0;
  Beginning beginning;
  Matrix<Real> value;     // what layers see
  Matrix<Real> gradient;  // left by backward()
};

template <typename Real>
class Layer {
 public:
  Layer() = default;
  Layer(const Layer&) = delete;
  Layer& operator=(const Layer&) = delete;
  virtual ~Layer() = default;

  // y of x; keeps what backward() takes.
  virtual Matrix<Real> forward(const Matrix<Real>& x, Arithmetic<Real>& arithmetic) = 0;
  // The gradient of x of that of y, at the x of the last forward(); leaves those of parameters.
  virtual Matrix<Real> backward(const Matrix<Real>& gradient, Arithmetic<Real>& arithmetic) = 0;
  // What the products of a step and a sample cost under the rules in force: multiplications times
  // the bits of both operands.
  [[nodiscard]] virtual double bit_operations(const Arithmetic<Real>&) const { return 0.0; }
  // Appends the layer's own.
  virtual void list_parameters(std::vector<Parameter<Real>*>&) {}
};

template <typename Real>
using Layers = std::vector<std::unique_ptr<Layer<Real>>>;

// One behind the other.
template <typename Real>
class Sequence final : public Layer<Real> {
 public:
  explicit Sequence(Layers<Real> layers) : layers_(std::move(layers)) {}

  Matrix<Real> forward(const Matrix<Real>& x, Arithmetic<Real>& arithmetic) override {
    Matrix<Real> y = x;
    for (const auto& layer : layers_) y = layer->forward(y, arithmetic);
    return y;
  }
  Matrix<Real> backward(const Matrix<Real>& gradient, Arithmetic<Real>& arithmetic) override {
    Matrix<Real> g = gradient;
    for (auto layer = layers_.rbegin(); layer != layers_.rend(); ++layer)
      g = (*layer)->backward(g, arithmetic);
    return g;
  }
  [[nodiscard]] double bit_operations(const Arithmetic<Real>& arithmetic) const override {
    double sum = 0.0;
    for (const auto& layer : layers_) sum += layer->bit_operations(arithmetic);
    return sum;
  }
  void list_parameters(std::vector<Parameter<Real>*>& all) override {
    for (const auto& layer : layers_) layer->list_parameters(all);
  }

 private:
  Layers<Real> layers_;
};

}  // namespace halfulp::experiments

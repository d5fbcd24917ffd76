#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "framework/tensor/tensor.hpp"

namespace unroll {

/// A parameter and its gradient, of the same number of elements and not overlapping.
struct ParameterRef {
  std::string_view name;
  std::span<float> value;
  std::span<const float> gradient;
  double rate = 1;  ///< its learning rate is so many times the step's
};

/// What an optimiser can be told. What it does not use it ignores.
struct OptimizerOptions {
  std::string name = "sgd";
  double momentum = 0.9;         ///< "momentum": share of the velocity kept, in [0, 1)
  std::string rmsprop = "urnn";  ///< variant of "rmsprop": urnn, tensorflow, char-rnn
  /// "rmsprop": share of the running mean of squares kept, in [0, 1). Not given: the variant's published one.
  std::optional<double> decay;
  /// Added to the denominator, > 0. Not given: 1e-8, for rmsprop the variant's published one. The urnn
  /// variant has none and ignores it.
  std::optional<double> epsilon;
  double beta1 = 0.9;       ///< "adam", "adamw": of the first moment, in [0, 1)
  double beta2 = 0.999;     ///< "adam", "adamw": of the second moment, in [0, 1)
  double weight_decay = 0;  ///< >= 0; L2, weight_decay * w joins the gradient; "adamw": decoupled from it
};

/// All that an optimiser remembers between steps.
struct OptimizerState {
  struct Named {
    std::string name;  ///< "W_hh/mean_square"
    Tensor<float> value;
  };
  std::int64_t steps = 0;
  std::vector<Named> tensors;
};

/// An update rule that works on every element by itself, in float. The first step allocates the state; later
/// ones allocate nothing. How values are divided into parameters changes no bit of the result.
class Optimizer {
 public:
  virtual ~Optimizer() = default;

  /// One update of all parameters. Throws std::invalid_argument when a gradient has another size than its
  /// value, or when the parameters are not those of the first step (names, order, sizes).
  virtual void step(double learning_rate, std::span<const ParameterRef> parameters) = 0;

  /// What restore() takes: going on from it gives the same bits as never having stopped.
  virtual OptimizerState state() const = 0;
  /// Takes over `state`, before the first step or in place of what is remembered. Throws
  /// std::invalid_argument when its tensors are not those of this optimiser.
  virtual void restore(const OptimizerState& state) = 0;
};

/// One row per optimiser.
struct OptimizerRow {
  std::string_view name;
  std::string_view equations;  ///< g is the gradient, eta the learning rate
  std::string_view source;
  std::unique_ptr<Optimizer> (*make)(const OptimizerOptions&);
};

/// The list of all optimisers.
std::span<const OptimizerRow> optimizer_table();
std::vector<std::string> optimizer_names();
/// The variants that OptimizerOptions::rmsprop can name.
std::vector<std::string> rmsprop_variants();

/// Throws std::invalid_argument naming an unknown optimiser or variant and the known ones, or the option that
/// is out of its range.
std::unique_ptr<Optimizer> make_optimizer(const OptimizerOptions& options);

}  // namespace unroll

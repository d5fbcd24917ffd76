#include "experiments/tasks/temporal_order.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "experiments/tasks/common.hpp"
#include "experiments/tasks/generated_task.hpp"
#include "experiments/tasks/outputs.hpp"

namespace unroll {
namespace {

constexpr std::int64_t noise_symbols_from = 2, noise_symbols = 4, start_channel = 6, end_channel = 7;

struct TemporalOrderVariant {
  std::string_view name;
  std::int64_t symbols;
  std::array<std::int64_t, 3> window_starts;  ///< in tenths of the length; each window is a tenth wide
  bool hs97;  ///< windows closed on the right, start and end marked, length drawn, outputs within 0.3
};

constexpr std::array<TemporalOrderVariant, 3> temporal_order_variants = {{
    {"2-symbol", 2, {1, 5}, false},
    {"3-symbol", 3, {1, 3, 6}, false},
    {"hs97", 2, {1, 5}, true},
}};

/// Of the target: then every other output is within 0.3 of 0.
constexpr double within_0_3 = 0.7;

TaskSpec spec_of(const TemporalOrderVariant& variant, Outputs outputs) {
  const bool logistic = outputs == Outputs::logistic;
  Criterion criterion;
  if (logistic) criterion.tolerance = variant.hs97 ? 0.3 : 0.5;
  if (!logistic && variant.hs97) criterion.probability = within_0_3;
  return {.input_size = variant.hs97 ? 8 : 6,
          .output_size = std::int64_t{1} << variant.symbols,
          .readout = Readout::last,
          .objective = logistic ? logistic_mse_objective() : cross_entropy_objective(),
          .criterion = criterion};
}

constexpr std::string_view few_wrong = "less than 1 % of the sequences wrong (Pascanu et al. 2013)";

Lengths lengths_of(const TemporalOrderVariant& variant, const TaskConfig& config) {
  require_length(config, 10, "each symbol stands in a window of a tenth of the length");
  if (!variant.hs97) return per_batch(config.length);
  const std::int64_t length = require_one_length(config, "this variant draws lengths from it on by itself");
  return per_batch({length, length + length / 10});
}

void put(float* one_hot, std::int64_t channels, std::int64_t channel) {
  std::fill_n(one_hot, channels, 0.f);
  one_hot[channel] = 1;
}

class TemporalOrder final : public GeneratedTask {
 public:
  TemporalOrder(const TemporalOrderVariant& variant, const TaskConfig& config)
      : GeneratedTask(spec_of(variant, outputs_of(config)), lengths_of(variant, config)),
        outputs_(outputs_of(config)),
        variant_(variant),
        least_(config.length.least) {}

  double trivial_loss() const override {
    const auto classes = static_cast<double>(output_size());
    return outputs_ == Outputs::softmax ? std::log(classes) : (1 - 1 / classes) / classes;
  }

  SuccessRule success() const override {
    if (!variant_.hs97) return {{{"error_rate", Condition::Relation::below, 0.01}}, std::string(few_wrong)};
    const std::string mean = outputs_ == Outputs::softmax ? "loss" : "mae";
    return {{{mean, Condition::Relation::below, 0.1}, {"error_rate", Condition::Relation::at_most, 0}},
            mean + " below 0.1 and no sequence wrong (Hochreiter & Schmidhuber 1997)"};
  }

 protected:
  Sequence generate(Stream& stream, std::int64_t length) const override {
    const std::int64_t channels = input_size();
    const std::int64_t base = variant_.hs97 ? least_ : length;  // what the windows are tenths of
    Tensor<float> inputs({length, channels});
    std::array<std::int64_t, 3> positions{}, symbols{};
    std::int64_t target = 0;
    for (std::int64_t k = 0; k < variant_.symbols; ++k) {
      const auto i = static_cast<std::size_t>(k);
      positions[i] = variant_.window_starts[i] * base / 10 + stream.below(base / 10 + variant_.hs97);
      symbols[i] = stream.below(2);
      target += symbols[i] << k;
    }
    for (std::int64_t t = 0; t < length; ++t)
      inputs[t * channels + noise_symbols_from + stream.below(noise_symbols)] = 1;
    for (std::size_t k = 0; k < static_cast<std::size_t>(variant_.symbols); ++k)
      put(inputs.data() + positions[k] * channels, channels, symbols[k]);
    if (variant_.hs97) {
      put(inputs.data(), channels, start_channel);
      put(inputs.data() + (length - 1) * channels, channels, end_channel);
    }
    if (outputs_ == Outputs::softmax) return {std::move(inputs), class_target(target)};
    Tensor<float> targets(Shape{output_size()});
    targets[target] = 1;
    return {std::move(inputs), std::move(targets)};
  }

 private:
  Outputs outputs_;
  const TemporalOrderVariant& variant_;
  std::int64_t least_;
};

constexpr std::int64_t permuted_symbols = 100;

class RandomPermutation final : public GeneratedTask {
 public:
  explicit RandomPermutation(const TaskConfig& config)
      : GeneratedTask({.input_size = permuted_symbols,
                       .output_size = permuted_symbols,
                       .readout = Readout::last,
                       .objective = cross_entropy_objective()},
                      per_batch(config.length)) {}

  /// Of knowing that it is 0 or 1.
  double trivial_loss() const override { return std::log(2.0); }
  SuccessRule success() const override {
    return {{{"error_rate", Condition::Relation::below, 0.01}}, std::string(few_wrong)};
  }

 protected:
  Sequence generate(Stream& stream, std::int64_t length) const override {
    Tensor<float> inputs({length, permuted_symbols});
    const std::int64_t first = stream.below(2);
    inputs[first] = 1;
    for (std::int64_t t = 1; t < length; ++t)
      inputs[t * permuted_symbols + stream.between(2, permuted_symbols)] = 1;
    return {std::move(inputs), class_target(first)};
  }
};

}  // namespace

TaskRow temporal_order_row() {
  return {
      .name = "temporal_order",
      .summary = "symbols far apart in noise, report which they were, in order",
      .source = "Pascanu et al. 2013, section 4.1 and published code; Hochreiter & Schmidhuber 1997, exp. 6a",
      .variants = variant_names(temporal_order_variants),
      .length = 100,
      .options = {outputs_option()},
      .make = [](const TaskConfig& config, const ObjectiveList&) -> std::unique_ptr<Task> {
        return std::make_unique<TemporalOrder>(find_variant(temporal_order_variants, config), config);
      }};
}

TaskRow random_permutation_row() {
  return {.name = "random_permutation",
          .summary = "the first of many symbols, which is 0 or 1, is asked for at the end",
          .source = "Martens & Sutskever 2011; Pascanu et al. 2013, published code",
          .variants = {"100 symbols"},
          .length = 100,
          .make = [](const TaskConfig& config, const ObjectiveList&) -> std::unique_ptr<Task> {
            return std::make_unique<RandomPermutation>(config);
          }};
}

}  // namespace unroll

#include "experiments/tasks/latching.hpp"

#include <array>
#include <cmath>

#include "experiments/tasks/common.hpp"
#include "experiments/tasks/generated_task.hpp"

namespace unroll {
namespace {

/// Steps in which the class shows itself.
constexpr std::int64_t shown = 3;

/// Refuses before a sequence is made.
const TaskConfig& checked(const TaskConfig& config) {
  require_length(config, shown, "the class is shown in the first three steps");
  return config;
}

// ---- Latching ----

constexpr std::int64_t noise_channel = 2 * shown;
constexpr double wanted = 0.8;

const OptionSpec& noise_option() {
  static const OptionSpec option = {"task.noise", 0.2,
                                    "standard deviation of the noise that a class is held in", at_least(0)};
  return option;
}

class Latching final : public GeneratedTask {
 public:
  explicit Latching(const TaskConfig& config)
      : GeneratedTask({.input_size = noise_channel + 1,
                       .output_size = 1,
                       .readout = Readout::last,
                       .objective = mse_objective(),
                       .criterion = {.tolerance = wanted}},
                      per_batch(checked(config).length)),
        noise_(config.get<double>(noise_option())) {}

  /// Of 0.
  double trivial_loss() const override { return wanted * wanted; }
  SuccessRule success() const override {
    return {{{"error_rate", Condition::Relation::at_most, 0}},
            "the sign of every output right (our rule; targets +-0.8 of Bengio et al. 1994)"};
  }

 protected:
  Sequence generate(Stream& stream, std::int64_t length) const override {
    Tensor<float> inputs({length, input_size()});
    const std::int64_t own_class = stream.below(2);
    for (std::int64_t t = 0; t < shown; ++t) inputs[t * input_size() + own_class * shown + t] = 1;
    for (std::int64_t t = shown; t < length; ++t)
      inputs[t * input_size() + noise_channel] = static_cast<float>(noise_ * stream.normal());
    return {std::move(inputs),
            Tensor<float>(Shape{1}, static_cast<float>(own_class == 0 ? wanted : -wanted))};
  }

 private:
  double noise_;
};

// ---- Two sequences ----

struct LatchingVariant {
  std::string_view name;
  std::array<double, 2> targets;  ///< of class 1 and class 2
  double target_noise;            ///< variance, in training
  double tolerance;
  SuccessRule rule;
};

constexpr double noise_variance = 0.2;

const std::array<LatchingVariant, 2>& latching_variants() {
  using enum Condition::Relation;
  static const std::array<LatchingVariant, 2> all = {{
      {"hs97-3a",
       {1, 0},
       0,
       0.2,
       {{{"error_rate", at_most, 0}, {"mae", below, 0.01}},
        "no sequence off by 0.2, and a mean error below 0.01 (Hochreiter & Schmidhuber 1997)"}},
      {"hs97-3c",
       {0.2, 0.8},
       0.1,
       0.1,
       {{{"mae", below, 0.015}}, "a mean error below 0.015 (Hochreiter & Schmidhuber 1997)"}},
  }};
  return all;
}

Lengths lengths_of(const TaskConfig& config) {
  const std::int64_t length =
      require_one_length(checked(config), "this task draws lengths from it on by itself");
  return per_batch({length, length + length / 10});
}

class TwoSequences final : public GeneratedTask {
 public:
  TwoSequences(const LatchingVariant& variant, const TaskConfig& config)
      : GeneratedTask({.input_size = 1,
                       .output_size = 1,
                       .readout = Readout::last,
                       .objective = logistic_mse_objective(),
                       .criterion = {.tolerance = variant.tolerance}},
                      lengths_of(config)),
        variant_(variant) {}

  /// Of the mean of both targets.
  double trivial_loss() const override {
    const double apart = variant_.targets[1] - variant_.targets[0];
    return apart * apart / 4;
  }
  SuccessRule success() const override { return variant_.rule; }

 protected:
  Sequence generate(Stream& stream, std::int64_t length) const override {
    Tensor<float> inputs({length, 1});
    const std::int64_t own_class = stream.below(2);
    for (std::int64_t t = 0; t < shown; ++t) inputs[t] = own_class == 0 ? 1 : -1;
    for (std::int64_t t = shown; t < length; ++t)
      inputs[t] = static_cast<float>(std::sqrt(noise_variance) * stream.normal());
    const double target = variant_.targets[static_cast<std::size_t>(own_class)];
    return {std::move(inputs), Tensor<float>(Shape{1}, static_cast<float>(target))};
  }

  Sequence generate_for_training(Stream& stream, std::int64_t length) const override {
    Sequence sequence = generate(stream, length);
    if (variant_.target_noise == 0) return sequence;
    std::get<Tensor<float>>(sequence.target)[0] +=
        static_cast<float>(std::sqrt(variant_.target_noise) * stream.normal());
    return sequence;
  }

 private:
  const LatchingVariant& variant_;
};

}  // namespace

TaskRow latching_row() {
  return {.name = "latching",
          .summary = "one of two classes shows itself in three steps; hold it in noise",
          .source = "Bengio, Simard, Frasconi 1994, section III",
          .variants = {"standard"},
          .length = 20,
          .options = {noise_option()},
          .make = [](const TaskConfig& config, const ObjectiveList&) -> std::unique_ptr<Task> {
            return std::make_unique<Latching>(config);
          }};
}

TaskRow two_sequences_row() {
  return {.name = "two_sequences",
          .summary = "three values say which of two classes, noise follows; which was it?",
          .source = "Bengio, Simard, Frasconi 1994; Hochreiter & Schmidhuber 1997, exp. 3a and 3c",
          .variants = variant_names(latching_variants()),
          .length = 100,
          .make = [](const TaskConfig& config, const ObjectiveList&) -> std::unique_ptr<Task> {
            return std::make_unique<TwoSequences>(find_variant(latching_variants(), config), config);
          }};
}

}  // namespace unroll

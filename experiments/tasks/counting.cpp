#include "experiments/tasks/counting.hpp"

#include <array>
#include <cmath>

#include "experiments/tasks/common.hpp"
#include "experiments/tasks/generated_task.hpp"

namespace unroll {
namespace {

struct CountingVariant {
  std::string_view name;
  std::int64_t letters;
};

constexpr std::array<CountingVariant, 2> counting_variants = {{{"anbn", 2}, {"anbncn", 3}}};

class Counting final : public GeneratedTask {
 public:
  Counting(const CountingVariant& variant, const TaskConfig& config)
      : GeneratedTask({.input_size = variant.letters + 1,
                       .output_size = variant.letters + 1,
                       .readout = Readout::every_step,
                       .objective = binary_cross_entropy_objective(),
                       .criterion = {.sequences = true}},
                      per_sequence(config.length)),
        letters_(variant.letters),
        length_(config.length) {}

  double trivial_loss() const override {
    std::vector<double> yes(static_cast<std::size_t>(output_size()));
    double steps = 0;
    for (std::int64_t n = length_.least; n <= length_.most; ++n) {
      steps += static_cast<double>(steps_of(n));
      for (std::int64_t t = 0; t < steps_of(n); ++t)
        for (std::int64_t k = 0; k < output_size(); ++k)
          yes[static_cast<std::size_t>(k)] += may_come(n, t, k);
    }
    double nats = 0;
    for (const double count : yes) {
      const double p = count / steps;
      nats -= p * std::log(p) + (1 - p) * std::log(1 - p);
    }
    return nats / static_cast<double>(output_size());
  }

  SuccessRule success() const override {
    return {{{"sequence_error_rate", Condition::Relation::at_most, 0}},
            "all possible next symbols of every string right (Gers & Schmidhuber 2001)"};
  }

 protected:
  std::int64_t steps_of(std::int64_t n) const override { return letters_ * n + 1; }

  Sequence generate(Stream&, std::int64_t n) const override {
    const std::int64_t steps = steps_of(n), channels = input_size();
    Tensor<float> inputs({steps, channels}), targets({steps, channels});
    for (std::int64_t t = 0; t < steps; ++t) {
      inputs[t * channels + (t == 0 ? 0 : 1 + (t - 1) / n)] = 1;
      for (std::int64_t k = 0; k < channels; ++k) targets[t * channels + k] = may_come(n, t, k);
    }
    return {std::move(inputs), std::move(targets)};
  }

 private:
  /// Whether letter k, or behind them the end, may come after step t: what does come, and after an a, which
  /// of there may be more, both a and b.
  bool may_come(std::int64_t n, std::int64_t t, std::int64_t k) const {
    const bool after_an_a = t >= 1 && t <= n;
    return after_an_a ? k <= 1 : k == t / n;
  }

  std::int64_t letters_;
  LengthRange length_;
};

}  // namespace

TaskRow counting_row() {
  return {.name = "counting",
          .summary = "which symbols may come next in a^n b^n, or a^n b^n c^n?",
          .source =
              "Gers & Schmidhuber 2001, LSTM recurrent networks learn simple context-free and "
              "context-sensitive languages",
          .variants = variant_names(counting_variants),
          .length = LengthRange{1, 10},
          .make = [](const TaskConfig& config, const ObjectiveList&) -> std::unique_ptr<Task> {
            return std::make_unique<Counting>(find_variant(counting_variants, config), config);
          }};
}

}  // namespace unroll

#include "experiments/tasks/noise_free.hpp"

#include <cmath>

#include "experiments/tasks/common.hpp"
#include "experiments/tasks/generated_task.hpp"
#include "experiments/tasks/outputs.hpp"

namespace unroll {
namespace {

constexpr std::int64_t first_between = 2;  ///< channel of a1
constexpr double solved_within = 0.25;

TaskSpec spec_of(const TaskConfig& config) {
  const bool logistic = outputs_of(config) == Outputs::logistic;
  const std::int64_t alphabet = config.length.most + 1;
  return {.input_size = alphabet,
          .output_size = alphabet,
          .readout = Readout::every_step,
          .objective = logistic ? logistic_mse_objective() : cross_entropy_objective(),
          .criterion = logistic ? Criterion{.tolerance = solved_within, .sequences = true}
                                : Criterion{.probability = 1 - solved_within, .sequences = true}};
}

const TaskConfig& noise_free_checked(const TaskConfig& config) {
  require_length(config, 2, "a symbol stands between the first and the last one");
  require_one_length(config, "the alphabet follows from it");
  return config;
}

class NoiseFree final : public GeneratedTask {
 public:
  explicit NoiseFree(const TaskConfig& config)
      : GeneratedTask(spec_of(noise_free_checked(config)), per_batch(config.length)),
        outputs_(outputs_of(config)),
        lag_(config.length.most) {}

  double trivial_loss() const override {
    const auto steps = static_cast<double>(lag_), outputs = steps + 1;
    return outputs_ == Outputs::softmax ? std::log(2.0) / steps : 2 * 0.25 / outputs / steps;
  }
  SuccessRule success() const override {
    return {{{"error_rate", Condition::Relation::at_most, 0}},
            "every output within 0.25 of its target at every step (Hochreiter & Schmidhuber 1997)"};
  }
  /// An alphabet fits one length.
  std::unique_ptr<DataSource> test_at(std::int64_t length, std::int64_t sequences) const override {
    return length == lag_ ? GeneratedTask::test_at(length, sequences) : Task::test_at(length, sequences);
  }

 protected:
  Sequence generate(Stream& stream, std::int64_t length) const override {
    const std::int64_t frame = stream.below(2);
    Tensor<float> inputs({length, length + 1});
    Tensor<std::int64_t> classes(Shape{length});
    for (std::int64_t t = 0; t < length; ++t) {
      inputs[t * (length + 1) + (t == 0 ? frame : first_between + t - 1)] = 1;
      classes[t] = t == length - 1 ? frame : first_between + t;
    }
    if (outputs_ == Outputs::softmax) return {std::move(inputs), std::move(classes)};
    Tensor<float> targets({length, length + 1});
    for (std::int64_t t = 0; t < length; ++t) targets[t * (length + 1) + classes[t]] = 1;
    return {std::move(inputs), std::move(targets)};
  }

 private:
  Outputs outputs_;
  std::int64_t lag_;
};

}  // namespace

TaskRow noise_free_row() {
  return {.name = "noise_free",
          .summary = "two sequences that differ in their first symbol, and again in their last",
          .source = "Hochreiter & Schmidhuber 1997, exp. 2a",
          .variants = {"standard"},
          .length = 100,
          .options = {outputs_option()},
          .make = [](const TaskConfig& config, const ObjectiveList&) -> std::unique_ptr<Task> {
            return std::make_unique<NoiseFree>(config);
          }};
}

}  // namespace unroll

#include "experiments/tasks/timing.hpp"

#include "experiments/tasks/common.hpp"
#include "experiments/tasks/generated_task.hpp"

namespace unroll {
namespace {

class Timing final : public GeneratedTask {
 public:
  explicit Timing(const TaskConfig& config)
      : GeneratedTask({.input_size = 1,
                       .output_size = 1,
                       .readout = Readout::every_step,
                       .objective = logistic_mse_objective(),
                       .criterion = {.tolerance = 0.5, .sequences = true}},
                      per_batch(config.length)),
        length_(config.length) {
    require_length(config, 5, "spikes are at least a fifth of the length apart");
  }

  double trivial_loss() const override {
    return mean_over(length_, [](std::int64_t length) {
      const double p = 1 / static_cast<double>(length);
      return p * (1 - p);
    });
  }

  SuccessRule success() const override {
    return {{{"sequence_error_rate", Condition::Relation::below, 0.01}},
            "less than 1 % of the sequences with a spike that is missing, misplaced or too much (our rule)"};
  }

 protected:
  Sequence generate(Stream& stream, std::int64_t length) const override {
    const std::int64_t apart = stream.between(length / 5, 2 * length / 5 + 1);
    const std::int64_t first = stream.below(length - 2 * apart);
    Tensor<float> inputs({length, 1}), targets({length, 1});
    inputs[first] = inputs[first + apart] = 1;
    targets[first + 2 * apart] = 1;
    return {std::move(inputs), std::move(targets)};
  }

 private:
  LengthRange length_;
};

}  // namespace

TaskRow timing_row() {
  return {.name = "timing",
          .summary = "two spikes, then a third one after the same time",
          .source = "after Gers, Schraudolph, Schmidhuber 2002, Learning precise timing with LSTM",
          .variants = {"standard"},
          .length = 150,
          .make = [](const TaskConfig& config, const ObjectiveList&) -> std::unique_ptr<Task> {
            return std::make_unique<Timing>(config);
          }};
}

}  // namespace unroll

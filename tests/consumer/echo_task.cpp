#include "echo_task.hpp"

#include <cmath>
#include <unroll/experiments/tasks/generated_task.hpp>

using namespace unroll;

namespace {

const OptionSpec delay_option = {"task.delay", std::int64_t{2}, "steps between a bit and the question for it",
                                 from_to(0, 1000)};

class Echo final : public GeneratedTask {
 public:
  explicit Echo(const TaskConfig& config)
      : GeneratedTask({.input_size = 2,
                       .output_size = 2,
                       .readout = Readout::every_step,
                       .objective = cross_entropy_objective(),
                       .criterion = {.sequences = true}},
                      per_sequence(config.length)),
        delay_(config.get<std::int64_t>(delay_option)) {}

  double trivial_loss() const override { return std::log(2.0); }
  SuccessRule success() const override {
    return {{{"accuracy", Condition::Relation::above, 0.99}}, "99 % of the questions answered right"};
  }

 protected:
  bool weighted() const override { return true; }

  Sequence generate(Stream& stream, std::int64_t length) const override {
    Tensor<float> inputs({length, 2}), weights(Shape{length});
    Tensor<std::int64_t> classes(Shape{length});
    for (std::int64_t t = 0; t < length; ++t) {
      inputs[2 * t] = static_cast<float>(stream.below(2));
      const bool asked = t >= delay_ && stream.below(3) == 0;
      if (!asked) continue;
      inputs[2 * t + 1] = 1;
      weights[t] = 1;
      classes[t] = static_cast<std::int64_t>(inputs[2 * (t - delay_)]);
    }
    return {std::move(inputs), std::move(classes), std::move(weights)};
  }

 private:
  std::int64_t delay_;
};

}  // namespace

TaskRow echo_row() {
  return {.name = "echo",
          .summary = "say the bit that came some steps before, where it is asked for",
          .source = "an example",
          .variants = {"bits"},
          .length = LengthRange{6, 24},
          .options = {delay_option},
          .make = [](const TaskConfig& config, const ObjectiveList&) -> std::unique_ptr<Task> {
            return std::make_unique<Echo>(config);
          }};
}

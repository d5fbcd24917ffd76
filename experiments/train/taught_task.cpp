#include "experiments/train/taught_task.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "framework/autodiff/ops.hpp"
#include "models/cell_table.hpp"
#include "models/language/definition.hpp"

namespace unroll {
namespace {

/// (T, B, I + outputs): behind the inputs of each step the target of the one before.
Tensor<float> with_targets_before(const Tensor<float>& inputs, const Tensor<float>& target) {
  const std::int64_t steps = inputs.shape()[0], rows = inputs.shape()[1];
  const std::int64_t own = inputs.shape()[2], taught = target.shape()[2], width = own + taught;
  Tensor<float> all({steps, rows, width});
  for (std::int64_t place = 0; place < steps * rows; ++place) {
    float* to = std::copy_n(inputs.data() + place * own, own, all.data() + place * width);
    if (place >= rows) std::copy_n(target.data() + (place - rows) * taught, taught, to);
  }
  return all;
}

class TaughtSource final : public DataSource {
 public:
  explicit TaughtSource(std::unique_ptr<DataSource> source) : source_(std::move(source)) {}

  std::optional<std::int64_t> size() const override { return source_->size(); }
  Batch batch(std::int64_t n, std::int64_t sequences) const override {
    Batch batch = source_->batch(n, sequences);
    batch.inputs =
        with_targets_before(std::get<Tensor<float>>(batch.inputs), std::get<Tensor<float>>(batch.target));
    return batch;
  }
  std::int64_t max_steps(std::int64_t sequences) const override { return source_->max_steps(sequences); }
  bool uneven() const override { return source_->uneven(); }
  bool weighted() const override { return source_->weighted(); }
  bool carried() const override { return source_->carried(); }

 private:
  std::unique_ptr<DataSource> source_;
};

std::unique_ptr<DataSource> taught(std::unique_ptr<DataSource> source) {
  return source ? std::make_unique<TaughtSource>(std::move(source)) : nullptr;
}

/// Why targets cannot be fed back; empty where they can.
std::string objection_to_teaching(const TaskSpec& spec) {
  if (spec.inputs == InputKind::tokens) return "reads tokens, whose targets are the next inputs already";
  if (!spec.every_step()) return "has a target after the last step alone";
  if (spec.objective.target != TargetKind::numbers || spec.objective.outputs_per_number != 1)
    return "has no targets that are numbers, as many as outputs";
  for (const Objective& other : {next_symbol_objective(), logistic_next_symbol_objective()})
    if (spec.objective.name == other.name)
      return "has targets that say what may come next, which outputs are not";
  return "";
}

class TaughtTask final : public Task {
 public:
  explicit TaughtTask(std::shared_ptr<const Task> task) : task_(std::move(task)), spec_(task_->spec()) {
    spec_.feedback_size = spec_.output_size;
    spec_.input_size += spec_.output_size;
  }

  const TaskSpec& spec() const override { return spec_; }
  std::unique_ptr<DataSource> training(std::uint64_t seed) const override {
    return taught(task_->training(seed));
  }
  std::unique_ptr<DataSource> training_set(std::uint64_t seed, std::int64_t sequences) const override {
    return taught(task_->training_set(seed, sequences));
  }
  std::unique_ptr<DataSource> validation(std::int64_t sequences) const override {
    return taught(task_->validation(sequences));
  }
  std::unique_ptr<DataSource> test(std::int64_t sequences) const override {
    return taught(task_->test(sequences));
  }
  std::unique_ptr<DataSource> test_at(std::int64_t length, std::int64_t sequences) const override {
    return taught(task_->test_at(length, sequences));
  }

  std::vector<TestPart> test_parts(std::int64_t sequences) const override {
    std::vector<TestPart> parts = task_->test_parts(sequences);
    for (TestPart& part : parts) part.source = taught(std::move(part.source));
    return parts;
  }

  double trivial_loss() const override { return task_->trivial_loss(); }
  SuccessRule success() const override { return task_->success(); }
  bool ends_when_solved() const override { return task_->ends_when_solved(); }
  std::vector<Baseline> baselines() const override { return task_->baselines(); }
  const Vocabulary* vocabulary() const override { return task_->vocabulary(); }
  std::optional<Preparation> preparation() const override { return task_->preparation(); }
  std::string description() const override { return task_->description(); }

  /// What a model on its own reads is what it has answered, as its feedback is: targets are the next inputs.
  std::optional<FreeRun> free_run() const override {
    std::optional<FreeRun> run = task_->free_run();
    if (!run) return run;
    Tensor<float> next(run->warm_up.shape());
    const std::int64_t of_a_step = next.numel() / next.shape()[0];
    std::copy(run->warm_up.data() + of_a_step, run->warm_up.data() + next.numel(), next.data());
    run->warm_up = with_targets_before(run->warm_up, next);
    return run;
  }
  std::vector<TaskFigure> judge_free_run(const Tensor<float>& answers) const override {
    return task_->judge_free_run(answers);
  }

 private:
  std::shared_ptr<const Task> task_;
  TaskSpec spec_;
};

}  // namespace

bool reads_feedback(const CellList& cells, const Config& config) {
  try {
    if (const auto definition = cell_definition(cells, config.model.cell))
      return !definition->feedback.empty();
    return make_cell(cells, config.model.cell, {.input_size = 1, .hidden_size = config.model.hidden})
               ->feedback_size() > 0;
  } catch (const std::invalid_argument&) {  // no such cell, which others say
    return false;
  }
}

std::shared_ptr<const Task> task_for(const Laboratory& laboratory, const Config& config) {
  std::shared_ptr<const Task> task = laboratory.make_task(config.task);
  if (!reads_feedback(laboratory.cells(), config)) return task;
  const std::string why = objection_to_teaching(task->spec());
  if (!why.empty())
    throw std::invalid_argument(
        fmt::format("model.cell: the cell {} reads the outputs of the step before, which are targets in "
                    "training, but the task "
                    "{} {}",
                    label_of(config.model.cell), config.task.name, why));
  return std::make_shared<TaughtTask>(std::move(task));
}

FeedBack what_is_fed_back(const Objective& objective) {
  if (objective.probabilities) return [](Var outputs) { return sigmoid(outputs); };
  return [](Var outputs) { return outputs; };
}

}  // namespace unroll

#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "experiments/data/audio/heard.hpp"
#include "experiments/data/preparation.hpp"
#include "experiments/data/source.hpp"
#include "experiments/objectives/objective.hpp"
#include "experiments/tasks/success.hpp"
#include "experiments/tasks/task_config.hpp"
#include "models/readout.hpp"

namespace unroll {

class Vocabulary;

/// What a model reads at a step: a vector of numbers, or a token.
enum class InputKind { vectors, tokens };

/// What a simple predictor reaches on the same sets.
struct Baseline {
  std::string name;        ///< "bigram", "last value"
  double validation_loss;  ///< as the objective has it
  std::optional<double> test_loss = {};
};

/// What a model must fit, and how its outputs are judged.
struct TaskSpec {
  InputKind inputs = InputKind::vectors;
  std::int64_t input_size;  ///< numbers of a vector, or tokens there are
  std::int64_t output_size;
  Readout readout;
  Objective objective;
  Criterion criterion = {};
  std::string answer = "answer";  ///< what a model answers, one of them: "word", "character"
  std::int64_t most_labels = 0;   ///< of any sequence, where targets are labels
  /// The last numbers of a vector are no part of x: first those of a second input that cells may name, then
  /// the target of the step before, for cells that name their feedback.
  std::int64_t context_size = 0, feedback_size = 0;

  /// Whether targets are those of every step. Labels are of the whole sequence, whose every step is read out.
  bool every_step() const { return readout == Readout::every_step && objective.target != TargetKind::labels; }
};

/// A part of the test set by itself: what one speaker said.
struct TestPart {
  std::string name;
  std::unique_ptr<DataSource> source;
};

/// A model on its own: it reads these inputs, and then, for so many steps, what it has answered after the
/// step before. Outputs are as many as inputs; a cell that reads its feedback has them twice.
struct FreeRun {
  Tensor<float> warm_up;  ///< (T, B, inputs)
  std::int64_t steps;
};

/// A trained model as a task uses it: reads (T, B, inputs) and gives its outputs, (T, B, outputs), or
/// (B, outputs) of the last step. `go_on`: from the states that the call before left, else from the start.
using AnswersOf = std::function<Tensor<float>(const Tensor<float>& inputs, bool go_on)>;

/// What a model is worth, by one measure of the task's own.
struct TaskFigure {
  std::string name;
  double value;
  std::string unit;
  Direction direction;
};

/// What a model answers to each class of the test set.
struct Confusion {
  std::vector<std::string> names;           ///< of the classes
  std::vector<std::vector<double>> shares;  ///< by class, then answer: the share of the class that has it
};

/// Something to learn: three sources of sequences, and what counts as learned. Pure: the same config gives
/// the same sequences.
class Task {
 public:
  virtual ~Task() = default;

  virtual const TaskSpec& spec() const = 0;
  /// What to train on; a generated task, and the order of a finite set, are drawn from `seed`.
  virtual std::unique_ptr<DataSource> training(std::uint64_t seed) const = 0;
  /// A fixed set of so many sequences to train on, again and again. Throws std::invalid_argument where the
  /// task does not make its sequences.
  virtual std::unique_ptr<DataSource> training_set(std::uint64_t seed, std::int64_t sequences) const;
  /// What to validate on, the same in every trial. A generated task has `sequences` of them.
  virtual std::unique_ptr<DataSource> validation(std::int64_t sequences) const = 0;
  /// What the best model is tested on; null: there is no such part.
  virtual std::unique_ptr<DataSource> test(std::int64_t sequences) const = 0;
  /// The parts of the test set that are tested by themselves besides; none where it has no such parts.
  virtual std::vector<TestPart> test_parts(std::int64_t) const { return {}; }
  /// The same at one length. Throws std::invalid_argument where sequences are not made to a length.
  virtual std::unique_ptr<DataSource> test_at(std::int64_t length, std::int64_t sequences) const;

  /// The loss of the best predictor that ignores the inputs (or the one the literature compares with).
  virtual double trivial_loss() const = 0;
  virtual SuccessRule success() const = 0;
  /// Whether there is nothing more to learn once it is solved.
  virtual bool ends_when_solved() const { return true; }

  /// What simple predictors reach, computed when asked for; a list of none where only trivial_loss() says.
  virtual std::vector<Baseline> baselines() const { return {}; }
  /// What tokens mean, of a task whose inputs are tokens; null: they have no names.
  virtual const Vocabulary* vocabulary() const { return nullptr; }
  /// How its data were made ready; none: a task that makes its data.
  virtual std::optional<Preparation> preparation() const { return std::nullopt; }
  /// What was read from the user's files, as lines for people; "" for a task that makes its data.
  virtual std::string description() const { return ""; }

  /// How the best model is to run on its own after training; none: it is not.
  virtual std::optional<FreeRun> free_run() const { return std::nullopt; }
  /// Of what it has answered then, (steps, B, outputs), the first behind the last input.
  virtual std::vector<TaskFigure> judge_free_run(const Tensor<float>&) const { return {}; }
  /// What the best model is worth by measures that no objective has: of answers undone to the unit of the
  /// data, of several steps ahead.
  virtual std::vector<TaskFigure> judge(const AnswersOf&) const { return {}; }
  /// How it takes one class for another; none where answers are no classes, or have no names.
  virtual std::optional<Confusion> confusion(const AnswersOf&) const { return std::nullopt; }
  /// What it hears in a few recordings, of a model that is read out at every step; none where nothing is
  /// heard.
  virtual std::vector<Heard> heard(const AnswersOf&) const { return {}; }
};

/// A command that uses a trained model: the verb, and the words behind the model's folder.
struct ModelUse {
  std::string verb;
  std::vector<std::string> words = {};
};

/// One row per task: what `unroll tasks` prints and what `task.name` may be.
struct TaskRow {
  std::string name;
  std::string summary;
  std::string source;                 ///< paper and the place of the definition
  std::vector<std::string> variants;  ///< the first one is the default; empty: there are none
  std::optional<LengthRange> length;  ///< the default of task.length; none: it has no lengths
  InputKind inputs = InputKind::vectors;
  /// Whether it learns from one long series by truncated BPTT, states carried on.
  bool carried = false;
  /// Settings of its own, besides variant and length: "task.text".
  std::vector<OptionSpec> options = {};
  /// What its models are for; none: to be evaluated.
  std::function<ModelUse(const TaskConfig&)> use = nullptr;
  std::function<std::unique_ptr<Task>(const TaskConfig&, const ObjectiveList&)> make;
};

using TaskList = std::vector<TaskRow>;

/// The list of those that come with the program.
const TaskList& standard_tasks();

/// Null when no task has this name.
const TaskRow* find_task(const TaskList& list, std::string_view name);

/// Whether the task has a setting of its own with this key, such as "task.text".
bool takes(const TaskRow& task, std::string_view key);

/// Fills in the variant, the length and the settings of its own that the config leaves to the task.
void resolve_task(const TaskList& list, TaskConfig& config);

/// Throws std::invalid_argument naming the unknown task or variant and the known ones.
std::unique_ptr<Task> make_task(const TaskList& list, const ObjectiveList& objectives, TaskConfig config);

}  // namespace unroll

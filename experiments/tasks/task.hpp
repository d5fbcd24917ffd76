#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "experiments/tasks/task_config.hpp"
#include "framework/random/stream.hpp"
#include "framework/tensor/tensor.hpp"
#include "models/readout.hpp"

namespace unroll {

class Vocabulary;

enum class Loss { mse, cross_entropy };

/// Time-major sequences with their targets. One of the two input tensors is used, and one of the two target
/// tensors, by the task's kind of input and by its loss.
struct Batch {
  Tensor<float> inputs;   ///< (T, B, input_size)
  Tensor<float> targets;  ///< mse: (B, output_size), or (T, B, output_size) when read out at every step
  Tensor<std::int64_t> classes;      ///< cross_entropy: (B), or (T, B)
  Tensor<std::int64_t> tokens = {};  ///< (T, B), each below input_size

  std::int64_t steps() const { return shape()[0]; }
  std::int64_t rows() const { return shape()[1]; }

 private:
  const Shape& shape() const { return inputs.shape().rank() == 3 ? inputs.shape() : tokens.shape(); }
};

/// What a model must learn, and how its answers are judged. Pure: the same stream gives the same batch.
class Task {
 public:
  virtual ~Task() = default;

  virtual std::int64_t input_size() const = 0;
  virtual std::int64_t output_size() const = 0;
  virtual Loss loss() const = 0;
  virtual Readout readout() const = 0;
  /// What the numbers of tokens mean; null: inputs are vectors.
  virtual const Vocabulary* vocabulary() const { return nullptr; }
  /// Longest sequence that a batch of so many can hold, for the estimate of memory and cost.
  virtual std::int64_t max_steps(std::int64_t sequences) const = 0;

  /// `sequences` fresh sequences of one common length. Of a streamed text the whole training part, in
  /// `sequences` parts side by side.
  virtual Batch sample(Stream& stream, std::int64_t sequences) const = 0;
  /// The same to validate on, where that differs.
  virtual Batch sample_to_validate(Stream& stream, std::int64_t sequences) const {
    return sample(stream, sequences);
  }
  /// Of a streamed text the part to validate on, side by side: always the same. Null: fresh sequences.
  virtual const Batch* validation() const { return nullptr; }
  /// A text that the best model is tested on once, in one stream; none: no such text.
  virtual std::optional<Batch> test() const { return std::nullopt; }

  /// The loss of the best predictor that ignores the inputs (or the one the literature compares with).
  virtual double trivial_loss() const = 0;
  /// Number of wrong sequences among `outputs`, the model's (B, output_size) or (T, B, output_size) values.
  virtual std::int64_t count_wrong(const Batch& batch, const Tensor<float>& outputs) const = 0;

  /// The success rule, on one validation: mean loss and fraction of wrong sequences.
  virtual bool solved(double validation_loss, double error_rate) const = 0;
  /// The rule in words: "validation MSE below 0.0833 (half the trivial baseline)".
  virtual std::string success_rule() const = 0;
  /// Whether there is nothing more to learn once it is solved.
  virtual bool ends_when_solved() const { return true; }
};

/// One row per task: what `unroll tasks` prints and what `task.name` may be.
struct TaskRow {
  std::string_view name;
  std::string_view summary;
  std::string_view source;                 ///< paper and the place of the definition
  std::vector<std::string_view> variants;  ///< the first one is the default
  std::unique_ptr<Task> (*make)(const TaskConfig&);
  bool streams = false;  ///< one long text, on which truncated BPTT carries the states on
};

/// The list of all tasks.
std::span<const TaskRow> task_table();

/// Null when no task has this name.
const TaskRow* find_task(std::string_view name);

/// Throws std::invalid_argument naming the unknown task or variant and the known ones.
std::unique_ptr<Task> make_task(const TaskConfig& config);

}  // namespace unroll

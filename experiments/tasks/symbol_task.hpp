#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "experiments/tasks/generated_task.hpp"

namespace unroll {

/// Where a task on symbols is asked for its answer: after every step that has one, or at the end.
enum class Supervision { every_step, end };

/// The setting that says so, and its value.
const OptionSpec& supervision_option();
Supervision supervision_of(const TaskConfig& config);

/// What is read at a step, and the class to answer after it; none: there is no answer yet.
struct SymbolStep {
  std::int64_t symbol;
  std::optional<std::int64_t> answer = {};
};

struct Alphabet {
  std::int64_t symbols, classes;
  bool always_answers = true;  ///< whether there is an answer after every step
  bool signs = false;          ///< two symbols, read as the numbers -1 and 1 instead of one-hot
};

/// A task that reads symbols, one-hot (T, symbols) or as signs (T, 1), each sequence of a length of its own,
/// and answers classes that follow from them: cross-entropy, at every step with weight 0 where there is no
/// answer, or at the end.
class SymbolTask : public GeneratedTask {
 public:
  double trivial_loss() const override;
  SuccessRule success() const override;

 protected:
  SymbolTask(const Alphabet& alphabet, const TaskConfig& config, Supervision supervision);

  /// A sequence of a length, as the task counts it; its last step has an answer.
  virtual std::vector<SymbolStep> draw(Stream& stream, std::int64_t length) const = 0;
  /// Entropy in nats of the answer after each of so many steps (supervised at the end: when it is the last
  /// one); none where there is no answer.
  virtual std::vector<std::optional<double>> entropies(std::int64_t steps) const = 0;

 private:
  Sequence generate(Stream& stream, std::int64_t length) const final;
  bool weighted() const final { return weighted_; }

  LengthRange length_;
  bool weighted_, signs_;
};

}  // namespace unroll

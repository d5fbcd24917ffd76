#pragma once

#include "experiments/tasks/task.hpp"

namespace unroll {

/// A task that makes its sequences. Training draws from the trial's seed; validation and test are fixed sets
/// of streams of their own, the same in every trial.
class GeneratedTask : public Task {
 public:
  const TaskSpec& spec() const override { return spec_; }
  std::unique_ptr<DataSource> training(std::uint64_t seed) const override;
  std::unique_ptr<DataSource> training_set(std::uint64_t seed, std::int64_t sequences) const override;
  std::unique_ptr<DataSource> validation(std::int64_t sequences) const override;
  std::unique_ptr<DataSource> test(std::int64_t sequences) const override;
  std::unique_ptr<DataSource> test_at(std::int64_t length, std::int64_t sequences) const override;

 protected:
  /// `evaluated`: lengths of validation and test, where they are not those of training.
  GeneratedTask(TaskSpec spec, Lengths lengths, std::optional<Lengths> evaluated = std::nullopt)
      : spec_(std::move(spec)), lengths_(std::move(lengths)), evaluated_(evaluated.value_or(lengths_)) {}

  /// One sequence of a length, as the task counts it. Pure in the stream.
  virtual Sequence generate(Stream& stream, std::int64_t length) const = 0;
  /// The same, to train on: where what is trained on is not what is asked for.
  virtual Sequence generate_for_training(Stream& stream, std::int64_t length) const {
    return generate(stream, length);
  }
  /// Its steps.
  virtual std::int64_t steps_of(std::int64_t length) const { return length; }
  /// Whether its sequences have weights of their own.
  virtual bool weighted() const { return false; }
  /// The lengths to test at when one number is asked for.
  virtual Lengths lengths_at(std::int64_t length) const { return {length}; }

  std::int64_t input_size() const { return spec_.input_size; }
  std::int64_t output_size() const { return spec_.output_size; }

 private:
  Generator generator(const Lengths& lengths) const;
  Generator training_generator() const;

  TaskSpec spec_;
  Lengths lengths_, evaluated_;
};

/// `length` as it stands in a config, drawn anew for each batch, or each sequence.
inline Lengths per_batch(LengthRange length) { return {length, Lengths::Drawn::per_batch}; }
inline Lengths per_sequence(LengthRange length) { return {length, Lengths::Drawn::per_sequence}; }

}  // namespace unroll

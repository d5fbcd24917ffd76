#include "experiments/tasks/generated_task.hpp"

namespace unroll {
namespace {

/// Of the fixed sets. Their streams have purposes of their own, so no training meets them.
constexpr std::uint64_t fixed_seed = 0;

}  // namespace

Generator GeneratedTask::generator(const Lengths& lengths) const {
  return {.generate = [this](Stream& stream, std::int64_t length) { return generate(stream, length); },
          .lengths = lengths,
          .steps = [this](std::int64_t length) { return steps_of(length); },
          .every_step = spec_.every_step(),
          .weighted = weighted()};
}

Generator GeneratedTask::training_generator() const {
  Generator training = generator(lengths_);
  training.generate = [this](Stream& stream, std::int64_t length) {
    return generate_for_training(stream, length);
  };
  return training;
}

std::unique_ptr<DataSource> GeneratedTask::training(std::uint64_t seed) const {
  return generated(training_generator(), seed, Purpose::training_data);
}

std::unique_ptr<DataSource> GeneratedTask::training_set(std::uint64_t seed, std::int64_t sequences) const {
  return generated_set(training_generator(), seed, Purpose::training_data, sequences);
}

std::unique_ptr<DataSource> GeneratedTask::validation(std::int64_t sequences) const {
  return generated(generator(evaluated_), fixed_seed, Purpose::validation_data, sequences);
}

std::unique_ptr<DataSource> GeneratedTask::test(std::int64_t sequences) const {
  return generated(generator(evaluated_), fixed_seed, Purpose::test_data, sequences);
}

std::unique_ptr<DataSource> GeneratedTask::test_at(std::int64_t length, std::int64_t sequences) const {
  // A stream for each length, none of which is that of test().
  return generated(generator(lengths_at(length)), static_cast<std::uint64_t>(length), Purpose::test_data,
                   sequences);
}

}  // namespace unroll

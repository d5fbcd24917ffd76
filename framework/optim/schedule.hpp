#pragma once

#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace unroll {

struct ScheduleOptions {
  std::string name = "constant";
  double learning_rate = 1e-3;  ///< at update 0
  double factor = 0.5;          ///< what the rate is multiplied by, in (0, 1]
  std::int64_t every = 1000;    ///< "exponential", "step": updates between two factors, at least 1
  std::int64_t patience = 1;    ///< "plateau": validations without a new best before a factor, at least 1
  double gain = 0.003;          ///< "gain": what a loss must have fallen by, as a part of itself; above 0
};

/// The learning rate of every update. It depends on the number of the update and, for "plateau" and "gain",
/// on the validation losses observed before it.
class Schedule {
 public:
  /// What observe() has learned; restoring it goes on as if never stopped.
  struct State {
    double best = std::numeric_limits<double>::infinity();  ///< lowest validation loss so far
    std::int64_t stalled = 0;  ///< validations since the best one or since the last cut
    std::int64_t cuts = 0;     ///< factors applied
    double last = std::numeric_limits<double>::infinity();  ///< the validation loss before
    std::int64_t falls = 0;  ///< validations from the first one on that gained too little
  };

  /// Throws std::invalid_argument naming an unknown schedule and the known ones, or the option that is out of
  /// its range.
  explicit Schedule(ScheduleOptions options);

  /// Of update 0, 1, 2, ...
  double learning_rate(std::int64_t update) const;
  /// Takes a validation loss into account. A loss that is not below the best one, NaN included, is a stall.
  void observe(double validation_loss);

  const State& state() const { return state_; }
  void restore(const State& state) { state_ = state; }

 private:
  void observe_gain(double validation_loss);

  using Exponent = double (*)(const ScheduleOptions&, std::int64_t update, const State& state);

  friend struct ScheduleRow;

  ScheduleOptions options_;
  Exponent exponent_;
  State state_;
};

/// One row per schedule: learning rate = options.learning_rate * factor ^ exponent.
struct ScheduleRow {
  std::string_view name;
  std::string_view summary;
  Schedule::Exponent exponent;
};

/// The list of all schedules.
std::span<const ScheduleRow> schedule_table();
std::vector<std::string> schedule_names();

}  // namespace unroll

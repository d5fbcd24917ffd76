#include "framework/optim/schedule.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <array>
#include <cmath>
#include <stdexcept>
#include <utility>

namespace unroll {
namespace {

using State = Schedule::State;

double never(const ScheduleOptions&, std::int64_t, const State&) { return 0; }

double at_every_update(const ScheduleOptions& options, std::int64_t update, const State&) {
  return static_cast<double>(update) / static_cast<double>(options.every);
}

double in_steps(const ScheduleOptions& options, std::int64_t update, const State&) {
  return static_cast<double>(update / options.every);
}

double when_stalled(const ScheduleOptions&, std::int64_t, const State& state) {
  return static_cast<double>(state.cuts);
}

double from_little_gain_on(const ScheduleOptions&, std::int64_t, const State& state) {
  return static_cast<double>(state.falls);
}

constexpr std::array<ScheduleRow, 5> schedules = {{
    {"constant", "the same learning rate at every update", never},
    {"exponential", "learning rate * factor ^ (update / every)", at_every_update},
    {"step", "learning rate * factor ^ floor(update / every)", in_steps},
    {"plateau", "learning rate * factor at every `patience` validations without a new best loss",
     when_stalled},
    {"gain",
     "learning rate * factor at every validation from the first one on whose loss * (1 + gain) is above the "
     "loss before it",
     from_little_gain_on},
}};

const ScheduleRow& find(std::string_view name) {
  for (const ScheduleRow& row : schedules)
    if (row.name == name) return row;
  throw std::invalid_argument(
      fmt::format("unknown schedule \"{}\" (known: {})", name, fmt::join(schedule_names(), ", ")));
}

void check(const ScheduleOptions& options) {
  if (!(options.factor > 0 && options.factor <= 1))
    throw std::invalid_argument(fmt::format("schedule: factor must lie in (0, 1], got {}", options.factor));
  if (options.every < 1)
    throw std::invalid_argument(fmt::format("schedule: every must be at least 1, got {}", options.every));
  if (options.patience < 1)
    throw std::invalid_argument(
        fmt::format("schedule: patience must be at least 1, got {}", options.patience));
  if (!(options.gain > 0))
    throw std::invalid_argument(fmt::format("schedule: gain must be above 0, got {}", options.gain));
}

}  // namespace

std::span<const ScheduleRow> schedule_table() { return schedules; }

std::vector<std::string> schedule_names() {
  std::vector<std::string> names;
  for (const ScheduleRow& row : schedules) names.emplace_back(row.name);
  return names;
}

Schedule::Schedule(ScheduleOptions options)
    : options_(std::move(options)), exponent_(find(options_.name).exponent) {
  check(options_);
}

double Schedule::learning_rate(std::int64_t update) const {
  return options_.learning_rate * std::pow(options_.factor, exponent_(options_, update, state_));
}

/// Mikolov's rnnlm compares with the validation before, not with the best one.
void Schedule::observe_gain(double validation_loss) {
  const bool enough = validation_loss + options_.gain * std::abs(validation_loss) <= state_.last;
  if (state_.falls > 0 || !enough) ++state_.falls;
  state_.last = validation_loss;
}

void Schedule::observe(double validation_loss) {
  observe_gain(validation_loss);
  if (validation_loss < state_.best) {
    state_.best = validation_loss;
    state_.stalled = 0;
    return;
  }
  if (++state_.stalled < options_.patience) return;
  state_.stalled = 0;
  ++state_.cuts;
}

}  // namespace unroll

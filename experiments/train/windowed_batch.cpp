#include "experiments/train/windowed_batch.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace unroll {

void check_windows(const Config& config, const TaskSpec& spec, const DataSource& training) {
  const TrainConfig& train = config.train;
  if (train.window == 0 && training.carried())
    throw std::invalid_argument(
        fmt::format("train.window is 0, but the task {} runs through one long series, states carried on: say "
                    "how many steps "
                    "an update goes back, 50 for example",
                    config.task.name));
  if (train.window == 0 && train.stride == 0) return;
  if (train.window == 0)
    throw std::invalid_argument(fmt::format(
        "train.stride is {}, but train.window is 0, which is full BPTT: set both or neither", train.stride));
  const std::int64_t steps = training.max_steps(train.batch);
  windows_of(std::max<std::int64_t>(steps, 0), train.window, train.stride);
  if (training.carried() && steps < train.window)
    throw std::invalid_argument(
        fmt::format("train.window is {} steps, but the training data make {} streams (train.batch) of {} "
                    "steps; lower one of them, or take more data",
                    train.window, train.batch, steps));
  if (config.model.bidirectional)
    throw std::invalid_argument(fmt::format(
        "train.window is {}, but model.bidirectional is true: a reverse direction begins at the last step, "
        "which a window of truncated BPTT does not know; set one of them only",
        train.window));
  if (spec.every_step()) return;
  throw std::invalid_argument(
      fmt::format("train.window is {}, but the task {} has its loss after the last step only; truncated BPTT "
                  "needs a loss at every step",
                  train.window, config.task.name));
}

WindowedBatch::WindowedBatch(const TaskModel& model, Batch batch, std::int64_t window, std::int64_t stride)
    : model_(model), batch_(std::move(batch)), windows_(windows_of(steps(), window, stride)) {
  std::vector<Tensor<float>>& starts = states_[0];
  for (const StateSpec& state : model.states)
    starts.emplace_back(state.batch_shape(batch_.rows()), static_cast<float>(state.start));
}

void WindowedBatch::fill(Piece& piece) const {
  copy_steps(batch_, {window().first, window().length()}, piece.batch);
  piece.initial = states_.at(window().first);
  piece.carried = window().first > 0;
  piece.first_step = window().first;
  piece.counted = window().counted - window().first;
}

void WindowedBatch::restore(std::size_t done, States states) {
  const bool whole =
      done == windows_.size() || (done < windows_.size() && states.contains(windows_[done].first));
  if (!whole)
    throw std::invalid_argument(fmt::format(
        "checkpoint: {} windows are done of {}, and no state enters the next one", done, windows_.size()));
  next_ = done;
  states_ = std::move(states);
}

void WindowedBatch::advance(const ShardedPlan& plan) {
  const Window done = windows_[next_++];
  if (finished()) return;
  states_.erase(states_.begin(), states_.lower_bound(window().first));
  for (std::size_t i = next_; i < windows_.size() && windows_[i].first <= done.end; ++i) {
    const std::int64_t entered = windows_[i].first;
    if (entered <= done.counted) continue;  // kept when it was first passed
    std::vector<Tensor<float>>& kept = states_[entered];
    for (const Var& trajectory : model_.recorded.state_trajectory)
      kept.push_back(plan.step_rows(trajectory, entered - done.first - 1));
  }
}

}  // namespace unroll

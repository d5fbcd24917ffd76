#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "experiments/data/source.hpp"
#include "experiments/train/sharded_plan.hpp"
#include "experiments/train/windows.hpp"

namespace unroll {

/// Throws std::invalid_argument naming the setting, its value and, where it is the reason, the task: when
/// train.window and train.stride do not fit each other, a task that is not read out at every step, or
/// model.bidirectional.
void check_windows(const Config& config, const TaskSpec& spec, const DataSource& training);

/// A batch on its way through truncated BPTT, window by window. The states that enter a window are those that
/// were computed when the sequence was first passed there, with the parameters of that time; before the
/// sequence they are the cell's starts.
class WindowedBatch {
 public:
  /// `model` is recorded for windows; it must outlive this.
  WindowedBatch(const TaskModel& model, Batch batch, std::int64_t window, std::int64_t stride);

  bool finished() const { return next_ == windows_.size(); }
  const Window& window() const { return windows_[next_]; }
  std::int64_t steps() const { return batch_.steps(); }

  /// Makes `piece` this window: its steps, the states that enter it, and from which step on the loss counts.
  void fill(Piece& piece) const;
  /// How many windows are done, and the states that the next ones need by the step that they enter.
  using States = std::map<std::int64_t, std::vector<Tensor<float>>>;
  std::size_t done() const { return next_; }
  const States& states() const { return states_; }
  /// Goes on from there. Throws std::invalid_argument when they are not those of this batch.
  void restore(std::size_t done, States states);

  /// Goes on to the next window after a run of this one, of which it keeps the states that will enter others.
  void advance(const ShardedPlan& plan);

 private:
  const TaskModel& model_;
  Batch batch_;
  std::vector<Window> windows_;
  std::size_t next_ = 0;
  States states_;
};

}  // namespace unroll

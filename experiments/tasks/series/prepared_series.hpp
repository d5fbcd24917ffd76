#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "experiments/data/preparation.hpp"
#include "experiments/tasks/series/differences.hpp"
#include "experiments/tasks/series/options.hpp"
#include "experiments/tasks/series/series_data.hpp"

namespace unroll {

/// Levels of the targets up to some step: transformed, missing ones as the value before them.
using Levels = std::vector<std::vector<double>>;
/// The same, of each target some that end at a step.
using LevelsUpTo = std::vector<std::span<const double>>;

/// A series as models read it and answer about it.
///
/// Read at step t, for each of: the targets' differences at t; covariates at t; columns known ahead at t + 1
/// to t + answered; the calendar of t + 1; and, of columns that had missing values in training, whether the
/// value at t is missing, in whose place stands the last one. Answered: for each step h = 1 to answered and
/// each target k, number (h - 1) * targets + k, how far the level at t + h is from the path on which all
/// later differences are 0 (Differences::path). Both are scaled to mean 0 and deviation 1 of the training
/// part.
///
/// The parts follow each other in time: training, validation, test. A forecast from step t belongs to the
/// part in which all the steps t + 1 to t + horizon lie.
class PreparedSeries {
 public:
  /// Fits all that is fitted to the training part, or takes it from `preparation`. Throws DataError naming
  /// the file and the place in it, or the setting: for a part that is too short for one forecast, a season as
  /// long as the training part, a column that is constant there, and what read_series() refuses.
  PreparedSeries(SeriesData data, const SeriesSettings& settings,
                 const std::optional<Preparation>& preparation);

  const SeriesData& data() const { return data_; }
  const SeriesSettings& settings() const { return settings_; }
  const Preparation& preparation() const { return preparation_; }
  std::int64_t targets() const { return static_cast<std::int64_t>(data_.targets.size()); }
  std::int64_t input_size() const { return static_cast<std::int64_t>(preparation_.columns.size()); }
  /// Numbers of a target: answered * targets.
  std::int64_t numbers() const { return settings_.answered() * targets(); }

  const Levels& levels() const { return levels_; }
  LevelsUpTo levels_up_to(std::int64_t step) const;
  bool observed(std::size_t target, std::int64_t step) const;
  /// The target in the unit of the file; NaN where it is missing.
  double value(std::size_t target, std::int64_t step) const {
    return data_.targets[target].values[static_cast<std::size_t>(step)];
  }
  /// A level in the unit of the file.
  double undone(double level) const;

  /// The first step that can be read.
  std::int64_t begin() const { return differences_.reach(); }
  Range training() const { return {0, sizes_[0]}; }
  Range validation() const { return {sizes_[0], sizes_[1]}; }
  Range test() const { return {sizes_[0] + sizes_[1], sizes_[2]}; }
  /// Steps to forecast from, `ahead` steps each, whose forecasts lie in a part and that have the context.
  std::vector<std::int64_t> origins(Range part, std::int64_t ahead) const;
  /// The part that forecasts are judged on: test, or validation where there is none.
  Range judged() const { return sizes_[2] > 0 ? test() : validation(); }

  /// Scaled inputs of step t with these levels, of which the last is that of t, and which may be made up
  /// behind the history. Throws DataError where a column known ahead has no value there.
  void read_step(std::int64_t t, const LevelsUpTo& levels, float* to) const;
  /// The levels at t + 1, ... on which all differences are 0.
  std::vector<double> path(std::span<const double> levels, std::int64_t steps) const {
    return differences_.path(levels, steps);
  }

  /// Scaled inputs (history, inputs) and targets (history, numbers) of all steps that have them.
  const Tensor<float>& inputs() const { return inputs_; }
  const Tensor<float>& wanted() const { return wanted_; }
  /// Whether all the numbers asked for at a step are there and none is missing.
  bool counts(std::int64_t step) const { return counts_[static_cast<std::size_t>(step)]; }

  /// What was read, for people.
  std::string description() const;

 private:
  void fill_levels();
  void split();
  void check_training() const;
  void check_room() const;
  void name_inputs();
  void read_inputs();
  void read_wanted();
  void fit();
  void raw_step(std::int64_t t, const LevelsUpTo& levels, float* to) const;
  std::vector<Range> counted_in(Range part) const;
  bool is_marked(const std::string& column) const;

  SeriesData data_;
  SeriesSettings settings_;
  Preparation preparation_;
  Differences differences_;
  Levels levels_;
  std::vector<std::vector<double>> covariates_;  ///< filled
  std::vector<std::int64_t> sizes_ = {0, 0, 0};
  std::vector<std::size_t> marked_targets_, marked_covariates_;  ///< that a missing value is said of
  Tensor<float> inputs_, wanted_;
  std::vector<bool> counts_;
};

}  // namespace unroll

#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "experiments/data/sequence.hpp"
#include "models/packing.hpp"

namespace unroll {

struct Objective;

/// What a task asks of an answer beyond a small loss.
struct Criterion {
  /// Numbers: an answer is right when the error of every output is below this; none: no answer is right or
  /// wrong.
  std::optional<double> tolerance = {};
  /// Classes: right when the target has a probability above this; none: one above all others.
  std::optional<double> probability = {};
  /// The only step that is right or wrong, counted back from the last one (0); none: every step with weight.
  std::optional<std::int64_t> step_from_end = {};
  /// Whether whole sequences are right or wrong too: all of their steps.
  bool sequences = false;
  /// Numbers: what 1 in a target is in the unit of the data, by output; empty: 1.
  std::vector<double> units = {};
  /// The share of answers that a guess has right: accuracies are scaled from it too; none: not.
  std::optional<double> chance = {};
};

/// Where in an objective's elements the values of step t of sequence b stand.
struct Layout {
  std::int64_t rows = 1;
  bool every_step = true;
  const Packing* packing = nullptr;  ///< of packed sequences with a target at every step

  std::int64_t at(std::int64_t t, std::int64_t b) const {
    if (!every_step) return b;
    if (!packing) return t * rows + b;
    const Packing::Place place = packing->places[static_cast<std::size_t>(b)];
    return (place.first + t) * packing->rows + place.row;
  }
};

/// Sums over all that was evaluated, from which metrics follow. In double, in the order of steps and
/// sequences: the same whatever the number of threads.
struct Tally {
  std::vector<std::vector<double>> sums;  ///< of each element, of each output: weighted, over steps
  std::vector<double> largest;            ///< of each element, of all steps that count; NaN if one is
  double weight = 0;                      ///< of all steps
  double judged = 0, wrong = 0;           ///< steps that are right or wrong
  double sequences = 0, wrong_sequences = 0;
  double labels = 0, label_edits = 0;  ///< of targets of label kind: how many, and how many must be changed
  std::vector<double> units;           ///< as Criterion says, 1 where it says nothing
  double chance = 0;                   ///< as Criterion says

  /// Mean of an element over steps and outputs; NaN before anything was evaluated.
  double mean(std::size_t element) const;
  /// The same with each output in the unit of its data, or in its square: `power` 1 or 2.
  double mean_in_units(std::size_t element, int power = 1) const;
  /// Mean over steps of the sum over outputs.
  double sum_over_outputs(std::size_t element) const { return mean(element) * outputs(); }
  double outputs() const { return sums.empty() ? 0 : static_cast<double>(sums[0].size()); }
  double error_rate() const { return wrong / judged; }
  double sequence_error_rate() const { return wrong_sequences / sequences; }
};

/// Numbers: whether every error of a step is below the tolerance, and whether there is one.
bool is_within_tolerance(std::span<const float> errors, const Criterion& criterion);
bool has_tolerance(const Criterion& criterion);

/// Adds the batch's first `rows` sequences. `elements` as the objective records them.
void add_to(Tally& tally, const Objective& objective, const Criterion& criterion, const Batch& batch,
            std::int64_t rows, const Layout& layout, std::span<const std::span<const float>> elements);

}  // namespace unroll

#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "experiments/objectives/tally.hpp"
#include "framework/autodiff/ctc.hpp"
#include "framework/autodiff/tape.hpp"

namespace unroll {

/// What a target is: the index of a class, a number for each output, or a sequence of labels that has a
/// length of its own and says nothing of when they come.
enum class TargetKind { classes, numbers, labels };

/// Which way a metric gets better.
enum class Direction { lower, higher };

/// The values of metrics by their names.
using MetricValues = std::map<std::string, double, std::less<>>;

/// One figure that outputs are judged by.
struct Metric {
  std::string name;
  std::string unit;  ///< "" for a share or a quotient
  Direction direction;
  std::function<double(const Tally&)> value;
  bool (*defined)(const Criterion&) = nullptr;  ///< null: always
  bool by_part = false;                         ///< also of each part of a test set that has parts
};

/// A loss with its metrics. Targets of class kind are indices (...); of number kind (..., numbers), and
/// outputs
/// (..., numbers * outputs_per_number), those of a number side by side; of label kind (B, most labels of any
/// sequence), no_label behind the last one of each.
struct Objective {
  std::string name;
  std::string summary;
  TargetKind target;
  /// What is recorded of outputs and their target, each (...) or (..., numbers): first the loss of each, then
  /// what the metrics need.
  std::function<std::vector<Var>(Var outputs, Var target)> elements = nullptr;
  /// Whether a step is right, from its values of each element.
  bool (*right)(std::span<const std::span<const float>> elements, const Criterion& criterion) = nullptr;
  /// Of label kind, in place of both: what is recorded of outputs (T, B, outputs) is the loss of each
  /// sequence (S), then the likeliest output of each of its steps (T, S), the last step's behind its end,
  /// no_label for a blank. A sequence is right when its likeliest outputs say its labels.
  std::vector<Var> (*label_elements)(Var outputs, const CtcInputs& target) = nullptr;
  std::vector<Metric> metrics;          ///< the first one is the loss, which training makes small
  bool probabilities = false;           ///< targets are numbers from 0 to 1, their outputs log(p / (1 - p))
  std::int64_t outputs_per_number = 1;  ///< how many outputs say what is thought of one number of a target
};

using ObjectiveList = std::vector<Objective>;

/// The list of those that come with the program.
const ObjectiveList& standard_objectives();

/// Throws std::invalid_argument naming the unknown one and the known ones.
const Objective& find_objective(const ObjectiveList& list, std::string_view name);

/// The metrics that `criterion` defines.
std::vector<const Metric*> metrics_of(const Objective& objective, const Criterion& criterion);
MetricValues values_of(const Objective& objective, const Criterion& criterion, const Tally& tally);

/// A list of metrics, and behind them error_rate and accuracy per answer, where the criterion says what is
/// right (`judged`; null: it always is said), the accuracy scaled from chance, and both per sequence.
std::vector<Metric> with_accuracies(std::vector<Metric> metrics, bool (*judged)(const Criterion&) = nullptr);

/// Mean squared error of the outputs. Metrics in the unit of the data: rmse, mae; nrmse is the rmse over the
/// standard deviation of the targets.
Objective mse_objective();
/// -log softmax(outputs)[class] in nats.
Objective cross_entropy_objective();
/// Independent yes-or-no answers: -t log σ(z) - (1 - t) log(1 - σ(z)), the mean over outputs in nats.
Objective binary_cross_entropy_objective();
/// Mean squared error of logistic outputs σ(z) (Hochreiter & Schmidhuber 1997). An answer is right within the
/// criterion's tolerance; max_error is the largest error of any output.
Objective logistic_mse_objective();

/// Connectionist temporal classification (Graves et al. 2006): -log of the probability of all paths that say
/// a sequence's labels, in nats. The last output is the blank. label_error_rate is the edit distance of the
/// likeliest path's labels from the target, over the number of the target's labels.
Objective ctc_objective();
/// Quantiles of a number at these levels, each in (0, 1) and above the one before: the mean over levels of
/// the pinball loss max(q (y - x), (q - 1) (y - x)) of the quantile x (Koenker & Bassett 1978). Metrics: mae
/// of the middle level in the unit of the data; coverage, the share of targets between the outermost levels.
/// Throws std::invalid_argument for other levels.
Objective quantile_objective(std::vector<double> levels);
/// The levels that the list's row has: the ends of the intervals of 50, 80 and 95 %, and the median.
const std::vector<double>& standard_levels();
/// A normal distribution of a number: its mean m and s, the log of its variance. The loss is the negative log
/// density 1/2 (s + (y - m)^2 e^-s + log 2 pi) in nats (Nix & Weigend 1994). Metrics of the mean in the unit
/// of the data: rmse, mae; crps, the continuous ranked probability score in closed form (Gneiting & Raftery
/// 2007, eq. 21), in that unit too; coverage_80 and coverage_95, the shares of targets in the central
/// intervals.
Objective gaussian_objective();

/// What a target says of a symbol that may come next, for each output.
enum NextSymbol { impossible, possible, comes };

/// What comes next, judged by what might have come: an answer is right when every possible symbol stands
/// above all impossible ones (Smith & Zipser 1989). Targets are one NextSymbol for each output. Trained is
/// the symbol that comes: -log softmax(outputs) of it in nats, or the squared errors of logistic outputs.
Objective next_symbol_objective();
Objective logistic_next_symbol_objective();

}  // namespace unroll

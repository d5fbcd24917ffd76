#include "experiments/objectives/tally.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "experiments/objectives/label_sequences.hpp"
#include "experiments/objectives/objective.hpp"

namespace unroll {
namespace {

/// The larger one; NaN once there is one.
double larger(double a, double b) { return std::isnan(a) || b <= a ? a : b; }

/// Walks over one batch.
class Adder {
 public:
  Adder(Tally& tally, const Objective& objective, const Criterion& criterion, const Batch& batch,
        const Layout& layout, std::span<const std::span<const float>> elements)
      : tally_(tally),
        objective_(objective),
        criterion_(criterion),
        batch_(batch),
        layout_(layout),
        elements_(elements),
        step_(elements.size()) {
    const bool numbers = objective.target == TargetKind::numbers;
    outputs_ = numbers ? static_cast<std::size_t>(shape_of(batch.target).back()) : 1;
    tally_.sums.resize(elements.size(), std::vector<double>(outputs_));
    tally_.largest.resize(elements.size(), -std::numeric_limits<double>::infinity());
    tally_.chance = criterion.chance.value_or(0);
    tally_.units = criterion.units.empty() ? std::vector<double>(outputs_, 1.0) : criterion.units;
  }

  void add_sequence(std::int64_t b) {
    if (objective_.target == TargetKind::labels) return add_labels(b);
    const std::int64_t length = batch_.lengths[static_cast<std::size_t>(b)];
    bool right = true;
    for (std::int64_t t = layout_.every_step ? 0 : length - 1; t < length; ++t)
      right = add_step(t, b, length) && right;
    tally_.sequences += 1;
    tally_.wrong_sequences += !right;
  }

 private:
  /// Labels are the answer of the whole sequence.
  void add_labels(std::int64_t b) {
    const double weight = batch_.weight(batch_.lengths[static_cast<std::size_t>(b)] - 1, b);
    if (weight == 0) return;
    const auto value = static_cast<double>(elements_[0][static_cast<std::size_t>(b)]);
    tally_.sums[0][0] += weight * value;
    tally_.largest[0] = larger(tally_.largest[0], value);
    tally_.weight += weight;
    const std::vector<std::int64_t> wanted = wanted_labels(b);
    const std::int64_t edits = edit_distance(said_by(likeliest_path(b)), wanted);
    const bool wrong = edits > 0 || std::isnan(value);
    tally_.labels += static_cast<double>(wanted.size());
    tally_.label_edits += static_cast<double>(edits);
    tally_.judged += 1;
    tally_.wrong += wrong;
    tally_.sequences += 1;
    tally_.wrong_sequences += wrong;
  }

  std::vector<std::int64_t> wanted_labels(std::int64_t b) const {
    const auto& all = std::get<Tensor<std::int64_t>>(batch_.target);
    const std::int64_t most = all.shape()[1];
    std::vector<std::int64_t> labels;
    for (std::int64_t l = 0; l < most && all[b * most + l] != no_label; ++l)
      labels.push_back(all[b * most + l]);
    return labels;
  }

  std::vector<std::int64_t> likeliest_path(std::int64_t b) const {
    const std::size_t sequences = elements_[0].size();  // with those that only fill the packing up
    std::vector<std::int64_t> path;
    for (std::int64_t t = 0; t < batch_.lengths[static_cast<std::size_t>(b)]; ++t)
      path.push_back(static_cast<std::int64_t>(
          elements_[1][static_cast<std::size_t>(t) * sequences + static_cast<std::size_t>(b)]));
    return path;
  }

  /// False when it is wrong.
  bool add_step(std::int64_t t, std::int64_t b, std::int64_t length) {
    const double weight = batch_.weight(t, b);
    if (weight == 0) return true;
    const std::size_t at = static_cast<std::size_t>(layout_.at(t, b)) * outputs_;
    for (std::size_t k = 0; k < elements_.size(); ++k) {
      step_[k] = elements_[k].subspan(at, outputs_);
      for (std::size_t o = 0; o < outputs_; ++o) {
        const auto value = static_cast<double>(step_[k][o]);
        tally_.sums[k][o] += weight * value;
        tally_.largest[k] = larger(tally_.largest[k], value);
      }
    }
    tally_.weight += weight;
    if (criterion_.step_from_end && length - 1 - t != *criterion_.step_from_end) return true;
    const bool right = objective_.right(step_, criterion_);
    tally_.judged += 1;
    tally_.wrong += !right;
    return right;
  }

  Tally& tally_;
  const Objective& objective_;
  const Criterion& criterion_;
  const Batch& batch_;
  const Layout& layout_;
  std::span<const std::span<const float>> elements_;
  std::vector<std::span<const float>> step_;
  std::size_t outputs_;
};

}  // namespace

bool is_within_tolerance(std::span<const float> errors, const Criterion& criterion) {
  return criterion.tolerance && std::ranges::all_of(errors, [&](float error) {
           return static_cast<double>(error) < *criterion.tolerance;
         });
}

bool has_tolerance(const Criterion& criterion) { return criterion.tolerance.has_value(); }

double Tally::mean_in_units(std::size_t element, int power) const {
  double sum = 0;
  for (std::size_t o = 0; o < units.size(); ++o)
    sum += (power == 2 ? units[o] * units[o] : units[o]) * sums[element][o];
  return sum / (weight * outputs());
}

double Tally::mean(std::size_t element) const {
  if (weight == 0) return std::numeric_limits<double>::quiet_NaN();
  double sum = 0;
  for (const double one : sums[element]) sum += one;
  return sum / (weight * outputs());
}

void add_to(Tally& tally, const Objective& objective, const Criterion& criterion, const Batch& batch,
            std::int64_t rows, const Layout& layout, std::span<const std::span<const float>> elements) {
  Adder adder(tally, objective, criterion, batch, layout, elements);
  for (std::int64_t b = 0; b < rows; ++b) adder.add_sequence(b);
}

}  // namespace unroll

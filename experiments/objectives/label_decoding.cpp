#include "experiments/objectives/label_decoding.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

#include "experiments/objectives/label_sequences.hpp"
#include "framework/autodiff/ctc.hpp"

namespace unroll {
namespace {

using Labels = std::vector<std::int64_t>;

constexpr double nothing = -std::numeric_limits<double>::infinity();

double log_sum(double a, double b) {
  const double most = std::max(a, b);
  return most == nothing ? nothing : most + std::log(std::exp(a - most) + std::exp(b - most));
}

/// States of a path that says labels: blank, label, blank, ..., blank.
class States {
 public:
  States(const StepScores& scores, std::span<const std::int64_t> labels) : scores_(scores), labels_(labels) {}

  std::size_t count() const { return 2 * labels_.size() + 1; }
  bool is_label(std::size_t state) const { return state % 2 == 1; }
  std::int64_t output(std::size_t state) const {
    return is_label(state) ? labels_[state / 2] : scores_.blank();
  }
  /// Whether a path may come from two states before.
  bool skips(std::size_t state) const {
    return is_label(state) && state >= 2 && output(state) != output(state - 2);
  }
  double score(std::int64_t step, std::size_t state) const { return scores_.at(step, output(state)); }

 private:
  const StepScores& scores_;
  std::span<const std::int64_t> labels_;
};

/// By ending of the paths that say a beginning.
struct Beginning {
  double in_blank = nothing, in_label = nothing;
  double total() const { return log_sum(in_blank, in_label); }
};
using Beginnings = std::map<Labels, Beginning>;

Beginnings with_step(const Beginnings& before, const StepScores& scores, std::int64_t step) {
  Beginnings after;
  for (const auto& [labels, paths] : before) {
    Beginning& same = after[labels];
    same.in_blank = log_sum(same.in_blank, paths.total() + scores.at(step, scores.blank()));
    if (!labels.empty())
      same.in_label = log_sum(same.in_label, paths.in_label + scores.at(step, labels.back()));
    for (std::int64_t label = 0; label < scores.blank(); ++label) {
      const bool repeats = !labels.empty() && labels.back() == label;
      const double reached = repeats ? paths.in_blank : paths.total();
      if (reached == nothing) continue;
      Labels longer = labels;
      longer.push_back(label);
      Beginning& next = after[std::move(longer)];
      next.in_label = log_sum(next.in_label, reached + scores.at(step, label));
    }
  }
  return after;
}

Beginnings likeliest(const Beginnings& all, std::int64_t width) {
  std::vector<std::pair<double, const Labels*>> order;
  for (const auto& [labels, paths] : all) order.emplace_back(-paths.total(), &labels);
  const auto by_score = [](const auto& a, const auto& b) { return a.first < b.first; };
  std::ranges::stable_sort(order, by_score);
  order.resize(std::min(order.size(), static_cast<std::size_t>(width)));
  Beginnings kept;
  for (const auto& [score, labels] : order) kept.emplace(*labels, all.at(*labels));
  return kept;
}

}  // namespace

StepScores::StepScores(std::span<const float> logits, std::int64_t count)
    : outputs(count), logs(logits.begin(), logits.end()) {
  for (std::size_t first = 0; first < logs.size(); first += static_cast<std::size_t>(count)) {
    const std::span<double> row(logs.data() + first, static_cast<std::size_t>(count));
    const double most = *std::ranges::max_element(row);
    double sum = 0;
    for (const double x : row) sum += std::exp(x - most);
    for (double& x : row) x -= most + std::log(sum);
  }
}

Labels greedy_labels(const StepScores& scores) {
  Labels path;
  for (std::int64_t t = 0; t < scores.steps(); ++t) {
    const auto row = scores.logs.begin() + t * scores.outputs;
    const std::int64_t best = std::max_element(row, row + scores.outputs) - row;
    path.push_back(best == scores.blank() ? no_label : best);
  }
  return said_by(path);
}

Labels beam_labels(const StepScores& scores, std::int64_t width) {
  Beginnings kept;
  kept[{}] = {.in_blank = 0};
  for (std::int64_t t = 0; t < scores.steps(); ++t) kept = likeliest(with_step(kept, scores, t), width);
  return likeliest(kept, 1).begin()->first;
}

double nats_of_labels(const StepScores& scores, std::span<const std::int64_t> labels) {
  const States states(scores, labels);
  std::vector<double> alpha(states.count(), nothing);
  alpha[0] = 0;
  for (std::int64_t t = 0; t < scores.steps(); ++t)
    for (std::size_t n = states.count(); n-- > 0;) {
      if (n >= 1) alpha[n] = log_sum(alpha[n], alpha[n - 1]);
      if (states.skips(n)) alpha[n] = log_sum(alpha[n], alpha[n - 2]);
      alpha[n] += states.score(t, n);
    }
  return -(labels.empty() ? alpha[0] : log_sum(alpha[states.count() - 1], alpha[states.count() - 2]));
}

std::vector<LabelSteps> aligned(const StepScores& scores, std::span<const std::int64_t> labels) {
  const States states(scores, labels);
  const auto steps = static_cast<std::size_t>(scores.steps());
  std::vector<double> best(states.count(), nothing);
  std::vector<std::size_t> from(steps * states.count());  // the state at the step before
  best[0] = 0;
  for (std::size_t t = 0; t < steps; ++t)
    for (std::size_t n = states.count(); n-- > 0;) {
      std::size_t source = n;
      if (n >= 1 && best[n - 1] > best[source]) source = n - 1;
      if (states.skips(n) && best[n - 2] > best[source]) source = n - 2;
      from[t * states.count() + n] = source;
      best[n] = best[source] + states.score(static_cast<std::int64_t>(t), n);
    }
  std::size_t state = states.count() - 1;
  if (!labels.empty() && best[state - 1] > best[state]) --state;
  std::vector<LabelSteps> all(labels.size(), {-1, -1, 0});
  if (best[state] == nothing) return {};
  for (std::size_t t = steps; t-- > 0; state = from[t * states.count() + state]) {
    if (!states.is_label(state)) continue;
    LabelSteps& one = all[state / 2];
    one.first = static_cast<std::int64_t>(t);
    one.last = std::max(one.last, one.first);
    one.probability += std::exp(states.score(one.first, state));
  }
  for (LabelSteps& one : all) one.probability /= static_cast<double>(one.last - one.first + 1);
  return all;
}

}  // namespace unroll

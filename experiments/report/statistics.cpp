#include "experiments/report/statistics.hpp"

#include <algorithm>
#include <boost/math/distributions/students_t.hpp>
#include <cmath>

#include "framework/tensor/limits.hpp"

namespace unroll {
namespace {

constexpr double kNormal975 = 1.959963984540054;  // 0.975 quantile of the standard normal distribution

double mean_of(std::span<const double> values) {
  if (values.empty()) return kNaN;
  double sum = 0;
  for (const double value : values) sum += value;
  return sum / static_cast<double>(values.size());
}

double t_half_width(std::span<const double> values, double mean) {
  if (values.size() < 2) return kNaN;
  double squares = 0;
  for (const double value : values) squares += (value - mean) * (value - mean);
  const auto n = static_cast<double>(values.size());
  const double t = boost::math::quantile(boost::math::students_t(n - 1), 0.975);
  return t * std::sqrt(squares / (n - 1) / n);
}

std::vector<double> sorted_finite(std::span<const double> values) {
  std::vector<double> finite;
  std::ranges::copy_if(values, std::back_inserter(finite), [](double v) { return std::isfinite(v); });
  std::ranges::sort(finite);
  return finite;
}

/// Of `n` values, of which those that are not finite rank above the sorted `finite` ones.
Middle middle_of(std::vector<double> finite, std::size_t n) {
  if (n == 0) return {kNaN, kNaN, kNaN};
  const double min = finite.empty() ? kNaN : finite.front(), max = finite.empty() ? kNaN : finite.back();
  finite.resize(n, kInf);
  return {quantile(finite, 0.5), min, max};
}

TimeToSolve time_to_solve(std::span<const TrialRecord* const> results) {
  TimeToSolve time;
  std::vector<double> updates;
  for (const TrialRecord* run : results) {
    updates.push_back(run->solved_at ? static_cast<double>(*run->solved_at) : kInf);
    if (run->solved_at) continue;
    time.censored_at = time.censored_at == 0 ? run->updates : std::min(time.censored_at, run->updates);
  }
  if (updates.empty()) return time;
  std::sort(updates.begin(), updates.end());
  const double median = quantile(updates, 0.5);
  if (std::isfinite(median)) time.median = median;
  return time;
}

std::size_t& count_for(CellStatistics& cell, const TrialRecord* run) {
  if (run == nullptr) return cell.missing;
  if (run->status == TrialStatus::failed) return cell.failed;
  if (run->status == TrialStatus::stopped) return cell.stopped;
  return run->status == TrialStatus::diverged ? cell.diverged : cell.done;
}

/// As errors, of which less is better: a spread ranks what is not finite above all others.
std::optional<double> test_errors(const TrialRecord& run) {
  if (const std::optional<double> errors = run.scalar("test_error_rate")) return errors;
  const std::optional<double> accuracy = run.scalar("test_accuracy");
  return accuracy ? std::optional(1 - *accuracy) : std::nullopt;
}

template <class Value>
std::vector<double> values_of(std::span<const TrialRecord* const> runs, const Value& value_of) {
  std::vector<double> values;
  for (const TrialRecord* run : runs)
    if (const std::optional<double> value = value_of(*run)) values.push_back(*value);
  return values;
}

}  // namespace

double quantile(std::span<const double> sorted, double p) {
  const double position = p * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<std::size_t>(position);
  const double part = position - static_cast<double>(below);
  // Not interpolated where there is nothing to interpolate: 0 * inf would be NaN.
  if (part == 0 || sorted[below] == sorted[below + 1]) return sorted[below];
  return sorted[below] + part * (sorted[below + 1] - sorted[below]);
}

Spread spread_of(std::span<const double> values) {
  const std::vector<double> finite = sorted_finite(values);
  const Middle middle = middle_of(finite, values.size());
  Spread spread{};
  spread.n = values.size();
  spread.finite = finite.size();
  spread.median = middle.median;
  spread.mean = mean_of(finite);
  spread.half_width = t_half_width(finite, spread.mean);
  spread.min = middle.min;
  spread.max = middle.max;
  return spread;
}

Middle middle_of(std::span<const double> values) { return middle_of(sorted_finite(values), values.size()); }

Rate rate_of(std::size_t successes, std::size_t n) {
  if (n == 0) return {successes, n, 0, 1};
  const auto trials = static_cast<double>(n);
  const double share = static_cast<double>(successes) / trials;
  const double z2 = kNormal975 * kNormal975;
  const double center = (share + z2 / (2 * trials)) / (1 + z2 / trials);
  const double half =
      kNormal975 / (1 + z2 / trials) * std::sqrt(share * (1 - share) / trials + z2 / (4 * trials * trials));
  // At the ends the interval closes exactly at 0 or 1; rounding must not leave it a hair beside.
  return {successes, n, successes == 0 ? 0 : std::max(0.0, center - half),
          successes == n ? 1 : std::min(1.0, center + half)};
}

bool has_result(const TrialRecord* run) { return run != nullptr && run->status != TrialStatus::failed; }

CellStatistics cell_statistics(const SweepCell& cell) {
  CellStatistics out{};
  out.planned = cell.trials.size();
  for (const TrialRecord* run : cell.runs) ++count_for(out, run);
  std::vector<const TrialRecord*> results;
  std::ranges::copy_if(cell.runs, std::back_inserter(results), has_result);
  const auto solved = std::ranges::count_if(results, &TrialRecord::success);
  out.success = rate_of(static_cast<std::size_t>(solved), results.size());
  out.best = spread_of(values_of(results, [](const TrialRecord& run) { return run.scalar("best_loss"); }));
  out.last = spread_of(values_of(results, [](const TrialRecord& run) { return run.scalar("last_loss"); }));
  out.test = spread_of(values_of(results, [](const TrialRecord& run) { return run.scalar("test_loss"); }));
  out.test_errors = spread_of(values_of(results, test_errors));
  out.solving = time_to_solve(results);
  out.parameters =
      spread_of(values_of(results, [](const TrialRecord& run) { return run.scalar("parameters"); }));
  out.seconds =
      spread_of(values_of(results, [](const TrialRecord& run) { return std::optional(run.seconds); }));
  return out;
}

}  // namespace unroll

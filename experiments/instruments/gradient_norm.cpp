#include <algorithm>
#include <cmath>

#include "experiments/instruments/rows.hpp"
#include "experiments/train/config.hpp"
#include "framework/optim/clipping.hpp"

namespace unroll {
namespace {

constexpr const char* name = "global gradient norm";
constexpr const char* clipped_updates = "clipped_updates";

/// Of the updates since the last validation. It stands in the record, so that a trial which goes on has it,
/// and is gone where they are summed up.
RecordedSeries& latest(TrialRecord& record) {
  return record.series_like(
      {.name = name, .moment = "since the last validation", .axis = "update", .x = {}, .y = {}});
}

RecordedSeries& over_updates(TrialRecord& record, const std::string& moment) {
  return record.series_like({.name = name,
                             .moment = moment,
                             .axis = "update",
                             .descriptor = {.unit = "‖∂L/∂θ‖", .logarithmic = true},
                             .x = {},
                             .y = {}});
}

/// Whether clipping, by the norm and then by value, changes anything.
bool is_clipped(const SeenUpdate& seen, double norm) {
  const TrainConfig& train = seen.config.train;
  const bool by_norm = train.clip_norm > 0 && norm > train.clip_norm;
  if (by_norm || train.clip_value == 0) return by_norm;
  return std::ranges::any_of(seen.gradients, [&](const std::span<float>& part) {
    return std::ranges::any_of(part, [&](float g) { return std::abs(g) > train.clip_value; });
  });
}

void watch(const SeenUpdate& seen, TrialRecord& record) {
  const double norm = global_norm(seen.gradients);
  RecordedSeries& series = latest(record);
  series.x.push_back(static_cast<double>(seen.update));
  series.y.push_back(norm);
  if (seen.config.train.clip_norm == 0 && seen.config.train.clip_value == 0) return;
  const double before = record.scalar(clipped_updates).value_or(0);
  record.set({clipped_updates, before + is_clipped(seen, norm)});
}

/// Counts in bins of a quarter of a decade, by the middle of each.
void count(const std::vector<double>& norms, RecordedSeries& histogram) {
  constexpr double bins_per_decade = 4;
  for (const double norm : norms) {
    if (!(norm > 0) || !std::isfinite(norm)) continue;
    const double middle = (std::floor(std::log10(norm) * bins_per_decade) + 0.5) / bins_per_decade;
    const auto at = std::ranges::lower_bound(histogram.x, middle) - histogram.x.begin();
    if (at == std::ssize(histogram.x) || histogram.x[static_cast<std::size_t>(at)] != middle) {
      histogram.x.insert(histogram.x.begin() + at, middle);
      histogram.y.insert(histogram.y.begin() + at, 0);
    }
    ++histogram.y[static_cast<std::size_t>(at)];
  }
}

/// The mean of the two in the middle of an even number.
double median(std::vector<double> values) {
  std::ranges::sort(values);
  const std::size_t half = values.size() / 2;
  return values.size() % 2 == 1 ? values[half] : (values[half - 1] + values[half]) / 2;
}

void sum_up(std::int64_t update, TrialRecord& record) {
  const std::vector<double> norms = std::move(latest(record).y);
  std::erase_if(record.series, [](const RecordedSeries& series) {
    return series.name == name && series.moment == "since the last validation";
  });
  if (norms.empty()) return;
  const auto add = [&](const std::string& moment, double value) {
    RecordedSeries& series = over_updates(record, moment);
    series.x.push_back(static_cast<double>(update));
    series.y.push_back(value);
  };
  add("median", median(norms));
  add("largest", std::ranges::max(norms));
  count(norms, record.series_like({.name = "updates by global gradient norm",
                                   .axis = "log10 of the norm",
                                   .descriptor = {.unit = "updates"},
                                   .x = {},
                                   .y = {}}));
  if (const auto clipped = record.scalar(clipped_updates))
    record.set({"clipped_share", *clipped / static_cast<double>(update), {.unit = "share of updates"}});
}

}  // namespace

Instrument gradient_norm_row() {
  return {.name = "gradient_norm",
          .shows =
              "The norm of all gradients together before clipping: median and largest between two "
              "validations, counts by its logarithm, the share of clipped updates.",
          .needs = "",
          .source = "Pascanu, Mikolov & Bengio 2013, algorithm 1",
          .watch = watch,
          .sum_up = sum_up};
}

}  // namespace unroll

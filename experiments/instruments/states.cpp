#include "experiments/instruments/states.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "experiments/instruments/passage.hpp"
#include "experiments/instruments/rows.hpp"
#include "experiments/instruments/state_map.hpp"
#include "experiments/train/trial_models.hpp"
#include "framework/tensor/linalg.hpp"

namespace unroll {
namespace {

constexpr std::int64_t most_trajectories = 4;

/// Of a row, along component `c`.
double along(const Components& components, std::size_t c, const double* row) {
  const std::size_t n = components.mean.size();
  double sum = 0;
  for (std::size_t i = 0; i < n; ++i)
    sum += (row[i] - components.mean[i]) * components.directions[static_cast<std::int64_t>(c * n + i)];
  return sum;
}

void add_variances(const Components& components, const std::string& state, const Subject& subject,
                   Findings& findings) {
  RecordedSeries series{.name = fmt::format("variance of {} by principal component", state),
                        .moment = subject.moment,
                        .axis = "number",
                        .descriptor = {.unit = "variance", .logarithmic = true},
                        .x = {},
                        .y = components.variances};
  for (std::size_t i = 0; i < series.y.size(); ++i) series.x.push_back(static_cast<double>(i + 1));
  findings.series.push_back(std::move(series));
}

void add_trajectories(const Components& components, const Passage& seen, std::size_t k,
                      const Subject& subject, Findings& findings) {
  const std::int64_t rows = seen.batch.rows();
  const auto width = static_cast<std::int64_t>(components.mean.size());
  for (std::int64_t b = 0; b < std::min(rows, most_trajectories); ++b) {
    RecordedSeries series{.name = fmt::format("trajectory {} of {}", b + 1, seen.states[k].name),
                          .moment = subject.moment,
                          .axis = "first principal component",
                          .descriptor = {.unit = "second principal component"},
                          .x = {},
                          .y = {}};
    for (std::int64_t t = 0; t < seen.batch.lengths[static_cast<std::size_t>(b)]; ++t) {
      const double* row = seen.trajectories[k].data() + (t * rows + b) * width;
      series.x.push_back(along(components, 0, row));
      series.y.push_back(along(components, 1, row));
    }
    findings.series.push_back(std::move(series));
  }
}

void look_at_states(const Subject& subject, Findings& findings) {
  const SequenceModel model =
      make_model(subject.laboratory.cells(), subject.config, sizes_of(subject.models.spec()));
  const Passage seen = passage(subject, model, {});
  for (std::size_t k = 0; k < seen.states.size(); ++k) {
    if (seen.states[k].counts || !all_finite(seen.trajectories[k].span())) continue;
    const Components components = principal_components(rows_in_use(seen.trajectories[k], seen.batch));
    const std::string& state = seen.states[k].name;
    findings.numbers.push_back(
        {fmt::format("participation_ratio_{}", state), participation_ratio(components.variances)});
    add_variances(components, state, subject, findings);
    if (components.variances.size() > 1) add_trajectories(components, seen, k, subject, findings);
  }
}

}  // namespace

Components principal_components(const Tensor<double>& rows) {
  const std::int64_t samples = rows.shape()[0], n = rows.shape()[1];
  Components found{std::vector<double>(static_cast<std::size_t>(n)), {}, {}};
  for (std::int64_t i = 0; i < samples * n; ++i)
    found.mean[static_cast<std::size_t>(i % n)] += rows[i] / static_cast<double>(samples);
  Tensor<double> centred = rows;
  for (std::int64_t i = 0; i < samples * n; ++i) centred[i] -= found.mean[static_cast<std::size_t>(i % n)];
  const Svd factors = svd(centred);
  found.directions = factors.v;
  for (const double s : factors.s.span()) found.variances.push_back(s * s / static_cast<double>(samples));
  for (std::int64_t c = 0; c < found.directions.shape()[0]; ++c) {
    const std::span<double> row =
        found.directions.span().subspan(static_cast<std::size_t>(c * n), static_cast<std::size_t>(n));
    const double largest = *std::ranges::max_element(row, {}, [](double x) { return std::abs(x); });
    if (largest < 0)
      for (double& x : row) x = -x;
  }
  return found;
}

double participation_ratio(const std::vector<double>& variances) {
  double sum = 0, squares = 0;
  for (const double x : variances) {
    sum += x;
    squares += x * x;
  }
  return squares > 0 ? sum * sum / squares : 0;
}

Instrument states_row() {
  return {.name = "states",
          .shows =
              "In how many directions each state moves (participation ratio, variance by principal "
              "component), and trajectories in the first two.",
          .needs = "",
          .source = "Gao et al. 2017; Sussillo & Barak 2013",
          .look = look_at_states};
}

}  // namespace unroll

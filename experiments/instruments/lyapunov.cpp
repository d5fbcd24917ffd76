#include "experiments/instruments/lyapunov.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "experiments/instruments/rows.hpp"
#include "experiments/train/trial_models.hpp"
#include "framework/tensor/linalg.hpp"

namespace unroll {
namespace {

/// Orthonormal directions of one row, as rows (count, size), and the logarithms of what they grew by.
struct Directions {
  Tensor<double> q;
  std::vector<double> growth;
};

Tensor<double> transposed(const double* rows, std::int64_t count, std::int64_t size) {
  Tensor<double> columns({size, count});
  for (std::int64_t i = 0; i < count; ++i)
    for (std::int64_t j = 0; j < size; ++j) columns[j * count + i] = rows[i * size + j];
  return columns;
}

/// Orthonormal again. With `measured` what they were longer counts.
void orthonormalise(const double* grown, Directions& directions, bool measured) {
  const std::int64_t count = directions.q.shape()[0], size = directions.q.shape()[1];
  const Qr factors = qr(transposed(grown, count, size));
  directions.q = transposed(factors.q.data(), size, count);
  for (std::int64_t i = 0; measured && i < count; ++i)
    directions.growth[static_cast<std::size_t>(i)] += std::log(factors.r[i * count + i]);
}

Directions first_directions(std::int64_t count, std::int64_t size) {
  Directions directions{Tensor<double>({count, size}), std::vector<double>(static_cast<std::size_t>(count))};
  for (std::int64_t i = 0; i < count; ++i) directions.q[i * size + i] = 1;
  return directions;
}

/// All rows' directions, one below the other.
Tensor<double> stacked(const std::vector<Directions>& all) {
  const std::int64_t count = all.front().q.shape()[0], size = all.front().q.shape()[1];
  Tensor<double> rows({std::ssize(all) * count, size});
  double* to = rows.data();
  for (const Directions& one : all) to = std::ranges::copy(one.q.span(), to).out;
  return rows;
}

std::vector<double> mean_growth(const std::vector<Directions>& all, std::int64_t steps) {
  std::vector<double> exponents(all.front().growth.size());
  for (const Directions& one : all)
    for (std::size_t i = 0; i < exponents.size(); ++i)
      exponents[i] += one.growth[i] / static_cast<double>(steps * std::ssize(all));
  std::ranges::sort(exponents, std::greater());
  return exponents;
}

constexpr std::int64_t lyapunov_sequences = 4;
/// Without input there is no sequence that says how long to look.
constexpr LyapunovOptions alone{.warm_up = 500, .steps = 500, .transient = 100};

/// The last fifth of the steps settles the directions, the first fifth the states.
LyapunovOptions options_for(std::int64_t steps) {
  return {.warm_up = steps / 5, .steps = steps - 2 * (steps / 5), .transient = steps / 5};
}

void report(const std::vector<double>& exponents, const std::string& how, const Subject& subject,
            Findings& findings) {
  if (exponents.empty()) return;
  RecordedSeries series{.name = fmt::format("Lyapunov exponents {}", how),
                        .moment = subject.moment,
                        .axis = "number",
                        .descriptor = {.unit = "nats per step"},
                        .x = {},
                        .y = exponents};
  for (std::size_t i = 0; i < exponents.size(); ++i) series.x.push_back(static_cast<double>(i + 1));
  findings.series.push_back(std::move(series));
  const std::string suffix = how == "with input" ? "" : "_without_input";
  findings.numbers.push_back({"lyapunov_largest" + suffix, exponents.front(), {.unit = "nats per step"}});
  findings.numbers.push_back({"kaplan_yorke_dimension" + suffix, kaplan_yorke_dimension(exponents)});
}

void look_at_lyapunov(const Subject& subject, Findings& findings) {
  StateMap map(subject);
  const Batch batch = subject.models.diagnostics();
  const BatchInputs inputs(batch, lyapunov_sequences);
  const auto given = [&](std::int64_t t, std::int64_t times) { return inputs.at(t, times); };
  report(lyapunov_exponents(map, map.start(inputs.rows()), given, options_for(inputs.steps())), "with input",
         subject, findings);
  StateMap free(subject, true);
  const auto nothing = [&](std::int64_t, std::int64_t times) { return free.no_input(inputs.rows() * times); };
  // From where the sequences have led.
  StateMap::Point last = map.start(inputs.rows());
  for (std::int64_t t = 0; t < inputs.steps(); ++t) last = map.next(last, inputs.at(t));
  report(lyapunov_exponents(free, last, nothing, alone), "without input", subject, findings);
}

}  // namespace

std::vector<double> lyapunov_exponents(StateMap& map, const StateMap::Point& from, const InputAt& input,
                                       const LyapunovOptions& options) {
  if (options.steps < 1) return {};
  std::vector<StateMap::Point> path = {from};
  const std::int64_t end = options.warm_up + options.steps + options.transient;
  for (std::int64_t t = 0; t + 1 < end; ++t) path.push_back(map.next(path.back(), input(t, 1)));
  if (!all_finite(path.back().s.span())) return {};
  const std::int64_t size = map.size(), count = std::min(size, options.most), rows = from.s.shape()[0];
  std::vector<Directions> all(static_cast<std::size_t>(rows), first_directions(count, size));
  for (std::int64_t t = end - 1; t >= options.warm_up; --t) {
    const StateMap::Point& at = path[static_cast<std::size_t>(t)];
    const Tensor<double> grown =
        map.pull_back({repeated(at.s, count), at.count}, input(t, count), stacked(all));
    if (!all_finite(grown.span())) return {};
    for (std::int64_t r = 0; r < rows; ++r)
      orthonormalise(grown.data() + r * count * size, all[static_cast<std::size_t>(r)],
                     t < options.warm_up + options.steps);
  }
  return mean_growth(all, options.steps);
}

double kaplan_yorke_dimension(const std::vector<double>& exponents) {
  double sum = 0;
  for (std::size_t j = 0; j < exponents.size(); ++j) {
    if (sum + exponents[j] < 0) return static_cast<double>(j) + sum / -exponents[j];
    sum += exponents[j];
  }
  return static_cast<double>(exponents.size());
}

Instrument lyapunov_row() {
  return {.name = "lyapunov",
          .shows =
              "Lyapunov exponents of the states along training sequences and without input, with the "
              "Kaplan-Yorke dimension.",
          .needs = "one direction; of more than 64 states the 64 largest exponents",
          .source = "Benettin et al. 1980; Vogt et al. 2022; Engelken, Wolf & Abbott 2023",
          .look = look_at_lyapunov,
          .objection = needs_one_direction};
}

}  // namespace unroll

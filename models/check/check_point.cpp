#include "models/check/check_point.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "framework/random/stream.hpp"

namespace unroll {
namespace {

using sizes::B;

constexpr int draws = 4;
/// Of the first draw; shorter where it was too long for what is steep.
constexpr double longest_step = 0.05;
/// Differences of a loss of order 1 carry rounding of about 1e-12.
constexpr double floor_of_differences = 1e-4;
constexpr double noise_around_start = 0.3;

Tensor<double> start_of(const ParameterSpec& spec, Stream& stream) {
  InitialiserOptions options =
      spec.init.value_or(InitialiserOptions{.name = spec.shape.rank() == 2 ? "glorot" : "zeros"});
  if (find_derived_initialiser(options.name)) options.name = "zeros";
  Tensor<double> value = convert<double>(initialise(options, spec.shape, stream));
  for (double& x : value.span()) x = std::clamp(x, spec.bounds.lower, spec.bounds.upper);
  return value;
}

/// Near where training begins, but nowhere exactly there: no zeros, no ties.
Tensor<double> near_start(const ParameterSpec& spec, Stream& stream) {
  Tensor<double> value = start_of(spec, stream);
  for (double& x : value.span())
    x = std::clamp(x + noise_around_start * stream.normal(), spec.bounds.lower, spec.bounds.upper);
  return value;
}

Tensor<double> normal(Var v, Stream& stream) {
  Tensor<double> value(resolve(v.dims(), check_sizes));
  for (double& x : value.span()) x = stream.normal();
  return value;
}

Dims dims_of(std::int64_t units, std::optional<Dim> steps) {
  return steps ? Dims{*steps, B, units} : Dims{B, units};
}

}  // namespace

CheckInputs::CheckInputs(Tape& tape, const Cell& cell, std::int64_t input_size, std::optional<Dim> steps)
    : specs(cell.parameters()), states(cell.states()), p(tape, specs) {
  x = tape.input("x", dims_of(input_size, steps));
  if (cell.noise_size() > 0) noise = tape.input("noise", dims_of(cell.noise_size(), steps));
  if (cell.context_size() > 0) context = tape.input("context", dims_of(cell.context_size(), steps));
  if (cell.feedback_size() > 0) feedback = tape.input("feedback", dims_of(cell.feedback_size(), steps));
  for (const StateSpec& state : states) initial.push_back(tape.input(state.name, state.dims(B)));
}

GradcheckPoint CheckInputs::draw(std::uint64_t seed) const {
  Stream stream(seed, Purpose::check, {7});
  GradcheckPoint point;
  for (const ParameterSpec& spec : specs) point.real[p[spec.name]] = near_start(spec, stream);
  for (std::size_t k = 0; k < states.size(); ++k) {
    point.real[initial[k]] = normal(initial[k], stream);
    if (states[k].counts) point.real[initial[k]] = Tensor<double>({2, 1}, {0.0, 5.0});
  }
  point.real[x] = normal(x, stream);
  for (const Var& given : {noise, context, feedback})
    if (given.valid()) point.real[given] = normal(given, stream);
  return point;
}

GradcheckPoint CheckInputs::start(std::uint64_t seed) const {
  GradcheckPoint point = draw(seed);
  Stream stream(seed, Purpose::check, {6});
  for (const ParameterSpec& spec : specs) point.real[p[spec.name]] = start_of(spec, stream);
  for (const ParameterSpec& spec : specs)
    if (spec.init && !spec.init->of.empty())
      point.real[p[spec.name]] =
          convert<double>(derive(*spec.init, convert<float>(point.real[p[spec.init->of]])));
  for (std::size_t k = 0; k < states.size(); ++k)
    std::ranges::fill(point.real[initial[k]].span(), states[k].start);
  return point;
}

std::vector<Var> CheckInputs::variables() const {
  std::vector<Var> all = p.all();
  for (std::size_t k = 0; k < states.size(); ++k)
    if (!states[k].counts) all.push_back(initial[k]);
  all.push_back(x);
  for (const Var& given : {noise, context, feedback})
    if (given.valid()) all.push_back(given);
  return all;
}

std::vector<Tensor<double>> values_at(const Tape& tape, const std::vector<Var>& outputs,
                                      const GradcheckPoint& point, const PlanOptions& options) {
  Plan<double> plan(tape, outputs, options);
  for (const auto& [v, value] : point.real) plan.bind(v, value);
  plan.run();
  std::vector<Tensor<double>> values;
  for (const Var& v : outputs) values.push_back(plan.tensor(v));
  return values;
}

CellCheck compare(std::string what, Var output, const std::vector<Var>& wrt,
                  const std::function<GradcheckPoint(std::uint64_t)>& draw, std::uint64_t seed,
                  GradcheckOptions options) {
  CellCheck check{std::move(what)};
  options.sizes = check_sizes;
  options.floor = floor_of_differences;
  for (int k = 0; k < draws; ++k) {
    options.seed = seed + static_cast<std::uint64_t>(k);
    options.first_step = std::ldexp(longest_step, -2 * k);
    const GradcheckReport report = gradcheck(output, wrt, draw(options.seed), options);
    check.ok = report.ok();
    check.worst = report.worst();
    check.details = check.ok ? "" : report.to_text();
    if (check.ok) break;
  }
  return check;
}

namespace {

double largest_difference(const Tensor<double>& a, const Tensor<double>& b) {
  double scale = 1e-3, gap = 0;
  for (std::int64_t j = 0; j < a.numel(); ++j) {
    scale = std::max(scale, std::abs(b[j]));
    gap = std::max(gap, std::isfinite(a[j]) ? std::abs(a[j] - b[j]) : 1e300);
  }
  return gap / scale;
}

}  // namespace

CellCheck agreement(std::string what, const std::vector<Tensor<double>>& a,
                    const std::vector<Tensor<double>>& b, double limit) {
  double worst = 0;
  for (std::size_t i = 0; i < a.size(); ++i) worst = std::max(worst, largest_difference(a[i], b[i]));
  CellCheck check{std::move(what), worst <= limit, worst};
  if (!check.ok) check.details = fmt::format("differs by {:.2g}, more than {:.0g}", worst, limit);
  return check;
}

}  // namespace unroll

#include "experiments/tasks/chaos/measures.hpp"

#include <fftw3.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <complex>
#include <limits>
#include <map>
#include <memory>
#include <mutex>

namespace unroll {
namespace {

// ---- State space ----

/// One coordinate of three: a dimension, so many points later.
struct Coordinate {
  std::int64_t dimension, later;
};
using Axes = std::array<Coordinate, 3>;

std::vector<Axes> axes_of(std::int64_t dimensions, std::int64_t lag) {
  if (dimensions < 3) return {{{{0, 0}, {0, lag}, {0, 2 * lag}}}};
  if (dimensions == 3) return {{{{0, 0}, {1, 0}, {2, 0}}}};
  std::vector<Axes> all;
  for (std::int64_t i = 0; i < dimensions; ++i)
    all.push_back({{{i, 0}, {(i + 1) % dimensions, 0}, {(i + 2) % dimensions, 0}}});
  return all;
}

template <class F>
void for_every_point(const std::vector<Orbit>& orbits, const Axes& axes, const F& f) {
  for (const Orbit& one : orbits)
    for (std::int64_t n = 0; n + axes[2].later < one.points(); ++n) {
      std::array<double, 3> at{};
      for (std::size_t k = 0; k < 3; ++k)
        at[k] = one.point(n + axes[k].later)[static_cast<std::size_t>(axes[k].dimension)];
      f(at);
    }
}

struct Grid {
  std::array<double, 3> low, high;
  std::int64_t bins;

  /// The cell, or behind all cells the one for what is outside of them.
  std::int64_t cell(const std::array<double, 3>& at) const {
    std::int64_t index = 0;
    for (std::size_t k = 0; k < 3; ++k) {
      if (!(at[k] >= low[k] && at[k] <= high[k])) return bins * bins * bins;
      const double share = (at[k] - low[k]) / (high[k] - low[k]);
      const auto bin = static_cast<std::int64_t>(share * static_cast<double>(bins));
      index = index * bins + std::min(bin, bins - 1);
    }
    return index;
  }
};

Grid grid_over(const std::vector<Orbit>& orbits, const Axes& axes, std::int64_t bins) {
  Grid grid{.low = {}, .high = {}, .bins = bins};
  grid.low.fill(std::numeric_limits<double>::infinity());
  grid.high.fill(-std::numeric_limits<double>::infinity());
  for_every_point(orbits, axes, [&](const std::array<double, 3>& at) {
    for (std::size_t k = 0; k < 3; ++k) {
      grid.low[k] = std::min(grid.low[k], at[k]);
      grid.high[k] = std::max(grid.high[k], at[k]);
    }
  });
  return grid;
}

/// The cells' shares.
std::vector<double> occupation(const std::vector<Orbit>& orbits, const Axes& axes, const Grid& grid) {
  constexpr double raised = 1e-6;
  std::vector<double> shares(static_cast<std::size_t>(grid.bins * grid.bins * grid.bins + 1), raised);
  double all = raised * static_cast<double>(shares.size());
  for_every_point(orbits, axes, [&](const std::array<double, 3>& at) {
    ++shares[static_cast<std::size_t>(grid.cell(at))];
    ++all;
  });
  for (double& share : shares) share /= all;
  return shares;
}

double divergence(const std::vector<double>& p, const std::vector<double>& q) {
  double nats = 0;
  for (std::size_t i = 0; i < p.size(); ++i) nats += p[i] * std::log(p[i] / q[i]);
  return nats;
}

// ---- Spectra ----

/// Plans are made one at a time: only running them is safe from several threads (FFTW's manual, section 5.4).
std::mutex& planner() {
  static std::mutex one;
  return one;
}

/// |X_k|^2 of a real series less its mean, k from 1 to half of its points.
std::vector<double> power(std::vector<double> series) {
  const std::size_t n = series.size();
  double mean = 0;
  for (const double x : series) mean += x / static_cast<double>(n);
  for (double& x : series) x -= mean;
  std::vector<std::complex<double>> transformed(n / 2 + 1);
  auto* out = reinterpret_cast<fftw_complex*>(transformed.data());
  fftw_plan plan = nullptr;
  {
    const std::lock_guard lock(planner());
    plan = fftw_plan_dft_r2c_1d(static_cast<int>(n), series.data(), out, FFTW_ESTIMATE);  // arrays are kept
  }
  fftw_execute(plan);
  {
    const std::lock_guard lock(planner());
    fftw_destroy_plan(plan);
  }
  std::vector<double> all;
  for (std::size_t k = 1; k < transformed.size(); ++k) all.push_back(std::norm(transformed[k]));
  return all;
}

std::vector<double> smoothed(const std::vector<double>& spectrum, double deviation) {
  const auto reach = static_cast<std::int64_t>(std::ceil(4 * deviation));
  const auto n = static_cast<std::int64_t>(spectrum.size());
  std::vector<double> all(spectrum.size());
  for (std::int64_t k = 0; k < n; ++k)
    for (std::int64_t i = std::max<std::int64_t>(0, k - reach); i <= std::min(n - 1, k + reach); ++i) {
      const double away = static_cast<double>(i - k) / deviation;
      all[static_cast<std::size_t>(k)] += spectrum[static_cast<std::size_t>(i)] * std::exp(-away * away / 2);
    }
  return all;
}

/// Of sum 1.
std::vector<double> spectrum(const std::vector<Orbit>& orbits, std::int64_t dimension, double smoothing) {
  std::vector<double> sum;
  for (const Orbit& one : orbits) {
    std::vector<double> series;
    for (std::int64_t n = 0; n < one.points(); ++n)
      series.push_back(one.point(n)[static_cast<std::size_t>(dimension)]);
    const std::vector<double> own = power(std::move(series));
    sum.resize(own.size());
    for (std::size_t k = 0; k < own.size(); ++k) sum[k] += own[k];
  }
  std::vector<double> all = smoothed(sum, smoothing);
  double total = 0;
  for (const double x : all) total += x;
  for (double& x : all) x /= total;
  return all;
}

}  // namespace

double state_space_divergence(const std::vector<Orbit>& system, const std::vector<Orbit>& model,
                              std::int64_t bins, std::int64_t lag) {
  const std::vector<Axes> all = axes_of(system.front().dimensions, lag);
  double sum = 0;
  for (const Axes& axes : all) {
    const Grid grid = grid_over(system, axes, bins);
    sum += divergence(occupation(system, axes, grid), occupation(model, axes, grid));
  }
  return sum / static_cast<double>(all.size());
}

double spectrum_distance(const std::vector<Orbit>& system, const std::vector<Orbit>& model,
                         double smoothing) {
  const std::int64_t dimensions = system.front().dimensions;
  double sum = 0;
  for (std::int64_t i = 0; i < dimensions; ++i) {
    const std::vector<double> p = spectrum(system, i, smoothing), q = spectrum(model, i, smoothing);
    double overlap = 0;
    for (std::size_t k = 0; k < p.size(); ++k) overlap += std::sqrt(p[k] * q[k]);
    sum += std::sqrt(1 - std::min(overlap, 1.0));  // NaN stays NaN
  }
  return sum / static_cast<double>(dimensions);
}

std::int64_t valid_points(const Orbit& system, const Orbit& model, double bound) {
  for (std::int64_t n = 0; n < system.points(); ++n) {
    double squares = 0;
    for (std::int64_t i = 0; i < system.dimensions; ++i) {
      const auto k = static_cast<std::size_t>(i);
      const double error = system.point(n)[k] - model.point(n)[k];
      squares += error * error;
    }
    if (!(std::sqrt(squares / static_cast<double>(system.dimensions)) <= bound)) return n;
  }
  return system.points();
}

}  // namespace unroll

#include "experiments/instruments/memory.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "experiments/instruments/rows.hpp"
#include "experiments/laboratory.hpp"
#include "experiments/train/trial_models.hpp"
#include "framework/random/stream.hpp"
#include "framework/tensor/gemm.hpp"
#include "framework/tensor/linalg.hpp"

namespace unroll {
namespace {

Tensor<double> noise(const MemoryOptions& options, std::int64_t inputs, std::int64_t step) {
  Stream stream(options.seed, Purpose::check, {static_cast<std::uint32_t>(step)});
  Tensor<double> u({options.rows, inputs});
  for (double& x : u.span()) x = stream.uniform(-1, 1);
  return u;
}

/// What was read and what the states then were. Samples are (step, system), systems together.
struct Samples {
  Tensor<double> states;   ///< (samples, size + 1), the last column is 1
  Tensor<double> delayed;  ///< (samples, delays * inputs)
};

/// Of the systems [first, first + count).
Samples samples_of(const std::vector<Tensor<double>>& states, const std::vector<Tensor<double>>& inputs,
                   const MemoryOptions& options, std::int64_t first, std::int64_t count) {
  const std::int64_t size = states[0].shape()[1], channels = inputs[0].shape()[1];
  const std::int64_t width = options.delays * channels;
  Samples all{Tensor<double>({options.steps * count, size + 1}, 1.0),
              Tensor<double>({options.steps * count, width})};
  for (std::int64_t t = 0; t < options.steps; ++t)
    for (std::int64_t r = 0; r < count; ++r) {
      const std::int64_t sample = t * count + r;
      std::copy_n(states[static_cast<std::size_t>(t)].data() + (first + r) * size, size,
                  all.states.data() + sample * (size + 1));
      for (std::int64_t k = 0; k < options.delays; ++k) {
        const auto at = static_cast<std::size_t>(options.warm_up + t - k);
        std::copy_n(inputs[at].data() + (first + r) * channels, channels,
                    all.delayed.data() + sample * width + k * channels);
      }
    }
  return all;
}

/// aᵀb of two matrices with as many rows.
Tensor<double> inner(const Tensor<double>& a, const Tensor<double>& b) {
  Tensor<double> product({a.shape()[1], b.shape()[1]});
  gemm(true, false, a.shape()[1], b.shape()[1], a.shape()[0], a.data(), b.data(), 0.0, product.data());
  return product;
}

/// Least squares. A trace of a ridge, so that states which say the same leave a solution.
Tensor<double> fitted(const Samples& samples) {
  Tensor<double> square = inner(samples.states, samples.states);
  const std::int64_t n = square.shape()[0];
  double trace = 0;
  for (std::int64_t i = 0; i < n; ++i) trace += square[i * n + i];
  for (std::int64_t i = 0; i < n; ++i) square[i * n + i] += 1e-12 * trace;
  return solve(square, inner(samples.states, samples.delayed));
}

double squared_correlation(const Tensor<double>& a, const Tensor<double>& b, std::int64_t column) {
  const std::int64_t samples = a.shape()[0], width = a.shape()[1];
  double mean_a = 0, mean_b = 0, aa = 0, bb = 0, ab = 0;
  for (std::int64_t s = 0; s < samples; ++s) {
    mean_a += a[s * width + column] / static_cast<double>(samples);
    mean_b += b[s * width + column] / static_cast<double>(samples);
  }
  for (std::int64_t s = 0; s < samples; ++s) {
    const double x = a[s * width + column] - mean_a, y = b[s * width + column] - mean_b;
    aa += x * x;
    bb += y * y;
    ab += x * y;
  }
  return aa > 0 && bb > 0 ? ab * ab / (aa * bb) : 0;
}

/// With the readout fitted to `known`, on `unseen`.
std::vector<double> tested(const Samples& known, const Samples& unseen, std::int64_t delays) {
  const Tensor<double> weights = fitted(known);
  const std::int64_t samples = unseen.states.shape()[0], width = unseen.delayed.shape()[1];
  Tensor<double> said({samples, width});
  gemm(false, false, samples, width, weights.shape()[0], unseen.states.data(), weights.data(), 0.0,
       said.data());
  std::vector<double> r2(static_cast<std::size_t>(delays));
  for (std::int64_t column = 0; column < width; ++column)
    r2[static_cast<std::size_t>(column * delays / width)] +=
        squared_correlation(said, unseen.delayed, column);
  return r2;
}

void look_at_memory(const Subject& subject, Findings& findings) {
  StateMap map(subject);
  if (map.tokens()) return;
  const LinearMemory memory = linear_memory(map, {.delays = 2 * map.size(),
                                                  .steps = std::max<std::int64_t>(512, 4 * map.size()),
                                                  .warm_up = std::max<std::int64_t>(200, 2 * map.size())});
  if (memory.r2.empty()) return;
  RecordedSeries series{.name = "linear memory",
                        .moment = subject.moment,
                        .axis = "steps back",
                        .descriptor = {.unit = "squared correlation"},
                        .x = {},
                        .y = memory.r2};
  for (std::size_t k = 0; k < series.y.size(); ++k) series.x.push_back(static_cast<double>(k + 1));
  findings.series.push_back(std::move(series));
  findings.numbers.push_back({"memory_capacity", memory.capacity()});
  findings.numbers.push_back({"memory_length", static_cast<double>(memory.length()), {.unit = "steps"}});
}

std::string memory_objection(const Laboratory& laboratory, const Config& config) {
  const TaskRow* task = find_task(laboratory.tasks(), config.task.name);
  if (task && task->inputs == InputKind::tokens)
    return fmt::format("white noise is given to inputs that are numbers, but the task {} has tokens",
                       config.task.name);
  return needs_one_direction(laboratory, config);
}

}  // namespace

double LinearMemory::capacity() const { return std::accumulate(r2.begin(), r2.end(), 0.0); }

std::int64_t LinearMemory::length() const {
  return std::ranges::find_if(r2, [](double x) { return x < 0.5; }) - r2.begin();
}

LinearMemory linear_memory(StateMap& map, const MemoryOptions& options) {
  StateMap::Point point = map.start(options.rows);
  std::vector<Tensor<double>> states, inputs;
  for (std::int64_t t = 0; t < options.warm_up + options.steps; ++t) {
    inputs.push_back(noise(options, map.input_size(), t));
    point = map.next(point, inputs.back());
    if (!all_finite(point.s.span())) return {};
    if (t >= options.warm_up) states.push_back(point.s);
  }
  const std::int64_t half = options.rows / 2;
  return {tested(samples_of(states, inputs, options, 0, half),
                 samples_of(states, inputs, options, half, options.rows - half), options.delays)};
}

Instrument memory_row() {
  return {.name = "memory",
          .shows =
              "How well a linear readout of all states tells white noise k steps back: linear memory "
              "capacity, and the steps back to which half of it is there.",
          .needs = "inputs that are numbers; one direction",
          .source = "Jaeger 2001, \"Short term memory in echo state networks\"",
          .look = look_at_memory,
          .objection = memory_objection};
}

}  // namespace unroll

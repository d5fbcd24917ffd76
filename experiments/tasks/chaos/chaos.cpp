#include "experiments/tasks/chaos/chaos.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "experiments/tasks/chaos/measures.hpp"
#include "experiments/tasks/chaos/orbit.hpp"
#include "experiments/tasks/data_options.hpp"
#include "experiments/tasks/generated_task.hpp"

namespace unroll {
namespace {

constexpr std::int64_t warm_up = 100, free_orbits = 10;
/// Of the one orbit that says where the attractor is.
constexpr std::int64_t reference_points = 10000, between_starts = 10;
/// Of streams that are none of a source's.
constexpr std::uint64_t reference_seed = 1, free_seed = 2, other_seed = 3;

const OptionSpec observation_noise = {
    "task.observation_noise", 0.0,
    "standard deviation of noise on what training reads and is asked for, where that of each dimension is 1",
    at_least(0)};
const OptionSpec free_steps = {"task.free_steps", std::int64_t{2000},
                               "steps that the best model runs on its own answers after training; 0: none",
                               from_to(0, 1e6)};
const OptionSpec washout = {"task.washout", std::int64_t{0},
                            "steps of a sequence that are read before answers count", from_to(0, 1e6)};
const OptionSpec dimensions = {"task.dimensions", std::int64_t{20}, "of the ring", from_to(4, 1000)};

/// What is known of a system's attractor from one long orbit.
struct Attractor {
  std::vector<double> mean, deviation;      ///< by dimension
  std::vector<std::vector<double>> states;  ///< some, to begin at
  double persistence = 0;  ///< mean squared difference of points the horizon apart, in deviations
};

void add_moments(const Orbit& all, std::int64_t horizon, Attractor& known) {
  const auto n = static_cast<double>(all.points());
  for (std::int64_t i = 0; i < all.dimensions; ++i) {
    const auto k = static_cast<std::size_t>(i);
    double sum = 0, squares = 0, steps = 0;
    for (std::int64_t t = 0; t < all.points(); ++t) sum += all.point(t)[k];
    for (std::int64_t t = 0; t < all.points(); ++t) squares += std::pow(all.point(t)[k] - sum / n, 2);
    for (std::int64_t t = horizon; t < all.points(); ++t)
      steps += std::pow(all.point(t)[k] - all.point(t - horizon)[k], 2);
    known.mean.push_back(sum / n);
    known.deviation.push_back(std::sqrt(squares / n));
    known.persistence +=
        steps / (n - static_cast<double>(horizon)) / (squares / n) / static_cast<double>(all.dimensions);
  }
}

Attractor attractor_of(const ChaoticSystem& system, std::int64_t horizon) {
  Attractor known;
  Stream stream(reference_seed, Purpose::check);
  std::vector<double> state = start_of(system, stream);
  Orbit all{.dimensions = system.dimensions};
  for (std::int64_t n = 0; n < reference_points; n += between_starts) {
    known.states.push_back(state);
    const Orbit part = orbit(system, state, between_starts);
    all.values.insert(all.values.end(), part.values.begin(), part.values.end());
  }
  add_moments(all, horizon, known);
  return known;
}

class Chaos final : public GeneratedTask {
 public:
  Chaos(ChaoticSystem system, const TaskConfig& config)
      : GeneratedTask({.input_size = system.dimensions,
                       .output_size = system.dimensions,
                       .readout = Readout::every_step,
                       .objective = mse_objective()},
                      per_batch(config.length)),
        system_(std::move(system)),
        horizon_(std::max<std::int64_t>(1, config.get<std::int64_t>(data_options::horizon))),
        attractor_(attractor_of(system_, horizon_)),
        noise_(config.get<double>(observation_noise)),
        free_steps_(config.get<std::int64_t>(free_steps)),
        washout_(config.get<std::int64_t>(washout)) {
    check_washout(config.length.least);
  }

  double trivial_loss() const override { return attractor_.persistence; }
  SuccessRule success() const override {
    const double bound = trivial_loss() / 100;
    return {{{"loss", Condition::Relation::below, bound}},
            fmt::format("MSE below {:.2e} (a hundredth of the last point's {:.2e}; our rule)", bound,
                        trivial_loss())};
  }
  bool ends_when_solved() const override { return false; }

  std::unique_ptr<DataSource> test_at(std::int64_t length, std::int64_t sequences) const override {
    check_washout(length);
    return GeneratedTask::test_at(length, sequences);
  }

  std::optional<FreeRun> free_run() const override {
    if (free_steps_ == 0 || horizon_ > 1) return std::nullopt;
    FreeRun run{.warm_up = Tensor<float>({warm_up, free_orbits, input_size()}), .steps = free_steps_};
    const std::vector<Orbit> orbits = free_orbits_of(free_seed, warm_up);
    for (std::int64_t t = 0; t < warm_up; ++t)
      for (std::int64_t b = 0; b < free_orbits; ++b)
        for (std::int64_t i = 0; i < input_size(); ++i)
          run.warm_up[(t * free_orbits + b) * input_size() + i] =
              static_cast<float>(orbits[static_cast<std::size_t>(b)].point(t)[static_cast<std::size_t>(i)]);
    return run;
  }

  std::vector<TaskFigure> judge_free_run(const Tensor<float>& answers) const override {
    const auto behind_warm_up = [&](std::uint64_t seed) {
      std::vector<Orbit> all = free_orbits_of(seed, warm_up + free_steps_);
      for (Orbit& one : all)
        one.values.erase(one.values.begin(), one.values.begin() + warm_up * system_.dimensions);
      return all;
    };
    const std::vector<Orbit> system = behind_warm_up(free_seed), other = behind_warm_up(other_seed);
    const std::vector<Orbit> model = orbits_of(answers);
    double valid = 0;
    for (std::size_t b = 0; b < model.size(); ++b)
      valid += static_cast<double>(valid_points(system[b], model[b])) / static_cast<double>(free_orbits);
    Stream stream(reference_seed, Purpose::check, {1});
    const double exponent = largest_exponent(system_, stream, reference_points);
    return {
        {"free_D_stsp", state_space_divergence(system, model), "nats", Direction::lower},
        {"free_D_H", spectrum_distance(system, model), "", Direction::lower},
        {"free_valid_time", valid * system_.sample * exponent, "Lyapunov times", Direction::higher},
        {"system_D_stsp", state_space_divergence(system, other), "nats", Direction::lower},
        {"system_D_H", spectrum_distance(system, other), "", Direction::lower},
    };
  }

 protected:
  Sequence generate(Stream& stream, std::int64_t length) const override {
    return prediction(scaled_orbit(stream, length + horizon_), length);
  }

  Sequence generate_for_training(Stream& stream, std::int64_t length) const override {
    Orbit points = scaled_orbit(stream, length + horizon_);
    if (noise_ > 0)
      for (double& x : points.values) x += noise_ * stream.normal();
    return prediction(points, length);
  }

  bool weighted() const override { return washout_ > 0; }

 private:
  void check_washout(std::int64_t length) const {
    if (washout_ >= length)
      throw std::invalid_argument(fmt::format(
          "task.washout: expected less than a sequence has, {} steps, found {}", length, washout_));
  }

  Sequence prediction(const Orbit& points, std::int64_t length) const {
    Tensor<float> inputs({length, input_size()}), targets({length, input_size()});
    for (std::int64_t i = 0; i < inputs.numel(); ++i) {
      inputs[i] = static_cast<float>(points.values[static_cast<std::size_t>(i)]);
      targets[i] = static_cast<float>(points.values[static_cast<std::size_t>(i + horizon_ * input_size())]);
    }
    if (washout_ == 0) return {std::move(inputs), std::move(targets)};
    Tensor<float> weights({length});
    for (std::int64_t t = washout_; t < length; ++t) weights[t] = 1;
    return {std::move(inputs), std::move(targets), std::move(weights)};
  }

  /// From near one of the states on the attractor, and some way along it.
  Orbit scaled_orbit(Stream& stream, std::int64_t points) const {
    constexpr double near = 1e-3;
    constexpr std::int64_t along = 50;
    std::vector<double> state =
        attractor_.states[static_cast<std::size_t>(stream.below(std::ssize(attractor_.states)))];
    const double factor = 1 + near * stream.normal();
    for (double& x : state) x *= factor;
    for (std::int64_t n = along + stream.below(along); n > 0; --n) system_.advance(state);
    Orbit all = orbit(system_, state, points);
    for (std::size_t i = 0; i < all.values.size(); ++i) {
      const std::size_t k = i % static_cast<std::size_t>(system_.dimensions);
      all.values[i] = (all.values[i] - attractor_.mean[k]) / attractor_.deviation[k];
    }
    return all;
  }

  /// Orbits of the system, one behind the other in their streams: the same for any number of points.
  std::vector<Orbit> free_orbits_of(std::uint64_t seed, std::int64_t points) const {
    std::vector<Orbit> all;
    for (std::uint32_t b = 0; b < free_orbits; ++b) {
      Stream stream(seed, Purpose::check, {b});
      all.push_back(scaled_orbit(stream, points));
    }
    return all;
  }

  std::vector<Orbit> orbits_of(const Tensor<float>& answers) const {
    std::vector<Orbit> all(free_orbits, Orbit{.dimensions = system_.dimensions});
    const std::int64_t size = system_.dimensions;
    for (std::int64_t i = 0; i < answers.numel(); ++i)
      all[static_cast<std::size_t>(i / size % free_orbits)].values.push_back(static_cast<double>(answers[i]));
    return all;
  }

  ChaoticSystem system_;
  std::int64_t horizon_;  ///< points that the target is ahead
  Attractor attractor_;
  double noise_;
  std::int64_t free_steps_;
  std::int64_t washout_;  ///< steps that only show where on the attractor an orbit is
};

TaskRow row_of(std::string name, std::string summary, std::string source, std::vector<OptionSpec> more,
               ChaoticSystem (*system)(const TaskConfig&)) {
  std::vector<OptionSpec> options = {observation_noise, free_steps};
  std::ranges::move(more, std::back_inserter(options));
  return {.name = std::move(name),
          .summary = std::move(summary),
          .source = std::move(source),
          .variants = {"standard"},
          .length = 200,
          .options = std::move(options),
          .make = [system](const TaskConfig& config, const ObjectiveList&) -> std::unique_ptr<Task> {
            return std::make_unique<Chaos>(system(config), config);
          }};
}

}  // namespace

TaskRow lorenz63_row() {
  return row_of("lorenz63", "the next point of a chaotic orbit in three dimensions",
                "Lorenz 1963; judged as in Hess et al. 2023, Generalized teacher forcing", {},
                [](const TaskConfig&) { return lorenz63(); });
}

TaskRow lorenz96_row() {
  return row_of("lorenz96", "the next point of a chaotic orbit on a ring of weather stations",
                "Lorenz 1996; judged as in Hess et al. 2023, Generalized teacher forcing", {dimensions},
                [](const TaskConfig& config) { return lorenz96(config.get<std::int64_t>(dimensions)); });
}

TaskRow mackey_glass_row() {
  return row_of("mackey_glass", "the next value of a chaotic series with a delay of 17",
                "Mackey & Glass 1977, Oscillation and chaos in physiological control systems",
                {data_options::horizon, washout}, [](const TaskConfig&) { return mackey_glass(); });
}

}  // namespace unroll

#include "experiments/train/noise.hpp"

#include <doctest/doctest.h>
#include <tbb/global_control.h>

#include <cmath>
#include <vector>

#include "tests/experiments/train/training.hpp"

using namespace unroll;
using namespace unroll::test;

namespace {

Config noisy_config() {
  Config config = laboratory().default_config();
  config.task.length = 6;
  config.model.hidden = 30;
  config.train.batch = 4;
  config.train.optimizer = "sgd";
  config.train.learning_rate = 1;
  laboratory().resolve(config);
  return config;
}

/// All elements of all parameters after so many updates.
std::vector<double> all_parameters_after(const Config& config, std::int64_t updates) {
  std::vector<double> all;
  for (const std::vector<float>& parameter : parameters_after(config, updates))
    all.insert(all.end(), parameter.begin(), parameter.end());
  return all;
}

std::vector<double> difference(const std::vector<double>& a, const std::vector<double>& b) {
  std::vector<double> all;
  for (std::size_t i = 0; i < a.size(); ++i) all.push_back(a.at(i) - b.at(i));
  return all;
}

double root_mean_square(const std::vector<double>& values) {
  double sum = 0;
  for (const double x : values) sum += x * x;
  return std::sqrt(sum / static_cast<double>(values.size()));
}

}  // namespace

TEST_CASE("[noise] numbers are those of an update and a parameter, of the right size") {
  const auto drawn = [](const NoiseStream& which, std::size_t count) {
    std::vector<float> values(count);
    add_noise(which, 2, values);
    return values;
  };
  const NoiseStream which{7, Purpose::gradient_noise, 3, 1};
  const std::vector<float> all = drawn(which, 20000);
  CHECK(drawn(which, 20000) == all);
  CHECK(drawn(which, 10) == std::vector<float>(all.begin(), all.begin() + 10));
  for (const NoiseStream& other :
       {NoiseStream{8, Purpose::gradient_noise, 3, 1}, NoiseStream{7, Purpose::weight_noise, 3, 1},
        NoiseStream{7, Purpose::gradient_noise, 4, 1}, NoiseStream{7, Purpose::gradient_noise, 3, 2}})
    CHECK(drawn(other, 10) != drawn(which, 10));
  double sum = 0, squares = 0;
  for (const float x : all) sum += x, squares += x * x;
  CHECK(std::abs(sum / 20000) < 4 * 2 / std::sqrt(20000.0));
  CHECK(squares / 20000 == doctest::Approx(4).epsilon(0.05));
}

TEST_CASE("[noise] gradient noise has the variance of its update, on top of the clipped gradient") {
  Config config = noisy_config();
  config.train.clip_norm = 1e-6;  // what is added is not
  const std::vector<double> start = all_parameters_after(config, 0);
  config.train.gradient_noise = 0.3;
  config.train.gradient_noise_decay = 2;
  const std::vector<double> one = all_parameters_after(config, 1), two = all_parameters_after(config, 2);
  CHECK(root_mean_square(difference(one, start)) == doctest::Approx(std::sqrt(0.3)).epsilon(0.1));
  CHECK(root_mean_square(difference(two, one)) == doctest::Approx(std::sqrt(0.3) / 2).epsilon(0.1));
  config.train.gradient_noise_decay = 0;
  const std::vector<double> steady = all_parameters_after(config, 2);
  CHECK(root_mean_square(difference(steady, one)) == doctest::Approx(std::sqrt(0.3)).epsilon(0.1));
}

TEST_CASE("[noise] weight noise is in the gradient, not in the parameters") {
  Config config = noisy_config();
  config.train.weight_noise = 0.5;
  Training noisy(config);
  const std::vector<Tensor<float>> before = noisy.trainer.parameters();
  const double first = noisy.update(0);
  const std::vector<Tensor<float>>& used = noisy.trainer.used_parameters();
  REQUIRE(&used != &noisy.trainer.parameters());
  std::vector<double> added;
  for (std::size_t i = 0; i < before.size(); ++i)
    for (std::int64_t j = 0; j < before[i].numel(); ++j)
      added.push_back(static_cast<double>(used[i][j]) - static_cast<double>(before[i][j]));
  CHECK(root_mean_square(added) == doctest::Approx(0.5).epsilon(0.1));

  // The same step from a model without noise that stands where the gradient was taken.
  Config plain = noisy_config();
  Training reference(plain);
  CHECK(reference.update(0) != first);
  Plan<float> plan(*reference.models.training_model().tape,
                   reference.models.training_model().training_outputs());
  const TaskModel& model = reference.models.training_model();
  Feed<float> feed;
  const Piece piece = noisy.trainer.piece();
  model.fill(feed, piece, {0, piece.batch.rows()}, 1);
  model.bind(plan, feed, piece, used);
  plan.run();
  CHECK(static_cast<double>(plan.value(model.loss)[0]) == doctest::Approx(first));
  for (std::size_t g = 0; g < model.trained.size(); ++g) {
    const std::size_t i = model.trained[g];
    const auto gradient = plan.value(model.parameter_gradients[g]);
    for (std::int64_t j = 0; j < before[i].numel(); ++j)
      CHECK(noisy.trainer.parameters()[i][j] ==
            doctest::Approx(before[i][j] - gradient[static_cast<std::size_t>(j)]).epsilon(1e-5));
  }
}

TEST_CASE("[noise] guessing draws parameters anew, whatever the gradient and whatever they were") {
  Config config = noisy_config();
  config.train.guess = 3;
  const std::vector<double> start = all_parameters_after(config, 0), one = all_parameters_after(config, 1),
                            two = all_parameters_after(config, 2);
  for (const std::vector<double>* drawn : {&one, &two}) {
    double squares = 0;
    for (const double x : *drawn) {
      CHECK(std::abs(x) <= 3);
      squares += x * x;
    }
    CHECK(squares / static_cast<double>(drawn->size()) == doctest::Approx(3).epsilon(0.2));  // 3^2 / 3
  }
  CHECK(one != two);
  CHECK(one != start);
  config.train.learning_rate = 7;
  config.train.clip_norm = 1e-3;
  CHECK(all_parameters_after(config, 2) == two);
  config.seed = 12345;
  CHECK(all_parameters_after(config, 2) != two);
}

TEST_CASE("[noise] validation sees no noise, and any number of threads draws the same") {
  Config config = noisy_config();
  const double clean = Training(config).validate().loss();
  config.train.weight_noise = 0.5;
  CHECK(Training(config).validate().loss() == clean);
  config.train.gradient_noise = 0.1;
  config.train.batch_shards = 4;
  const std::vector<double> several = all_parameters_after(config, 3);
  const tbb::global_control one(tbb::global_control::max_allowed_parallelism, 1);
  CHECK(all_parameters_after(config, 3) == several);
}

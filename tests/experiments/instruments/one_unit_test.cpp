#include "experiments/instruments/one_unit.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <cmath>

#include "experiments/instruments/error_surface.hpp"
#include "experiments/train/trial.hpp"
#include "experiments/train/trial_models.hpp"
#include "tests/experiments/instruments/maps.hpp"
#include "tests/support/laboratory.hpp"

// Nets of one unit, whose behaviour is known from their equation alone.

using namespace unroll;
using namespace unroll::test;

namespace {

Attractors unit(double w, double b, const std::string& activation) {
  const auto map = map_of("vanilla", {1, 1, activation},
                          {{"W_hh", Tensor<double>({1, 1}, w)}, {"b_h", Tensor<double>(Shape{1}, b)}}, true);
  return attractors_of(*map);
}

Config one_unit() {
  Config config = laboratory().default_config();
  config.task = {.name = "latching", .length = 12};
  config.model.hidden = 1;
  config.train.updates = 1;
  config.train.validate_every = 1;
  config.train.validation_sequences = 4;
  config.train.test_sequences = 4;
  config.diagnose_at = {"0"};
  laboratory().resolve(config);
  return config;
}

std::string objection(const char* instrument, const Config& config) {
  return find_instrument(laboratory().instruments(), instrument)->objection(laboratory(), config);
}

}  // namespace

TEST_CASE(
    "[one unit] tanh(w y) rests at 0 up to w = 1, and at a solution of y = tanh(w y) of either sign beyond") {
  CHECK_FALSE(unit(0.5, 0, "tanh").two());
  CHECK(std::abs(unit(0.5, 0, "tanh").above.even) < 1e-12);
  const Attractors remembers = unit(1.25, 0, "tanh");
  CHECK(remembers.two());
  const double y = remembers.above.even;
  CHECK(y == doctest::Approx(std::tanh(1.25 * y)).epsilon(1e-12));
  CHECK(remembers.below.even == doctest::Approx(-y));
  CHECK(y > 0.7);
}

TEST_CASE("[one unit] a negative weight makes one orbit of two points, which no start remembers") {
  const Attractors turns = unit(-2, 0, "tanh");
  CHECK(turns.above.even == doctest::Approx(-turns.above.odd));
  CHECK(std::abs(turns.above.even) == doctest::Approx(std::tanh(2 * std::abs(turns.above.odd))));
  CHECK_FALSE(turns.two());
}

TEST_CASE("[one unit] a logistic unit needs more than w = 4, where its slope of a quarter is made up for") {
  // By symmetry both fixed points are around 1/2 where b = -w / 2.
  CHECK_FALSE(unit(3.5, -1.75, "sigmoid").two());
  CHECK(unit(5, -2.5, "sigmoid").two());
}

TEST_CASE("[one unit] the bifurcation is found where it is known to be") {
  Config config = one_unit();
  config.diagnose = {"bifurcation"};
  const TrialRecord record = run_trial(laboratory(), config);
  // Biases start at 0; steps of the grid are an eighth.
  CHECK(record.scalar("two_attractors_from") == 1.125);
  const RecordedSeries* above = record.find("attractor over the recurrent weight (start)", "from above");
  REQUIRE(above != nullptr);
  CHECK(above->x.size() == 97);
  CHECK(above->y.back() == doctest::Approx(1).epsilon(1e-4));
}

TEST_CASE("[one unit] the error surface is what a loop over the sequences gives") {
  Config config = one_unit();
  config.diagnose = {"error_surface"};
  const TrialRecord record = run_trial(laboratory(), config);
  TrialModels models(laboratory(), config);
  const std::vector<Tensor<float>> p = initial_parameters(config, models.training_model().model);
  REQUIRE(models.training_model().specs[1].name == "W_hh");
  const Batch batch = models.diagnostics();
  const auto& x = std::get<Tensor<float>>(batch.inputs);
  const auto& target = std::get<Tensor<float>>(batch.target);
  const std::int64_t rows = batch.rows(), inputs = x.shape()[2];
  const auto loss_at = [&](double w, double b) {
    double loss = 0;
    for (std::int64_t r = 0; r < rows; ++r) {
      double h = 0;
      for (std::int64_t t = 0; t < batch.steps(); ++t) {
        double sum = w * h + b;
        for (std::int64_t i = 0; i < inputs; ++i)
          sum += static_cast<double>(p[0][i]) * static_cast<double>(x[(t * rows + r) * inputs + i]);
        h = std::tanh(sum);
      }
      const double answer = static_cast<double>(p[3][0]) * h + static_cast<double>(p[4][0]);
      loss += std::pow(answer - static_cast<double>(target[r]), 2) / static_cast<double>(rows);
    }
    return loss;
  };
  for (const double w : {-2.0, 0.0, 1.5, 6.0}) {
    const RecordedSeries* row =
        record.find("loss over bias and recurrent weight (start)", fmt::format("w = {}", w));
    REQUIRE(row != nullptr);
    REQUIRE(row->x.size() == 25);
    for (std::size_t i = 0; i < 25; ++i)
      CHECK(row->y[i] == doctest::Approx(loss_at(w, row->x[i])).epsilon(1e-9));
  }
  CHECK(*record.scalar("error_surface_cliff") > 1);
}

TEST_CASE("[one unit] a cliff is the largest step over the median one") {
  CHECK(cliff_of({{0, 1, 2}, {1, 2, 13}}) == 11);
  CHECK(cliff_of({{0, 1}}) == 1);
  CHECK(std::isnan(cliff_of({{5}})));
  CHECK(std::isnan(cliff_of({{1, NAN}})));
  CHECK(std::isinf(cliff_of({{0, 0, 0, 7}})));
}

TEST_CASE("[one unit] models with more than one number of state, and cells without the weight, are refused") {
  Config config = one_unit();
  CHECK(objection("bifurcation", config).empty());
  CHECK(objection("error_surface", config).empty());
  config.model.hidden = 2;
  CHECK(objection("bifurcation", config) ==
        "the model has 2 numbers in its states; expected one, of one unit: model.hidden = 1 and a cell with "
        "one "
        "state");
  config.model.hidden = 1;
  config.model.cell = "lstm";
  CHECK(objection("error_surface", config).starts_with("the model has 2 numbers in its states"));
  config.model.cell = CellText("cell leaky\nstate h\nh' = 0.5 * h + tanh(W x)\n");
  CHECK(objection("bifurcation", config) ==
        "the cell has no recurrent matrix of one element and no w by which its unit sees itself");
  config.model.cell = CellText("cell plain\nstate h\nh' = tanh(W x + U h)\n");
  CHECK(objection("bifurcation", config).empty());
  CHECK(objection("error_surface", config) ==
        "the cell's unit has no bias, a parameter of one number whose name begins with b");
}

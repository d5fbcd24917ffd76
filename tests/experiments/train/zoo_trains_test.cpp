#include <doctest/doctest.h>

#include <cmath>

#include "models/carried_run.hpp"
#include "models/cell_table.hpp"
#include "tests/experiments/train/training.hpp"
#include "tests/models/small_cells.hpp"
#include "tests/support/any_task.hpp"
#include "tests/support/random_tensor.hpp"

using namespace unroll;
using unroll::test::Training;

namespace {

Config zoo_config(const std::string& cell, TaskConfig task) {
  Config config = laboratory().default_config();
  config.task = std::move(task);
  config.model.cell = cell;
  config.model.hidden = 8;
  config.model.constants = test::small_constants(cell);
  config.train.batch = 8;
  config.train.updates = 4;
  config.train.optimizer = "adam";
  config.train.learning_rate = 1e-3;
  config.train.clip_norm = 1;
  config.train.validation_sequences = 20;
  return config;
}

/// Some updates and a validation: all losses are finite, and every parameter moved that is to be trained.
void check_trains(const Config& config) {
  Training training(config);
  const std::vector<Tensor<float>> start = training.trainer.parameters();
  for (std::int64_t n = 0; n < config.train.updates; ++n) REQUIRE(std::isfinite(training.update(n)));
  CHECK(std::isfinite(training.validate().loss()));
  const std::vector<ParameterSpec>& specs = training.trainer.specs();
  for (std::size_t i = 0; i < specs.size(); ++i) {
    CAPTURE(specs[i].name);
    CHECK(training.trainer.parameters()[i].same_bits(start[i]) == !specs[i].trained);
  }
}

}  // namespace

TEST_CASE("[zoo] every cell trains on adding, 50 steps") {
  for (const CellRow& row : cell_table()) {
    CAPTURE(row.name);
    check_trains(zoo_config(row.name, any_task("adding", "", 50)));
  }
}

TEST_CASE("[zoo] every cell trains on a text") {
  for (const CellRow& row : cell_table()) {
    CAPTURE(row.name);
    Config config = zoo_config(row.name, any_task("words", "punctuation", 100));
    config.train.window = 20;
    config.train.stride = 20;
    check_trains(config);
  }
}

TEST_CASE("[zoo] noise is a cell's own: other seeds, other losses; the same seed, the same bits") {
  const auto losses = [](std::uint64_t seed) {
    Config config = zoo_config("ctrnn", any_task("adding", "", 20));
    config.model.constants = {{"sigma", 1}};
    config.seed = seed;
    Training training(config);
    return std::vector<double>{training.update(0), training.update(1), training.validate().loss(),
                               training.validate().loss()};
  };
  const std::vector<double> first = losses(1);
  CHECK(losses(1) == first);
  CHECK(losses(2) != first);
  CHECK(first[2] == first[3]);
}

TEST_CASE("[zoo] noise is that of its row and step, however batches are split and steps are cut") {
  Config config = zoo_config("ctrnn", any_task("adding", "", 20));
  config.model.constants = {{"sigma", 1}};
  Training whole(config);
  config.train.batch_shards = 2;
  Training split(config);
  CHECK(split.update(0) == doctest::Approx(whole.update(0)).epsilon(1e-5));

  constexpr std::int64_t steps = 10, rows = 3;
  const auto model = [] {
    return SequenceModel(make_cell("ctrnn", {.input_size = 2, .hidden_size = 5, .constants = {{"sigma", 1}}}),
                         1, Readout::every_step);
  };
  std::vector<Tensor<float>> parameters;
  for (const ParameterSpec& spec : model().parameters())
    parameters.push_back(random_tensor<float>(spec.shape, parameters.size() + 1, 0.5));
  const Tensor<float> x = random_tensor<float>({steps, rows, 2}, 50);
  CarriedRun at_once(model(), 2, false, parameters), in_parts(model(), 2, false, parameters);
  at_once.start(rows);
  at_once.run(x);
  const std::vector<float> all(at_once.outputs().begin(), at_once.outputs().end());
  in_parts.start(rows);
  std::vector<float> joined;
  for (const std::int64_t first : {0, 4}) {
    const std::int64_t count = first == 0 ? 4 : 6;
    in_parts.run(Tensor<float>({count, rows, 2}, x.span().subspan(first * rows * 2, count * rows * 2)));
    joined.insert(joined.end(), in_parts.outputs().begin(), in_parts.outputs().end());
  }
  CHECK(joined == all);
  at_once.start(rows);
  at_once.set_noise(1, 0);
  at_once.run(x);
  CHECK(std::vector<float>(at_once.outputs().begin(), at_once.outputs().end()) != all);
}

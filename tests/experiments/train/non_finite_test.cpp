#include "experiments/train/non_finite.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <filesystem>
#include <limits>
#include <optional>

#include "experiments/train/non_finite_file.hpp"
#include "framework/tensor/file.hpp"
#include "models/language/definition.hpp"
#include "tests/experiments/sweep/fake_sweep.hpp"
#include "tests/experiments/train/stoppable.hpp"
#include "tests/experiments/train/training.hpp"
#include "tests/support/contains.hpp"

// The first value of a trial that is not finite: which one it is, and the batch that makes it again.

using namespace unroll;
using unroll::test::Stoppable;

namespace {

Config with_cell(const std::string& equations, std::int64_t length = 500) {
  Config config = laboratory().default_config();
  config.task.length = length;
  config.model.cell = CellText("cell faulty\n" + equations);
  config.model.hidden = 3;
  config.train.batch = 2;
  config.train.updates = 5;
  config.train.validate_every = 5;
  config.train.validation_sequences = 3;
  config.train.test_sequences = 3;
  config.diagnose = {};
  config.train.optimizer = "sgd";
  laboratory().resolve(config);
  return config;
}

/// `step` counts from 0.
const std::string at_417 = "state h\nh' = tanh(U h + W x + b) + 0 * log(415.5 - step)\n";
const std::string root_of_0 = "state h\nparam b_s init zeros\nh' = tanh(U h + W x + b) + sqrt(b_s)\n";
const std::string root_of_state = "state h, k\nk' = relu(W_k x - 100)\nh' = tanh(U h + W x + b) + sqrt(k)\n";

struct Ended {
  TrialRecord record;
  std::vector<NonFiniteBatch> batches;
};

Ended run_to_its_end(const Config& config) {
  Ended ended;
  TrialHooks hooks;
  hooks.keep_non_finite = [&](const NonFiniteBatch& batch) { ended.batches.push_back(batch); };
  ended.record = run_trial(laboratory(), config, hooks);
  return ended;
}

std::string found_again(const Config& config, const NonFiniteBatch& batch) {
  return find_non_finite(laboratory().cells(), config, laboratory().make_task(config.task)->spec(), batch);
}

/// The batch after a way through a file.
NonFiniteBatch through_a_file(const Config& config, const NonFiniteBatch& batch) {
  const TemporaryFolder folder;
  const auto path = folder.path() / "below" / non_finite_name;
  const auto task = laboratory().make_task(config.task);
  const auto specs = make_model(laboratory().cells(), config, sizes_of(task->spec())).parameters();
  save_non_finite(path, {"some trial", "some build", "seed = 3\n", batch}, specs);
  const NonFiniteFile read = load_non_finite(path);
  CHECK(read.trial == "some trial");
  CHECK(read.build == "some build");
  CHECK(read.config == "seed = 3\n");
  return read.batch;
}

bool same(const Values& a, const Values& b) {
  if (a.index() != b.index()) return false;
  return std::visit([&]<class X>(const Tensor<X>& x) { return x.same_bits(std::get<Tensor<X>>(b)); }, a);
}

/// Diverged with one batch kept, which says again what the record says.
std::string checked(const Config& config) {
  const Ended ended = run_to_its_end(config);
  CHECK(ended.record.status == TrialStatus::diverged);
  REQUIRE(ended.batches.size() == 1);
  const NonFiniteBatch& batch = ended.batches[0];
  CHECK_MESSAGE(contains(ended.record.reason, batch.where), ended.record.reason);
  CHECK(found_again(config, batch) == batch.where);
  const NonFiniteBatch read = through_a_file(config, batch);
  CHECK(read.update == batch.update);
  CHECK(read.where == batch.where);
  CHECK(found_again(config, read) == batch.where);
  return ended.record.reason;
}

}  // namespace

TEST_CASE("[non-finite] time step, equation and the ranges of its operands are named") {
  const std::string reason = checked(with_cell(at_417));
  CHECK_MESSAGE(contains(reason, "the validation loss became "), reason);
  CHECK_MESSAGE(contains(reason,
                         "is h at time step 417 of 500, forward: `log(415.5 - step)` in the equation "
                         "h' = tanh(U h + W x + b) + 0 * log(415.5 - step), where U is from"),
                reason);
  CHECK_MESSAGE(contains(reason, "step is 416"), reason);
}

TEST_CASE("[non-finite] it is found in windows, behind the first thousand steps, and in an upper layer") {
  Config windows = with_cell(at_417);
  windows.task = {.name = "copy", .variant = "urnn", .length = 480};
  laboratory().resolve(windows);
  windows.train.window = windows.train.stride = 100;
  CHECK(contains(checked(windows), "h at time step 417 of 500, forward: `log(415.5 - step)`"));
  const Config late = with_cell("state h\nh' = tanh(U h + W x + b) + 0 * log(1915.5 - step)\n", 2000);
  CHECK(contains(checked(late), "h at time step 1917 of 2000, forward: `log(1915.5 - step)`"));
  Config layers = with_cell("state h\nh' = 3 + tanh(U h + W x + b) + 0 * log(1.5 - max(x))\n", 10);
  layers.model.layers = 2;
  const std::string reason = checked(layers);
  CHECK_MESSAGE(contains(reason, "is layer2.h at time step 1 of 10, forward: `log(1.5 - max(x))`"), reason);
}

TEST_CASE("[non-finite] a gradient that is not finite is found though all values are") {
  for (const std::string& equations : {root_of_0, root_of_state}) {
    const std::string reason = checked(with_cell(equations, 10));
    const bool of_state = equations == root_of_state;
    CHECK_MESSAGE(contains(reason, "nan at update 2; "), reason);
    CHECK_MESSAGE(contains(reason, "the gradient at time step 10 of 10, backward: the derivative of `sqrt(" +
                                       std::string(of_state ? "k" : "b_s") +
                                       ")` in the equation h' = tanh(U h + W x + b) + sqrt("),
                  reason);
    CHECK_MESSAGE(contains(reason, of_state ? "k is 0" : "b_s is 0"), reason);
    CHECK_MESSAGE(contains(reason, "in update 1"), reason);
  }
}

TEST_CASE("[non-finite] a gradient that bounds make harmless ends nothing") {
  Config config =
      with_cell("state h\nparam b_s init zeros in [0, 1]\nh' = tanh(U h + W x + b) + sqrt(b_s)\n", 10);
  config.train.clip_value = 1;
  const Ended ended = run_to_its_end(config);
  CHECK(ended.record.status == TrialStatus::done);
  CHECK(ended.batches.empty());
}

TEST_CASE("[non-finite] the batch has the noise that training had, and a finite one is found to be so") {
  Config config = with_cell("state h\nh' = tanh(U h + W x + b)\n", 10);
  config.train.weight_noise = 0.1;
  config.model.dropout_recurrent = 0.2;
  test::Training training(config);
  training.update(0);
  NonFiniteBatch batch{.update = 1,
                       .steps = 10,
                       .piece = training.trainer.piece(),
                       .parameters = training.trainer.used_parameters()};
  CHECK(found_again(config, batch) == "the loss");
  batch.parameters[1][0] = std::numeric_limits<float>::infinity();
  CHECK(found_again(config, batch) == "parameter W");
}

TEST_CASE("[non-finite] tokens and classes come back from a file as they were") {
  Config config = with_cell("state h\nh' = tanh(U h + W x + b)\n", 10);
  config.task = {.name = "parity", .length = {3, 9}};
  laboratory().resolve(config);
  test::Training training(config);
  training.update(0);
  const NonFiniteBatch batch{.update = 1,
                             .steps = 9,
                             .piece = training.trainer.piece(),
                             .parameters = training.trainer.parameters()};
  const NonFiniteBatch read = through_a_file(config, batch);
  CHECK(same(read.piece.batch.inputs, batch.piece.batch.inputs));
  CHECK(same(read.piece.batch.target, batch.piece.batch.target));
  CHECK(read.piece.batch.lengths == batch.piece.batch.lengths);
}

TEST_CASE("[non-finite] a trial that was stopped between the gradient and the loss says the same") {
  const Config config = with_cell(root_of_0, 10);
  Stoppable whole(config);
  CHECK(whole.run());
  const TemporaryFolder folder;
  const auto checkpoint = folder.path() / "trials" / "t" / "checkpoint.safetensors";
  Stoppable first(config, checkpoint);
  CHECK_FALSE(first.run(1));
  Stoppable second(config, checkpoint);
  CHECK(second.run());
  CHECK(second.attempts == 2);
  CHECK(second.result().record == whole.result().record);
  CHECK(contains(record_from_json(whole.result().record).reason, "in update 1"));
}

TEST_CASE("[non-finite] what is no such file is refused by name") {
  const TemporaryFolder folder;
  const auto path = folder.path() / "other.safetensors";
  save_safetensors(path, {});
  CHECK_THROWS_WITH_AS(load_non_finite(path),
                       doctest::Contains("other.safetensors: its header has no \"trial\": it is no batch"),
                       SafeTensorsError);
  CHECK_THROWS_AS(load_non_finite(folder.path() / "missing"), FileError);
}

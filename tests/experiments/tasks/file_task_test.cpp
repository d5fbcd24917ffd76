#include <doctest/doctest.h>
#include <fmt/format.h>

#include <cmath>
#include <set>

#include "experiments/data/splits.hpp"
#include "experiments/sweep/trial_id.hpp"
#include "experiments/train/trial.hpp"
#include "tests/experiments/tasks/file_fixture.hpp"

using namespace unroll;

namespace {

/// "x\n1\n2\n...": a series of n numbers of which f says which.
template <class F>
std::string table_of(int n, F f) {
  std::string csv = "x\n";
  for (int i = 0; i < n; ++i) csv += fmt::format("{}\n", f(i));
  return csv;
}

double count_up(int i) { return i; }

/// N sequences of T steps of a number that says which sequence and step it is.
Tensor<float> numbered(std::int64_t N, std::int64_t T) {
  Tensor<float> all({N, T});
  for (std::int64_t i = 0; i < N * T; ++i) all[i] = static_cast<float>(100 * (i / T) + i % T);
  return all;
}

Tensor<std::int64_t> alternating(std::int64_t N) {
  Tensor<std::int64_t> all({N});
  for (std::int64_t n = 0; n < N; ++n) all[n] = n % 2;
  return all;
}

FileSettings unscaled(FileSettings settings) {
  settings["task.scale"] = text("none");
  return settings;
}

}  // namespace

TEST_CASE("[file task] a column and `next` are all that a series needs") {
  const auto task = file_task({{"task.data", csv(table_of(100, count_up))},
                               {"task.target", names("next")},
                               {"task.scale", text("none")},
                               {"task.window", std::int64_t{5}}});
  CHECK(task->spec().every_step());
  CHECK(task->spec().objective.name == "mse");
  CHECK_FALSE(task->ends_when_solved());
  CHECK(task->test(1) == nullptr);
  const Batch batch = task->training(1)->batch(0, 8);
  REQUIRE(shape_of(batch.inputs) == Shape{5, 8, 1});
  for (std::int64_t i = 0; i < 40; ++i) CHECK(numbers(batch.target)[i] == numbers(batch.inputs)[i] + 1);
  const Batch validation = all_of(*task->validation(0));  // 99 pairs, of which the last 9 validate: 90 to 98
  CHECK(validation.lengths == std::vector<std::int64_t>{5, 4});
  CHECK(numbers(validation.inputs)[0] == 90);
  CHECK(task->baselines()[1].name == "last value");
  CHECK(task->baselines()[1].validation_loss == doctest::Approx(1));  // a ramp is one higher a step later
}

TEST_CASE("[file task] the horizon says how far ahead, of the inputs or of another column") {
  for (const std::int64_t horizon : {1, 3}) {
    const auto task = file_task(unscaled({{"task.data", csv(table_of(60, count_up))},
                                          {"task.target", names("next")},
                                          {"task.horizon", horizon},
                                          {"task.window", std::int64_t{4}}}));
    const Batch batch = task->training(1)->batch(0, 2);
    CHECK(numbers(batch.target)[0] == numbers(batch.inputs)[0] + static_cast<float>(horizon));
  }
  std::string table = "x,y\n";
  for (int i = 0; i < 60; ++i) table += fmt::format("{},{}.5\n", i, 10 * i);
  const auto same_row = file_task(
      unscaled({{"task.data", csv(table)}, {"task.target", names("y")}, {"task.window", std::int64_t{4}}}));
  const Batch batch = same_row->training(1)->batch(0, 1);
  CHECK(numbers(batch.target)[0] == 10 * numbers(batch.inputs)[0] + 0.5f);
  const auto ahead = file_task(unscaled({{"task.data", csv(table)},
                                         {"task.inputs", names("y")},
                                         {"task.target", names("y")},
                                         {"task.horizon", std::int64_t{2}},
                                         {"task.window", std::int64_t{4}}}));
  const Batch later = ahead->training(1)->batch(0, 1);
  CHECK(numbers(later.target)[0] == numbers(later.inputs)[0] + 20);
}

TEST_CASE("[file task] parts of a series follow each other, and only the first one is scaled by") {
  // The last 20 of 100 steps are shifted far away. What is fitted must not know.
  const auto shifted = [](int i) { return i % 10 + (i >= 80 ? 1e6 : 0.0); };
  const auto plain = [](int i) { return static_cast<double>(i % 10); };
  const auto with = [](std::string table) {
    return file_task({{"task.data", csv(std::move(table))},
                      {"task.target", names("next")},
                      {"task.validation_fraction", 0.1},
                      {"task.test_fraction", 0.1},
                      {"task.window", std::int64_t{5}}});
  };
  const auto a = with(table_of(101, plain)), b = with(table_of(101, shifted));
  const Batch of_a = a->training(7)->batch(0, 16), of_b = b->training(7)->batch(0, 16);
  CHECK(numbers(of_a.inputs).same_bits(numbers(of_b.inputs)));
  CHECK(a->spec().criterion.units == b->spec().criterion.units);
  CHECK_FALSE(numbers(all_of(*a->test(0)).inputs).same_bits(numbers(all_of(*b->test(0)).inputs)));
  CHECK(a->spec().criterion.units[0] ==
        doctest::Approx(std::sqrt(8.25)));  // of 0 to 9: what a loss of 1 is in the data
}

TEST_CASE("[file task] a window of 0 is streams with states carried on") {
  const auto task = file_task({{"task.data", csv(table_of(101, count_up))},
                               {"task.target", names("next")},
                               {"task.window", std::int64_t{0}}});
  CHECK(task->training(1)->carried());
  CHECK(task->training(1)->max_steps(9) == 10);
  CHECK(task->validation(0)->carried());
}

TEST_CASE("[file task] an array N x T with N classes: a set, split at random, by one seed for all") {
  const FileSettings settings =
      unscaled({{"task.data", npz({{"x", numbered(20, 3)}, {"y", alternating(20)}})},
                {"task.inputs", names("x")},
                {"task.target", names("y")},
                {"task.validation_fraction", 0.25},
                {"task.test_fraction", 0.25}});
  const auto task = file_task(settings), again = file_task(settings);
  CHECK_FALSE(task->spec().every_step());
  CHECK(task->spec().objective.name == "cross_entropy");
  CHECK(task->spec().output_size == 2);
  std::multiset<int> seen;
  for (const Batch& part :
       {task->training(1)->batch(0, 10), all_of(*task->validation(0)), all_of(*task->test(0))})
    for (std::int64_t b = 0; b < part.rows(); ++b) {
      const int n = static_cast<int>(numbers(part.inputs)[b]) / 100;
      CHECK(indices(part.target)[b] == n % 2);  // each with its own target
      seen.insert(n);
    }
  CHECK(seen.size() == 20);
  for (int n = 0; n < 20; ++n) CHECK(seen.count(n) == 1);  // every sequence is in one part
  CHECK(numbers(all_of(*task->test(0)).inputs).same_bits(numbers(all_of(*again->test(0)).inputs)));
}

TEST_CASE("[file task] lengths, a mask and targets of every step, with nonsense where nothing counts") {
  Tensor<float> x({3, 4, 2}, 1.0f), mask({3, 4}, 1.0f);
  Tensor<std::int64_t> y({3, 4}, 0), lengths({3}, {4, 2, 3});
  for (std::int64_t i = 0; i < 12; ++i) y[i] = i % 2;
  x[(1 * 4 + 3) * 2] = std::nanf("");  // behind the end of the second sequence
  y[1 * 4 + 2] = 77;                   // the same
  y[2 * 4 + 1] = -5;                   // and where the mask is 0
  mask[2 * 4 + 1] = 0;
  const auto task = file_task({{"task.data", npz({{"x", x}, {"y", y}, {"m", mask}, {"n", lengths}})},
                               {"task.inputs", names("x")},
                               {"task.target", names("y")},
                               {"task.mask", text("m")},
                               {"task.lengths", text("n")},
                               {"task.scale", text("none")},
                               {"task.validation_fraction", 0.34}});
  CHECK(task->spec().every_step());
  CHECK(task->spec().output_size == 2);
  double weight = 0;
  for (const Batch& part : {task->training(1)->batch(0, 2), all_of(*task->validation(0))})
    for (std::int64_t b = 0; b < part.rows(); ++b)
      for (std::int64_t t = 0; t < part.lengths[static_cast<std::size_t>(b)]; ++t)
        weight += part.weight(t, b);
  CHECK(weight == 8);  // 4 + 2 + 3 steps, one of them masked
}

TEST_CASE("[file task] a column says which sequence a row is of; its targets are one or many by themselves") {
  const std::string head = "who,x,y\n";
  const FileSettings of_sequences =
      unscaled({{"task.data", csv(head + "a,1,0\na,2,0\nb,3,1\nc,4,0\nc,5,0\nc,6,0\nd,7,1\n")},
                {"task.sequence", text("who")},
                {"task.target", names("y")},
                {"task.validation_fraction", 0.25}});
  const auto one_each = file_task(of_sequences);
  CHECK_FALSE(one_each->spec().every_step());
  CHECK(one_each->training(1)->uneven());
  const auto many = file_task(unscaled({{"task.data", csv(head + "a,1,0\na,2,1\nb,3,1\nc,4,0\n")},
                                        {"task.sequence", text("who")},
                                        {"task.target", names("y")},
                                        {"task.validation_fraction", 0.25}}));
  CHECK(many->spec().every_step());
  FileSettings asked = of_sequences;
  asked["task.readout"] = text("every_step");
  CHECK(file_task(asked)->spec().every_step());
}

TEST_CASE("[file task] images are rows of pixels or pixels, 0 to 1; one order of steps for all parts") {
  Tensor<std::int64_t> images({8, 2, 3}, 0);
  for (std::int64_t i = 0; i < images.numel(); ++i) images[i] = 5 * (i % 6) + (i == 47 ? 100 : 0);
  const auto with = [&](std::string steps, std::int64_t permute) {
    const InputFile data = npz({{"", images}}), target = npz({{"", alternating(8)}});
    return file_task({{"task.data", data},
                      {"task.target_data", target},
                      {"task.test_data", data},
                      {"task.test_target_data", target},
                      {"task.steps", text(std::move(steps))},
                      {"task.permute", permute}});
  };
  CHECK(with("rows", 0)->spec().input_size == 3);
  const auto plain = with("pixels", 0), permuted = with("pixels", 3);
  CHECK(plain->spec().input_size == 1);
  const Batch before = plain->test(0)->batch(0, 1), after = permuted->test(0)->batch(0, 1);
  CHECK(before.steps() == 6);
  CHECK(numbers(before.inputs)[1] == doctest::Approx(5.0 / 255));
  const std::vector<std::int64_t> order = random_order(6, 3);
  const Batch trained = permuted->validation(0)->batch(0, 1);
  for (std::int64_t t = 0; t < 6; ++t) {
    CHECK(numbers(after.inputs)[t] == numbers(before.inputs)[order[static_cast<std::size_t>(t)]]);
    CHECK(std::abs(numbers(trained.inputs)[t] - numbers(after.inputs)[t]) <=
          (order[static_cast<std::size_t>(t)] == 5 ? 1 : 0));
  }
}

TEST_CASE(
    "[file task] the trivial loss is that of the training part's frequencies or mean, on the validation "
    "part") {
  // 3 of 4 to train on are class 0, so (3 + 1) / (4 + 2); the validation file is all 1.
  const auto classes = file_task(
      {{"task.train_data", npz({{"x", numbered(4, 2)}, {"y", Tensor<std::int64_t>({4}, {0, 0, 1, 0})}})},
       {"task.validation_data", npz({{"x", numbered(3, 2)}, {"y", Tensor<std::int64_t>({3}, {1, 1, 1})}})},
       {"task.inputs", names("x")},
       {"task.target", names("y")}});
  CHECK(classes->trivial_loss() == doctest::Approx(-std::log(2.0 / 6)));
  const auto mean = file_task(
      unscaled({{"task.data", npz({{"x", numbered(4, 2)}, {"y", Tensor<float>({4}, {1, 2, 3, 6})}})},
                {"task.validation_data", npz({{"x", numbered(1, 2)}, {"y", Tensor<float>({1}, {5.5f})}})},
                {"task.inputs", names("x")},
                {"task.target", names("y")}}));
  CHECK(mean->trivial_loss() == doctest::Approx(2.5 * 2.5));
  CHECK(mean->success().holds({{"loss", 6.0}}));
  CHECK_FALSE(mean->success().holds({{"loss", 6.3}}));
  const auto shares = file_task(
      {{"task.data", npz({{"x", numbered(2, 2)}, {"y", Tensor<std::int64_t>({2, 3}, {0, 1, 1, 0, 1, 0})}})},
       {"task.validation_data", npz({{"x", numbered(1, 2)}, {"y", Tensor<std::int64_t>({1, 3}, {0, 1, 0})}})},
       {"task.inputs", names("x")},
       {"task.target", names("y")}});
  CHECK(shares->spec().objective.name == "binary_cross_entropy");
  CHECK(shares->trivial_loss() == doctest::Approx(-(std::log(0.75) + std::log(0.75) + std::log(0.5)) / 3));
}

TEST_CASE("[file task] missing values are refused with their place, or put in as asked") {
  const std::string table = "x\n1\nNA\n3\n4\n5\n6\n";
  FileSettings settings = unscaled({{"task.data", csv(table)},
                                    {"task.target", names("next")},
                                    {"task.window", std::int64_t{0}},
                                    {"task.validation_fraction", 0.2}});
  CHECK(refusal(settings).find("data.csv, line 3, column \"x\"") != std::string::npos);
  for (const auto& [how, expected] : {std::pair{"previous", 1.0f}, std::pair{"zero", 0.0f}}) {
    settings["task.missing"] = text(how);
    CHECK(numbers(file_task(settings)->training(1)->batch(0, 1).inputs)[1] == expected);
    CHECK(file_task(settings)->description().find("missing values") != std::string::npos);
  }
}

TEST_CASE("[file task] its description counts sequences, steps and classes") {
  const auto task = file_task({{"task.data", npz({{"x", numbered(20, 3)}, {"y", alternating(20)}})},
                               {"task.inputs", names("x")},
                               {"task.target", names("y")}});
  const std::string text = task->description();
  for (const char* part : {"18 sequences to train on", "2 to validate on", "0 to test on", "of 3 steps",
                           "one of 2 classes", "0: "})
    CHECK_MESSAGE(text.find(part) != std::string::npos, text);
}

TEST_CASE("[file task] other bytes are another trial, the same bytes elsewhere the same one") {
  const Laboratory laboratory;
  const TemporaryFolder folder;
  const auto id_of = [&](const std::string& name, const std::string& bytes) {
    write_file(folder / name, bytes);
    Config config = laboratory.default_config();
    config.task = file_config(
        {{"task.data", read_input_file((folder / name).string())}, {"task.target", names("next")}});
    return trial_id(laboratory, config);
  };
  CHECK(id_of("a.csv", "x\n1\n2\n") == id_of("b.csv", "x\n1\n2\n"));
  CHECK(id_of("a.csv", "x\n1\n2\n") != id_of("c.csv", "x\n1\n3\n"));
}

TEST_CASE("[file task] training learns what a tiny set says, ragged and masked") {
  // The target of a step is the first number of its sequence, so the state must carry it; a masked step says
  // the opposite, and must teach nothing.
  const std::int64_t N = 40, T = 6;
  Tensor<float> x({N, T, 2}), y({N, T, 1}), mask({N, T}, 1.0f);
  Tensor<std::int64_t> lengths({N});
  for (std::int64_t n = 0; n < N; ++n) {
    lengths[n] = 2 + n % 5;
    x[n * T * 2] = n % 2 == 0 ? 1.0f : -1.0f;
    x[n * T * 2 + 1] = 1;
    for (std::int64_t t = 0; t < T; ++t) y[n * T + t] = x[n * T * 2];
    mask[n * T + 1] = 0;
    y[n * T + 1] = -100 * x[n * T * 2];
  }
  const Laboratory laboratory;
  Config config = laboratory.default_config();
  config.task = file_config(unscaled({{"task.data", npz({{"x", x}, {"y", y}, {"m", mask}, {"n", lengths}})},
                                      {"task.inputs", names("x")},
                                      {"task.target", names("y")},
                                      {"task.mask", text("m")},
                                      {"task.lengths", text("n")}}));
  config.model.hidden = 8;
  config.train.optimizer = "adam";
  config.train.learning_rate = 0.02;
  config.train.updates = 300;
  config.diagnose = {};
  const TrialRecord record = run_trial(laboratory, config);
  CHECK(record.success);
  CHECK(*record.scalar("trivial_loss") > 0.9);
  CHECK(*record.scalar("best_loss") < 0.01);
}

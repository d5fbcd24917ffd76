#include <doctest/doctest.h>

#include "tests/experiments/tasks/file_fixture.hpp"

using namespace unroll;

namespace {

/// Rows 0, 1, 2, ... times `step`.
std::string ramp(int rows, double step) {
  std::string table = "x\n";
  for (int i = 0; i < rows; ++i) table += fmt::format("{}\n", i * step);
  return table;
}

FileSettings ramp_settings(double step) {
  return {
      {"task.data", csv(ramp(100, step))}, {"task.target", names("next")}, {"task.window", std::int64_t{10}}};
}

}  // namespace

TEST_CASE("[file] data for a trained model are scaled as its own were, not as they would be") {
  const auto learned = file_task(ramp_settings(1));
  const auto fresh = file_task(ramp_settings(2));
  TaskConfig config = file_config(ramp_settings(2));
  config.preparation = learned->preparation();
  const auto given = file_row().make(config, standard_objectives());
  CHECK(given->preparation() == learned->preparation());
  CHECK_FALSE(fresh->preparation() == learned->preparation());
  const auto first = [](const Task& task) { return numbers(all_of(*task.validation(1)).inputs)[0]; };
  const Scaling scaling = learned->preparation()->inputs;
  const auto in_data = [&](const Task& task) { return scaling.undone(static_cast<double>(first(task)), 0); };
  CHECK(in_data(*given) == doctest::Approx(2 * in_data(*learned)));
  CHECK(first(*fresh) == doctest::Approx(first(*learned)));  // each by its own
}

TEST_CASE("[file] what is scaled can be undone, column by column") {
  const Scaling scaling{{1, -2}, {3, 0.5}};
  Tensor<float> rows({2, 2}, std::vector<float>{4, 5, -1, 0});
  scaling.apply(rows);
  CHECK(scaling.undone(static_cast<double>(rows[0]), 0) == doctest::Approx(4));
  CHECK(scaling.undone(static_cast<double>(rows[3]), 1) == doctest::Approx(0).epsilon(1e-6));
  const Scaling none;
  CHECK(none.undone(7, 3) == 7);
}

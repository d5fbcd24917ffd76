#pragma once

#include <fmt/format.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "experiments/data/data_error.hpp"
#include "experiments/tasks/series/forecasts.hpp"
#include "experiments/tasks/series/series_task.hpp"
#include "framework/random/stream.hpp"
#include "tests/support/any_task.hpp"
#include "tests/support/error_of.hpp"

// What the tests of the task `series` share: tables in memory, and what a config says of them.

namespace unroll::series_test {

using Settings = std::map<std::string, OptionValue, std::less<>>;

inline OptionValue names(std::vector<std::string> all) { return all; }
inline OptionValue integers(std::vector<std::int64_t> all) { return all; }
inline OptionValue word(std::string one) { return one; }

inline InputFile table(std::string text, std::string name = "data.csv") {
  return {std::move(name), "", std::make_shared<const std::string>(std::move(text))};
}

/// Small parts and contexts, so that small tables do.
inline TaskConfig config(std::string text, Settings more = {}) {
  Settings settings = {{"task.data", table(std::move(text))},
                       {"task.context", std::int64_t{4}},
                       {"task.validation_fraction", 0.2},
                       {"task.test_fraction", 0.2}};
  for (auto& [key, value] : more) settings[key] = value;
  return {.name = "series", .values = std::move(settings)};
}

inline PreparedSeries prepared(std::string text, Settings more = {}) {
  return prepared_series(config(std::move(text), std::move(more)));
}

/// What is said about bad data or settings.
inline std::string refusal(std::string text, Settings more = {}) {
  return error_of<DataError>(
      [&] { series_row().make(config(std::move(text), std::move(more)), standard_objectives()); });
}

/// Numbers that go up and down, with dates a month apart: "month,x\n2001-01,...".
inline std::vector<double> waves(int rows) {
  Stream stream(3, Purpose::check);
  std::vector<double> all;
  for (int t = 0; t < rows; ++t) all.push_back(20 + 5 * std::sin(0.7 * t) + 0.1 * t + stream.normal());
  return all;
}

inline std::string monthly(const std::vector<double>& values, const std::string& name = "x") {
  std::string text = "month," + name + "\n";
  for (std::size_t t = 0; t < values.size(); ++t)
    text += fmt::format("{}-{:02},{}\n", 2001 + t / 12, t % 12 + 1, values[t]);
  return text;
}

inline std::string rows(const std::vector<double>& values) {
  std::string text = "x\n";
  for (const double x : values) text += fmt::format("{}\n", x);
  return text;
}

/// A model that answers the same at every step: as many outputs as are wanted.
inline AnswersOf constant_answers(std::vector<float> outputs) {
  return [outputs](const Tensor<float>& inputs, bool) {
    const std::int64_t steps = inputs.shape()[0], rows = inputs.shape()[1];
    Tensor<float> all({steps, rows, std::ssize(outputs)});
    for (std::int64_t i = 0; i < all.numel(); ++i)
      all[i] = outputs[static_cast<std::size_t>(i) % outputs.size()];
    return all;
  };
}

}  // namespace unroll::series_test

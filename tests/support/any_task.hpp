#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <string>
#include <string_view>

#include "experiments/objectives/objective.hpp"
#include "experiments/tasks/data_options.hpp"
#include "experiments/tasks/file_task/options.hpp"
#include "experiments/tasks/music/options.hpp"
#include "experiments/tasks/series/options.hpp"
#include "experiments/tasks/speech/options.hpp"
#include "experiments/tasks/task.hpp"
#include "experiments/tasks/text_task.hpp"
#include "tests/support/sounds.hpp"

namespace unroll {

/// A small text: sentences that count, "one two three ... .", from a start that varies.
inline std::string counting_text(int sentences = 120) {
  constexpr std::string_view words[] = {"one", "two", "three", "four", "five", "six", "seven", "eight"};
  std::string text;
  for (int s = 0; s < sentences; ++s) {
    for (int i = 0; i < 5; ++i) text += fmt::format("{} ", words[(s * 3 + i) % 8]);
    text += "and so on .\n";
  }
  return text;
}

inline InputFile text_value(std::string text) {
  return {"a text", fmt::format("{:016x}", std::hash<std::string>{}(text)),
          std::make_shared<const std::string>(std::move(text))};
}

/// A column x of numbers that go up and down.
inline std::string wave_table(int rows = 600) {
  std::string table = "x\n";
  for (int i = 0; i < rows; ++i) table += fmt::format("{}\n", i * i % 17 + i % 5);
  return table;
}

/// Piano rolls in which two voices walk, pieces of different lengths, as JSON.
inline std::string walking_rolls(int pieces = 12) {
  const auto part = [&](int from, int count) {
    std::string all;
    for (int i = from; i < from + count; ++i) {
      std::string piece;
      for (int t = 0; t < 12 + i % 5; ++t)
        piece += fmt::format("{}[{}, {}]", t == 0 ? "" : ", ", 48 + (i + t * t) % 7, 60 + (i + t) % 5);
      all += fmt::format("{}[{}]", i == from ? "" : ", ", piece);
    }
    return all;
  };
  return fmt::format(R"({{"train": [{}], "valid": [{}], "test": [{}]}})", part(0, pieces), part(pieces, 3),
                     part(pieces + 3, 4));
}

/// A task of any row of the list; those that learn from a file get one.
inline TaskConfig any_task(std::string_view name, std::string_view variant, LengthRange length) {
  TaskConfig config{.name = std::string(name), .variant = std::string(variant), .length = length};
  const TaskRow* row = find_task(standard_tasks(), name);
  if (!row || row->length) return config;
  config.values[data_options::validation_fraction.key] = 0.1;
  if (row->name == "speech") {
    config.values[speech_options::recordings.key] = test::small_recordings();
    config.values[speech_options::label_pattern.key] = std::string("(\\d+)_.*");
    config.values[speech_options::group_pattern.key] = std::string("\\d+_([a-z]+)_.*");
    config.values[speech_options::test_pattern.key] = std::string(".*_0\\.wav");
    config.values[speech_options::mels.key] = std::int64_t{12};
  } else if (row->carried) {
    config.values[text_options::text.key] = text_value(counting_text());
  } else if (is_music(*row)) {
    config.values[music_options::music.key] = text_value(walking_rolls());
  } else {
    InputFile table = text_value(wave_table());
    table.path = "table.csv";
    config.values[file_options::data.key] = std::move(table);
    const bool looks_back =
        std::ranges::find(row->options, series_options::context.key, &OptionSpec::key) != row->options.end();
    config.values[file_options::target.key] = std::vector<std::string>{looks_back ? "x" : file_options::next};
    config.values[file_options::window.key] = std::int64_t{20};
    config.values[series_options::distribution.key] = std::string("point");
  }
  return config;
}

/// From the lists that come with the program.
inline std::unique_ptr<Task> standard_task(const TaskConfig& config) {
  return make_task(standard_tasks(), standard_objectives(), config);
}

/// Batch number `n` to train on.
inline Batch training_batch(const Task& task, std::int64_t sequences, std::int64_t n = 0,
                            std::uint64_t seed = 7) {
  return task.training(seed)->batch(n, sequences);
}

inline const Tensor<float>& numbers(const Values& values) { return std::get<Tensor<float>>(values); }
inline const Tensor<std::int64_t>& indices(const Values& values) {
  return std::get<Tensor<std::int64_t>>(values);
}

inline bool same_bits(const Values& a, const Values& b) {
  if (a.index() != b.index()) return false;
  return std::visit(
      [&]<class T>(const Tensor<T>& tensor) { return tensor.same_bits(std::get<Tensor<T>>(b)); }, a);
}

inline bool same_bits(const Batch& a, const Batch& b) {
  if (a.weights.has_value() != b.weights.has_value() || a.lengths != b.lengths) return false;
  return same_bits(a.inputs, b.inputs) && same_bits(a.target, b.target) &&
         (!a.weights || a.weights->same_bits(*b.weights));
}

}  // namespace unroll

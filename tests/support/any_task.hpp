#pragma once

#include <fmt/format.h>

#include <memory>
#include <string>
#include <string_view>

#include "experiments/tasks/task.hpp"

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

inline TextFile text_value(std::string text) {
  return {"a text", fmt::format("{:016x}", std::hash<std::string>{}(text)),
          std::make_shared<const std::string>(std::move(text))};
}

/// A task of any row of the table; those that learn from a text get one.
inline TaskConfig any_task(std::string_view name, std::string_view variant, std::int64_t length) {
  TaskConfig config{.name = std::string(name), .variant = std::string(variant), .length = length};
  const TaskRow* row = find_task(name);
  if (row && row->streams) config.text = text_value(counting_text());
  config.validation_fraction = 0.1;
  return config;
}

}  // namespace unroll

#pragma once

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <numeric>
#include <string>
#include <vector>

#include "experiments/saved/text_model.hpp"
#include "tests/experiments/saved/some_model.hpp"

namespace unroll::test {

inline double sum(const std::vector<double>& p) { return std::accumulate(p.begin(), p.end(), 0.0); }

inline SavedModel words() { return SomeModel(small_model(any_task("words", "punctuation", 100))).reloaded(); }
inline SavedModel characters(std::string text = counting_text()) {
  TaskConfig task = any_task("characters", "code points", 100);
  task.values[text_options::text.key] = text_value(std::move(text));
  return SomeModel(small_model(task)).reloaded();
}

/// The tokens that a prompt becomes, and a ? for its blank where text follows.
inline std::string prompt_of(const SavedModel& model, std::string_view given) {
  const Prompt prompt = encode_prompt(model, given);
  std::vector<std::string> tokens;
  for (const std::int32_t id : prompt.text.ids) tokens.push_back(model.vocabulary->token(id));
  if (prompt.blank < tokens.size())
    tokens.insert(tokens.begin() + static_cast<std::ptrdiff_t>(prompt.blank), "?");
  return fmt::format("{}", fmt::join(tokens, tokenisation_of(model).level == Level::words ? " " : ""));
}

}  // namespace unroll::test

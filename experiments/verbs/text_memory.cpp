#include "experiments/verbs/text_memory.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "experiments/config/config_error.hpp"
#include "experiments/sweep/machine.hpp"
#include "experiments/tasks/text_task.hpp"

namespace unroll {
namespace {

/// Bytes that tokens, their places in the text and the counts of n-grams take for one byte of a natural text.
/// A random one takes two to three times as much.
constexpr std::uint64_t bytes_per_byte = 24;

std::uint64_t text_bytes(const TaskConfig& task) {
  std::uint64_t bytes = 0;
  for (const OptionSpec* row :
       {&text_options::text, &text_options::validation_text, &text_options::test_text}) {
    const auto found = task.values.find(row->key);
    const auto* file = found == task.values.end() ? nullptr : std::get_if<InputFile>(&found->second);
    if (file && file->content) bytes += file->content->size();
  }
  return bytes;
}

}  // namespace

std::string objection_to_text(const std::string& name, std::uint64_t bytes, std::uint64_t memory) {
  const std::uint64_t needed = bytes * bytes_per_byte;
  if (needed <= memory) return "";
  return fmt::format(
      "{} has {} bytes of text; to count and encode it takes about {} ({} bytes), but {} can be had: take a "
      "part of the text, or a machine with more memory",
      name, bytes, in_bytes(static_cast<double>(needed)), needed, in_bytes(static_cast<double>(memory)));
}

void check_text_memory(const SweepPlan& plan) {
  std::uint64_t largest = 0;
  for (const Trial& trial : plan.trials) largest = std::max(largest, text_bytes(trial.config.task));
  if (largest == 0) return;
  const std::string why =
      objection_to_text(std::string(text_options::text.key), largest, machine_limits().usable_memory());
  if (!why.empty()) throw ConfigError(why);
}

}  // namespace unroll

#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "framework/tensor/npy.hpp"
#include "tests/experiments/verbs/command.hpp"

namespace unroll::test {

/// A small model of numbers, trained by the program, with the first and the last one of its training beside
/// it.
inline std::vector<std::string> adding_run(const std::filesystem::path& out,
                                           std::vector<std::string> more = {}) {
  std::vector<std::string> words = {"run",
                                    "task.name=adding",
                                    "task.length=6",
                                    "task.test_lengths=[4,9]",
                                    "model.cell=lstm",
                                    "model.hidden=5",
                                    "train.updates=20",
                                    "train.validate_every=10",
                                    "train.validation_sequences=50",
                                    "train.test_sequences=130",
                                    "diagnose=[]",
                                    "--out",
                                    out.string()};
  words.insert(words.end(), more.begin(), more.end());
  return words;
}

/// The record of the only trial in a folder.
inline nlohmann::json record_in(const std::filesystem::path& folder) {
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    const std::string name = entry.path().filename().string();
    if (!name.starts_with("journal-")) continue;
    const std::string text = read_file(entry.path());
    for (std::size_t begin = 0; begin < text.size();) {
      const std::size_t end = std::min(text.find('\n', begin), text.size());
      const auto line = nlohmann::json::parse(text.substr(begin, end - begin), nullptr, false);
      if (line.is_object() && line.contains("scalars")) return line;
      begin = end + 1;
    }
  }
  return {};
}

/// Numbers of a file for a model with two inputs: `sequences` of `steps`.
inline Tensor<float> some_inputs(std::int64_t sequences, std::int64_t steps) {
  Tensor<float> inputs({sequences, steps, 2});
  for (std::int64_t i = 0; i < inputs.numel(); ++i) inputs[i] = static_cast<float>(i % 7) / 7;
  return inputs;
}

}  // namespace unroll::test

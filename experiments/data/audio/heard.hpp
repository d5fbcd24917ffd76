#pragma once

#include <string>
#include <vector>

namespace unroll {

/// What a model heard in a recording.
struct Heard {
  std::string file = {}, said = {};
  double bin_seconds = 0;                        ///< from one column of the spectrogram to the next
  std::vector<double> bands = {};                ///< Hz, the middle of each, upwards
  std::vector<std::vector<double>> spectrogram;  ///< by band: the logarithm of its energy over time
  double step_seconds = 0;                       ///< from one step of the model to the next
  std::vector<std::string> labels;               ///< the blank, if there is one, is "–"
  std::vector<std::vector<double>> posteriors;   ///< by label: its probability after each step
};

}  // namespace unroll

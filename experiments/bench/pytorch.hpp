#pragma once

#include <memory>
#include <string>

#include "experiments/bench/line_process.hpp"
#include "experiments/bench/rivals/step_shape.hpp"

namespace unroll {

/// PyTorch in processes of its own (scripts/bench_pytorch.py), one thread each: as installed, and tuned,
/// which means subnormals flushed and, where OpenBLAS would choose too small a kernel for this CPU, the right
/// one asked for. Where no python3 can import torch there is neither, and `problem` says so.
class PyTorch {
 public:
  enum class Setting { installed, tuned };

  /// Starts nothing; `problem` is the reason.
  static PyTorch left_out(std::string problem);
  /// Tries the python3 in PATH and the system's.
  static PyTorch find();

  /// The seconds that `runs` training steps took. Throws std::runtime_error when the process ended.
  /// With a `vocabulary`, of updates of a language model over so many words.
  double seconds(Setting setting, const std::string& cell, StepShape shape, int runs,
                 std::int64_t vocabulary = 0);

  bool here() const { return problem_.empty(); }
  const std::string& problem() const { return problem_; }
  const std::string& version() const { return version_; }

 private:
  std::shared_ptr<const std::string> script_;  ///< path of a file that goes with the last owner
  std::unique_ptr<LineProcess> processes_[2];
  std::string version_, problem_;
};

}  // namespace unroll

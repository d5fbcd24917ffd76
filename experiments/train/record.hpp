#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace unroll {

enum class TrialStatus { done, diverged, failed };

/// "done", "diverged" or "failed": the name in the journal, results.csv and the report.
std::string_view status_name(TrialStatus status);

/// One validation during training.
struct CurvePoint {
  std::int64_t update;
  double train_loss;  ///< mean over the updates since the point before; NaN before the first
  double validation_loss;
  double error_rate;  ///< fraction of wrong validation sequences
};

/// Mean over the batch of ‖∂L/∂h_t‖ for t = 1..T, L the loss of one sequence, in double without flushing.
struct GradientNorms {
  std::int64_t update;
  std::vector<double> norms;
};

/// What is kept of a finished trial. Everything in it but `seconds` and `build` is a function of the trial's
/// id.
struct TrialRecord {
  std::string id;
  TrialStatus status = TrialStatus::done;
  std::string reason;                       ///< diverged, failed: what happened, where and when
  std::map<std::string, std::string> axes;  ///< swept keys and their values, as written in the config
  double trivial_loss = 0;
  std::string success_rule;
  bool success = false;
  std::int64_t updates = 0;               ///< done in all
  std::optional<std::int64_t> solved_at;  ///< first update at which the success rule held
  double best_loss = 0;                   ///< lowest validation loss
  std::int64_t best_update = 0;
  double last_loss = 0;
  double last_error_rate = 0;
  std::optional<double> test_loss;  ///< of the best model, where the task has a text to test on
  std::vector<CurvePoint> curve;
  std::vector<GradientNorms> gradient_norms;  ///< at the start and at the end of training, if asked for
  double seconds = 0;                         ///< wall time, of all calls together; never in results.csv
  std::string build;                          ///< version, compiler, CPU and kernels that computed it
};

/// One line of JSON; numbers that are not finite and 64-bit seeds are written as strings.
std::string to_json(const TrialRecord& record);
/// Throws std::invalid_argument naming the member that is missing or of the wrong type.
TrialRecord record_from_json(const std::string& line);

}  // namespace unroll

#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace unroll {

enum class TrialStatus { done, stopped, diverged, failed };

/// As they stand in the journal, results.csv and the report.
inline constexpr std::array<std::pair<TrialStatus, std::string_view>, 4> status_names{
    {{TrialStatus::done, "done"},
     {TrialStatus::stopped, "stopped"},  // by the search, before its last update
     {TrialStatus::diverged, "diverged"},
     {TrialStatus::failed, "failed"}}};
std::string_view status_name(TrialStatus status);

/// What a figure means, for whoever shows it.
struct FigureDescriptor {
  std::string unit = "";       ///< "nats per answer"; "" where a number says all
  std::string direction = "";  ///< "lower" or "higher" where one is better
  bool logarithmic = false;    ///< shown on a logarithmic scale

  bool operator==(const FigureDescriptor&) const = default;
};

/// A named number.
struct Scalar {
  std::string name;  ///< "best_loss", "test_accuracy"
  double value;
  FigureDescriptor descriptor = {};
};

/// Named values over an axis.
struct RecordedSeries {
  std::string name;         ///< one plot: "loss", "gradient norm of h"
  std::string moment = "";  ///< of several in that plot: "start" and "end" of training, "training"
  std::string axis;         ///< what x counts: "update", "time step", "length"
  bool held = false;        ///< a run that ended keeps its last value, as over updates
  FigureDescriptor descriptor = {};
  std::vector<double> x, y;
  /// Of the places 0, 1, ..., where they are no numbers: classes, speakers. Moments that are called so, too,
  /// make it a matrix.
  std::vector<std::string> names = {};
  std::string over = "";  ///< the name of the series that it is drawn over: a picture of places and moments
};

/// What is kept of a finished trial. Everything in it but the last four is a function of the trial's id.
struct TrialRecord {
  std::string id;
  TrialStatus status = TrialStatus::done;
  std::string reason;  ///< diverged, failed: what happened, where and when
  std::string success_rule;
  bool success = false;                   ///< the rule held on the validation set and on the test set
  std::int64_t updates = 0;               ///< done in all
  std::optional<std::int64_t> solved_at;  ///< first update at which it was a success
  std::int64_t best_update = 0;           ///< of the lowest validation loss
  std::vector<Scalar> scalars;
  std::vector<RecordedSeries> series;
  double seconds = 0;         ///< wall time, of all calls together; never in results.csv
  std::string build;          ///< version, compiler, CPU and kernels that computed it
  std::string host;           ///< name of the machine that finished it; "" in records of earlier versions
  std::int64_t attempts = 1;  ///< starts: 1, and one more each time it went on or began anew

  /// The value of a scalar; none where the trial has none of that name.
  std::optional<double> scalar(std::string_view name) const;
  /// Adds it, or gives it a new value.
  void set(Scalar scalar);
  /// Null where there is none.
  const RecordedSeries* find(std::string_view name, std::string_view moment = "") const;
  /// The series of that name, axis and so on, made where there is none yet.
  RecordedSeries& series_like(const RecordedSeries& like);
};

/// One line of JSON; numbers that are not finite and 64-bit seeds are written as strings.
std::string to_json(const TrialRecord& record);
/// Throws std::invalid_argument naming the member that is missing or of the wrong type.
TrialRecord record_from_json(std::string_view line);

}  // namespace unroll

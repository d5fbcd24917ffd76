#pragma once

#include <optional>
#include <string>
#include <vector>

#include "experiments/config/document.hpp"
#include "experiments/config/where.hpp"

namespace unroll {

/// How a series becomes one number.
enum class SeriesUse {
  at,           ///< y where x is `argument`
  first_below,  ///< the first x at which y is below `argument`; infinite where it never is
  first_above,
  first,
  last,
  min,
  max,
  mean,
  log_slope  ///< of ln y over x, by least squares over the points where y is positive
};

/// What is read from the record of one trial.
struct Measure {
  /// A scalar of the record, or what every record has: "success" and "diverged" (0 or 1), "updates", and
  /// "solved_at", infinite where the trial was no success. Empty: `series`.
  std::string scalar = "";
  std::string series = "", moment = "";
  SeriesUse use = SeriesUse::last;
  double argument = 0;

  /// For people: "loss (validation): first x with y below 0.0833".
  std::string text() const;
};

/// Over the trials that an expectation is about.
enum class Statistic { median, mean, min, max };

/// How one group of trials is compared with another one, trial by trial.
enum class Contrast { none, difference, ratio };

/// What a study expects of its trials, [[expect]] in its file.
struct Expectation {
  std::string says;                    ///< a sentence
  std::string part;                    ///< whose trials
  std::optional<Where> where = {};     ///< which of them; none: all
  std::optional<Where> against = {};   ///< the other group of a contrast
  Contrast contrast = Contrast::none;  ///< paired by everything but the keys in which the groups differ
  std::vector<std::string> over = {};  ///< axes besides the seed that trials may differ in
  std::string trend = "";              ///< an axis: its rank correlation with the statistic at each value
  Measure measure;
  Statistic statistic = Statistic::median;
  std::optional<double> share = {};  ///< of trials, each of which is within the band; none: the statistic is
  std::optional<double> at_least, at_most;
  std::string paper;  ///< what was published, and where it says so: "850 updates [log]"
  /// The paper's number for what is measured, which the report's plots show; none where it has no such
  /// number.
  std::optional<double> published = {};
  std::vector<std::string> budgets = {};  ///< under which it holds; empty: all
  std::string origin;                     ///< of the table, for messages

  bool holds_under(const std::string& budget) const;
  /// "at most 3000", "0.9 to 1.1", "at most 3000 in two thirds of the trials".
  std::string band() const;
};

/// Reads one table of [[expect]]. Throws ConfigError naming the place, the member and what it must be.
Expectation read_expectation(const OptionTable& options, const TomlDocument& document, const TomlNode& node);

}  // namespace unroll

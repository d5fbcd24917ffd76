#pragma once

#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "experiments/laboratory.hpp"
#include "experiments/studies/expectation.hpp"
#include "experiments/sweep/config_source.hpp"

namespace unroll {

/// One sweep of a study: a config in layers, a later one over an earlier one.
struct StudyPart {
  std::string name;
  std::map<std::string, std::vector<TomlDocument>> layers;  ///< by budget, of those that it is run under

  bool runs_under(const std::string& budget) const { return layers.contains(budget); }
};

/// How much of a study is run.
struct StudyBudget {
  std::string name;  ///< smoke, laptop, paper
  std::string cost;  ///< for people: "40 s", "25 min on 2 cores"
};

/// A published experiment, or one of the user's own: sweeps, and what is expected of them.
///
///     [study]                         title, source, about, chosen, needs
///     [task] [model] [train] [sweep]  as in any config: what all parts have in common
///     [budgets.laptop]                cost, and again settings, over those above
///     [parts.NAME]                    settings of one part, over those above; none: the study is one sweep
///                                     only = ["paper"]: under those budgets alone
///     [parts.NAME.budgets.laptop]     its settings under that budget
///     [[expect]]                      studies/expectation.hpp
struct Study {
  std::string name;  ///< of its file
  std::string title;
  std::string source;  ///< the paper
  std::string about;   ///< a paragraph
  std::string chosen;  ///< settings that no paper gives, and on which runs they were chosen
  /// Keys that the user gives, such as task.text: what cannot come with the program.
  std::vector<std::string> needs;
  std::vector<StudyBudget> budgets;
  std::vector<StudyPart> parts;
  std::vector<Expectation> expectations;

  /// Throws std::invalid_argument naming those that there are.
  const StudyBudget& budget(std::string_view name) const;
};

/// Reads a row: cells that come with it stand for the files that it names. Throws ConfigError.
Study read_study(const OptionTable& options, const StudyRow& row);

/// Reads a study of the user's own. Throws ConfigError.
Study read_study_file(const OptionTable& options, const std::filesystem::path& file);

/// The config of a part under a budget, with overrides of the command line. Throws ConfigError.
ConfigSource source_of(const OptionTable& options, const StudyPart& part, const std::string& budget,
                       const std::vector<std::string>& overrides);

}  // namespace unroll

#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "experiments/studies/verdict.hpp"

namespace unroll {

inline constexpr const char* verdict_file_name = "verdict.json";

/// What came out of a study, as it is kept in its folder: verdict.json, a function of the trials alone, and
/// made.json, what computed it.
struct Outcome {
  std::string study, title, source, about, chosen, budget;
  std::vector<std::string> overrides;  ///< of the command line, but for the data it asks for
  std::vector<Judgement> judgements;
  std::string commit, build;  ///< of the program; commits of all that trained, where trials were added later
  double seconds = 0;         ///< of all trials together, on one worker each
  std::size_t trials = 0;

  std::size_t count(Verdict verdict) const;
  bool all_met() const { return count(Verdict::met) == judgements.size(); }
  /// "7 of 8 expectations met", "all 8 expectations met".
  std::string summary() const;
  /// What is expected of one part.
  Outcome of_part(std::string_view part) const;
};

/// Trials that were there before were trained by the program of then: judged again, with none added, they
/// keep its commit.
Outcome with_earlier_commits(Outcome now, const std::optional<Outcome>& before);

/// Writes both files. Throws FileError.
void write_outcome(const std::filesystem::path& folder, const Outcome& outcome);
/// None where the folder holds no verdict, or one that cannot be read.
std::optional<Outcome> read_outcome(const std::filesystem::path& folder);

/// The table expectation, paper, ours, band, verdict, for a terminal.
std::string verdict_table(const Outcome& outcome);
/// The same as Markdown and as HTML.
std::string verdict_markdown(const Outcome& outcome);
std::string verdict_html(const Outcome& outcome);

}  // namespace unroll

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <boost/program_options/value_semantic.hpp>
#include <filesystem>
#include <optional>

#include "experiments/studies/outcome.hpp"
#include "experiments/studies/results_page.hpp"
#include "experiments/studies/study.hpp"
#include "experiments/studies/study_list.hpp"
#include "experiments/verbs/listing.hpp"
#include "experiments/verbs/study_run.hpp"
#include "experiments/verbs/train.hpp"
#include "framework/tensor/file.hpp"

namespace unroll {

namespace {

std::string last_verdict(const Study& study) {
  std::vector<std::string> verdicts;
  for (const StudyBudget& budget : study.budgets)
    if (const auto outcome = read_outcome(studies_folder() / study.name / budget.name))
      verdicts.push_back(fmt::format("{}: {} ({})", budget.name, outcome->summary(), outcome->commit));
  return verdicts.empty() ? "not run here" : fmt::format("{}", fmt::join(verdicts, "; "));
}

int list_studies(const Arguments& arguments) {
  const Laboratory& laboratory = arguments.laboratory();
  Listing rows;
  for (const StudyRow& row : all_studies(laboratory)) {
    const Study study = read_study(laboratory.options(), row);
    std::vector<std::string> costs;
    for (const StudyBudget& budget : study.budgets)
      costs.push_back(budget.cost.empty() ? budget.name : budget.name + " " + budget.cost);
    rows.push_back({{"study", study.name},
                    {"title", study.title},
                    {"expectations", study.expectations.size()},
                    {"cost", fmt::format("{}", fmt::join(costs, ", "))},
                    {"last", last_verdict(study)},
                    {"source", study.source}});
  }
  print_listing(rows, arguments);
  return exit_good;
}

/// The outcome under the costliest budget that a study was run with here.
std::optional<Outcome> costliest_outcome(const Study& study) {
  for (auto budget = study.budgets.rbegin(); budget != study.budgets.rend(); ++budget)
    if (auto outcome = read_outcome(studies_folder() / study.name / budget->name)) return outcome;
  return std::nullopt;
}

std::string page_text(const std::filesystem::path& file) {
  std::error_code none;
  return std::filesystem::exists(file, none) ? read_file(file) : "";
}

/// Of all studies that were run here; what the file says of others stays.
int write_results(const Arguments& arguments) {
  const Laboratory& laboratory = arguments.laboratory();
  std::vector<std::string> names;
  std::vector<ResultsEntry> entries;
  for (const StudyRow& row : all_studies(laboratory)) {
    names.push_back(row.name);
    if (const auto outcome = costliest_outcome(read_study(laboratory.options(), row)))
      entries.push_back(entry_of(*outcome));
  }
  if (entries.empty())
    throw UsageError(fmt::format("no study was run here: {} holds no verdict; `unroll study NAME` makes one",
                                 studies_folder().string()));
  const std::filesystem::path file = arguments.flags["write-results"].as<std::string>();
  write_file(file, with_entries(page_text(file), entries, names));
  return exit_good;
}

int study(const Arguments& arguments) {
  if (arguments.has("write-results") && arguments.has("dry-run"))
    throw UsageError("--write-results writes a page, and --dry-run nothing: leave one of them out");
  if (arguments.has("write-results")) return write_results(arguments);
  if (arguments.words.empty()) return list_studies(arguments);
  const ConfigArguments config = split_arguments(arguments.words);
  if (!config.file) throw UsageError("expected the name of a study, or its file: unroll study NAME");
  return run_study(arguments, *config.file, config.overrides);
}

void add_study_flags(Flags& flags) {
  add_training_flags(flags);
  add_format_flag(flags);
  flags.add_options()(
      "budget", boost::program_options::value<std::string>(),
      "how much of it: smoke (seconds), laptop (minutes to an hour on two cores; the default) or "
      "paper (as large as the paper's)")(
      "write-results", boost::program_options::value<std::string>(),
      "write the outcomes of all studies that were run here into this Markdown file, and run nothing; what "
      "the file says of other studies stays");
}

std::string list_for_help(const Laboratory& laboratory) {
  std::string text = "studies:\n";
  for (const StudyRow& row : all_studies(laboratory)) {
    const Study study = read_study(laboratory.options(), row);
    text += fmt::format("  {:<16}{}\n", study.name, study.title);
  }
  return text;
}

std::vector<std::string> study_words(const Laboratory& laboratory) {
  std::vector<std::string> words = setting_words(laboratory);
  for (const StudyRow& study : all_studies(laboratory)) words.emplace_back(study.name);
  return words;
}

}  // namespace

const Verb& study_verb() {
  static const Verb verb{
      .name = "study",
      .summary = "reproduce a published experiment: all seeds, the paper's figures beside ours, a verdict",
      .usage = "[NAME|FILE.toml] [key=value ...] [flags]",
      .examples =
          "  unroll study\n"
          "  unroll study adding --budget smoke\n"
          "  unroll study adding --dry-run\n"
          "  unroll study my_study.toml --out out/mine\n"
          "Without a name it lists the studies, their cost and the last verdict. Exit status 1: an "
          "expectation is not met.",
      .add_flags = add_study_flags,
      .run = study,
      .trains = true,
      .more_help = list_for_help,
      .words = study_words,
  };
  return verb;
}

}  // namespace unroll

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <boost/program_options/value_semantic.hpp>
#include <cmath>
#include <deque>
#include <filesystem>

#include "experiments/config/config_error.hpp"
#include "experiments/config/text.hpp"
#include "experiments/studies/outcome.hpp"
#include "experiments/studies/published_values.hpp"
#include "experiments/studies/study.hpp"
#include "experiments/studies/study_list.hpp"
#include "experiments/studies/study_page.hpp"
#include "experiments/sweep/folder.hpp"
#include "experiments/sweep/say.hpp"
#include "experiments/verbs/build.hpp"
#include "experiments/verbs/listing.hpp"
#include "experiments/verbs/outputs.hpp"
#include "experiments/verbs/train.hpp"
#include "framework/tensor/file.hpp"
#include "models/nearest.hpp"

namespace unroll {

namespace {

namespace fs = std::filesystem;

const fs::path root = fs::path("out") / "studies";

/// A study by its name, or from a file of the user's own.
Study find_study(const Laboratory& laboratory, const std::string& wanted) {
  const StudyList studies = all_studies(laboratory);
  const auto row = std::ranges::find(studies, wanted, &StudyRow::name);
  if (row != studies.end()) return read_study(laboratory.options(), *row);
  std::error_code none;
  if (wanted.ends_with(".toml") || fs::exists(wanted, none))
    return read_study_file(laboratory.options(), wanted);
  std::vector<std::string> names;
  for (const StudyRow& one : studies) names.push_back(one.name);
  throw UsageError(
      fmt::format("unknown study \"{}\"{}; there are {}, and files of your own that end in .toml",
                  printable(wanted), did_you_mean(wanted, names), fmt::join(names, ", ")));
}

/// That of the flag, or laptop, or the first that there is.
StudyBudget budget_of(const Arguments& arguments, const Study& study) {
  if (arguments.has("budget")) {
    try {
      return study.budget(arguments.flags["budget"].as<std::string>());
    } catch (const std::invalid_argument& error) {
      throw UsageError(error.what());
    }
  }
  const auto usual = std::ranges::find(study.budgets, "laptop", &StudyBudget::name);
  return usual == study.budgets.end() ? study.budgets.front() : *usual;
}

fs::path folder_of(const Arguments& arguments, const Study& study, const StudyBudget& budget) {
  if (arguments.has("out")) return arguments.flags["out"].as<std::string>();
  return root / study.name / budget.name;
}

std::string key_of(const std::string& override_) {
  const std::string bare = override_.starts_with("--") ? override_.substr(2) : override_;
  return bare.substr(0, bare.find('='));
}

void require_data(const Study& study, const std::vector<std::string>& overrides) {
  std::vector<std::string> lacking;
  for (const std::string& key : study.needs)
    if (std::ranges::none_of(overrides, [&](const std::string& one) { return key_of(one) == key; }))
      lacking.push_back(key + "=FILE");
  if (lacking.empty()) return;
  throw UsageError(fmt::format("the study {} is about data of yours: unroll study {} {}", study.name,
                               study.name, fmt::join(lacking, " ")));
}

/// Those parts that are run under a budget, and what is expected of them then.
Study under(Study study, const StudyBudget& budget) {
  std::erase_if(study.parts, [&](const StudyPart& part) { return !part.runs_under(budget.name); });
  std::erase_if(study.expectations, [&](const Expectation& one) {
    return !one.holds_under(budget.name) ||
           std::ranges::find(study.parts, one.part, &StudyPart::name) == study.parts.end();
  });
  return study;
}

/// A study's parts, planned and checked before the first one is trained.
std::deque<SweepPlan> plans_of(const Laboratory& laboratory, const Study& study, const StudyBudget& budget,
                               const std::vector<std::string>& overrides) {
  std::deque<SweepPlan> plans;
  for (const StudyPart& part : study.parts)
    plans.push_back(plan_sweep(laboratory, source_of(laboratory.options(), part, budget.name, overrides)));
  for (const Expectation& expectation : study.expectations) {
    const auto part = std::ranges::find(study.parts, expectation.part, &StudyPart::name);
    check_expectation(laboratory, expectation, plans[static_cast<std::size_t>(part - study.parts.begin())]);
  }
  return plans;
}

/// The sweeps of a study as they lie on the disk.
struct StoredParts {
  std::deque<StoredSweep> sweeps;
  std::deque<std::vector<TrialRecord>> records;
  std::vector<PartResult> results;
};

/// The plots of a part's report show what the paper got, also when the report is written anew.
void show_published(const Laboratory& laboratory, const Study& study, const StudyPart& part,
                    StoredSweep& sweep) {
  const std::vector<PublishedValue> values = published_values(laboratory, study, part, sweep.plan);
  if (values.empty()) return;
  write_published(sweep.folder, values);
  write_outputs(laboratory, sweep);
}

StoredParts read_parts(const Laboratory& laboratory, const Study& study, const fs::path& folder) {
  StoredParts parts;
  for (const StudyPart& part : study.parts) {
    StoredSweep& sweep = parts.sweeps.emplace_back(read_sweep(laboratory, folder / part.name));
    show_published(laboratory, study, part, sweep);
    parts.records.push_back(sweep_state(sweep.plan, sweep.journals).records);
    parts.results.push_back({part.name, &sweep.plan, &parts.records.back()});
  }
  return parts;
}

Listing verdict_rows(const Outcome& outcome) {
  Listing rows;
  for (const Judgement& one : outcome.judgements)
    rows.push_back({{"part", one.part},
                    {"expectation", one.says},
                    {"measure", one.measure},
                    {"paper", one.paper},
                    {"ours", one.ours},
                    {"value", std::isfinite(one.value) ? nlohmann::ordered_json(one.value)
                                                       : nlohmann::ordered_json(exact_number(one.value))},
                    {"band", one.band},
                    {"verdict", verdict_name(one.verdict)},
                    {"note", one.note}});
  return rows;
}

/// Those that change the study: not the data that it asks for.
std::vector<std::string> changes_in(const Study& study, const std::vector<std::string>& overrides) {
  std::vector<std::string> changes;
  for (const std::string& one : overrides)
    if (std::ranges::find(study.needs, key_of(one)) == study.needs.end()) changes.push_back(one);
  return changes;
}

Outcome outcome_of(const Laboratory& laboratory, const Study& study, const StudyBudget& budget,
                   const StoredParts& parts, const std::vector<std::string>& overrides) {
  Outcome outcome{.study = study.name,
                  .title = study.title,
                  .source = study.source,
                  .about = study.about,
                  .chosen = study.chosen,
                  .budget = budget.name,
                  .overrides = changes_in(study, overrides),
                  .judgements = {},
                  .commit = source_commit(),
                  .build = build_description()};
  for (const Expectation& expectation : study.expectations) {
    const auto part = std::ranges::find(parts.results, expectation.part, &PartResult::name);
    outcome.judgements.push_back(judge(laboratory, expectation, *part));
  }
  for (const PartResult& part : parts.results) {
    outcome.trials += part.plan->trials.size();
    for (const TrialRecord& record : *part.records) outcome.seconds += record.seconds;
  }
  return outcome;
}

/// The verdict is what is printed; every number is in the parts' reports.
void no_tables(const Laboratory&, const SweepPlan&, const StoredSweep&, const std::vector<TrialRecord>&,
               bool) {}

int run_study(const Arguments& arguments, const std::string& name,
              const std::vector<std::string>& overrides) {
  const Laboratory& laboratory = arguments.laboratory();
  check_format(arguments);
  const Study whole = find_study(laboratory, name);
  const StudyBudget budget = budget_of(arguments, whole);
  const Study study = under(whole, budget);
  const fs::path folder = folder_of(arguments, study, budget);
  require_data(study, overrides);
  const std::deque<SweepPlan> plans = plans_of(laboratory, study, budget, overrides);
  bool failed = false;
  for (std::size_t i = 0; i < plans.size(); ++i) {
    const fs::path of_part = folder / study.parts[i].name;
    say("{} of {}, budget {}{}: {} trials in {}\n", study.parts[i].name, study.name, budget.name,
        budget.cost.empty() ? "" : " (about " + budget.cost + ")", plans[i].trials.size(), of_part.string());
    const int status = train(
        arguments, plans[i], of_part, [&](const Trial& trial) { return of_part / "trials" / trial.id; }, "",
        no_tables);
    if (status != exit_good && status != exit_trial_failed) return status;
    failed = failed || status == exit_trial_failed;
  }
  const StoredParts parts = read_parts(laboratory, study, folder);
  const Outcome outcome = outcome_of(laboratory, study, budget, parts, overrides);
  write_outcome(folder, outcome);
  write_file(folder / "study.html", study_html(outcome, parts.results));
  const auto format = arguments.flags["format"].as<std::string>();
  if (format == "json")
    fmt::print("{}", read_file(folder / verdict_file_name));
  else if (format == "csv")
    print_listing(verdict_rows(outcome), format);
  else
    fmt::print("{}: {}\n\n{}\n{}\nstudy: {}\n", study.title, study.source, verdict_table(outcome),
               outcome.summary(), message_text((folder / "study.html").string()));
  return outcome.all_met() && !failed ? exit_good : exit_trial_failed;
}

std::string last_verdict(const Study& study) {
  std::vector<std::string> verdicts;
  for (const StudyBudget& budget : study.budgets)
    if (const auto outcome = read_outcome(root / study.name / budget.name))
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

/// Of all studies that were run here, under the costliest budget each.
int write_results(const Arguments& arguments) {
  const Laboratory& laboratory = arguments.laboratory();
  std::vector<Outcome> outcomes;
  for (const StudyRow& row : all_studies(laboratory)) {
    const Study study = read_study(laboratory.options(), row);
    for (auto budget = study.budgets.rbegin(); budget != study.budgets.rend(); ++budget)
      if (auto outcome = read_outcome(root / study.name / budget->name)) {
        outcomes.push_back(std::move(*outcome));
        break;
      }
  }
  if (outcomes.empty())
    throw UsageError(fmt::format("no study was run here: {} holds no verdict; `unroll study NAME` makes one",
                                 root.string()));
  write_file(arguments.flags["write-results"].as<std::string>(), results_markdown(outcomes));
  return exit_good;
}

int study(const Arguments& arguments) {
  if (arguments.has("write-results")) return write_results(arguments);
  if (arguments.words.empty()) return list_studies(arguments);
  const ConfigArguments config = split_arguments(arguments.words);
  if (!config.file) throw UsageError("expected the name of a study, or its file: unroll study NAME");
  return run_study(arguments, *config.file, config.overrides);
}

void add_flags(Flags& flags) {
  add_training_flags(flags);
  add_format_flag(flags);
  flags.add_options()(
      "budget", boost::program_options::value<std::string>(),
      "how much of it: smoke (seconds), laptop (minutes to an hour on two cores; the default) or "
      "paper (as large as the paper's)")(
      "write-results", boost::program_options::value<std::string>(),
      "write the outcomes of all studies that were run here into this Markdown file, and run nothing");
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
  for (const auto& study : laboratory.studies()) words.emplace_back(study.name);
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
          "  unroll study my_study.toml --out out/mine\n"
          "Without a name it lists the studies, their cost and the last verdict. Exit status 1: an "
          "expectation is not met.",
      .add_flags = add_flags,
      .run = study,
      .trains = true,
      .more_help = list_for_help,
      .words = study_words,
  };
  return verb;
}

}  // namespace unroll

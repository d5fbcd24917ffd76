#include "experiments/verbs/study_run.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <deque>

#include "experiments/config/config_error.hpp"
#include "experiments/config/text.hpp"
#include "experiments/studies/groups.hpp"
#include "experiments/studies/outcome.hpp"
#include "experiments/studies/published_values.hpp"
#include "experiments/studies/rehearsal.hpp"
#include "experiments/studies/study.hpp"
#include "experiments/studies/study_list.hpp"
#include "experiments/studies/study_page.hpp"
#include "experiments/sweep/folder.hpp"
#include "experiments/sweep/say.hpp"
#include "experiments/verbs/build.hpp"
#include "experiments/verbs/dry_run.hpp"
#include "experiments/verbs/listing.hpp"
#include "experiments/verbs/outputs.hpp"
#include "experiments/verbs/train.hpp"
#include "framework/tensor/file.hpp"
#include "models/nearest.hpp"

namespace unroll {

namespace {

namespace fs = std::filesystem;

/// A study by its name, or from a file of the user's own.
Study find_study(const Laboratory& laboratory, const std::string& wanted) {
  const StudyList studies = all_studies(laboratory);
  const auto row = std::ranges::find(studies, wanted, &StudyRow::name);
  if (row != studies.end()) return read_study(laboratory.options(), *row);
  std::error_code none;
  if (wanted.ends_with(".toml") || fs::exists(wanted, none))
    return read_study_file(laboratory.options(), wanted);
  if (wanted == "list") throw UsageError("`unroll study` lists the studies without a word behind it");
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
  return studies_folder() / study.name / budget.name;
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

/// What each part would train, and for how long.
int dry_run_of(const Arguments& arguments, const Study& study, const StudyBudget& budget,
               const std::vector<std::string>& overrides, const fs::path& folder) {
  const Laboratory& laboratory = arguments.laboratory();
  std::deque<Space> spaces;
  std::vector<PartSpace> parts;
  for (const StudyPart& part : study.parts) {
    Space& space =
        spaces.emplace_back(laboratory, source_of(laboratory.options(), part, budget.name, overrides));
    parts.push_back({part.name, &space, folder / part.name});
  }
  return dry_run(arguments, parts);
}

int print_configs_of(const Laboratory& laboratory, const Study& study, const StudyBudget& budget,
                     const std::vector<std::string>& overrides) {
  for (const StudyPart& part : study.parts)
    fmt::print("# part {}\n{}\n", part.name,
               print_config(laboratory, source_of(laboratory.options(), part, budget.name, overrides)));
  return exit_good;
}

/// Of parts that have not been begun. Of others the records will say what they have.
void rehearse_new(const Laboratory& laboratory, const Study& study, const std::deque<SweepPlan>& plans,
                  const fs::path& folder) {
  std::error_code none;
  for (std::size_t i = 0; i < plans.size(); ++i) {
    if (fs::exists(folder / study.parts[i].name, none)) continue;
    std::vector<Expectation> own;
    std::ranges::copy_if(study.expectations, std::back_inserter(own),
                         [&](const Expectation& one) { return one.part == study.parts[i].name; });
    rehearse(laboratory, own, plans[i]);
  }
}

/// The sweeps of a study as they lie on the disk.
struct StoredParts {
  std::deque<StoredSweep> sweeps;
  std::deque<std::vector<TrialRecord>> records;
  std::vector<PartResult> results;
};

/// The plots of a part's report show what the paper got, also when the report is written anew.
void keep_published(const Laboratory& laboratory, const Study& study, const StudyPart& part,
                    const StoredSweep& sweep) {
  const std::vector<PublishedValue> values = published_values(laboratory, study, part, sweep.plan);
  if (!values.empty()) write_published(sweep.folder, values);
}

StoredParts read_parts(const Laboratory& laboratory, const Study& study, const fs::path& folder) {
  StoredParts parts;
  for (const StudyPart& part : study.parts) {
    const StoredSweep& sweep = parts.sweeps.emplace_back(read_sweep(laboratory, folder / part.name));
    keep_published(laboratory, study, part, sweep);
    parts.records.push_back(sweep_state(sweep.plan, sweep.journals).records);
    parts.results.push_back({part.name, &sweep.plan, &parts.records.back()});
  }
  return parts;
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

}  // namespace

std::filesystem::path studies_folder() { return fs::path("out") / "studies"; }

int run_study(const Arguments& arguments, const std::string& name,
              const std::vector<std::string>& overrides) {
  const Laboratory& laboratory = arguments.laboratory();
  const Study whole = find_study(laboratory, name);
  const StudyBudget budget = budget_of(arguments, whole);
  const Study study = under(whole, budget);
  const fs::path folder = folder_of(arguments, study, budget);
  require_data(study, overrides);
  if (arguments.has("print-config")) return print_configs_of(laboratory, study, budget, overrides);
  const std::deque<SweepPlan> plans = plans_of(laboratory, study, budget, overrides);
  if (arguments.has("dry-run")) return dry_run_of(arguments, study, budget, overrides, folder);
  rehearse_new(laboratory, study, plans, folder);
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
  StoredParts parts = read_parts(laboratory, study, folder);
  const Outcome outcome =
      with_earlier_commits(outcome_of(laboratory, study, budget, parts, overrides), read_outcome(folder));
  write_outcome(folder, outcome);
  for (StoredSweep& sweep : parts.sweeps) write_outputs(laboratory, sweep);  // with what was expected of them
  write_file(folder / "study.html", study_html(outcome, parts.results));
  const auto format = format_of(arguments);
  if (format == "json")
    fmt::print("{}", read_file(folder / verdict_file_name));
  else if (format == "csv")
    print_listing(verdict_rows(outcome), format);
  else
    fmt::print("{}: {}\n\n{}\n{}\nstudy: {}\n", study.title, study.source, verdict_table(outcome),
               outcome.summary(), message_text((folder / "study.html").string()));
  return outcome.all_met() && !failed ? exit_good : exit_trial_failed;
}

}  // namespace unroll

#include "experiments/report/baseline_table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <numbers>
#include <optional>

#include "experiments/config/options.hpp"
#include "experiments/sweep/trial_id.hpp"
#include "experiments/tasks/baselines.hpp"
#include "experiments/tasks/text_task.hpp"

namespace unroll {
namespace {

/// The task alone, as text: trials that share it have the same baselines.
std::string key_of(const TaskConfig& task) {
  Config config = default_config();
  config.task = task;
  return canonical_text(config);
}

/// The trial with the lowest validation loss.
struct Best {
  TaskConfig task;
  const TrialRecord* record = nullptr;
};

/// In the order of the plan.
std::vector<Best> best_by_task(const SweepPlan& plan, const std::vector<TrialRecord>& records) {
  std::vector<Best> all;
  std::map<std::string, std::size_t> place;
  for (const Trial& trial : plan.trials) {
    if (token_name(trial.config.task).empty()) continue;
    const auto [at, fresh] = place.try_emplace(key_of(trial.config.task), all.size());
    if (fresh) all.push_back({trial.config.task});
    Best& best = all[at->second];
    const auto record = std::ranges::find(records, trial.id, &TrialRecord::id);
    if (record == records.end() || record->status != TrialStatus::done) continue;
    if (!best.record || record->best_loss < best.record->best_loss) best.record = &*record;
  }
  return all;
}

std::string line(std::string_view name, double validation, std::optional<double> test) {
  const auto figures = [](double nats) {
    return fmt::format("{:8.4f} {:8.4f} {:10.2f}", nats, nats / std::numbers::ln2, std::exp(nats));
  };
  std::string text = fmt::format("  {:<20}{}", name, figures(validation));
  if (test) text += "   " + figures(*test);
  return text + '\n';
}

/// What perplexities hide: a token that is read as "<unk>" is as easy as that is, whatever it was.
std::string unknown_line(const TaskConfig& task) {
  const Corpus corpus = corpus_of(task);
  const auto share = [](std::int64_t unknown, const std::vector<std::int32_t>& part) {
    return fmt::format("{:.2f} %", 100 * static_cast<double>(unknown) / static_cast<double>(part.size()));
  };
  std::string text = fmt::format("  {:<20}{:>28}", unknown_token, share(corpus.unknown_valid, corpus.valid));
  if (!corpus.test.empty()) text += fmt::format("   {:>28}", share(corpus.unknown_test, corpus.test));
  return text + '\n';
}

std::string table(const Best& best) {
  const std::vector<Baseline> all = baselines(best.task);
  const bool tested = all.front().test_loss.has_value();
  std::string text =
      fmt::format("per {}{:<{}}{:>8} {:>8} {:>10}{}\n", token_name(best.task), "",
                  18 - token_name(best.task).size(), "nats", "bits", "perplexity",
                  tested ? fmt::format("   {:>8} {:>8} {:>10} (test)", "nats", "bits", "perplexity") : "");
  for (const Baseline& one : all) text += line(one.name, one.validation_loss, one.test_loss);
  if (best.record) text += line("best trial", best.record->best_loss, best.record->test_loss);
  if (!best.task.text.empty()) text += unknown_line(best.task);
  return text;
}

}  // namespace

std::string baseline_tables(const SweepPlan& plan, const std::vector<TrialRecord>& records) {
  std::string text;
  for (const Best& best : best_by_task(plan, records)) {
    if (!text.empty()) text += '\n';
    if (best.task.text.empty()) text += fmt::format("task.length {}\n", best.task.length);
    text += table(best);
  }
  return text;
}

}  // namespace unroll

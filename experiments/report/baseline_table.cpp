#include "experiments/report/baseline_table.hpp"

#include <fmt/format.h>

#include <cmath>
#include <map>
#include <numbers>
#include <optional>
#include <string_view>

#include "experiments/config/text.hpp"
#include "experiments/sweep/trial_id.hpp"

namespace unroll {
namespace {

/// The task alone, as text: trials that share it have the same baselines.
std::string key_of(const Laboratory& laboratory, const TaskConfig& task) {
  Config config = laboratory.default_config();
  config.task = task;
  return canonical_text(laboratory, config);
}

/// The trial with the lowest validation loss.
struct Best {
  TaskConfig task;
  const TrialRecord* record = nullptr;
};

/// In the order of the plan.
std::vector<Best> best_by_task(const Laboratory& laboratory, const SweepPlan& plan,
                               const std::vector<TrialRecord>& records) {
  std::map<std::string_view, const TrialRecord*> by_id;
  for (const TrialRecord& record : records) by_id.emplace(record.id, &record);
  std::vector<Best> all;
  std::map<std::string, std::size_t> place;
  std::size_t now = 0;
  for (const Trial& trial : plan.trials) {
    if (all.empty() || all[now].task != trial.config.task) {  // else as the trial before
      const auto [at, fresh] = place.try_emplace(key_of(laboratory, trial.config.task), all.size());
      if (fresh) all.push_back({trial.config.task});
      now = at->second;
    }
    Best& best = all[now];
    const auto found = by_id.find(trial.id);
    if (found == by_id.end() || found->second->status != TrialStatus::done) continue;
    if (!best.record || *found->second->scalar("best_loss") < *best.record->scalar("best_loss"))
      best.record = found->second;
  }
  return all;
}

std::string figures(const TaskSpec& spec, double loss) {
  if (std::isnan(loss)) return fmt::format("{:>12}", exact_number(loss));  // fmt would write its sign
  if (spec.objective.target == TargetKind::numbers) return fmt::format("{:12.6g}", loss);
  return fmt::format("{:8.4f} {:8.4f} {:10.2f}", loss, loss / std::numbers::ln2, std::exp(loss));
}

std::string heads(const TaskSpec& spec) {
  if (spec.objective.target == TargetKind::numbers) return fmt::format("{:>12}", "loss");
  return fmt::format("{:>8} {:>8} {:>10}", "nats", "bits", "perplexity");
}

std::string line(const TaskSpec& spec, std::string_view name, double validation, std::optional<double> test) {
  std::string text = fmt::format("  {:<20}{}", name, figures(spec, validation));
  if (test) text += "   " + figures(spec, *test);
  return text + '\n';
}

std::string table(const Task& task, const std::vector<Baseline>& all, const TrialRecord* best) {
  const TaskSpec& spec = task.spec();
  const bool tested = all.front().test_loss.has_value();
  const std::string head = "per " + spec.answer;
  std::string text =
      fmt::format("{:<22}{}{}\n", head, heads(spec), tested ? "   " + heads(spec) + " (test)" : "");
  for (const Baseline& one : all) text += line(spec, one.name, one.validation_loss, one.test_loss);
  if (best)
    text += line(spec, "best trial", *best->scalar("best_loss"),
                 tested ? best->scalar("test_loss") : std::optional<double>());
  return text;
}

}  // namespace

std::string baseline_tables(const Laboratory& laboratory, const SweepPlan& plan,
                            const std::vector<TrialRecord>& records) {
  std::string text;
  for (const Best& best : best_by_task(laboratory, plan, records)) {
    const std::shared_ptr<const Task> task = laboratory.make_task(best.task);
    const std::vector<Baseline> all = task->baselines();
    if (all.empty()) continue;
    if (!text.empty()) text += '\n';
    if (!best.task.length.empty()) text += fmt::format("task.length {}\n", to_text(best.task.length));
    text += table(*task, all, best.record);
  }
  return text;
}

}  // namespace unroll

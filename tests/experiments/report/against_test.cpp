#include "experiments/report/against.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <set>

#include "experiments/config/config_error.hpp"
#include "experiments/report/axes.hpp"
#include "tests/experiments/sweep/planned.hpp"
#include "tests/support/contains.hpp"

using namespace unroll;
using config_tests::plan_of;

namespace {

/// A sweep whose trials have the losses 1, 2, 3, ... times `factor`.
NamedTrials named(const std::string& name, const std::string& sweep, double factor) {
  const SweepPlan plan = plan_of("[sweep]\n" + sweep);
  NamedTrials trials{name, {plan.trials, {}, plan.axis_keys, {}}};
  for (const Trial& trial : plan.trials) {
    TrialRecord record;
    record.id = trial.id;
    record.updates = 100;
    record.build = "build of " + name;
    record.set(
        {"best_loss", factor * static_cast<double>(trials.set.records.size() + 1), {.direction = "lower"}});
    trials.set.records.push_back(record);
  }
  return trials;
}

const std::string two_lengths = "seed = { count = 3 }\n\"task.length\" = [5, 10]\n";

}  // namespace

TEST_CASE("[against] both sweeps are one, with the folder as an axis, and every pair in both") {
  const NamedTrials before = named("old", two_lengths + "\"model.cell\" = [\"lstm\"]", 2);
  const NamedTrials now = named("new", two_lengths + "\"model.cell\" = [\"gru\"]", 1);
  const PairedSets paired = paired_sets(laboratory(), before.set, now.set);
  const JointSweep sweep = joint_sweep(before, now, paired);
  REQUIRE(sweep.plan.trials.size() == 12);
  CHECK(sweep.records.size() == 12);
  std::set<std::string> ids;
  for (const Trial& trial : sweep.plan.trials) ids.insert(trial.id);
  CHECK(ids.size() == 12);
  const auto axes = sweep_axes(sweep.plan);
  REQUIRE(axes.size() == 2);
  CHECK(axes[0].labels == std::vector<std::string>{"new", "old"});
  CHECK(axes[1].keys == std::vector<std::string>{"task.length"});
  for (const SweepCell& cell : sweep_cells(sweep.plan, axes, sweep.records)) CHECK(cell.runs.size() == 3);
}

TEST_CASE("[against] equal ids in two folders stay two trials") {
  const NamedTrials before = named("old", two_lengths, 2), now = named("new", two_lengths, 1);
  CHECK(before.set.trials[0].id == now.set.trials[0].id);
  const JointSweep sweep = joint_sweep(before, now, paired_sets(laboratory(), before.set, now.set));
  const auto cells = sweep_cells(sweep.plan, sweep_axes(sweep.plan), sweep.records);
  REQUIRE(cells.size() == 4);
  for (const SweepCell& cell : cells)
    CHECK(std::ranges::all_of(cell.runs, [](const TrialRecord* run) { return run != nullptr; }));
}

TEST_CASE("[against] the page says what changed: settings, builds, figures") {
  const NamedTrials before = named("old", two_lengths + "\"model.cell\" = [\"lstm\"]", 2);
  const NamedTrials now = named("<new>", two_lengths + "\"model.cell\" = [\"gru\"]", 1);
  const std::string html = against_html(laboratory(), before, now);
  CHECK(contains(html, "<title>&lt;new&gt; against old</title>"));
  CHECK(contains(html, "<li>model.cell: lstm before, gru now</li>"));
  CHECK(contains(html, "build of old before; build of &lt;new&gt; now."));
  CHECK(contains(html, "<table id=\"against\">"));
  // Length 5 has the losses 2, 4, 6 before and 1, 2, 3 now: the median difference is -2, and now is better in
  // all.
  CHECK(contains(html, "<td>best_loss</td><td class=\"number\">3</td><td class=\"number\">"));
  const std::size_t at = html.find("<table id=\"against\">");
  REQUIRE(at != std::string::npos);
  CHECK_FALSE(contains(html.substr(at, html.find("</table>", at) - at), "nan"));
}

TEST_CASE("[against] sweeps without a common trial are refused with what says why") {
  const NamedTrials before = named("old", "\"task.length\" = [5, 10]", 1);
  const NamedTrials now = named("new", "\"task.length\" = [6, 12]", 1);
  CHECK_THROWS_WITH_AS(
      against_html(laboratory(), before, now),
      "no trial of new has one in old that agrees in all other settings; `unroll compare old "
      "new --unpaired` says why of each",
      ConfigError);
}

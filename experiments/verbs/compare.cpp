#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <boost/program_options/value_semantic.hpp>
#include <map>
#include <set>

#include "experiments/config/config_error.hpp"
#include "experiments/report/against.hpp"
#include "experiments/report/comparison_rows.hpp"
#include "experiments/sweep/say.hpp"
#include "experiments/verbs/folder_argument.hpp"
#include "experiments/verbs/listing.hpp"
#include "models/nearest.hpp"

namespace unroll {

namespace {

constexpr std::size_t most_reasons = 20;  // on a terminal; --unpaired lists all

using BothSets = std::array<NamedTrials, 2>;

ComparedSet part(const ComparedSet& all, const std::string& key, const std::string& value) {
  ComparedSet set = all;
  std::erase_if(set.trials, [&](const Trial& trial) {
    const auto found = trial.axes.find(key);
    return found == trial.axes.end() || found->second != value;
  });
  return set;
}

void check_key(const ComparedSet& all, const std::string& key) {
  if (std::ranges::find(all.axis_keys, key) != all.axis_keys.end()) return;
  throw UsageError(fmt::format("--by {}: all trials have the same there{}; what differs is {}",
                               printable(key), did_you_mean(key, all.axis_keys),
                               fmt::join(all.axis_keys, ", ")));
}

void check_value(const ComparedSet& all, const std::string& key, const std::string& value) {
  std::vector<std::string> values;
  for (const Trial& trial : all.trials)
    if (const auto found = trial.axes.find(key);
        found != trial.axes.end() && std::ranges::find(values, found->second) == values.end())
      values.push_back(found->second);
  if (std::ranges::find(values, value) != values.end()) return;
  throw UsageError(fmt::format("--by {}: no trial has {} there{}; the values are {}", printable(key),
                               printable(value), did_you_mean(value, values), fmt::join(values, ", ")));
}

BothSets sets_within(const Arguments& arguments) {
  const auto key = arguments.flags["by"].as<std::string>();
  if (arguments.words.size() != 3)
    throw UsageError(
        fmt::format("--by takes a folder and two values, as in `compare DIR --by {} X Y`, but got {} "
                    "words",
                    printable(key), arguments.words.size()));
  const StoredSweep sweep = read_sweep(arguments.laboratory(), arguments.words[0]);
  say_ignored(sweep);
  const ComparedSet all = named_trials(sweep).set;
  check_key(all, key);
  BothSets sets;
  for (std::size_t i = 0; i < 2; ++i) {
    const std::string& value = arguments.words[i + 1];
    check_value(all, key, value);
    sets[i] = {fmt::format("{}={}", key, value), part(all, key, value)};
  }
  if (arguments.words[1] == arguments.words[2])
    throw UsageError(
        fmt::format("--by {}: {} is compared with itself", printable(key), printable(arguments.words[1])));
  return sets;
}

BothSets two_sets(const Arguments& arguments) {
  if (arguments.has("by")) return sets_within(arguments);
  if (arguments.words.size() != 2)
    throw UsageError(
        fmt::format("expected two words, the folders of two sweeps, but got {}; one folder is "
                    "compared in itself by --by KEY X Y",
                    arguments.words.size()));
  BothSets sets;
  for (std::size_t i = 0; i < 2; ++i) {
    const StoredSweep sweep = read_sweep(arguments.laboratory(), arguments.words[i]);
    say_ignored(sweep);
    sets[i] = named_trials(sweep);
  }
  return sets;
}

// ---- What is said beside the table ----

std::set<std::string> builds_of(const ComparedSet& set) {
  std::set<std::string> builds;
  std::set<std::string_view> ids;
  for (const Trial& trial : set.trials) ids.insert(trial.id);
  for (const TrialRecord& record : set.records)
    if (ids.contains(record.id)) builds.insert(record.build);
  return builds;
}

void say_what_differs(const BothSets& sets, const PairedSets& paired) {
  for (std::size_t i = 0; i < 2; ++i)
    say("{}: {}, {} trials\n", i == 0 ? "A" : "B", sets[i].name, sets[i].set.trials.size());
  if (paired.differences.empty()) say("no setting has one value in A and another in B\n");
  for (const SettingDifference& difference : paired.differences)
    say("compared: {}: {} in A, {} in B{}\n", difference.key, difference.a, difference.b,
        difference.key == "results_revision"
            ? "; warning: between these versions the same settings give other numbers"
            : "");
  const auto a = builds_of(sets[0].set), b = builds_of(sets[1].set);
  if (a != b || a.size() > 1)
    say("warning: not all of it was computed by one build on one CPU model, and the last bits may differ:\n"
        "  A: {}\n  B: {}\n",
        fmt::join(a, "\n     "), fmt::join(b, "\n     "));
}

std::string configuration_text(const PairedSets& paired, const std::vector<std::string>& values) {
  std::string text;
  for (std::size_t i = 0; i < values.size(); ++i)
    text += fmt::format("{}{}={}", i == 0 ? "" : " ", paired.shared[i], values[i]);
  return text.empty() ? "" : text + ": ";
}

void say_unpaired(const PairedSets& paired) {
  std::map<std::string, std::size_t> trials;
  std::vector<std::string> order;
  for (const UnpairedTrial& trial : paired.unpaired) {
    const std::string line = configuration_text(paired, trial.values) + trial.reason;
    if (trials[line]++ == 0) order.push_back(line);
  }
  for (std::size_t i = 0; i < std::min(order.size(), most_reasons); ++i)
    say("unpaired: {} ({} {})\n", order[i], trials[order[i]], trials[order[i]] == 1 ? "trial" : "trials");
  if (order.size() > most_reasons)
    say("... and {} more configurations; --unpaired lists all\n", order.size() - most_reasons);
}

int compare(const Arguments& arguments) {
  const BothSets sets = two_sets(arguments);
  const PairedSets paired = paired_sets(arguments.laboratory(), sets[0].set, sets[1].set);
  say_what_differs(sets, paired);
  if (arguments.has("unpaired")) {
    print_listing(unpaired_rows(paired), arguments);
    return exit_good;
  }
  say_unpaired(paired);
  for (const std::string& sentence : left_out(paired)) say("{}\n", sentence);
  if (paired.configurations.empty())
    throw ConfigError(
        "nothing to compare: no trial of A has one in B that agrees in all other settings (the "
        "reasons stand above)");
  print_listing(comparison_rows(paired), arguments);
  return exit_good;
}

}  // namespace

const Verb& compare_verb() {
  static const Verb verb{
      .name = "compare",
      .summary = "two sweeps, or two values of a setting in one, paired by seed and all other settings",
      .usage = "A B | DIR --by KEY X Y [--unpaired] [--format table|json|csv]",
      .examples =
          "  unroll compare out/vanilla out/lstm\n"
          "  unroll compare out/how_far_back --by model.cell vanilla lstm\n\n"
          "Each trial of A is paired with the one of B that agrees in all settings but those that have one\n"
          "value in A and another in B; what has no such partner is named and left out. A row is one\n"
          "configuration over its seeds; differences are B - A, low and high the 95 % t-interval of their\n"
          "mean. Values that are not finite are worse than all others: they are in medians and signs, not "
          "in\n"
          "means (\"mean of\" says of how many pairs that is). solved_at counts updates to success; who was\n"
          "given too few to know is no pair. p is that of the exact sign test, of success McNemar's, over "
          "the\n"
          "pairs that are no ties. \"more seeds\": with so many more a paired t-test finds a difference as\n"
          "large and as spread as the one seen in 8 of 10 tries. Over all configurations only signs are\n"
          "counted.",
      .add_flags =
          [](Flags& flags) {
            flags.add_options()("by", boost::program_options::value<std::string>(),
                                "the setting whose two values, X and Y, are compared within one folder")(
                "unpaired", "list the trials without a partner, with the reason, instead");
            add_format_flag(flags);
          },
      .run = compare,
      .trains = false,
  };
  return verb;
}

}  // namespace unroll

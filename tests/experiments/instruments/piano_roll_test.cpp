#include <doctest/doctest.h>

#include <algorithm>
#include <set>

#include "experiments/data/piano_roll.hpp"
#include "experiments/instruments/instrument.hpp"
#include "experiments/train/trial.hpp"
#include "tests/support/any_task.hpp"
#include "tests/support/laboratory.hpp"

using namespace unroll;

namespace {

Config piano_roll_config(const std::string& task) {
  Config config = laboratory().default_config();
  config.task = any_task(task, "", {});
  config.model.hidden = 8;
  config.train.batch = 4;
  config.train.updates = 4;
  config.train.validate_every = 2;
  config.diagnose = {"piano_roll"};
  config.diagnose_at = {"0", "end"};
  laboratory().resolve(config);
  return config;
}

std::set<std::pair<double, double>> points_of(const RecordedSeries& series) {
  std::set<std::pair<double, double>> points;
  for (std::size_t i = 0; i < series.x.size(); ++i) points.insert({series.x[i], series.y[i]});
  return points;
}

}  // namespace

TEST_CASE(
    "[instruments] the piano roll shows the first piece that is validated on, and behind it a generated "
    "one") {
  const TrialRecord record = run_trial(laboratory(), piano_roll_config("music"));
  const RecordedSeries* real = record.find("piano roll", "real");
  const RecordedSeries* generated = record.find("piano roll", "generated");
  REQUIRE(real != nullptr);
  REQUIRE(generated != nullptr);
  CHECK(std::ranges::count(record.series, "piano roll", &RecordedSeries::name) ==
        2);  // of two looks the last
  const PianoRollParts parts = read_piano_rolls(walking_rolls(), "rolls");
  std::set<std::pair<double, double>> expected;
  for (const GridNote& note : notes_of(parts.valid.front()))
    for (std::int64_t t = note.first; t < note.end(); ++t)
      expected.insert({static_cast<double>(t), static_cast<double>(note.pitch)});
  CHECK(points_of(*real) == expected);
  const auto steps = static_cast<double>(parts.valid.front().size());
  REQUIRE_FALSE(generated->x.empty());
  CHECK(*std::ranges::min_element(generated->x) >= steps + 4);
  CHECK(*std::ranges::max_element(generated->x) < 2 * steps + 4);
  for (const double note : generated->y) CHECK((note >= lowest_note && note <= highest_note));
}

TEST_CASE("[instruments] the piano roll of a melody has its notes alone") {
  const TrialRecord record = run_trial(laboratory(), piano_roll_config("melody"));
  const RecordedSeries* real = record.find("piano roll", "real");
  REQUIRE(real != nullptr);
  const std::set<double> steps(real->x.begin(), real->x.end());
  CHECK(steps.size() == real->x.size());
  for (const double note : real->y) CHECK(note >= 60);  // the upper voice
}

TEST_CASE("[instruments] the piano roll has an objection to what is no music") {
  const Instrument* row = find_instrument(laboratory().instruments(), "piano_roll");
  REQUIRE(row != nullptr);
  Config config = piano_roll_config("music");
  CHECK(row->objection(laboratory(), config).empty());
  config.model.bidirectional = true;
  CHECK(row->objection(laboratory(), config).find("model.bidirectional") != std::string::npos);
  config.task = any_task("adding", "sum", 10);
  CHECK(row->objection(laboratory(), config).find("adding is no music") != std::string::npos);
}

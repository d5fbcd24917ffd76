#include <doctest/doctest.h>

#include <set>

#include "experiments/instruments/instrument.hpp"
#include "experiments/train/trial.hpp"
#include "tests/support/any_task.hpp"
#include "tests/support/laboratory.hpp"

using namespace unroll;

namespace {

Config spectrograms_config(const std::string& variant) {
  Config config = laboratory().default_config();
  config.task = any_task("speech", variant, {});
  config.model.hidden = 8;
  config.train.batch = 4;
  config.train.updates = 4;
  config.train.validate_every = 2;
  config.diagnose = {"spectrograms"};
  config.diagnose_at = {"0", "2", "end"};
  laboratory().resolve(config);
  return config;
}

/// The series of a name, in order.
std::vector<const RecordedSeries*> all_of(const TrialRecord& record, const std::string& name) {
  std::vector<const RecordedSeries*> all;
  for (const RecordedSeries& one : record.series)
    if (one.name == name) all.push_back(&one);
  return all;
}

/// Names of what has something drawn over it.
std::set<std::string> pictures(const TrialRecord& record) {
  std::set<std::string> names;
  for (const RecordedSeries& one : record.series)
    if (!one.over.empty()) names.insert(one.over);
  return names;
}

}  // namespace

TEST_CASE("[instruments] spectrograms of a recording of each label have the answers over them, once") {
  const TrialRecord record = run_trial(laboratory(), spectrograms_config("label"));
  REQUIRE(record.status == TrialStatus::done);
  CHECK(pictures(record) == std::set<std::string>{"0_ann_0.wav: 0", "1_ann_0.wav: 1"});
  const auto bands = all_of(record, "0_ann_0.wav: 0"), answers = all_of(record, "answers in 0_ann_0.wav: 0");
  REQUIRE(bands.size() == 12);
  REQUIRE(answers.size() == 2);  // of three looks the last
  CHECK(answers[0]->moment == "0");
  CHECK(answers[1]->moment == "1");
  for (const RecordedSeries* band : bands) {
    CHECK(band->moment.ends_with(" Hz"));
    CHECK(band->axis == "second");
    CHECK(band->x == bands[0]->x);
    CHECK(band->over.empty());
  }
  for (std::size_t t = 0; t < answers[0]->x.size(); ++t)
    CHECK(answers[0]->y[t] + answers[1]->y[t] == doctest::Approx(1).epsilon(2e-3));
  CHECK(answers[0]->x.back() <= bands[0]->x.back() + 0.03);
}

TEST_CASE("[instruments] spectrograms of strings have the blank, also of a model that reads both ways") {
  Config config = spectrograms_config("ctc");
  config.task.values["task.splice"] = LengthRange(1, 2);
  config.model.bidirectional = true;
  const TrialRecord record = run_trial(laboratory(), config);
  REQUIRE(record.status == TrialStatus::done);
  const std::string name = "0_ann_0.wav + 1_ann_0.wav: 0 1";
  CHECK(pictures(record) == std::set<std::string>{name});
  const auto answers = all_of(record, "answers in " + name);
  REQUIRE(answers.size() == 3);
  CHECK(answers[2]->moment == "–");
}

TEST_CASE("[instruments] spectrograms have an objection where nothing is heard") {
  const Instrument* row = find_instrument(laboratory().instruments(), "spectrograms");
  REQUIRE(row != nullptr);
  Config config = spectrograms_config("label");
  CHECK(row->objection(laboratory(), config).empty());
  config.task = any_task("adding", "sum", 10);
  CHECK(row->objection(laboratory(), config).find("in the task adding nothing is heard") !=
        std::string::npos);
}

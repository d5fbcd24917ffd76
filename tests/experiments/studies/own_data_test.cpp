#include "tests/experiments/studies/own_data.hpp"

#include "experiments/studies/outcome.hpp"
#include "experiments/studies/study_list.hpp"
#include "experiments/sweep/plan.hpp"
#include "experiments/train/make_model.hpp"
#include "experiments/train/taught_task.hpp"
#include "tests/experiments/verbs/command.hpp"
#include "tests/support/laboratory.hpp"

// Studies about data of the user's are in no other test: here they run, from the command line to the page.

using namespace unroll;
using namespace unroll::test;

namespace {

/// So small that nothing is learned: what is expected need not be met, but all of it must have a value.
const std::vector<std::string> tiny = {"train.updates=4",         "train.validate_every=2",
                                       "train.batch=4",           "train.validation_sequences=20",
                                       "train.test_sequences=20", "seed=1"};

/// As many characters as tinyshakespeare has, all of them in the training part.
std::string text_of_65_characters() {
  std::string text;
  for (int turn = 0; turn < 100; ++turn)
    for (char c = '0'; c < '0' + 65; ++c) text += c;
  return text;
}

double parameters_of(const Trial& trial) {
  const auto task = task_for(laboratory(), trial.config);
  const SequenceModel model = make_model(laboratory().cells(), trial.config, sizes_of(task->spec()));
  double sum = 0;
  for (const Tensor<float>& one : initial_parameters(trial.config, model))
    sum += static_cast<double>(one.numel());
  return sum;
}

}  // namespace

TEST_CASE("[studies] char-lm compares nets of equal numbers of parameters where it says so") {
  const TemporaryFolder folder;
  write_file(folder.path() / "text.txt", text_of_65_characters());
  const auto row = std::ranges::find(standard_studies(), "char-lm", &StudyRow::name);
  const Study study = read_study(laboratory().options(), *row);
  const auto part = std::ranges::find(study.parts, "equal-parameters", &StudyPart::name);
  const SweepPlan plan =
      plan_sweep(laboratory(), source_of(laboratory().options(), *part, "laptop",
                                         {"task.text=" + (folder.path() / "text.txt").string(), "seed=1"}));
  CHECK(plan.trials.size() == 3);
  for (const Trial& trial : plan.trials) {
    CAPTURE(trial.config.model.hidden);
    CHECK(parameters_of(trial) == doctest::Approx(148546).epsilon(0.005));
  }
}

TEST_CASE("[studies] those about data of the user's run to their end at the smallest budget") {
  std::size_t run = 0;
  for (const StudyRow& row : standard_studies()) {
    const Study study = read_study(laboratory().options(), row);
    if (study.needs.empty()) continue;
    CAPTURE(study.name);
    const TemporaryFolder folder;
    const auto out = folder.path() / "out";
    std::vector<std::string> words = {"study", study.name, "--budget", "smoke", "--out", out.string()};
    for (const std::string& one : own_data(study, folder.path())) words.push_back(one);
    words.insert(words.end(), tiny.begin(), tiny.end());
    const auto called = call(folder.path(), words);
    CHECK_MESSAGE((called.status == 0 || called.status == 1), called.err);
    const auto outcome = read_outcome(out);
    REQUIRE_MESSAGE(outcome.has_value(), called.err);
    CHECK_FALSE(outcome->judgements.empty());
    CHECK(outcome->count(Verdict::missing) == 0);
    CHECK(std::filesystem::exists(out / "study.html"));
    ++run;
  }
  CHECK(run >= 3);
}

TEST_CASE("[studies] without their data they say what they need, and make nothing") {
  const TemporaryFolder folder;
  const auto out = folder.path() / "out";
  const auto called = call(folder.path(), {"study", "pixels", "--out", out.string()});
  CHECK(called.status == 2);
  CHECK(called.err.find("task.test_target_data=FILE") != std::string::npos);
  CHECK_FALSE(std::filesystem::exists(out));
}

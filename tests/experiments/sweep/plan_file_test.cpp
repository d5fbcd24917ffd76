#include "experiments/sweep/plan_file.hpp"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "experiments/sweep/trial_axes.hpp"
#include "tests/experiments/config/fixture.hpp"
#include "tests/experiments/sweep/fake_sweep.hpp"
#include "tests/experiments/sweep/random_config.hpp"
#include "tests/support/any_task.hpp"
#include "tests/support/contains.hpp"
#include "tests/support/error_of.hpp"
#include "tests/support/laboratory.hpp"

using namespace unroll;
using namespace unroll::test;
using config_tests::ConfigFile;

namespace {

StoredPlan stored(const SweepPlan& plan) {
  return {{{"sweep.toml", "# how\n", plan.resolved, plan.axis_keys}}, plan.trials};
}

/// All that may tell trials apart.
std::vector<std::string> settings_text(const Trial& trial) {
  std::vector<std::string> lines{trial.id};
  for (const TrialSetting& setting : settings_of(laboratory(), trial))
    lines.push_back(fmt::format("{}={}", setting.key, canonical(setting.value)));
  return lines;
}

void check_same(const StoredPlan& a, const StoredPlan& b) {
  REQUIRE(a.trials.size() == b.trials.size());
  for (std::size_t i = 0; i < a.trials.size(); ++i) {
    CHECK(settings_text(a.trials[i]) == settings_text(b.trials[i]));
    CHECK(trial_id(laboratory(), b.trials[i].config) == a.trials[i].id);
    CHECK(b.trials[i].config.model.cell == a.trials[i].config.model.cell);
  }
}

const std::string leaky =
    "cell leaky # it \"leaks\"\nconst dt = 0.5\nstate h\nh' = (1 - dt) * h + dt * act(W x + U h)\n";

}  // namespace

TEST_CASE("[plan file] every trial is rebuilt from plan.jsonl alone, whatever the config") {
  const ConfigFile file("");
  CHECK(rc::check("reading is the inverse of writing", [&] {
    file.write(random_config());
    const StoredPlan plan = stored(plan_sweep(laboratory(), file.path(), {}));
    const std::string text = to_lines(laboratory(), plan);
    const StoredPlan back = stored_plan_from(laboratory(), text, "plan.jsonl");
    RC_ASSERT(to_lines(laboratory(), back) == text);
    RC_ASSERT(back.trials.size() == plan.trials.size());
    for (std::size_t i = 0; i < plan.trials.size(); ++i) {
      RC_ASSERT(trial_id(laboratory(), back.trials[i].config) == plan.trials[i].id);
      RC_ASSERT(settings_text(back.trials[i]) == settings_text(plan.trials[i]));
    }
    const SweepPlan a = plan_of(laboratory(), plan), b = plan_of(laboratory(), back);
    RC_ASSERT(a.axis_keys == b.axis_keys);
    for (std::size_t i = 0; i < a.trials.size(); ++i) RC_ASSERT(a.trials[i].axes == b.trials[i].axes);
  }));
}

TEST_CASE("[plan file] equations, constants, seeds of 64 bits and texts are kept") {
  const TemporaryFolder folder;
  write_text(folder.path() / "leaky.cell", leaky);
  write_text(folder.path() / "a@b.txt", counting_text());
  const ConfigFile file(
      fmt::format("seed = \"18446744073709551615\"\n[task]\nname = \"words\"\ntext = \"{}\"\n"
                  "[train]\nbatch = 4\nwindow = 10\nlearning_rate = 0.1\n[sweep]\n"
                  "cases = [{{ \"model.cell\" = \"{}\", \"model.constants.dt\" = 0.3 }},\n"
                  "{{ \"model.cell\" = \"gru\" }}]\n",
                  (folder.path() / "a@b.txt").string(), (folder.path() / "leaky.cell").string()));
  const StoredPlan plan = stored(plan_sweep(laboratory(), file.path(), {}));
  const std::string text = to_lines(laboratory(), plan);
  std::filesystem::remove_all(folder.path());  // nothing else is needed
  const StoredPlan back = stored_plan_from(laboratory(), text, "plan.jsonl");
  check_same(plan, back);
  CHECK(back.trials[0].config.model.cell.text == leaky);
  CHECK(back.trials[0].config.model.constants.at("dt") == 0.3);
  CHECK(back.trials[0].config.seed == 18446744073709551615u);
  CHECK(back.trials[1].config.model.cell.text == "gru");
  CHECK(back.trials[0].config.task == plan.trials[0].config.task);
  CHECK(back.configs[0].header == "# how\n");
  CHECK(back.configs[0].resolved == plan.configs[0].resolved);
  CHECK(back.configs[0].swept == plan.configs[0].swept);
}

TEST_CASE("[plan file] a line is JSON for other programs: every key, numbers as numbers") {
  const StoredPlan plan =
      stored(plan_sweep(laboratory(), ConfigFile("[train]\nlearning_rate = 1.0\n").path(), {}));
  const std::string text = to_lines(laboratory(), plan);
  const auto line = nlohmann::json::parse(text.substr(text.find('\n') + 1));
  CHECK(line["id"] == plan.trials[0].id);
  CHECK(line["results_revision"] == results_revision);
  const Config& config = plan.trials[0].config;
  for (const Option& option : laboratory().options().rows()) {
    const bool matters = laboratory().has(config, option) && (!option.matters || option.matters(config));
    CHECK_MESSAGE(line["settings"].contains(option.key) == (option.affects_results && matters), option.key);
  }
  CHECK(line["settings"]["train.learning_rate"].is_number_float());
  CHECK(line["settings"]["task.length"] == "100");
  CHECK(line["settings"]["task.variant"] == plan.trials[0].config.task.variant);  // resolved
  CHECK(line["settings"]["train.early_stop"] == true);
}

TEST_CASE("[plan file] a built-in cell whose equations are others by now keeps those it had") {
  StoredPlan plan = stored(plan_sweep(laboratory(), ConfigFile("model.cell = \"mgu\"\n").path(), {}));
  std::string text = to_lines(laboratory(), plan);
  CHECK(stored_plan_from(laboratory(), text, "p").trials[0].config.model.cell.text == "mgu");
  const std::size_t at = text.rfind("sigmoid(");  // in the equations
  REQUIRE(at != std::string::npos);
  text.replace(at, 8, "tanh(");
  const Trial other = stored_plan_from(laboratory(), text, "p").trials[0];
  CHECK(contains(other.config.model.cell.text, "tanh("));
  CHECK(trial_id(laboratory(), other.config) != plan.trials[0].id);
}

TEST_CASE("[plan file] what is damaged, older or unknown is refused with its line and the remedy") {
  const std::string text =
      to_lines(laboratory(), stored(plan_sweep(laboratory(), ConfigFile("").path(), {})));
  const auto refusal = [](const std::string& changed) {
    return error_of<ConfigError>([&] { stored_plan_from(laboratory(), changed, "out/plan.jsonl"); });
  };
  CHECK(refusal(text) == "(no error)");
  const auto with = [&](const std::string& from, const std::string& to) {
    std::string changed = text;
    REQUIRE(changed.find(from) != std::string::npos);
    return changed.replace(changed.rfind(from), from.size(), to);
  };
  for (const std::string& error :
       {refusal(with("\"task.length\":\"100\"", "\"task.lenght\":\"100\"")),
        refusal(with("\"task.length\":\"100\"", "\"task.length\":\"x\"")),
        refusal(with("\"seed\":\"1\"", "\"seed\":\"-1\"")), refusal(with("\"settings\"", "\"axes\"")),
        refusal(text.substr(0, text.size() - 30))}) {
    CHECK_MESSAGE(contains(error, "out/plan.jsonl:2: "), error);
    CHECK_MESSAGE(contains(error, "choose another --out"), error);
  }
  CHECK(contains(refusal(with("\"task.length\":\"100\"", "\"task.lenght\":\"100\"")), "task.lenght"));
  const std::string old = refusal(R"({"id":"0123","axes":{"seed":"1"}})"
                                  "\n");
  CHECK_MESSAGE(contains(old, "earlier version"), old);
  CHECK_MESSAGE(contains(old, "choose another --out"), old);
  CHECK(contains(refusal(with("\"unroll_plan\":2", "\"unroll_plan\":9")), "another version"));
  CHECK(contains(refusal(""), "holds no trials"));
  CHECK(contains(refusal(text.substr(0, text.find('\n') + 1)), "holds no trials"));
}

#include "experiments/config/include.hpp"

#include <fmt/format.h>

#include "experiments/sweep/plan.hpp"
#include "tests/experiments/config/fixture.hpp"
#include "tests/support/contains.hpp"
#include "tests/support/error_of.hpp"
#include "tests/support/laboratory.hpp"

using namespace unroll;
using namespace unroll::config_tests;

namespace {

using Entries = std::vector<std::pair<std::string, std::string>>;

/// Files beside each other; the first one is the config.
class Files {
 public:
  explicit Files(const Entries& files) : main_("", files.front().first) {
    for (const auto& [name, text] : files) {
      const auto path = folder() / name;
      std::filesystem::create_directories(path.parent_path());
      std::ofstream(path) << text;
    }
  }

  std::filesystem::path folder() const { return main_.path().parent_path(); }
  SweepPlan plan(const std::vector<std::string>& overrides = {}) const {
    return plan_sweep(laboratory(), main_.path(), overrides);
  }
  std::string printed(const std::vector<std::string>& overrides = {}) const {
    return without_folder(print_config(laboratory(), main_.path(), overrides));
  }
  std::string error() const {
    return without_folder(error_of<ConfigError>([&] { plan(); }));
  }

 private:
  std::string without_folder(std::string text) const {
    const std::string prefix = folder().string() + "/";
    for (std::size_t at = text.find(prefix); at != std::string::npos; at = text.find(prefix))
      text.erase(at, prefix.size());
    return text;
  }

  ConfigFile main_;
};

}  // namespace

TEST_CASE("[include] a file begins with what it includes, and what is said later wins") {
  const Files files({{"a.toml", "include = [\"base.toml\", \"more/b.toml\"]\n[model]\nhidden = 7\n"},
                     {"base.toml", "[model]\nhidden = 5\nlayers = 2\n[train]\nbatch = 3\n"},
                     {"more/b.toml", "include = \"../c.toml\"\n[train]\nbatch = 4\n"},
                     {"c.toml", "[train]\nbatch = 9\nupdates = 11\n"}});
  const Config config = files.plan().trials.at(0).config;
  CHECK(config.model.hidden == 7);
  CHECK(config.model.layers == 2);
  CHECK(config.train.batch == 4);
  CHECK(config.train.updates == 11);
  CHECK(files.plan({"train.batch=6"}).trials.at(0).config.train.batch == 6);
}

TEST_CASE("[include] a later setting ends an earlier axis, and a later axis an earlier setting") {
  const Files fixed({{"a.toml", "include = [\"b.toml\"]\n[task]\nlength = 30\n"},
                     {"b.toml", "[sweep]\n\"task.length\" = [10, 20]\nseed = { count = 2 }\n"}});
  CHECK(fixed.plan().axis_keys == std::vector<std::string>{"seed"});
  CHECK(fixed.plan().trials.at(0).config.task.length == 30);
  const Files swept(
      {{"a.toml", "include = [\"b.toml\"]\n[sweep]\n\"task.length\" = [40]\n\"model.hidden\" = [1, 2]\n"},
       {"b.toml", "seed = 5\n[sweep]\n\"task.length\" = [10, 20]\nseed = { count = 2 }\n"}});
  const SweepPlan plan = swept.plan();
  CHECK(plan.axis_keys == std::vector<std::string>{"task.length", "seed", "model.hidden"});
  CHECK(plan.trials.size() == 4);
  CHECK(plan.trials.at(0).config.seed == 5);
}

TEST_CASE("[include] each key is shown with where it comes from") {
  const Files files(
      {{"a.toml", "include = [\"b.toml\"]\n[model]\nhidden = 7\n[sweep]\nseed = { count = 2 }\n"},
       {"b.toml", "[train]\nbatch = 3\n"}});
  const std::string text = files.printed({"train.updates=6", "sweep.where=seed < 9"});
  CHECK(contains(text, "hidden = 7                       # a.toml:3:10\n"));
  CHECK(contains(text, "batch = 3                        # b.toml:2:9\n"));
  CHECK(contains(text, "updates = 6                      # override \"train.updates=6\"\n"));
  CHECK(contains(text, "layers = 1                       # default\n"));
  CHECK(contains(text, "seed = [1, 2]                    # a.toml:5:1\n"));
  CHECK(contains(text, "where = \"seed < 9\"               # override \"sweep.where=seed < 9\"\n"));
  const ConfigFile again(text);
  CHECK(plan_sweep(laboratory(), again.path(), {}).trials.size() == 2);
}

TEST_CASE("[include] circles, missing files and what is no list are refused") {
  const Files own(Entries{{"a.toml", "include = [\"./a.toml\"]"}});
  CHECK(contains(own.error(),
                 "a.toml:1:12: include: expected files that do not include each other, found a circle"));
  const Files circle(
      {{"a.toml", "include = [\"b.toml\"]"}, {"b.toml", "include = [\"sub/../a.toml\"]"}, {"sub/x", ""}});
  CHECK(contains(circle.error(),
                 "b.toml:1:12: include: expected files that do not include each other, found a "
                 "circle: a.toml -> b.toml -> "));
  const Files missing(Entries{{"a.toml", "include = [\"b.toml\"]"}});
  CHECK(contains(missing.error(), "b.toml: this config file does not exist\n  included at a.toml:1:12"));
  const Files number(Entries{{"a.toml", "include = [3]"}});
  CHECK(
      contains(number.error(), "a.toml:1:12: include: expected a list of config files, found the integer 3"));
  const Files mistyped(Entries{{"a.toml", "inclde = [\"b.toml\"]"}});
  CHECK(contains(mistyped.error(), "did you mean \"include\"?"));
}

TEST_CASE("[include] the same file twice is no circle, and doubling ends") {
  const Files twice({{"a.toml", "include = [\"b.toml\", \"b.toml\"]"}, {"b.toml", "[train]\nbatch = 3\n"}});
  CHECK(twice.plan().trials.at(0).config.train.batch == 3);
  Entries files;
  for (int i = 0; i < 30; ++i)
    files.push_back(
        {fmt::format("{}.toml", i), fmt::format("include = [\"{0}.toml\", \"{0}.toml\"]", i + 1)});
  files.push_back({"30.toml", ""});
  CHECK(contains(Files(files).error(), "expected at most 100 files in all"));
}

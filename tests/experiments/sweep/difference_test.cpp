#include <doctest/doctest.h>

#include "experiments/sweep/plan.hpp"
#include "tests/experiments/config/fixture.hpp"

using namespace unroll;
using namespace unroll::config_tests;

namespace {

std::string resolved(const std::string& text, const std::vector<std::string>& overrides = {}) {
  const ConfigFile file(text);
  return plan_sweep(file.path(), overrides).resolved;
}

using Strings = std::vector<std::string>;

}  // namespace

TEST_CASE("[plan] configs that make the same trials do not differ") {
  const std::string a = resolved("[sweep]\nseed = { count = 2 }\n\"task.length\" = [10, 20]");
  CHECK(config_difference(a, a).empty());
  CHECK(config_difference(a, "# a header\n" + a).empty());
  CHECK(config_difference(a, resolved("[sweep]\n\"task.length\" = [20, 10]\nseed = [2, 1]")).empty());
  CHECK(config_difference(a, resolved("", {"task.length=10,20", "seed=1,2", "jobs=3", "out=elsewhere"}))
            .empty());
  CHECK(config_difference(
            resolved("[sweep]\ncases = [{seed = 1, task.length = 5}, {seed = 2, task.length = 6}]"),
            resolved("[sweep]\ncases = [{task.length = 6, seed = 2}, {task.length = 5, seed = 1}]"))
            .empty());
}

TEST_CASE("[plan] every differing key has its line with both values") {
  const std::string a = resolved("[sweep]\nseed = { count = 2 }");
  CHECK(config_difference(a, resolved("[train]\nupdates = 100\n[sweep]\nseed = { count = 3 }"), "out/a") ==
        Strings{"seed: [1, 2] in out/a, [1, 2, 3] in this config",
                "train.updates: 3000 in out/a, 100 in this config"});
  CHECK(config_difference(a, resolved("seed = 4")) ==
        Strings{"seed: [1, 2] in the output folder, 4 in this config"});
  CHECK(config_difference(resolved(""), resolved("[sweep]\ncases = [{seed = 1, task.length = 5}]")) ==
        Strings{"seed: 1 in the output folder, swept otherwise in this config",
                "seed/task.length: swept otherwise in the output folder, [1/5] in this config",
                "task.length: 100 in the output folder, swept otherwise in this config"});
}

TEST_CASE("[plan] another revision of the results is a difference") {
  const std::string a = resolved("");
  std::string b = a;
  const std::string line = "results_revision = 3";
  b.replace(b.find(line), line.size(), "results_revision = 1");
  CHECK(config_difference(b, a) == Strings{"results_revision: 1 in the output folder, 3 in this config"});
}

TEST_CASE("[plan] a default that changed since is a difference") {
  // What an older program would have left, with another default.
  std::string older = resolved("");
  const std::string line = "batch = 20";
  older.replace(older.find(line), line.size(), "batch = 32");
  CHECK(config_difference(older, resolved("")) ==
        Strings{"train.batch: 32 in the output folder, 20 in this config"});
}

TEST_CASE("[plan] a damaged config is named in the error") {
  CHECK(error_of([] { config_difference("[task", resolved("")); }).rfind("the output folder:1:", 0) == 0);
}

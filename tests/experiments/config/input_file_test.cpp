#include "experiments/config/input_file.hpp"

#include <doctest/doctest.h>

#include "experiments/sweep/folder.hpp"
#include "experiments/sweep/plan.hpp"
#include "experiments/sweep/trial_id.hpp"
#include "tests/experiments/config/fixture.hpp"
#include "tests/experiments/sweep/fake_sweep.hpp"
#include "tests/support/any_task.hpp"
#include "tests/support/contains.hpp"
#include "tests/support/error_of.hpp"
#include "tests/support/laboratory.hpp"

using namespace unroll;
using namespace unroll::test;

namespace {

namespace fs = std::filesystem;

/// The current folder is another one while it lives.
class Inside {
 public:
  explicit Inside(const fs::path& folder) : before_(fs::current_path()) { fs::current_path(folder); }
  ~Inside() { fs::current_path(before_); }

 private:
  fs::path before_;
};

/// A config on text.txt, beside it.
struct Study {
  Study() {
    write_text(text, counting_text());
    write_text(config,
               "[task]\nname = \"words\"\ntext = \"text.txt\"\n[train]\nbatch = 4\nwindow = 10\n[sweep]\n"
               "seed = [1, 2]\n");
  }
  SweepPlan plan() const { return plan_sweep(laboratory(), config, {}); }
  /// As a sweep leaves its folder.
  void finish(const fs::path& to) const { run_quietly(plan(), to); }

  TemporaryFolder folder;
  fs::path text = folder.path() / "text.txt", config = folder.path() / "study.toml",
           out = folder.path() / "out";
};

void change(const fs::path& file, const std::string& text) {
  fs::remove(file);
  write_text(file, text);
}

}  // namespace

TEST_CASE("[text file] a name is looked for beside the config first, then in the current folder") {
  const TemporaryFolder beside, current;
  const Inside inside(current.path());
  write_text(beside.path() / "a.txt", "beside the config");
  write_text(current.path() / "a.txt", "in the current folder");
  write_text(current.path() / "b.txt", "only there");
  CHECK(*read_input_file("a.txt", beside.path()).content == "beside the config");
  CHECK(*read_input_file("a.txt").content == "in the current folder");
  CHECK(*read_input_file("b.txt", beside.path()).content == "only there");
  CHECK(*read_input_file((current.path() / "a.txt").string(), beside.path()).content ==
        "in the current folder");
  const InputFile none = read_input_file("c.txt", beside.path());
  CHECK_FALSE(none.empty());
  CHECK(none.path == "c.txt");
  CHECK(none.hash.empty());
  CHECK_FALSE(none.content);
  CHECK(read_input_file("", beside.path()).empty());
  fs::create_directory(beside.path() / "b.txt");  // a folder is no text
  CHECK(*read_input_file("b.txt", beside.path()).content == "only there");
}

TEST_CASE("[text file] its path is absolute, and what it says is its identity") {
  const TemporaryFolder folder;
  write_text(folder.path() / "a.txt", "one text");
  write_text(folder.path() / "b.txt", "one text");
  write_text(folder.path() / "c.txt", "another text");
  const InputFile a = read_input_file("a.txt", folder.path()), b = read_input_file("b.txt", folder.path()),
                  c = read_input_file("./x/../c.txt", folder.path());
  CHECK(a.path == (folder.path() / "a.txt").string());
  CHECK(a.hash.size() == 16);
  CHECK(a.hash == b.hash);
  CHECK(a.hash != c.hash);
  CHECK(with_hash(a) == a.path + "@" + a.hash);
  CHECK(read_input_file(with_hash(a)) == a);
  CHECK(with_hash(InputFile{"gone", "", nullptr}) == "gone");
  // An @ in a name is no hash unless 16 hex digits stand behind it.
  write_text(folder.path() / "me@home", "mine");
  CHECK(*read_input_file("me@home", folder.path()).content == "mine");
}

TEST_CASE("[text file] what is no text is refused before anything is trained, with the place that names it") {
  const Study study;
  write_text(study.text, "");
  const std::string empty = error_of<ConfigError>([&] { study.plan(); });
  CHECK_MESSAGE(contains(empty, "text.txt"), empty);
  write_text(study.text, "abc\xff");
  const std::string bytes = error_of<ConfigError>([&] { study.plan(); });
  CHECK_MESSAGE(contains(bytes, "UTF-8"), bytes);
  CHECK_MESSAGE(contains(bytes, "study.toml:3"), bytes);
}

TEST_CASE("[text file] a resolved config holds the path and the hash, and means the same anywhere") {
  const Study study;
  const SweepPlan plan = study.plan();
  const InputFile text = read_input_file(study.text.string());
  CHECK(contains(plan.resolved, "text = \"" + study.text.string() + "@" + text.hash + "\""));
  const TemporaryFolder elsewhere;
  write_text(elsewhere.path() / "copy.toml", plan.resolved);
  const Inside inside(elsewhere.path());
  const SweepPlan copy = plan_sweep(laboratory(), "copy.toml", {});
  REQUIRE(copy.trials.size() == 2);
  for (std::size_t i = 0; i < 2; ++i) CHECK(copy.trials[i].id == plan.trials[i].id);
}

TEST_CASE("[text file] a text that moved makes the same trials, another text others") {
  const Study study;
  const SweepPlan plan = study.plan();
  fs::create_directory(study.folder.path() / "data");
  fs::rename(study.text, study.folder.path() / "data" / "moved.txt");
  const SweepPlan moved = plan_sweep(laboratory(), study.config,
                                     {"task.text=" + (study.folder.path() / "data" / "moved.txt").string()});
  for (std::size_t i = 0; i < 2; ++i) CHECK(moved.trials[i].id == plan.trials[i].id);
  CHECK(plan_difference(laboratory(), plan, moved).empty());
  write_text(study.text, counting_text() + "one\n");
  CHECK(study.plan().trials[0].id != plan.trials[0].id);
}

TEST_CASE("[text file] a resolved config whose text changed is refused with both hashes") {
  const Study study;
  const std::string resolved = study.plan().resolved;
  const std::string before = read_input_file(study.text.string()).hash;
  change(study.text, counting_text() + "one\n");
  const std::string after = read_input_file(study.text.string()).hash;
  const fs::path again = study.folder.path() / "again.toml";
  write_text(again, resolved);
  const std::string error = error_of<ConfigError>([&] { plan_sweep(laboratory(), again, {}); });
  CHECK_MESSAGE(contains(error, "this file has the hash " + after), error);
  CHECK_MESSAGE(contains(error, "made for one with " + before), error);
  CHECK_MESSAGE(contains(error, "again.toml:"), error);
  CHECK_MESSAGE(contains(error, study.text.string()), error);
  fs::remove(study.text);
  const std::string gone = error_of<ConfigError>([&] { plan_sweep(laboratory(), again, {}); });
  CHECK_MESSAGE(contains(gone, "there is no file \"" + study.text.string() + "\""), gone);
}

TEST_CASE("[text file] a folder is not continued with another text, and says which") {
  const Study study;
  study.finish(study.out);
  const std::string before = read_input_file(study.text.string()).hash;
  change(study.text, counting_text() + "one\n");
  try {
    study.finish(study.out);
    FAIL("not refused");
  } catch (const SweepRefused& refused) {
    const std::string message = refused.what();
    INFO(message);
    CHECK(contains(message, "task.text"));
    CHECK(contains(message, before));
    CHECK(contains(message, read_input_file(study.text.string()).hash));
  }
}

TEST_CASE("[text file] a finished sweep can be looked at when its text is gone, or is another") {
  const Study study;
  study.finish(study.out);
  const auto look = [&] {
    const SweepPlan plan = read_plan(laboratory(), study.out);
    JournalReader journals(study.out);
    journals.refresh();
    const SweepState state = sweep_state(plan, journals);
    CHECK(state.done == 2);
    CHECK(state.missing.empty());
  };
  look();
  change(study.text, "something else\n");
  look();
  change(study.text, "\xff\xfe no text any more");
  look();
  fs::remove(study.text);
  look();
}

TEST_CASE("[text file] on the command line a name may hold a comma; a list of files is an axis") {
  const Study study;
  write_text(study.folder.path() / "a,b.txt", counting_text(100));
  write_text(study.folder.path() / "c.txt", counting_text(110));
  const Inside inside(study.folder.path());
  CHECK(plan_sweep(laboratory(), study.config, {"task.text=a,b.txt"}).trials.size() == 2);
  const SweepPlan two = plan_sweep(laboratory(), study.config, {"task.text=c.txt,text.txt"});
  CHECK(two.trials.size() == 4);
  CHECK(two.trials[0].id != two.trials[2].id);
}

TEST_CASE("[text file] a relative name that nothing is found under is named, with where it was looked for") {
  const Study study;
  fs::remove(study.text);
  const std::string error = error_of<ConfigError>([&] { study.plan(); });
  CHECK_MESSAGE(contains(error, "there is no file \"text.txt\""), error);
  CHECK_MESSAGE(contains(error, "study.toml:3"), error);
}

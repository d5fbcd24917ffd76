#include "experiments/verbs/trial_words.hpp"

#include <doctest/doctest.h>

#include <algorithm>

#include "experiments/verbs/verb.hpp"
#include "tests/support/any_task.hpp"
#include "tests/support/laboratory.hpp"

using namespace unroll;

namespace {

std::string next_of(const TaskConfig& task) {
  Trial trial;
  trial.config.task = task;
  const std::string text = what_it_did(laboratory(), trial, {}, "out/my model");
  return text.substr(text.find("\nnext: ") + 1);
}

}  // namespace

TEST_CASE("[trial_words] what comes next after a run is what the task's models are for") {
  CHECK(next_of({.name = "speech"}) == "next: unroll transcribe 'out/my model' FILE.wav\n");
  CHECK(next_of({.name = "series", .values = {{"task.data", InputFile{"my table.csv", "", nullptr}}}}) ==
        "next: unroll forecast 'out/my model' 'my table.csv'\n");
  for (const std::string name : {"music", "melody"})
    CHECK(next_of({.name = name}) == "next: unroll generate 'out/my model' --bars 16 --out new.mid\n");
  for (const std::string name : {"characters", "words"})
    CHECK(next_of({.name = name}) == "next: unroll generate 'out/my model'\n");
  CHECK(next_of({.name = "file"}) == "next: unroll evaluate 'out/my model'\n");
  CHECK(next_of(any_task("adding", "sum", 30)) == "next: unroll evaluate 'out/my model' task.length=60\n");
}

TEST_CASE("[trial_words] every use of a task is a verb of the program") {
  for (const TaskRow& row : standard_tasks()) {
    CAPTURE(row.name);
    if (!row.use) continue;
    const ModelUse use = row.use({.name = row.name});
    CHECK(std::ranges::count(verb_table(), use.verb, &Verb::name) == 1);
  }
}

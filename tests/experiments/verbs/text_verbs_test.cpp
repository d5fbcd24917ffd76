#include <doctest/doctest.h>

#include <limits>

#include "tests/experiments/saved/some_model.hpp"
#include "tests/experiments/verbs/command.hpp"

// What predict, generate and score do with models that no training leaves behind on purpose.

using namespace unroll;
using namespace unroll::test;

namespace {

const std::vector<std::vector<std::string>> questions = {{"score", "model", "text"},
                                                         {"score", "model", "text", "--per-token"},
                                                         {"predict", "model", "--text", "a"},
                                                         {"predict", "model", "--text", "one ___ two"},
                                                         {"generate", "model"},
                                                         {"generate", "model", "--temperature", "0"}};

CommandOutcome ask(const std::filesystem::path& folder, std::vector<std::string> question) {
  for (std::string& word : question)
    if (word == "model" || word == "text") word = (folder / word).string();
  return call(folder, question);
}

}  // namespace

TEST_CASE("[text verbs] a model with weights that are no finite numbers answers nothing") {
  for (const float bad : {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity(),
                          -std::numeric_limits<float>::infinity()}) {
    const TemporaryFolder folder;
    write_text(folder.path() / "text", "one two three\n");
    SomeModel model(small_model(any_task("words", "punctuation", 100)));
    model.save(folder.path() / "model");
    for (const auto& question : questions) CHECK(ask(folder.path(), question).status == 0);
    // One weight alone, which the text may never come to.
    model.parameters.front().span().back() = bad;
    model.save(folder.path() / "model");
    for (const auto& question : questions) {
      const CommandOutcome outcome = ask(folder.path(), question);
      CAPTURE(question.front());
      CHECK(outcome.status == 2);
      CHECK(outcome.out.empty());
      CHECK_MESSAGE(outcome.err.find(model.specs.front().name +
                                     " are NaN or infinite, expected finite numbers") != std::string::npos,
                    outcome.err);
    }
  }
}

TEST_CASE("[text verbs] finite weights too large to compute with are no figures either") {
  const TemporaryFolder folder;
  write_text(folder.path() / "text", "one two three\n");
  SomeModel model(small_model(any_task("words", "punctuation", 100)));
  for (Tensor<float>& parameter : model.parameters) parameter.fill(3e38f);
  model.save(folder.path() / "model");
  for (const auto& question : questions) {
    const CommandOutcome outcome = ask(folder.path(), question);
    CAPTURE(question.front());
    CHECK(outcome.status == 2);
    CHECK_MESSAGE(outcome.err.find("training diverged") != std::string::npos, outcome.err);
  }
}

#include "experiments/tasks/text_task.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "experiments/config/config_error.hpp"
#include "experiments/laboratory.hpp"
#include "experiments/tasks/data_options.hpp"
#include "experiments/train/windowed_batch.hpp"
#include "tests/support/any_task.hpp"
#include "tests/support/contains.hpp"
#include "tests/support/judged.hpp"

using namespace unroll;

namespace {

TaskConfig on_text(std::string_view task, std::string text, double validation_fraction = 0.1) {
  TaskConfig config{.name = std::string(task), .variant = find_task(standard_tasks(), task)->variants[0]};
  config.values[text_options::text.key] = text_value(std::move(text));
  config.values[data_options::validation_fraction.key] = validation_fraction;
  return config;
}

/// The corpus that a task on this text is about, by the library for texts alone.
Corpus corpus_of(const std::string& text, Level level, Words words, double validation, double test = 0) {
  CorpusOptions options;
  options.level = level;
  options.words = words;
  options.valid_fraction = validation;
  options.test_fraction = test;
  return make_corpus(options, {"a text", text});
}

std::string task_error(const TaskConfig& config) {
  try {
    standard_task(config);
  } catch (const TextError& error) {
    return error.what();
  } catch (const ConfigError& error) {
    return error.what();
  }
  return "(no error)";
}

/// A text of so many letters, and no other character.
std::string text_of_letters(std::size_t count) {
  std::string text;
  for (std::size_t i = 0; i < count; ++i) text += static_cast<char>('a' + (i * i + i / 7) % 5);
  return text;
}

bool knows(const TaskConfig& config, std::string_view token) {
  return standard_task(config)->vocabulary()->contains(token);
}

}  // namespace

TEST_CASE("[text task] a pass is the whole training part in as many streams as the batch has sequences") {
  const Corpus corpus = corpus_of(counting_text(), Level::words, Words::punctuation, 0.1);
  const auto task = standard_task(any_task("words", "punctuation", {}));
  const auto training = task->training(1);
  CHECK(training->carried());
  CHECK_FALSE(training->size());
  for (const std::int64_t sequences : {1, 4, 9}) {
    const Batch batch = training->batch(0, sequences);
    CHECK(batch.rows() == sequences);
    CHECK(batch.steps() == training->max_steps(sequences));
    CHECK(batch.steps() == static_cast<std::int64_t>(corpus.train.size()) / sequences);
    for (std::int64_t b = 0; b < sequences; ++b)
      for (std::int64_t t = 0; t < batch.steps(); ++t) {
        const std::int64_t at = b * batch.steps() + t;
        CHECK(indices(batch.target)[t * sequences + b] == corpus.train[static_cast<std::size_t>(at)]);
        const std::int32_t before =
            at == 0 ? start_token(corpus.vocabulary) : corpus.train[std::size_t(at - 1)];
        CHECK(indices(batch.inputs)[t * sequences + b] == before);
      }
    CHECK(same_bits(training->batch(5, sequences), batch));  // every pass is the same
  }
  CHECK(task->spec().input_size == corpus.vocabulary.size());
  CHECK(task->spec().output_size == corpus.vocabulary.size());
  CHECK(task->spec().inputs == InputKind::tokens);
  CHECK(task->spec().every_step());
  CHECK_FALSE(task->ends_when_solved());
  REQUIRE(task->vocabulary());
  CHECK(task->vocabulary()->tokens() == corpus.vocabulary.tokens());
}

TEST_CASE("[text task] a validation text has a stream per thousand tokens, from 1 to 32") {
  const auto streams_of = [](std::size_t tokens) {
    TaskConfig config = on_text("characters", text_of_letters(500), 0);
    config.values[text_options::validation_text.key] = text_value(text_of_letters(tokens));
    const auto task = standard_task(config);
    const auto validation = task->validation(500);
    CHECK(validation->size() == validation->batch(0, 100).rows());
    return validation->batch(0, 100).rows();
  };
  CHECK(streams_of(10) == 1);
  CHECK(streams_of(1999) == 1);
  CHECK(streams_of(2000) == 2);
  CHECK(streams_of(17'500) == 17);
  CHECK(streams_of(32'000) == 32);
  CHECK(streams_of(90'000) == 32);
}

TEST_CASE("[text task] validation and test parts are those of the corpus, the test in one stream") {
  TaskConfig config = on_text("characters", text_of_letters(30'000), 0.2);
  config.values[data_options::test_fraction.key] = 0.1;
  const Corpus corpus = corpus_of(text_of_letters(30'000), Level::characters, Words::spaces, 0.2, 0.1);
  REQUIRE(corpus.valid.size() == 6000);
  REQUIRE(corpus.test.size() == 3000);
  const auto task = standard_task(config);
  const Batch valid = task->validation(500)->batch(0, 100);
  CHECK(valid.rows() == 6);
  CHECK(valid.steps() == 1000);
  CHECK(indices(valid.inputs)[0] == start_token(corpus.vocabulary));
  CHECK(indices(valid.inputs)[1] == corpus.valid[999]);
  CHECK(indices(valid.target)[1] == corpus.valid[1000]);
  const auto source = task->test(500);
  REQUIRE(source);
  const Batch test = source->batch(0, 100);
  CHECK(test.rows() == 1);
  CHECK(test.steps() == 3000);
  for (std::int64_t t = 0; t < 3000; ++t)
    CHECK(indices(test.target)[t] == corpus.test[static_cast<std::size_t>(t)]);
  config.values[data_options::test_fraction.key] = 0.0;
  CHECK(standard_task(config)->test(500) == nullptr);
}

TEST_CASE("[text task] before a text stands a line end, a space, or the most frequent token") {
  CHECK(start_token(Vocabulary({"a", "<eos>", "\n", " "})) == 1);
  CHECK(start_token(Vocabulary({"a", " ", "\n"})) == 2);
  CHECK(start_token(Vocabulary({"a", " ", "b"})) == 1);
  CHECK(start_token(Vocabulary({"e", "a", "<unk>"})) == 0);
}

TEST_CASE("[text task] every variant cuts the text as it says, with the limits of the config") {
  CHECK(tokenisation_of({.name = "characters", .variant = "code points"}).level == Level::characters);
  const Tokenisation words = tokenisation_of({.name = "words", .variant = "punctuation"});
  CHECK(words.level == Level::words);
  CHECK(words.words == Words::punctuation);
  CHECK(tokenisation_of({.name = "words", .variant = "spaces"}).words == Words::spaces);
  CHECK_THROWS_AS(tokenisation_of({.name = "adding"}), std::invalid_argument);

  TaskConfig config = on_text("words", "a b, c\na b, c\na b, c\na b, c\na b, c\n", 0.3);
  CHECK(knows(config, ","));
  config.variant = "spaces";
  CHECK_FALSE(knows(config, ","));
  CHECK(knows(config, "b,"));
  CHECK(knows(on_text("characters", "\u00e9\u00e8\u00e9a\u00e9\u00e8\u00e9a\u00e9\u00e8\u00e9a"), "\u00e9"));

  config = on_text("words", "one one one one two two two three three three four\n", 0);
  config.values[text_options::validation_text.key] = text_value("one two\n");
  CHECK(knows(config, "four"));
  config.values[text_options::min_count.key] = std::int64_t{3};
  CHECK(knows(config, "three"));
  CHECK_FALSE(knows(config, "four"));
  config.values[text_options::min_count.key] = std::int64_t{1};
  config.values[text_options::vocabulary.key] = std::int64_t{3};
  CHECK(knows(config, "one"));
  CHECK_FALSE(knows(config, "four"));
}

TEST_CASE("[text task] the vocabulary is built from the training part alone") {
  TaskConfig config = on_text("words", "one two one two one two\n", 0);
  config.values[text_options::validation_text.key] = text_value("one two three\n");
  const auto task = standard_task(config);
  CHECK_FALSE(task->vocabulary()->contains("three"));
  CHECK(indices(task->validation(1)->batch(0, 1).target)[2] == task->vocabulary()->unknown());
  CHECK_MESSAGE(contains(task->description(), "unknown"), task->description());
}

TEST_CASE("[text task] a text that cannot be learned from is refused by name and with the reason") {
  const TaskConfig none{.name = "words", .variant = "punctuation"};
  CHECK(task_error(none) == "the task words learns from a text: give its file as task.text");

  TaskConfig missing = none;
  missing.values[text_options::text.key] = InputFile{"nowhere.txt", "", nullptr};
  CHECK_MESSAGE(contains(task_error(missing), "nowhere.txt"), task_error(missing));
  missing = on_text("words", counting_text());
  missing.values[text_options::validation_text.key] = InputFile{"gone.txt", "", nullptr};
  CHECK_MESSAGE(contains(task_error(missing), "gone.txt"), task_error(missing));

  const std::string one_word =
      task_error(on_text("words", "word word word word word word word word word word"));
  CHECK_MESSAGE(contains(one_word, "a text"), one_word);
  CHECK_MESSAGE(contains(one_word, "word"), one_word);

  TaskConfig strange = on_text("words", counting_text(), 0);
  strange.values[text_options::validation_text.key] =
      InputFile{"strange.txt", "1", std::make_shared<const std::string>("quite other text")};
  CHECK_MESSAGE(contains(task_error(strange), "strange.txt"), task_error(strange));
  CHECK_MESSAGE(contains(task_error(strange), "vocabulary"), task_error(strange));

  const std::string no_validation = task_error(on_text("words", counting_text(), 0));
  CHECK_MESSAGE(contains(no_validation, "task.validation_text"), no_validation);
  CHECK_MESSAGE(contains(no_validation, "task.validation_fraction"), no_validation);
  CHECK(task_error(on_text("words", counting_text())) == "(no error)");
}

TEST_CASE("[text task] a text shorter than one window is refused with streams, steps and window") {
  Config config = Laboratory().default_config();
  config.task = on_text("characters", text_of_letters(1000), 0.1);
  const auto task = standard_task(config.task);
  const auto check = [&] { check_windows(config, task->spec(), *task->training(1)); };
  config.train.batch = 30;
  config.train.window = config.train.stride = 30;
  CHECK_NOTHROW(check());
  config.train.window = config.train.stride = 31;
  std::string message;
  try {
    check();
  } catch (const std::invalid_argument& error) {
    message = error.what();
  }
  for (const char* part : {"train.window", "31", "30", "train.batch"})
    CHECK_MESSAGE(contains(message, part), message);
  config.train.batch = 5000;
  CHECK_THROWS_AS(check(), std::invalid_argument);
}

TEST_CASE(
    "[text task] the trivial loss is what the training part's frequencies cost on the validation part") {
  const auto task = standard_task(any_task("words", "punctuation", {}));
  const std::vector<Baseline> all = task->baselines();
  REQUIRE(all.size() == 6);
  CHECK(all[1].name == "unigram");
  // Smoothed in another way there.
  CHECK(task->trivial_loss() == doctest::Approx(all[1].validation_loss).epsilon(0.01));
  CHECK(task->success().holds({{"loss", task->trivial_loss() * 0.999}}));
  CHECK_FALSE(task->success().holds({{"loss", task->trivial_loss()}}));
}

TEST_CASE("[text task] there are baselines of the test part where there is one") {
  TaskConfig config = on_text("characters", text_of_letters(3000), 0.2);
  for (const Baseline& one : standard_task(config)->baselines()) CHECK_FALSE(one.test_loss);
  config.values[data_options::test_fraction.key] = 0.1;
  for (const Baseline& one : standard_task(config)->baselines()) {
    REQUIRE(one.test_loss);
    CHECK(*one.test_loss > 0);
  }
}

TEST_CASE("[text task] every token is an answer of its own") {
  const auto task = standard_task(on_text("characters", text_of_letters(300), 0.1));
  const Batch batch = task->validation(1)->batch(0, 1);
  Tensor<float> scores = right_outputs(task->spec(), batch);
  CHECK(judged(task->spec(), batch, scores).at("error_rate") == 0);
  scores[7 * task->spec().output_size + indices(batch.target)[7]] = 0;
  CHECK(judged(task->spec(), batch, scores).at("error_rate") ==
        doctest::Approx(1.0 / static_cast<double>(batch.steps())));
}

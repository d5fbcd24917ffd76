#include "experiments/tasks/text_task.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "experiments/tasks/baselines.hpp"
#include "experiments/train/windowed_batch.hpp"
#include "tests/support/any_task.hpp"

using namespace unroll;

namespace {

std::vector<std::int32_t> counting(std::int32_t tokens) {
  std::vector<std::int32_t> text(static_cast<std::size_t>(tokens));
  std::iota(text.begin(), text.end(), 1);
  return text;
}

TaskConfig on_text(std::string_view task, std::string text, double validation_fraction = 0.1) {
  TaskConfig config{.name = std::string(task), .variant = std::string(find_task(task)->variants[0])};
  config.text = text_value(std::move(text));
  config.validation_fraction = validation_fraction;
  return config;
}

std::string error_of(const TaskConfig& config) {
  try {
    make_task(config);
  } catch (const TextError& error) {
    return error.what();
  }
  return "(no error)";
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

/// A text of so many letters, and no other character.
std::string letters(std::size_t count) {
  std::string text;
  for (std::size_t i = 0; i < count; ++i) text += static_cast<char>('a' + (i * i + i / 7) % 5);
  return text;
}

}  // namespace

TEST_CASE("[text task] streams stand side by side, each token after the one before it in the text") {
  for (const std::int64_t streams : {1, 2, 3, 5, 7, 20}) {
    const std::vector<std::int32_t> text = counting(20);
    const Batch batch = side_by_side(text, 99, streams);
    const std::int64_t steps = 20 / streams;
    REQUIRE(batch.tokens.shape() == Shape{steps, streams});
    REQUIRE(batch.classes.shape() == Shape{steps, streams});
    CHECK(batch.steps() == steps);
    CHECK(batch.rows() == streams);
    for (std::int64_t b = 0; b < streams; ++b)
      for (std::int64_t t = 0; t < steps; ++t) {
        const std::int64_t at = b * steps + t;  // token number at + 1 of 1, 2, 3, ...
        CHECK(batch.classes[t * streams + b] == at + 1);
        CHECK(batch.tokens[t * streams + b] == (at == 0 ? 99 : at));
        if (t > 0) CHECK(batch.tokens[t * streams + b] == batch.classes[(t - 1) * streams + b]);
      }
  }
}

TEST_CASE("[text task] what does not fill all streams is left out at the end, fewer tokens than streams") {
  for (std::int32_t tokens = 1; tokens < 40; ++tokens)
    for (std::int64_t streams = 1; streams < 8; ++streams) {
      const Batch batch = side_by_side(counting(tokens), 0, streams);
      const std::int64_t kept = batch.classes.numel();
      CHECK(tokens - kept >= 0);
      CHECK(tokens - kept < streams);
      if (kept == 0) continue;
      const auto all = batch.classes.span();
      CHECK(*std::ranges::max_element(all) == kept);  // the first ones are kept
    }
}

TEST_CASE("[text task] a pass is the whole training part in as many streams as the batch has sequences") {
  const TaskConfig config = any_task("words", "punctuation", 0);
  const Corpus corpus = corpus_of(config);
  const auto task = make_task(config);
  Stream stream(1, Purpose::check);
  for (const std::int64_t sequences : {1, 4, 9}) {
    const Batch batch = task->sample(stream, sequences);
    CHECK(batch.rows() == sequences);
    CHECK(batch.steps() == task->max_steps(sequences));
    CHECK(batch.steps() == static_cast<std::int64_t>(corpus.train.size()) / sequences);
    for (std::int64_t b = 0; b < sequences; ++b)
      for (std::int64_t t = 0; t < batch.steps(); ++t)
        CHECK(batch.classes[t * sequences + b] ==
              corpus.train[static_cast<std::size_t>(b * batch.steps() + t)]);
  }
  CHECK(task->input_size() == corpus.vocabulary.size());
  CHECK(task->output_size() == corpus.vocabulary.size());
  CHECK(task->readout() == Readout::every_step);
  CHECK_FALSE(task->ends_when_solved());
  REQUIRE(task->vocabulary());
  CHECK(task->vocabulary()->tokens() == corpus.vocabulary.tokens());
}

TEST_CASE("[text task] a validation text has a stream per thousand tokens, from 1 to 32") {
  const auto streams_of = [](std::size_t tokens) {
    TaskConfig config = on_text("characters", letters(500), 0);
    config.validation_text = text_value(letters(tokens));
    return make_task(config)->validation()->rows();
  };
  CHECK(streams_of(10) == 1);
  CHECK(streams_of(1999) == 1);
  CHECK(streams_of(2000) == 2);
  CHECK(streams_of(17'500) == 17);
  CHECK(streams_of(32'000) == 32);
  CHECK(streams_of(90'000) == 32);
}

TEST_CASE("[text task] validation and test parts are those of the corpus, the test in one stream") {
  TaskConfig config = on_text("characters", letters(30'000), 0.2);
  config.test_fraction = 0.1;
  const Corpus corpus = corpus_of(config);
  REQUIRE(corpus.valid.size() == 6000);
  REQUIRE(corpus.test.size() == 3000);
  const auto task = make_task(config);
  const Batch& valid = *task->validation();
  CHECK(valid.rows() == 6);
  CHECK(valid.steps() == 1000);
  CHECK(valid.tokens[0] == start_token(corpus.vocabulary));
  CHECK(valid.tokens[1] == corpus.valid[999]);
  CHECK(valid.classes[1] == corpus.valid[1000]);
  const std::optional<Batch> test = task->test();
  REQUIRE(test);
  CHECK(test->rows() == 1);
  CHECK(test->steps() == 3000);
  for (std::int64_t t = 0; t < 3000; ++t) CHECK(test->classes[t] == corpus.test[static_cast<std::size_t>(t)]);
  config.test_fraction = 0;
  CHECK_FALSE(make_task(config)->test());
}

TEST_CASE("[text task] before a text stands a line end, a space, or the most frequent token") {
  CHECK(start_token(Vocabulary({"a", "<eos>", "\n", " "})) == 1);
  CHECK(start_token(Vocabulary({"a", " ", "\n"})) == 2);
  CHECK(start_token(Vocabulary({"a", " ", "b"})) == 1);
  CHECK(start_token(Vocabulary({"e", "a", "<unk>"})) == 0);
}

TEST_CASE("[text task] every variant cuts the text as it says, with the limits of the config") {
  TaskConfig config{.name = "characters", .variant = "code points"};
  config.validation_fraction = 0.2;
  config.test_fraction = 0.3;
  config.min_count = 4;
  config.vocabulary = 50;
  const CorpusOptions characters = corpus_options(config);
  CHECK(characters.level == Level::characters);
  CHECK(characters.valid_fraction == 0.2);
  CHECK(characters.test_fraction == 0.3);
  CHECK(characters.min_count == 4);
  CHECK(characters.max_size == 50);
  config.name = "words";
  config.variant = "punctuation";
  CHECK(corpus_options(config).level == Level::words);
  CHECK(corpus_options(config).words == Words::punctuation);
  config.variant = "spaces";
  CHECK(corpus_options(config).words == Words::spaces);
  config.name = "adding";
  CHECK_THROWS_AS(corpus_options(config), std::invalid_argument);

  config = on_text("words", "a b, c\na b, c\na b, c\na b, c\na b, c\n", 0.3);
  CHECK(make_task(config)->vocabulary()->contains(","));
  config.variant = "spaces";
  CHECK_FALSE(make_task(config)->vocabulary()->contains(","));
  CHECK(make_task(config)->vocabulary()->contains("b,"));
  config.name = "characters";
  config.variant = "code points";
  config.text = text_value("\u00e9\u00e8\u00e9a\u00e9\u00e8\u00e9a\u00e9\u00e8\u00e9a");
  CHECK(make_task(config)->vocabulary()->contains("\u00e9"));
}

TEST_CASE("[text task] the vocabulary is built from the training part alone") {
  TaskConfig config = on_text("words", "one two one two one two\n", 0);
  config.validation_text = text_value("one two three\n");
  const auto task = make_task(config);
  CHECK_FALSE(task->vocabulary()->contains("three"));
  CHECK(task->validation()->classes[2] == task->vocabulary()->unknown());
}

TEST_CASE("[text task] a text that cannot be learned from is refused by name and with the reason") {
  TaskConfig none{.name = "words", .variant = "punctuation"};
  CHECK(error_of(none) == "the task words learns from a text: give its file as task.text");

  TaskConfig missing = none;
  missing.text = {"nowhere.txt", "", nullptr};
  CHECK(contains(error_of(missing), "there is no file \"nowhere.txt\""));
  missing = on_text("words", counting_text());
  missing.validation_text = {"gone.txt", "", nullptr};
  CHECK(contains(error_of(missing), "there is no file \"gone.txt\""));

  const std::string one_word =
      error_of(on_text("words", "word word word word word word word word word word"));
  CHECK_MESSAGE(contains(one_word, "a text"), one_word);
  CHECK_MESSAGE(contains(one_word, "word"), one_word);

  TaskConfig strange = on_text("words", counting_text(), 0);
  strange.validation_text = {"strange.txt", "1", std::make_shared<const std::string>("quite other text")};
  CHECK_MESSAGE(contains(error_of(strange), "strange.txt"), error_of(strange));
  CHECK_MESSAGE(contains(error_of(strange), "vocabulary"), error_of(strange));

  const std::string no_validation = error_of(on_text("words", counting_text(), 0));
  CHECK_MESSAGE(contains(no_validation, "task.validation_text"), no_validation);
  CHECK_MESSAGE(contains(no_validation, "task.validation_fraction"), no_validation);
  CHECK(error_of(on_text("words", counting_text())) == "(no error)");
}

TEST_CASE("[text task] a text shorter than one window is refused with streams, steps and window") {
  Config config;
  config.task = on_text("characters", letters(1000), 0.1);
  const auto task = make_task(config.task);
  config.train.batch = 30;
  config.train.window = config.train.stride = 30;
  CHECK_NOTHROW(check_windows(config, *task));
  config.train.window = config.train.stride = 31;
  CHECK_THROWS_WITH_AS(check_windows(config, *task),
                       "train.window is 31 steps, but the training text makes 30 streams (train.batch) of 30 "
                       "steps; lower one of them, or take a longer text",
                       std::invalid_argument);
  config.train.batch = 5000;
  CHECK_THROWS_AS(check_windows(config, *task), std::invalid_argument);
}

TEST_CASE(
    "[text task] the trivial loss is what the training part's frequencies cost on the validation part") {
  const TaskConfig config = any_task("words", "punctuation", 0);
  const double unigram = baselines(config)[1].validation_loss;
  CHECK(baselines(config)[1].name == "unigram");
  // Smoothed in another way there.
  CHECK(make_task(config)->trivial_loss() == doctest::Approx(unigram).epsilon(0.01));
  const auto task = make_task(config);
  CHECK(task->solved(task->trivial_loss() * 0.999, 1));
  CHECK_FALSE(task->solved(task->trivial_loss(), 0));
}

TEST_CASE("[text task] a stream is wrong when one of its tokens is") {
  const auto task = make_task(on_text("characters", letters(300), 0.1));
  const Batch& batch = *task->validation();
  const std::int64_t types = task->output_size();
  Tensor<float> scores(Shape{batch.steps(), 1, types});
  for (std::int64_t t = 0; t < batch.steps(); ++t) scores[t * types + batch.classes[t]] = 1;
  CHECK(task->count_wrong(batch, scores) == 0);
  scores[7 * types + batch.classes[7]] = 0;
  CHECK(task->count_wrong(batch, scores) == 1);
  CHECK_THROWS_AS(task->count_wrong(batch, Tensor<float>(Shape{batch.steps(), types})),
                  std::invalid_argument);
}

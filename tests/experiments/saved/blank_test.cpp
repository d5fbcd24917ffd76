#include <doctest/doctest.h>

#include <cmath>
#include <limits>

#include "tests/experiments/saved/text_models.hpp"

// A blank with text behind it: where it may stand, and what fills it in.

using namespace unroll;
using namespace unroll::test;

namespace {

constexpr double infinite = std::numeric_limits<double>::infinity();

/// Whether a token may fill a blank in.
bool fits(const SavedModel& model, std::int32_t token) {
  return token != model.vocabulary->unknown() && token != model.vocabulary->line_end();
}

/// p of each token in a blank by what whole texts cost, one after the other.
std::vector<double> by_whole_texts(const SavedModel& model, const Prompt& prompt) {
  std::vector<std::int32_t> text = prompt.text.ids;
  text.insert(text.begin() + static_cast<std::ptrdiff_t>(prompt.blank), 0);
  std::vector<double> p;
  for (std::int32_t token = 0; token < model.vocabulary->size(); ++token) {
    text[prompt.blank] = token;
    p.push_back(fits(model, token) ? sum(nats_of(model, text)) : infinite);
  }
  const double least = std::ranges::min(p);
  for (double& one : p) one = std::exp(least - one);
  const double total = sum(p);
  for (double& one : p) one /= total;
  return p;
}

std::vector<double> in_blank(const SavedModel& model, const Prompt& prompt) {
  const std::span<const std::int32_t> text = prompt.text.ids;
  return token_between(model, text.first(prompt.blank), text.subspan(prompt.blank));
}

/// The blank's probabilities, each as whole texts have it to `tolerance` of itself.
void check_blank(const SavedModel& model, const Prompt& prompt, double tolerance) {
  const std::vector<double> p = in_blank(model, prompt), expected = by_whole_texts(model, prompt);
  CHECK(sum(p) == doctest::Approx(1).epsilon(1e-12));
  REQUIRE(p.size() == expected.size());
  for (std::size_t i = 0; i < p.size(); ++i) {
    CAPTURE(i);
    if (fits(model, static_cast<std::int32_t>(i)))
      CHECK(std::abs(p[i] - expected[i]) <= tolerance * expected[i]);
    else
      CHECK(p[i] == 0);
  }
}

}  // namespace

TEST_CASE("[text model] a blank may stand anywhere in a word prompt, with marks upon it") {
  const SavedModel model = words();
  for (const char* prompt :
       {"one two ___ three", "one two __ three", "one two___three", "one two\t____  three "})
    CHECK_MESSAGE(prompt_of(model, prompt) == "one two ? three", std::string(prompt));
  CHECK(prompt_of(model, "___ one") == "? one");
  CHECK(prompt_of(model, "one ___.") == "one ? .");
  CHECK(prompt_of(model, "one ___ .") == "one ? .");
  CHECK(prompt_of(model, "so ___. one .") == "so ? . one .");
  CHECK(prompt_of(model, "one ___.\n") == "one ? . <eos>");
  CHECK(prompt_of(model, "one ___\ntwo") == "one ? <eos> two");
  CHECK(prompt_of(model, "one\n___ two") == "one <eos> ? two");
  CHECK(encode_prompt(model, "zebra ___ yak zebra").text.unknown == std::vector<std::string>{"zebra", "yak"});
  for (const char* prompt : {"___ ___", "one ___ two ___", "___ one __.", "__ one __ two __"})
    CHECK_THROWS_WITH_AS(encode_prompt(model, prompt), doctest::Contains("blanks"), TextError);
  CHECK_THROWS_WITH_AS(encode_prompt(model, "___ one ___ two ___"),
                       "the text has 3 blanks (two underscores or more in a row): expected one at the most",
                       TextError);
}

TEST_CASE("[text model] where tokens have underscores, two with text behind them are text") {
  const SavedModel model = characters("def __init__\n" + counting_text());
  CHECK(prompt_of(model, "def __init__ one") == "def __init__ one");
  CHECK(prompt_of(model, "def __init__") == "def __init");  // a blank at the end, as ever
  CHECK(prompt_of(model, "def ___init__ one") == "def ?init__ one");
  TaskConfig task = any_task("words", "spaces", 100);
  task.values[text_options::text.key] = text_value("def __init__ : " + counting_text());
  const SavedModel code = SomeModel(small_model(task)).reloaded();
  CHECK(prompt_of(code, "def __init__ : ___ one") == "def __init__ : ? one");
}

TEST_CASE("[text model] a blank is filled in as what whole texts cost says") {
  for (const char* cell : {"vanilla", "lstm", "gru"})
    for (const bool learned : {false, true}) {
      Config config = small_model(any_task("words", "punctuation", 100), cell);
      config.model.layers = 2;
      config.model.initial_state = learned ? "learned" : "cell";
      SomeModel trained(config);
      if (learned)
        for (std::size_t i = 0; i < trained.specs.size(); ++i)
          if (trained.specs[i].name.find("start.") != std::string::npos)
            trained.parameters[i].span()[0] = 0.7f;
      const SavedModel model = trained.reloaded();
      for (const char* text :
           {"one ___ two", "___ one two three .", "one two three ___.", "one ___\ntwo zebra"}) {
        INFO(std::string(cell), " ", learned, " ", std::string(text));
        const Prompt prompt = encode_prompt(model, text);
        check_blank(model, prompt, 1e-4);
        // What is behind the blank counts: without it the answer is another.
        const std::vector<double> ahead = next_token(model, std::span(prompt.text.ids).first(prompt.blank));
        const std::vector<double> p = in_blank(model, prompt);
        double apart = 0;
        for (std::size_t i = 0; i < p.size(); ++i) apart += std::abs(p[i] - ahead[i]);
        CHECK(apart > 0.01);
      }
    }
}

TEST_CASE("[text model] a blank of one character, with more candidates than are read side by side") {
  std::string letters;
  for (int i = 0; i < 150; ++i) letters += fmt::format("{}", static_cast<char>(' ' + i % 95));
  for (int i = 0; i < 120; ++i) letters += std::string("\xce") + static_cast<char>(0x80 + i % 64);
  const SavedModel model = characters(letters + counting_text());
  REQUIRE(model.vocabulary->size() > 100);
  const std::string behind = counting_text(12);
  REQUIRE(behind.size() > 40);  // fewer rows than candidates, and several blocks of steps
  for (const std::string& text : {"one t____" + behind, std::string("on___ two")}) {
    INFO(text);
    check_blank(model, encode_prompt(model, text), 1e-3);
  }
}

TEST_CASE("[text model] a text behind a blank whose cost no number holds still has probabilities") {
  const SavedModel model = words();
  std::string text = "one ___";
  for (int i = 0; i < 400; ++i) text += " zebra two";  // e^-nats is 0 in double
  const Prompt prompt = encode_prompt(model, text);
  REQUIRE(std::exp(-sum(nats_of(model, prompt.text.ids))) == 0);
  const std::vector<double> p = in_blank(model, prompt);
  CHECK(sum(p) == doctest::Approx(1).epsilon(1e-12));
  CHECK(p[static_cast<std::size_t>(model.vocabulary->unknown())] == 0);
  CHECK(p[static_cast<std::size_t>(model.vocabulary->line_end())] == 0);
}

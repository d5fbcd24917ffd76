#include "experiments/saved/text_model.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <cmath>
#include <limits>
#include <numeric>

#include "experiments/saved/carried_net.hpp"
#include "experiments/tasks/text_task.hpp"
#include "experiments/train/trial_models.hpp"
#include "tests/experiments/saved/text_models.hpp"

using namespace unroll;
using namespace unroll::test;

namespace {

const std::vector<float> scores = {0.5f, -1.0f, 2.0f, 2.0f, 0.0f, -3.5f};

std::vector<std::size_t> kept(const std::vector<double>& p) {
  std::vector<std::size_t> all;
  for (std::size_t i = 0; i < p.size(); ++i)
    if (p[i] > 0) all.push_back(i);
  return all;
}

}  // namespace

TEST_CASE("[text model] probabilities are the softmax of the scores over the temperature") {
  for (const double temperature : {0.1, 0.5, 1.0, 2.0, 100.0}) {
    const std::vector<double> p = distribution(scores, {.temperature = temperature});
    CHECK(sum(p) == doctest::Approx(1).epsilon(1e-14));
    double total = 0;
    for (const float s : scores) total += std::exp(s / temperature);
    for (std::size_t i = 0; i < p.size(); ++i)
      CHECK(p[i] == doctest::Approx(std::exp(scores[i] / temperature) / total).epsilon(1e-12));
  }
  // Scores may be shifted, and may be huge.
  const std::vector<float> shifted = {30000.5f, 29999, 30002, 30002, 30000, 29996.5f};
  const std::vector<double> p = distribution(shifted, {}), q = distribution(scores, {});
  for (std::size_t i = 0; i < p.size(); ++i) CHECK(p[i] == doctest::Approx(q[i]).epsilon(1e-12));
}

TEST_CASE("[text model] without a temperature the likeliest is certain, the first of equal ones") {
  CHECK(distribution(scores, {.temperature = 0}) == std::vector<double>{0, 0, 1, 0, 0, 0});
  CHECK(distribution(scores, {.temperature = 0, .top_k = 5, .top_p = 0.01}) ==
        std::vector<double>{0, 0, 1, 0, 0, 0});
  CHECK(distribution(scores, {.temperature = 0}, 2) == std::vector<double>{0, 0, 0, 1, 0, 0});
  // It is where ever lower temperatures lead.
  const std::vector<double> cold = distribution(scores, {.temperature = 1e-300});
  CHECK(cold == std::vector<double>{0, 0, 0.5, 0.5, 0, 0});
  const std::vector<double> hot = distribution(scores, {.temperature = 1e6});
  for (const double p : hot) CHECK(p == doctest::Approx(1.0 / 6).epsilon(1e-4));
}

TEST_CASE("[text model] top_k keeps the k likeliest in their proportions") {
  const std::vector<double> all = distribution(scores, {});
  CHECK(kept(distribution(scores, {.top_k = 1})) == std::vector<std::size_t>{2});
  CHECK(kept(distribution(scores, {.top_k = 2})) == std::vector<std::size_t>{2, 3});
  CHECK(kept(distribution(scores, {.top_k = 4})) == std::vector<std::size_t>{0, 2, 3, 4});
  CHECK(distribution(scores, {.top_k = 6}) == all);
  CHECK(distribution(scores, {.top_k = 1000}) == all);
  const std::vector<double> three = distribution(scores, {.top_k = 3});
  CHECK(sum(three) == doctest::Approx(1).epsilon(1e-14));
  CHECK(three[0] / three[2] == doctest::Approx(all[0] / all[2]).epsilon(1e-12));
}

TEST_CASE("[text model] top_p keeps the fewest likeliest that together have the probability") {
  const std::vector<double> all = distribution(scores, {});
  std::vector<double> sorted = all;
  std::ranges::sort(sorted, std::ranges::greater{});
  double together = 0;
  for (std::size_t count = 1; count <= scores.size(); ++count) {
    together += sorted[count - 1];
    CHECK(kept(distribution(scores, {.top_p = together - 1e-9})).size() == count);
    if (count < scores.size())
      CHECK(kept(distribution(scores, {.top_p = together + 1e-9})).size() == count + 1);
  }
  CHECK(distribution(scores, {.top_p = 1}) == all);
  CHECK(kept(distribution(scores, {.top_p = 1e-300})) == std::vector<std::size_t>{2});
  // Of those that top_k has left.
  CHECK(kept(distribution(scores, {.top_k = 2, .top_p = 0.5})) == std::vector<std::size_t>{2});
  CHECK(kept(distribution(scores, {.top_k = 2, .top_p = 0.51})) == std::vector<std::size_t>{2, 3});
  for (const double p : {0.1, 0.5, 0.9, 0.999})
    CHECK(sum(distribution(scores, {.top_p = p})) == doctest::Approx(1).epsilon(1e-14));
}

TEST_CASE("[text model] what is never wanted has no probability, and the others share it") {
  for (std::int32_t never = 0; never < 6; ++never) {
    const std::vector<double> p = distribution(scores, {}, never), all = distribution(scores, {});
    const auto left_out = static_cast<std::size_t>(never);
    CHECK(p[left_out] == 0);
    CHECK(sum(p) == doctest::Approx(1).epsilon(1e-14));
    for (std::size_t i = 0; i < p.size(); ++i)
      if (i != left_out) CHECK(p[i] == doctest::Approx(all[i] / (1 - all[left_out])).epsilon(1e-12));
  }
  CHECK(distribution(std::vector<float>{3}, {.temperature = 0}, 0) == std::vector<double>{0});
}

TEST_CASE("[text model] scores that are no numbers are refused; -inf is a probability of 0") {
  const float nan = std::numeric_limits<float>::quiet_NaN(), inf = std::numeric_limits<float>::infinity();
  for (const std::vector<float>& bad :
       {std::vector<float>{0, nan, 1}, {inf, 0, 0}, {nan, nan, nan}, {-inf, -inf, -inf}, {inf, -inf, nan}})
    for (const double temperature : {0.0, 1.0}) {
      CHECK_THROWS_WITH_AS(distribution(bad, {.temperature = temperature}),
                           "the model's scores of the next token are not all numbers: its training diverged",
                           ModelError);
    }
  CHECK(distribution(std::vector<float>{-inf, 1, 1}, {}) == std::vector<double>{0, 0.5, 0.5});
}

TEST_CASE("[text model] draws have the frequencies of the probabilities, and none of those left out") {
  const std::vector<double> p = {0.05, 0, 0.5, 0.2, 0, 0.25};
  std::vector<double> counts(p.size());
  Stream stream(8, Purpose::generation);
  constexpr int draws = 200'000;
  for (int i = 0; i < draws; ++i) ++counts[static_cast<std::size_t>(draw(p, stream))];
  double chi_square = 0;
  for (std::size_t i = 0; i < p.size(); ++i) {
    if (p[i] == 0)
      CHECK(counts[i] == 0);
    else
      chi_square += std::pow(counts[i] - draws * p[i], 2) / (draws * p[i]);
  }
  CHECK(chi_square < 16.3);  // 3 degrees of freedom: exceeded once in 1,000
  CHECK(draw(std::vector<double>{0, 0, 1}, stream) == 2);
  CHECK(draw(std::vector<double>{1, 0, 0}, stream) == 0);
  CHECK(draw(std::vector<double>{0, 1e-17, 0}, stream) == 1);  // sums below 1 by rounding
}

TEST_CASE("[text model] what a text costs is the chain of predictions, in blocks of any length") {
  for (const char* cell : {"vanilla", "lstm", "gru"})
    for (const bool learned : {false, true}) {
      Config config = small_model(any_task("words", "punctuation", 100), cell);
      config.model.layers = 2;
      config.model.initial_state = learned ? "learned" : "cell";
      SomeModel trained(config);
      if (learned)  // starts that are not 0
        for (std::size_t i = 0; i < trained.specs.size(); ++i)
          if (trained.specs[i].name.find("start.") != std::string::npos)
            trained.parameters[i].span()[0] = 0.7f;
      const SavedModel model = trained.reloaded();
      INFO(std::string(cell), " ", learned);
      const std::vector<std::int32_t> text = encode(model, counting_text(150)).ids;
      REQUIRE(text.size() > 1200);
      const std::vector<double> nats = nats_of(model, text);
      REQUIRE(nats.size() == text.size());
      for (std::size_t at = 0; at < text.size(); at += at < 10 ? 1 : 211) {
        const std::vector<double> p = next_token(model, std::span(text).first(at));
        CHECK(sum(p) == doctest::Approx(1).epsilon(1e-12));
        CHECK(nats[at] == doctest::Approx(-std::log(p[static_cast<std::size_t>(text[at])])).epsilon(1e-5));
      }
      // A text's beginning costs the same whatever follows, in blocks of other lengths.
      for (const std::size_t length : {1u, 2u, 128u, 1023u, 1024u, 1025u, 1200u}) {
        const std::vector<double> beginning = nats_of(model, std::span(text).first(length));
        REQUIRE(beginning.size() == length);
        for (std::size_t i = 0; i < length; ++i)
          CHECK(beginning[i] == doctest::Approx(nats[i]).epsilon(1e-5));
      }
      CHECK(nats_of(model, {}).empty());
    }
}

TEST_CASE("[text model] what it costs is what training measured, with dropout and zoneout off") {
  Config config = small_model(any_task("words", "punctuation", 100));
  config.model.dropout_input = 0.3;
  config.model.dropout_output = 0.3;
  config.model.zoneout = 0.3;
  config.train.batch = 2;
  config.train.window = config.train.stride = 10;
  const SomeModel trained(config);
  const SavedModel model = trained.reloaded();
  TrialModels models(laboratory(), config);
  const Batch validation = models.validation().batch(0, evaluation_batch);
  REQUIRE(validation.rows() == 1);
  const auto text = indices(validation.target).span();
  const std::vector<double> nats = nats_of(model, std::vector<std::int32_t>(text.begin(), text.end()));
  CHECK(models.evaluator().evaluate(models.validation(), trained.parameters).loss() ==
        doctest::Approx(sum(nats) / static_cast<double>(nats.size())).epsilon(1e-5));
}

TEST_CASE("[text model] a word prompt ends before its blank, and a line goes on behind it") {
  const SavedModel model = words();
  for (const char* prompt : {"one two three", "one two three ", "one two three\t ", "one two three ___",
                             "one two three __", "one two three __________", "one two three___",
                             "one two three ___  ", "one two three  ___\n", "one two three \t___ \n"})
    CHECK_MESSAGE(prompt_of(model, prompt) == "one two three", std::string(prompt));
  for (const char* prompt : {"", "   ", "___", " ___ ", "__"})
    CHECK_MESSAGE(encode_prompt(model, prompt).text.ids.empty(), std::string(prompt));
  CHECK(prompt_of(model, "one two\n") == "one two <eos>");
  CHECK(prompt_of(model, "one\ntwo ___") == "one <eos> two");
  CHECK(prompt_of(model, "so on.") == "so on .");
  // One underscore is a word that the model does not know.
  CHECK(encode_prompt(model, "one _").text.unknown == std::vector<std::string>{"_"});
}

TEST_CASE("[text model] weights that are no numbers give no figures") {
  for (const float bad : {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()}) {
    SavedModel model = words();
    const std::vector<std::int32_t> text = encode(model, "one two three").ids;
    CHECK_NOTHROW(nats_of(model, text));
    model.parameters.back().fill(bad);
    CHECK_THROWS_WITH_AS(nats_of(model, text), doctest::Contains("training diverged"), ModelError);
    CHECK_THROWS_WITH_AS(next_token(model, text), doctest::Contains("training diverged"), ModelError);
    CHECK_THROWS_WITH_AS(token_between(model, text, text), doctest::Contains("training diverged"),
                         ModelError);
  }
}

TEST_CASE("[text model] unknown words are named once each, in their order") {
  const SavedModel model = words();
  const EncodedText text = encode_prompt(model, "one zebra two yak zebra yak zebra ___").text;
  CHECK(text.unknown == std::vector<std::string>{"zebra", "yak"});
  REQUIRE(text.ids.size() == 7);
  CHECK(text.ids[1] == model.vocabulary->unknown());
  CHECK(encode(model, "one two\n").unknown.empty());
  CHECK(encode(model, "one two\n").ids.size() == 3);
  CHECK(encode(model, "one two").ids.size() == 3);  // the line's end
  // In a time that grows with the text, however much of it is unknown.
  std::string strange;
  for (int i = 0; i < 60'000; ++i) strange += fmt::format("w{} ", i);
  CHECK(encode(model, strange).unknown.size() == 60'000);
}

TEST_CASE("[text model] a character prompt keeps its spaces and a single underscore") {
  const SavedModel model = characters("a_b\n" + counting_text());
  CHECK(prompt_of(model, "one ") == "one ");
  CHECK(prompt_of(model, "one  ") == "one  ");
  CHECK(prompt_of(model, "a_") == "a_");
  CHECK(prompt_of(model, "_") == "_");
  CHECK(prompt_of(model, "one\n") == "one\n");
  CHECK(prompt_of(model, "one ___") == "one");
  CHECK(prompt_of(model, "one ___ ") == "one");
  CHECK(prompt_of(model, "on__") == "on");
  CHECK(prompt_of(model, "on___ two") == "on? two");
  CHECK(prompt_of(model, "one ___ two") == "one ? two");
  CHECK(encode_prompt(model, "Zebra").text.unknown == std::vector<std::string>{"Z"});
  CHECK(encode(model, "one two").ids.size() == 7);  // no line end is added
}

TEST_CASE("[text model] words are cut as the model's own text was") {
  TaskConfig task = any_task("words", "spaces", 100);
  task.values[text_options::text.key] = text_value("a b, c a b, c a b, c\na b, c a b, c\na b, c\n");
  task.values[data_options::validation_fraction.key] = 0.3;
  const SavedModel spaces = SomeModel(small_model(task)).reloaded();
  CHECK(prompt_of(spaces, "a b, ___") == "a b,");
  task.variant = "punctuation";
  const SavedModel punctuation = SomeModel(small_model(task)).reloaded();
  CHECK(prompt_of(punctuation, "a b, ___") == "a b ,");
}

TEST_CASE("[text model] a model of vectors reads no text, and a bidirectional one cannot go on with one") {
  const SavedModel vectors = SomeModel(small_model({"adding", "pascanu", 10})).reloaded();
  CHECK_THROWS_WITH_AS(
      tokenisation_of(vectors),
      "this model was trained on the task adding, whose inputs are vectors: it reads no text", ModelError);
  CHECK_THROWS_AS(encode(vectors, "one"), ModelError);
  CHECK_THROWS_AS(encode_prompt(vectors, "one"), ModelError);
  CHECK_THROWS_AS(next_token(vectors, {}), ModelError);
  Config config = small_model({"cat", "sentence", 5});
  config.model.bidirectional = true;
  const SavedModel both = SomeModel(config).reloaded();
  CHECK_THROWS_AS(next_token(both, {}), ModelError);
  const std::vector<std::int32_t> text = encode(both, "The cat").ids;
  CHECK_THROWS_AS(token_between(both, text, text), ModelError);
  CHECK_THROWS_AS(nats_of(both, encode(both, "The cat").ids), ModelError);
}

TEST_CASE("[text model] a vocabulary without <unk> cannot stand in for other tokens, and says for which") {
  SavedModel model = words();
  model.vocabulary = Vocabulary({"one", "two", "<eos>"});
  CHECK_NOTHROW(encode(model, "one two"));
  CHECK_THROWS_WITH_AS(encode(model, "one zebra"),
                       "the vocabulary has neither \"zebra\" nor <unk> to stand for it", TextError);
}

TEST_CASE("[text model] a net carries its states from run to run") {
  const SavedModel model = words();
  const std::vector<std::int32_t> text = encode(model, "one two three four five").ids;
  std::vector<std::int32_t> read = {start_token(*model.vocabulary)};
  read.insert(read.end(), text.begin(), text.end());
  const auto scores_of = [](std::span<const float> found) {
    return std::vector<float>(found.begin(), found.end());
  };
  CarriedNet at_once(model, CarriedNet::Wanted::scores), step_by_step(model, CarriedNet::Wanted::scores);
  const std::vector<float> whole = scores_of(at_once.run(read));
  std::vector<float> last;
  for (const std::int32_t token : read) last = scores_of(step_by_step.run(std::vector{token}));
  REQUIRE(whole.size() == last.size());
  for (std::size_t i = 0; i < whole.size(); ++i) CHECK(last[i] == doctest::Approx(whole[i]).epsilon(1e-5));
  CHECK(scores_of(at_once.run(read)) != whole);  // it has read more by now
}

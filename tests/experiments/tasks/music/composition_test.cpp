#include "experiments/tasks/music/composition.hpp"

#include <doctest/doctest.h>

#include <array>
#include <cmath>
#include <limits>
#include <stdexcept>

#include "experiments/tasks/music/melody.hpp"
#include "experiments/train/compose.hpp"
#include "experiments/train/make_model.hpp"
#include "experiments/train/trial_models.hpp"
#include "tests/support/any_task.hpp"
#include "tests/support/laboratory.hpp"

using namespace unroll;

namespace {

std::unique_ptr<Composition> frames(const MusicPiece& from, double temperature, std::uint64_t seed = 1) {
  return composition(InputKind::vectors, from, temperature, Stream(seed, Purpose::generation));
}

std::unique_ptr<Composition> melody(const MusicPiece& from, double temperature, std::uint64_t seed = 1) {
  return composition(InputKind::tokens, from, temperature, Stream(seed, Purpose::generation));
}

/// Scores of the keys, these notes far above 0 and the others far below.
std::vector<float> sure_of(std::initializer_list<int> notes) {
  std::vector<float> scores(piano_keys, -50.0f);
  for (const int note : notes) scores[static_cast<std::size_t>(note - lowest_note)] = 50;
  return scores;
}

std::vector<float> sure_of_token(std::int64_t token) {
  std::vector<float> scores(melody_tokens, 0.0f);
  scores[static_cast<std::size_t>(token)] = 50;
  return scores;
}

}  // namespace

TEST_CASE("[composition] a model first reads silence and then what is gone on from, and what was drawn") {
  const auto music = frames({"", {{60, 0, 2}, {64, 1, 1}}, 2}, 1);
  const Tensor<float>& start = numbers(music->start());
  REQUIRE(start.shape() == Shape{3, 1, piano_keys});
  for (std::int64_t t = 0; t < 3; ++t)
    for (int key = 0; key < piano_keys; ++key) {
      const int note = key + lowest_note;
      CHECK(start[t * piano_keys + key] == ((t >= 1 && note == 60) || (t == 2 && note == 64) ? 1 : 0));
    }
  const Tensor<float>& next = numbers(music->next(sure_of({60, 67})));
  REQUIRE(next.shape() == Shape{1, 1, piano_keys});
  for (int key = 0; key < piano_keys; ++key) CHECK(next[key] == (key == 39 || key == 46 ? 1 : 0));
  CHECK(music->steps() == 3);
  CHECK(music->notes() == std::vector<GridNote>{{60, 0, 3}, {64, 1, 1}, {67, 2, 1}});
}

TEST_CASE("[composition] melodies too") {
  const auto music = melody({"", {{60, 0, 1}}, 1}, 1);
  const std::int64_t c = first_pitch_token + 60 - lowest_note;
  CHECK(std::vector<std::int64_t>(indices(music->start()).span().begin(),
                                  indices(music->start()).span().end()) ==
        std::vector<std::int64_t>{rest_token, c});
  CHECK(indices(music->next(sure_of_token(hold_token)))[0] == hold_token);
  CHECK(indices(music->next(sure_of_token(c + 2)))[0] == c + 2);
  CHECK(music->notes() == std::vector<GridNote>{{60, 0, 2}, {62, 2, 1}});
}

TEST_CASE("[composition] temperature divides the scores, and 0 draws nothing") {
  const auto share_at = [](double temperature) {
    const std::vector<float> scores(piano_keys, std::log(3.0f));  // p = 3/4
    const auto music = frames({}, temperature);
    int sounding = 0;
    for (int t = 0; t < 100; ++t) {
      const Tensor<float>& chord = numbers(music->next(scores));
      for (int key = 0; key < piano_keys; ++key) sounding += chord[key] > 0 ? 1 : 0;
    }
    return sounding / (100.0 * piano_keys);
  };
  CHECK(share_at(1) == doctest::Approx(0.75).epsilon(0.03));
  CHECK(share_at(0.5) == doctest::Approx(0.9).epsilon(0.03));
  CHECK(share_at(1000) == doctest::Approx(0.5).epsilon(0.06));
  CHECK(share_at(0) == 1);

  std::vector<float> two(melody_tokens, -100.0f);
  two[5] = std::log(4.0f);
  two[9] = 0;
  const auto first_of = [&](double temperature) {
    const auto music = melody({}, temperature);
    int first = 0;
    for (int t = 0; t < 2000; ++t) {
      const std::int64_t token = indices(music->next(two))[0];
      CHECK((token == 5 || token == 9));
      first += token == 5 ? 1 : 0;
    }
    return first / 2000.0;
  };
  CHECK(first_of(1) == doctest::Approx(0.8).epsilon(0.05));
  CHECK(first_of(2) == doctest::Approx(2.0 / 3).epsilon(0.06));
  CHECK(first_of(0) == 1);
}

TEST_CASE("[composition] scores that are no numbers are refused") {
  for (const float bad : {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()}) {
    std::vector<float> scores(melody_tokens, 0.0f);
    scores[7] = bad;
    CHECK_THROWS_AS(melody({}, 1)->next(scores), std::domain_error);
    scores.resize(piano_keys);
    CHECK_THROWS_AS(frames({}, 1)->next(scores), std::domain_error);
  }
}

TEST_CASE("[composition] a model composes the same from a seed, and goes on as if it had read all at once") {
  for (const char* name : {"music", "melody"}) {
    CAPTURE(name);
    Config config = laboratory().default_config();
    config.task = any_task(name, "", {});
    config.model.hidden = 12;
    laboratory().resolve(config);
    TrialModels models(laboratory(), config);
    const std::vector<Tensor<float>> parameters = initial_parameters(config, models.training_model().model);
    const InputKind inputs = models.spec().inputs;
    const auto composed = [&](const MusicPiece& from, std::int64_t steps, double temperature,
                              std::uint64_t seed) {
      const auto music = composition(inputs, from, temperature, Stream(seed, Purpose::generation));
      compose(make_model(laboratory().cells(), config, sizes_of(models.spec())), parameters, steps, *music);
      CHECK(music->steps() == from.steps + steps);
      return music->notes();
    };
    const std::vector<GridNote> one = composed({}, 20, 1, 1);
    CHECK(one == composed({}, 20, 1, 1));
    CHECK(one != composed({}, 20, 1, 2));
    // Without draws: what was composed in one go, and in two, of which the second reads the first.
    const std::vector<GridNote> whole = composed({}, 12, 0, 1);
    CHECK(composed({"", composed({}, 5, 0, 1), 5}, 7, 0, 1) == whole);
  }
}

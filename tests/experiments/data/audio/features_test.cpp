#include "experiments/data/audio/features.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <stdexcept>
#include <string>
#include <vector>

#include "experiments/data/audio/resample.hpp"
#include "tests/support/contains.hpp"
#include "tests/support/error_of.hpp"
#include "tests/support/sounds.hpp"

using namespace unroll;

namespace {

/// The signal of tests/data/make_speech_features.py.
std::vector<float> signal() {
  std::vector<float> samples;
  for (int n = 0; n < 1000; ++n) {
    const double t = n / 8000.0, sweep = (900 + 0.6 * n) * t;
    double x = 0.4 * std::sin(2 * std::numbers::pi * 440 * t) + 0.2 * std::sin(2 * std::numbers::pi * sweep);
    x += 0.02 * (n * n % 1001 * 7919 % 1001 / 500.0 - 1);
    samples.push_back(static_cast<float>(x));
  }
  return samples;
}

FeatureSettings small_settings() { return {.mels = 20, .mel_low = 60, .mel_high = 3800}; }

struct Element {
  std::int64_t step, number;
  double value;
};

void check(const Tensor<float>& found, std::int64_t offset, const std::vector<Element>& expected) {
  for (const Element& one : expected) {
    CAPTURE(one.step);
    CAPTURE(one.number);
    CHECK(static_cast<double>(found[one.step * found.shape()[1] + offset + one.number]) ==
          doctest::Approx(one.value).epsilon(1e-4));
  }
}

std::string features_refusal(const FeatureSettings& settings) {
  return error_of<std::invalid_argument>([&] { const Features made(settings); });
}

std::vector<float> sine(double hertz, int rate, int count) {
  std::vector<float> samples;
  for (int n = 0; n < count; ++n)
    samples.push_back(static_cast<float>(0.5 * std::sin(2 * std::numbers::pi * hertz * n / rate)));
  return samples;
}

}  // namespace

TEST_CASE("[speech features] log-mel energies are those that NumPy computes from the definition") {
  const Features features(small_settings());
  const Tensor<float> found = features.of(signal());
  REQUIRE(found.shape() == Shape{11, 20});
  check(found, 0,
        {{0, 0, -8.766850082},
         {0, 7, -1.545636495},
         {3, 1, -7.174116201},
         {3, 12, -1.048442272},
         {5, 19, -1.014774366},
         {10, 0, -8.648182303},
         {10, 15, 2.292602076}});
}

TEST_CASE("[speech features] coefficients and their derivatives are those that NumPy computes") {
  FeatureSettings with = small_settings();
  with.kind = FeatureKind::mfcc;
  with.deltas = 2;
  const Tensor<float> found = Features(with).of(signal());
  REQUIRE(found.shape() == Shape{11, 39});
  check(found, 0,
        {{0, 0, -5.703835453}, {0, 1, -2.264859581}, {4, 5, -11.913141294}, {10, 12, -0.439949060}});
  check(found, 13, {{0, 0, -0.176112348}, {4, 5, -0.989488637}, {10, 12, -0.345019654}});
  check(found, 26, {{0, 0, 0.035320978}, {4, 5, 0.742941536}});
}

TEST_CASE("[speech features] stacked frames stand side by side, the last one again where one is missing") {
  const Tensor<float> single = Features(small_settings()).of(signal());
  FeatureSettings with = small_settings();
  with.stack = 4;
  const Features features(with);
  const Tensor<float> stacked = features.of(signal());
  REQUIRE(stacked.shape() == Shape{3, 80});
  CHECK(features.step_seconds() == doctest::Approx(0.04));
  for (std::int64_t i = 0; i < stacked.numel(); ++i)
    CHECK(stacked[i] == single[std::min<std::int64_t>(i / 20, 10) * 20 + i % 20]);
}

TEST_CASE("[speech features] steps are counted as they are made, of one sample as of many") {
  const Features features(small_settings());
  for (const std::int64_t count : {1, 199, 200, 279, 280, 281, 1000})
    CHECK(features.of(std::vector<float>(static_cast<std::size_t>(count), 0.1f)).shape()[0] ==
          features.steps(count));
  CHECK(features.steps(200) == 1);
  CHECK(features.steps(280) == 2);
}

TEST_CASE("[speech features] a tone is loudest in the band around it, and silence is at the floor") {
  FeatureSettings with = small_settings();
  with.log_floor = 1e-6;
  const Features features(with);
  for (const double hertz : {300.0, 1000.0, 2500.0}) {
    const Tensor<float> found = features.of(sine(hertz, 8000, 400));
    const auto row = found.span().subspan(20, 20);
    const auto best = std::ranges::max_element(row) - row.begin();
    CHECK(std::abs(middle_of_band(with, best) - hertz) < 130);
  }
  const std::vector<float> silence(400, 0.f);
  const Tensor<float> found = features.of(silence);
  for (const float x : found.span()) CHECK(x == doctest::Approx(std::log(1e-6)));
}

TEST_CASE("[speech features] settings that make no features are refused, naming the setting") {
  FeatureSettings wrong = small_settings();
  wrong.mel_high = 5000;
  CHECK(
      features_refusal(wrong) ==
      "task.mel_low is 60 and task.mel_high 5000 Hz; expected 0 <= low < high <= 4000, half the sample rate");
  wrong = small_settings();
  wrong.mels = 120;
  CHECK(contains(features_refusal(wrong), "task.mels is 120: band "));
  wrong = small_settings();
  wrong.frame_ms = 0.01;
  CHECK(contains(features_refusal(wrong), "task.frame_ms is 0.01 ms, less than a sample at 8000 Hz"));
  wrong = small_settings();
  wrong.kind = FeatureKind::mfcc;
  wrong.mfcc = 30;
  CHECK(contains(features_refusal(wrong), "task.mfcc is 30, but there are 20 bands"));
  CHECK(features_refusal(small_settings()) == "(no error)");
}

TEST_CASE("[resample] a tone stays the tone that it was, at as many samples as its time needs") {
  const std::vector<float> expected = sine(700, 8000, 4000);
  for (const int rate : {8000, 11025, 16000, 44100, 48000}) {
    CAPTURE(rate);
    const Sound found = at_rate({.samples = sine(700, rate, rate / 2), .rate = rate}, 8000);
    CHECK(found.rate == 8000);
    CHECK(std::abs(static_cast<double>(found.samples.size()) - 4000) <= 1);
    float worst = 0;
    for (std::size_t n = 200; n < 3800; ++n)  // but for the ends, where the filter sees what is not there
      worst = std::max(worst, std::abs(found.samples[n] - expected[n]));
    CHECK(worst < 1e-3f);
  }
}

TEST_CASE("[resample] what is above half the new rate is gone") {
  const Sound found = at_rate({.samples = sine(6000, 16000, 8000), .rate = 16000}, 8000);
  float worst = 0;
  for (std::size_t n = 200; n + 200 < found.samples.size(); ++n)
    worst = std::max(worst, std::abs(found.samples[n]));
  CHECK(worst < 1e-3f);
}

#include "framework/optim/schedule.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <stdexcept>

using namespace unroll;

namespace {

Schedule make(const std::string& name) {
  return Schedule({.name = name, .learning_rate = 0.1, .factor = 0.5, .every = 100, .patience = 2});
}

}  // namespace

TEST_CASE("[optim] every schedule starts at the learning rate and never rises") {
  for (const std::string& name : schedule_names()) {
    CAPTURE(name);
    Schedule schedule = make(name);
    CHECK(schedule.learning_rate(0) == 0.1);
    double previous = 0.1;
    for (int update = 1; update < 1000; ++update) {
      if (update % 10 == 0) schedule.observe(1);
      const double rate = schedule.learning_rate(update);
      CHECK(rate <= previous);
      previous = rate;
    }
  }
}

TEST_CASE("[optim] constant, exponential and step follow their formulas") {
  CHECK(make("constant").learning_rate(123456) == 0.1);
  CHECK(make("exponential").learning_rate(50) == doctest::Approx(0.1 * std::sqrt(0.5)));
  CHECK(make("exponential").learning_rate(300) == doctest::Approx(0.1 / 8));
  CHECK(make("step").learning_rate(99) == 0.1);
  CHECK(make("step").learning_rate(100) == 0.05);
  CHECK(make("step").learning_rate(399) == 0.1 / 8);
}

TEST_CASE("[optim] plateau cuts the rate after as many stalls in a row as its patience") {
  Schedule schedule = make("plateau");
  for (double loss : {1.0, 0.9, 0.95, 0.8}) schedule.observe(loss);  // one stall, then a new best
  CHECK(schedule.learning_rate(0) == 0.1);
  schedule.observe(0.8);  // equal is no improvement
  CHECK(schedule.learning_rate(0) == 0.1);
  schedule.observe(std::nan(""));
  CHECK(schedule.learning_rate(0) == 0.05);
  schedule.observe(0.85);
  CHECK(schedule.learning_rate(0) == 0.05);
  schedule.observe(0.81);
  CHECK(schedule.learning_rate(0) == 0.025);
}

TEST_CASE("[optim] gain cuts the rate at every validation from the first one on that gained too little") {
  Schedule schedule({.name = "gain", .learning_rate = 0.1, .factor = 0.5, .gain = 0.25});
  const auto after = [&](double loss) {
    schedule.observe(loss);
    return schedule.learning_rate(0);
  };
  CHECK(after(10) == 0.1);  // there is none before it
  CHECK(after(8) == 0.1);   // 8 * 1.25 is 10: just enough
  CHECK(after(6) == 0.1);
  CHECK(after(5) == 0.05);   // 6.25 is above 6
  CHECK(after(1) == 0.025);  // much, but too late
  CHECK(after(std::nan("")) == 0.0125);
  CHECK(after(0.5) == 0.00625);
}

TEST_CASE("[optim] gain compares with the validation before, not with the best one") {
  Schedule schedule({.name = "gain", .learning_rate = 0.1, .factor = 0.5, .gain = 0.003});
  for (const double loss : {5.0, 4.0, 3.98}) schedule.observe(loss);
  CHECK(schedule.learning_rate(0) == 0.1);  // 3.98 * 1.003 is 3.99194
  schedule.observe(3.97);                   // 3.98191
  CHECK(schedule.learning_rate(0) == 0.05);
}

TEST_CASE("[optim] gain of a loss below 0 is a part of its size") {
  Schedule schedule({.name = "gain", .learning_rate = 1, .factor = 0.5, .gain = 0.1});
  for (const double loss : {-10.0, -12.0}) schedule.observe(loss);  // -12 + 1.2 is below -10
  CHECK(schedule.learning_rate(0) == 1);
  schedule.observe(-12.5);  // -11.25 is not below -12
  CHECK(schedule.learning_rate(0) == 0.5);
}

TEST_CASE("[optim] a restored schedule goes on where it stood") {
  for (const char* name : {"plateau", "gain"}) {
    Schedule schedule = make(name);
    for (double loss : {1.0, 2.0, 3.0, 2.5}) schedule.observe(loss);
    Schedule other = make(name);
    other.restore(schedule.state());
    for (Schedule* each : {&schedule, &other}) each->observe(1.5);
    CHECK(other.learning_rate(0) == schedule.learning_rate(0));
    CHECK(other.learning_rate(0) == (schedule.state().cuts == 2 && name[0] == 'p' ? 0.025 : 0.1 / 16));
  }
}

TEST_CASE("[optim] unknown schedules and options out of range are refused by name") {
  CHECK_THROWS_WITH_AS(make("cosine"),
                       "unknown schedule \"cosine\" (known: constant, exponential, step, plateau, gain)",
                       std::invalid_argument);
  CHECK_THROWS_AS(Schedule({.factor = 0}), std::invalid_argument);
  CHECK_THROWS_AS(Schedule({.factor = 1.5}), std::invalid_argument);
  CHECK_THROWS_AS(Schedule({.every = 0}), std::invalid_argument);
  CHECK_THROWS_AS(Schedule({.patience = 0}), std::invalid_argument);
  CHECK_THROWS_AS(Schedule({.gain = 0}), std::invalid_argument);
}

#include "framework/optim/optimizer.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <functional>
#include <stdexcept>
#include <string>
#include <vector>

#include "framework/random/stream.hpp"

using namespace unroll;

namespace {

constexpr int steps = 20;
constexpr std::size_t size = 37;  // no multiple of a vector's width

double rate_of(int step) { return 0.02 / (1 + step); }

/// The gradients of all steps, from 1e-4 to 10, as a trainer would give them.
std::vector<std::vector<float>> gradients_of_all_steps() {
  Stream stream(1, Purpose::check);
  std::vector<std::vector<float>> gradients(steps, std::vector<float>(size));
  for (auto& gradient : gradients)
    for (std::size_t i = 0; i < size; ++i)
      gradient[i] = static_cast<float>(stream.normal() * std::pow(10.0, double(i % 6) - 4));
  return gradients;
}

std::vector<float> start() {
  std::vector<float> values(size);
  for (std::size_t i = 0; i < size; ++i) values[i] = static_cast<float>(i) / 10 - 1;
  return values;
}

std::vector<float> run(const OptimizerOptions& options) {
  const auto optimizer = make_optimizer(options);
  std::vector<float> values = start();
  const auto gradients = gradients_of_all_steps();
  for (int t = 0; t < steps; ++t) {
    const std::vector<ParameterRef> parameters = {{"w", values, gradients[static_cast<std::size_t>(t)]}};
    optimizer->step(rate_of(t), parameters);
  }
  return values;
}

/// One element's update in double, written from the paper: w, g, eta, t = 1, 2, ... and the element's memory.
struct Memory {
  double a = 0, b = 0;
};
using Equations = std::function<void(double& w, double g, double eta, int t, Memory& memory)>;

void check_against(const OptimizerOptions& options, const Memory& initial, const Equations& equations) {
  const std::vector<float> got = run(options);
  const std::vector<float> first = start();
  const auto gradients = gradients_of_all_steps();
  for (std::size_t i = 0; i < size; ++i) {
    double w = double(first[i]);
    Memory memory = initial;
    for (int t = 0; t < steps; ++t)
      equations(w, double(gradients[static_cast<std::size_t>(t)][i]), rate_of(t), t + 1, memory);
    CAPTURE(options.name);
    CAPTURE(i);
    CHECK(std::abs(double(got[i]) - w) < 2e-6 * (1 + std::abs(w)));
  }
}

OptimizerOptions named(const std::string& name) {
  OptimizerOptions options;
  options.name = name;
  return options;
}

OptimizerOptions rmsprop(const std::string& variant) {
  OptimizerOptions options = named("rmsprop");
  options.rmsprop = variant;
  return options;
}

void adam_equations(double& w, double g, double eta, int t, Memory& memory) {
  memory.a = 0.9 * memory.a + 0.1 * g;
  memory.b = 0.999 * memory.b + 0.001 * g * g;
  const double m_hat = memory.a / (1 - std::pow(0.9, t));
  const double v_hat = memory.b / (1 - std::pow(0.999, t));
  w -= eta * m_hat / (std::sqrt(v_hat) + 1e-8);
}

std::vector<OptimizerOptions> every_optimizer() {
  std::vector<OptimizerOptions> all;
  for (const std::string& name : optimizer_names())
    if (name != "rmsprop") all.push_back(named(name));
  for (const std::string& variant : rmsprop_variants()) all.push_back(rmsprop(variant));
  for (OptimizerOptions& options : all) options.weight_decay = 0.01;
  return all;
}

}  // namespace

TEST_CASE("[optim] SGD and momentum follow their equations") {
  check_against(named("sgd"), {}, [](double& w, double g, double eta, int, Memory&) { w -= eta * g; });
  OptimizerOptions momentum = named("momentum");
  momentum.momentum = 0.7;
  check_against(momentum, {}, [](double& w, double g, double eta, int, Memory& memory) {
    memory.a = 0.7 * memory.a - eta * g;
    w += memory.a;
  });
}

TEST_CASE("[optim] the variants of RMSProp follow the published programs") {
  check_against(rmsprop("urnn"), {.a = 1e-3}, [](double& w, double g, double eta, int, Memory& memory) {
    memory.a = 0.9 * memory.a + 0.1 * g * g;
    w -= eta * g / std::sqrt(memory.a);
  });
  check_against(rmsprop("tensorflow"), {.a = 1}, [](double& w, double g, double eta, int, Memory& memory) {
    memory.a = 0.9 * memory.a + 0.1 * g * g;
    w -= eta * g / std::sqrt(memory.a + 1e-10);
  });
  check_against(rmsprop("char-rnn"), {}, [](double& w, double g, double eta, int, Memory& memory) {
    memory.a = 0.95 * memory.a + 0.05 * g * g;
    w -= eta * g / (std::sqrt(memory.a) + 1e-8);
  });
}

TEST_CASE("[optim] decay and epsilon of RMSProp are taken where they are given") {
  OptimizerOptions inside = rmsprop("tensorflow");
  inside.decay = 0.5;
  inside.epsilon = 0.1;
  check_against(inside, {.a = 1}, [](double& w, double g, double eta, int, Memory& memory) {
    memory.a = 0.5 * memory.a + 0.5 * g * g;
    w -= eta * g / std::sqrt(memory.a + 0.1);
  });
  OptimizerOptions outside = rmsprop("char-rnn");
  outside.decay = 0.5;
  outside.epsilon = 0.1;
  check_against(outside, {}, [](double& w, double g, double eta, int, Memory& memory) {
    memory.a = 0.5 * memory.a + 0.5 * g * g;
    w -= eta * g / (std::sqrt(memory.a) + 0.1);
  });
}

TEST_CASE("[optim] Adagrad follows its equations") {
  check_against(named("adagrad"), {}, [](double& w, double g, double eta, int, Memory& memory) {
    memory.a += g * g;
    w -= eta * g / (std::sqrt(memory.a) + 1e-8);
  });
}

TEST_CASE("[optim] Adam and AdamW follow their equations") {
  check_against(named("adam"), {}, adam_equations);
  OptimizerOptions decoupled = named("adamw");
  decoupled.weight_decay = 0.3;
  check_against(decoupled, {}, [](double& w, double g, double eta, int t, Memory& memory) {
    w -= eta * 0.3 * w;
    adam_equations(w, g, eta, t, memory);
  });
}

TEST_CASE("[optim] weight decay is L2 for SGD and Adam: it goes through their equations") {
  OptimizerOptions sgd = named("sgd");
  sgd.weight_decay = 0.3;
  check_against(sgd, {}, [](double& w, double g, double eta, int, Memory&) { w -= eta * (g + 0.3 * w); });
  OptimizerOptions adam = named("adam");
  adam.weight_decay = 0.3;
  check_against(adam, {}, [](double& w, double g, double eta, int t, Memory& memory) {
    adam_equations(w, g + 0.3 * w, eta, t, memory);
  });
}

TEST_CASE("[optim] Adam's first step is the learning rate against the sign of the gradient") {
  std::vector<float> values(3, 1.f);
  const std::vector<float> gradient = {5, -1e-3f, 0};
  const std::vector<ParameterRef> parameters = {{"w", values, gradient}};
  make_optimizer(named("adam"))->step(0.01, parameters);
  CHECK(values[0] == doctest::Approx(0.99));
  CHECK(values[1] == doctest::Approx(1.01).epsilon(1e-4));
  CHECK(values[2] == 1);
}

TEST_CASE(
    "[optim] AdamW without gradient shrinks by learning rate times weight decay, Adam does not move so") {
  OptimizerOptions options = named("adamw");
  options.weight_decay = 0.5;
  std::vector<float> values = {2, -4};
  const std::vector<float> gradient = {0, 0};
  const std::vector<ParameterRef> parameters = {{"w", values, gradient}};
  make_optimizer(options)->step(0.1, parameters);
  CHECK(values[0] == doctest::Approx(2 * 0.95));
  CHECK(values[1] == doctest::Approx(-4 * 0.95));

  options.name = "adam";
  values = {2, -4};
  make_optimizer(options)->step(0.1, parameters);
  CHECK(values[0] == doctest::Approx(2 - 0.1));  // a whole step, as L2 is normalised away
}

TEST_CASE("[optim] how values are divided into parameters changes no bit") {
  const auto gradients = gradients_of_all_steps();
  for (const OptimizerOptions& options : every_optimizer()) {
    CAPTURE(options.name);
    const std::vector<float> whole = run(options);
    std::vector<float> values = start();
    const auto optimizer = make_optimizer(options);
    for (int t = 0; t < steps; ++t) {
      const std::span<float> v = values;
      const std::span<const float> g = gradients[static_cast<std::size_t>(t)];
      const std::vector<ParameterRef> parameters = {{"a", v.first(1), g.first(1)},
                                                    {"b", v.subspan(1, 0), g.subspan(1, 0)},
                                                    {"c", v.subspan(1, 18), g.subspan(1, 18)},
                                                    {"d", v.subspan(19), g.subspan(19)}};
      optimizer->step(rate_of(t), parameters);
    }
    CHECK(values == whole);
  }
}

TEST_CASE("[optim] going on from a restored state gives the bits of never having stopped") {
  const auto gradients = gradients_of_all_steps();
  for (const OptimizerOptions& options : every_optimizer()) {
    CAPTURE(options.name);
    std::vector<float> values = start();
    auto optimizer = make_optimizer(options);
    for (int t = 0; t < steps; ++t) {
      if (t == 7) {
        const OptimizerState state = optimizer->state();
        CHECK(state.steps == 7);
        optimizer = make_optimizer(options);
        optimizer->restore(state);
      }
      const std::vector<ParameterRef> parameters = {{"w", values, gradients[static_cast<std::size_t>(t)]}};
      optimizer->step(rate_of(t), parameters);
    }
    CHECK(values == run(options));
  }
}

TEST_CASE("[optim] the state's tensors are named after parameter and role") {
  std::vector<float> u(2), v(3);
  const std::vector<float> du(2), dv(3);
  const std::vector<ParameterRef> parameters = {{"W_xh", u, du}, {"b", v, dv}};
  const auto optimizer = make_optimizer(named("adam"));
  CHECK(optimizer->state().tensors.empty());
  optimizer->step(0.1, parameters);
  std::vector<std::string> names;
  for (const auto& tensor : optimizer->state().tensors) names.push_back(tensor.name);
  CHECK(names == std::vector<std::string>{"W_xh/first_moment", "W_xh/second_moment", "b/first_moment",
                                          "b/second_moment"});
}

TEST_CASE("[optim] RMSProp without epsilon stays finite for a parameter whose gradient is always zero") {
  std::vector<float> values = {1, 1};
  std::vector<float> gradient = {0, 1e-30f};
  const std::vector<ParameterRef> parameters = {{"w", values, gradient}};
  const auto optimizer = make_optimizer(rmsprop("urnn"));
  for (int t = 0; t < 3000; ++t) optimizer->step(1e-3, parameters);
  CHECK(values[0] == 1);
  CHECK(values[1] == doctest::Approx(1).epsilon(1e-3));
}

TEST_CASE("[optim] a gradient that is not a number is seen in the value") {
  for (const OptimizerOptions& options : every_optimizer()) {
    CAPTURE(options.name);
    std::vector<float> values = {1, 1};
    const std::vector<float> gradient = {std::nanf(""), 1};
    const std::vector<ParameterRef> parameters = {{"w", values, gradient}};
    make_optimizer(options)->step(0.1, parameters);
    CHECK(std::isnan(values[0]));
    CHECK(std::isfinite(values[1]));
  }
}

TEST_CASE("[optim] unknown names and options out of range are refused by name") {
  CHECK_THROWS_WITH_AS(make_optimizer(named("adamax")),
                       "unknown optimizer \"adamax\" (known: sgd, momentum, rmsprop, adagrad, adam, adamw)",
                       std::invalid_argument);
  CHECK_THROWS_WITH_AS(make_optimizer(rmsprop("torch")),
                       "unknown variant of rmsprop \"torch\" (known: urnn, tensorflow, char-rnn)",
                       std::invalid_argument);
  OptimizerOptions options = named("momentum");
  options.momentum = 1;
  CHECK_THROWS_WITH_AS(make_optimizer(options), "optimizer: momentum must lie in [0, 1), got 1",
                       std::invalid_argument);
  options = named("adam");
  options.epsilon = 0;
  CHECK_THROWS_WITH_AS(make_optimizer(options), "optimizer: epsilon of adam must be above 0, got 0",
                       std::invalid_argument);
  options = named("sgd");
  options.weight_decay = -1;
  CHECK_THROWS_AS(make_optimizer(options), std::invalid_argument);
}

TEST_CASE("[optim] parameters that are not those of the first step are refused") {
  std::vector<float> values(3);
  const std::vector<float> gradient(3), short_gradient(2);
  const auto optimizer = make_optimizer(named("adam"));
  const std::vector<ParameterRef> first = {{"w", values, gradient}};
  const std::vector<ParameterRef> renamed = {{"v", values, gradient}};
  const std::vector<ParameterRef> mismatch = {{"w", values, short_gradient}};
  const std::vector<ParameterRef> two = {{"w", values, gradient}, {"b", values, gradient}};
  optimizer->step(0.1, first);
  CHECK_THROWS_AS(optimizer->step(0.1, renamed), std::invalid_argument);
  CHECK_THROWS_AS(optimizer->step(0.1, mismatch), std::invalid_argument);
  CHECK_THROWS_AS(optimizer->step(0.1, two), std::invalid_argument);
  CHECK_THROWS_AS(make_optimizer(named("adagrad"))->restore(optimizer->state()), std::invalid_argument);
  CHECK(optimizer->state().steps == 1);
}

TEST_CASE("[optim] a parameter's own rate is a factor of the learning rate") {
  for (const std::string& name : optimizer_names()) {
    CAPTURE(name);
    std::vector<float> slow = {1, -2, 3}, own = slow;
    const std::vector<float> gradient = {0.5f, -0.25f, 2};
    OptimizerOptions options;
    options.name = name;
    const auto a = make_optimizer(options), b = make_optimizer(options);
    for (int t = 0; t < 3; ++t) {
      const std::vector<ParameterRef> at_rate = {{"w", slow, gradient, 0.125}}, all = {{"w", own, gradient}};
      a->step(0.5, at_rate);
      b->step(0.0625, all);
    }
    CHECK(slow == own);
  }
}

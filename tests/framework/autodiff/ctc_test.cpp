#include "framework/autodiff/ctc.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "framework/autodiff/gradients.hpp"
#include "framework/autodiff/ops.hpp"
#include "framework/plan/gradcheck.hpp"
#include "framework/plan/plan.hpp"
#include "framework/random/stream.hpp"
#include "tests/support/error_of.hpp"

using namespace unroll;

namespace {

using sizes::B;
using sizes::T;
using Labels = std::vector<std::int64_t>;

/// Logits (T, rows, K) with sequences in them.
struct Problem {
  Tensor<double> logits;
  std::vector<Labels> labels;
  std::vector<StepPlace> places;

  std::int64_t steps() const { return logits.shape()[0]; }
  std::int64_t rows() const { return logits.shape()[1]; }
  std::int64_t outputs() const { return logits.shape()[2]; }
  std::int64_t most_labels() const {
    std::size_t most = 1;
    for (const Labels& one : labels) most = std::max(most, one.size());
    return static_cast<std::int64_t>(most);
  }
  template <class Real>
  CtcLattice<Real> lattice() const {
    Tensor<std::int64_t> all({std::ssize(labels), most_labels()}, no_label);
    for (std::size_t s = 0; s < labels.size(); ++s)
      std::ranges::copy(labels[s], all.data() + static_cast<std::int64_t>(s) * most_labels());
    return ctc_lattice<Real>(all, places, steps(), rows(), outputs());
  }
};

Tensor<double> random_logits(Shape shape, std::uint64_t seed) {
  Stream stream(seed, Purpose::check);
  Tensor<double> logits(std::move(shape));
  for (double& x : logits.span()) x = 2 * stream.normal();
  return logits;
}

/// One sequence that fills its only row.
Problem one_sequence(Tensor<double> logits, Labels labels) {
  const std::int64_t steps = logits.shape()[0];
  return {std::move(logits), {std::move(labels)}, {{0, 0, steps}}};
}

/// Three sequences in two rows, two of them one behind the other, and steps that are nobody's.
Problem packed(std::uint64_t seed) {
  return {random_logits({9, 2, 4}, seed), {{0, 1, 1}, {2}, {}}, {{0, 0, 7}, {1, 0, 5}, {1, 5, 3}}};
}

/// The recorded loss and its gradient.
struct Recorded {
  explicit Recorded(const Problem& problem)
      : logits(tape.input("logits", {T, B, problem.outputs()})),
        target(ctc_inputs(tape, std::ssize(problem.labels), problem.most_labels())),
        loss(ctc(logits, target)),
        path(ctc_best_path(logits, target)),
        gradient(gradients(sum(loss), {logits})[0]) {}

  GradcheckPoint at(const Problem& problem) const {
    const CtcLattice<double> lattice = problem.lattice<double>();
    return {.real = {{logits, problem.logits},
                     {target.live, lattice.live},
                     {target.skips, lattice.skips},
                     {target.ends, lattice.ends}},
            .index = {{target.outputs, lattice.outputs}, {target.steps, lattice.steps}}};
  }

  Tape tape;
  Var logits;
  CtcInputs target;
  Var loss, path, gradient;
};

template <class Real>
Tensor<Real> evaluated(const Problem& problem, const Recorded& recorded, Var wanted) {
  Plan<Real> plan(recorded.tape, {wanted});
  const CtcLattice<Real> lattice = problem.lattice<Real>();
  const Tensor<Real> logits = convert<Real>(problem.logits);
  plan.bind(recorded.logits, logits);
  plan.bind(recorded.target.outputs, lattice.outputs);
  plan.bind(recorded.target.steps, lattice.steps);
  plan.bind(recorded.target.live, lattice.live);
  plan.bind(recorded.target.skips, lattice.skips);
  plan.bind(recorded.target.ends, lattice.ends);
  plan.run();
  return plan.tensor(wanted);
}

std::vector<double> losses(const Problem& problem) {
  const Recorded recorded(problem);
  const Tensor<double> loss = evaluated<double>(problem, recorded, recorded.loss);
  return {loss.span().begin(), loss.span().end()};
}

/// What a path says: repetitions merged, blanks removed.
Labels said(const Labels& path, std::int64_t blank) {
  Labels labels;
  for (std::size_t t = 0; t < path.size(); ++t)
    if (path[t] != blank && (t == 0 || path[t] != path[t - 1])) labels.push_back(path[t]);
  return labels;
}

/// The sum over all K^T paths of one row, straight from the definition.
double summed_over_paths(const Tensor<double>& logits, const Labels& labels) {
  const std::int64_t steps = logits.shape()[0], outputs = logits.shape()[2];
  const auto probability = [&](std::int64_t t, std::int64_t k) {
    double sum = 0;
    for (std::int64_t j = 0; j < outputs; ++j) sum += std::exp(logits[t * outputs + j]);
    return std::exp(logits[t * outputs + k]) / sum;
  };
  const auto paths = static_cast<std::int64_t>(std::llround(std::pow(outputs, steps)));
  double sum = 0;
  for (std::int64_t number = 0; number < paths; ++number) {
    Labels path;
    double p = 1;
    for (std::int64_t t = 0, left = number; t < steps; ++t, left /= outputs) {
      path.push_back(left % outputs);
      p *= probability(t, path.back());
    }
    if (said(path, outputs - 1) == labels) sum += p;
  }
  return sum;
}

/// All sequences of at most `most` labels below `count`.
std::vector<Labels> all_labels(std::int64_t count, std::size_t most) {
  std::vector<Labels> all = {{}};
  for (std::size_t at = 0; at < all.size(); ++at)
    for (std::int64_t label = 0; label < count && all[at].size() < most; ++label) {
      Labels longer = all[at];
      longer.push_back(label);
      all.push_back(std::move(longer));
    }
  return all;
}

bool fits(const Labels& labels, std::int64_t steps) {
  auto needed = std::ssize(labels);
  for (std::size_t i = 1; i < labels.size(); ++i) needed += labels[i] == labels[i - 1];
  return needed <= steps;
}

std::string refusal(const Problem& problem) {
  return error_of<std::invalid_argument>([&] { problem.lattice<float>(); });
}

}  // namespace

TEST_CASE("[ctc] the loss is that of the sum over all paths, for all labels, repeated ones and none") {
  int compared = 0;
  for (const std::int64_t steps : {1, 2, 4, 5}) {
    const Tensor<double> logits = random_logits({steps, 1, 3}, static_cast<std::uint64_t>(steps));
    for (const Labels& labels : all_labels(2, 4)) {
      if (!fits(labels, steps)) {
        CHECK(summed_over_paths(logits, labels) == 0);
        continue;
      }
      const double expected = -std::log(summed_over_paths(logits, labels));
      CHECK(losses(one_sequence(logits, labels))[0] == doctest::Approx(expected).epsilon(1e-12));
      ++compared;
    }
  }
  CHECK(compared > 40);
}

TEST_CASE("[ctc] the probabilities of all labels that fit add up to 1") {
  const Tensor<double> logits = random_logits({4, 1, 4}, 5);
  double sum = 0;
  for (const Labels& labels : all_labels(3, 4))
    if (fits(labels, 4)) sum += std::exp(-losses(one_sequence(logits, labels))[0]);
  CHECK(sum == doctest::Approx(1).epsilon(1e-12));
}

TEST_CASE("[ctc] losses and gradients are those that PyTorch 1.13 computes in double") {
  // torch.nn.functional.ctc_loss(log_softmax(x, -1), ..., blank=4, reduction="none"), of
  // x[t, s, k] = 2 sin(1 + 0.7 t + 1.3 s + 2.1 k), and the gradient of the sum.
  Problem problem{
      Tensor<double>({12, 3, 5}), {{0, 1, 1, 3}, {2}, {3, 3, 3}}, {{0, 0, 12}, {1, 0, 7}, {2, 0, 9}}};
  for (std::int64_t i = 0; i < problem.logits.numel(); ++i) {
    const auto t = static_cast<double>(i / 15), s = static_cast<double>(i / 5 % 3),
               k = static_cast<double>(i % 5);
    problem.logits[i] = 2 * std::sin(1 + 0.7 * t + 1.3 * s + 2.1 * k);
  }
  const Recorded recorded(problem);
  const Tensor<double> loss = evaluated<double>(problem, recorded, recorded.loss);
  const std::vector<double> expected = {10.30392932152918, 5.196419595087023, 12.508270024702304};
  for (std::int64_t s = 0; s < 3; ++s)
    CHECK(loss[s] == doctest::Approx(expected[static_cast<std::size_t>(s)]).epsilon(1e-12));
  struct Element {
    std::int64_t t, s, k;
    double value;
  };
  const Tensor<double> gradient = evaluated<double>(problem, recorded, recorded.gradient);
  for (const Element& one : std::vector<Element>{{0, 0, 0, -0.4227302171321926},
                                                 {0, 0, 4, -0.08881794915002209},
                                                 {5, 0, 1, -0.3000055851305822},
                                                 {11, 0, 3, -0.5823128447886928},
                                                 {3, 1, 2, -0.2073111482865337},
                                                 {6, 1, 4, -0.6419140764871037},
                                                 {7, 1, 2, 0.0},
                                                 {4, 2, 3, -0.30348515148547645},
                                                 {8, 2, 0, 0.20105692698852928}})
    CHECK(gradient[(one.t * 3 + one.s) * 5 + one.k] == doctest::Approx(one.value).epsilon(1e-10));
}

TEST_CASE("[ctc] first and second derivatives agree with central differences, also of packed sequences") {
  const Problem problem = packed(7);
  const Recorded recorded(problem);
  const GradcheckOptions options{.sizes = {.time = problem.steps(), .batch = problem.rows()}};
  const GradcheckReport first = gradcheck(recorded.loss, {recorded.logits}, recorded.at(problem), options);
  CHECK_MESSAGE(first.ok(), first.to_text());
  Recorded again(problem);
  const Var curved = sum(square(again.gradient));
  const GradcheckReport second = gradcheck(curved, {again.logits}, again.at(problem), options);
  CHECK_MESSAGE(second.ok(), second.to_text());
}

TEST_CASE("[ctc] packed sequences have the losses that they have by themselves, and no others' gradient") {
  const Problem problem = packed(8);
  const std::vector<double> together = losses(problem);
  for (std::size_t s = 0; s < problem.places.size(); ++s) {
    const StepPlace& place = problem.places[s];
    Tensor<double> own({place.count, 1, problem.outputs()});
    for (std::int64_t t = 0; t < place.count; ++t)
      for (std::int64_t k = 0; k < problem.outputs(); ++k)
        own[t * problem.outputs() + k] =
            problem.logits[((place.first + t) * problem.rows() + place.row) * problem.outputs() + k];
    CHECK(losses(one_sequence(own, problem.labels[s]))[0] == doctest::Approx(together[s]).epsilon(1e-13));
  }
  const Recorded recorded(problem);
  const Tensor<double> gradient = evaluated<double>(problem, recorded, recorded.gradient);
  for (const std::int64_t t : {7, 8})  // of row 0, whose only sequence has 7 steps
    for (std::int64_t k = 0; k < problem.outputs(); ++k)
      CHECK(gradient[(t * problem.rows()) * problem.outputs() + k] == 0);
}

TEST_CASE("[ctc] a long sequence keeps its digits in float, and a shift of all logits changes nothing") {
  Problem problem = one_sequence(random_logits({800, 1, 6}, 9), {});
  Stream stream(3, Purpose::check);
  for (int i = 0; i < 60; ++i) problem.labels[0].push_back(stream.below(5));
  const Recorded recorded(problem);
  const double loss = evaluated<double>(problem, recorded, recorded.loss)[0];
  CHECK(static_cast<double>(evaluated<float>(problem, recorded, recorded.loss)[0]) ==
        doctest::Approx(loss).epsilon(1e-5));
  const Tensor<float> gradient = evaluated<float>(problem, recorded, recorded.gradient);
  for (const float g : gradient.span()) CHECK(std::isfinite(g));
  for (double& x : problem.logits.span()) x += 100;
  CHECK(losses(problem)[0] == doctest::Approx(loss).epsilon(1e-10));
}

TEST_CASE("[ctc] a NaN in a sequence's logits is in its loss, and in no other's") {
  Problem problem = packed(10);
  problem.logits[0] = std::numeric_limits<double>::quiet_NaN();
  const std::vector<double> found = losses(problem);
  CHECK(std::isnan(found[0]));
  CHECK(std::isfinite(found[1]));
  CHECK(std::isfinite(found[2]));
}

TEST_CASE("[ctc] the best path has the likeliest output of each step, the last one behind the end") {
  Problem problem = packed(11);
  for (double& x : problem.logits.span()) x = 0;
  const auto likely = [&](std::int64_t t, std::int64_t row, std::int64_t k) {
    problem.logits[(t * problem.rows() + row) * problem.outputs() + k] = 5;
  };
  for (std::int64_t t = 0; t < 9; ++t) likely(t, 0, t % 4), likely(t, 1, 3 - t % 4);
  const Recorded recorded(problem);
  const Tensor<double> path = evaluated<double>(problem, recorded, recorded.path);
  const std::vector<std::vector<double>> expected = {
      {0, 1, 2, 3, 0, 1, 2, 2, 2}, {3, 2, 1, 0, 3, 3, 3, 3, 3}, {2, 1, 0, 0, 0, 0, 0, 0, 0}};
  for (std::int64_t t = 0; t < 9; ++t)
    for (std::int64_t s = 0; s < 3; ++s)
      CHECK(path[t * 3 + s] == expected[static_cast<std::size_t>(s)][static_cast<std::size_t>(t)]);
}

TEST_CASE("[ctc] labels that are none, or need more steps than there are, are refused, naming both") {
  const Tensor<double> logits({3, 1, 3});
  CHECK(refusal(one_sequence(logits, {0, 1, 0})) == "(no error)");
  CHECK(refusal(one_sequence(logits, {0, 1, 0, 1})) ==
        "[ctc] sequence 0 has 4 labels, which need 4 steps (one more between two that are alike), but it has "
        "3; "
        "are the steps too coarse, or the labels those of another recording?");
  CHECK(refusal(one_sequence(logits, {0, 0, 1})).find("has 3 labels, which need 4 steps") !=
        std::string::npos);
  CHECK(refusal(one_sequence(logits, {0, 2})) ==
        "[ctc] label 1 of sequence 0 is 2, expected 0 to 1; is the number of outputs the labels' and one for "
        "the "
        "blank?");
  CHECK(refusal(one_sequence(logits, {no_label, 1})).find("label 1 of sequence 0 is 1, expected -1 behind") !=
        std::string::npos);
  Tape tape;
  CHECK_THROWS_AS(ctc_inputs(tape, 2, 0), std::invalid_argument);
  CHECK_THROWS_AS(ctc(tape.input("x", {2, 3}), ctc_inputs(tape, 2, 1)), ShapeError);
}

#include <doctest/doctest.h>

#include <cmath>
#include <functional>

#include "framework/autodiff/gradients.hpp"
#include "framework/autodiff/ops.hpp"
#include "framework/autodiff/scan.hpp"
#include "framework/plan/gradcheck.hpp"
#include "framework/plan/plan.hpp"
#include "tests/framework/plan/distance.hpp"
#include "tests/support/contains.hpp"
#include "tests/support/random_tensor.hpp"

using namespace unroll;
using sizes::B;
using sizes::T;

namespace {

constexpr std::int64_t classes = 1030, width = 3;

/// Features, the weight and bias of a readout to many classes, the right ones and a weight for each step.
struct ReadoutProgram {
  explicit ReadoutProgram(Dim time = T, Dim batch = B)
      : h(tape.input("h", {time, batch, width})),
        W(tape.input("W", {classes, width})),
        b(tape.input("b", {classes})),
        weights(tape.input("weights", {time})),
        target(tape.index_input("target", {time, batch})) {}

  Var logits() { return linear(h, W) + b; }
  /// (T, B)
  Var losses(Var z) { return negative_log_likelihood(z, target); }
  Var weighted(Var each) { return each * reshape(weights, {h.dims()[0], 1}); }

  template <class R>
  std::vector<Tensor<R>> results(Sizes sizes, const std::vector<Var>& outputs,
                                 const PlanOptions& options) const {
    Plan<R> plan(tape, outputs, options);
    const std::vector<Var> real = {h, W, b, weights};
    std::vector<Tensor<R>> values;
    for (std::size_t i = 0; i < real.size(); ++i)
      values.push_back(random_tensor<R>(resolve(real[i].dims(), sizes), i + 1, 0.7));
    for (std::size_t i = 0; i < real.size(); ++i) plan.bind(real[i], values[i]);
    Tensor<std::int64_t> right(resolve(target.dims(), sizes));
    for (std::int64_t i = 0; i < right.numel(); ++i) right[i] = (i * 377 + 5) % classes;
    plan.bind(target, right);
    plan.run();
    plan.run();  // the second run finds the memory as the first one left it
    std::vector<Tensor<R>> found;
    for (const Var& v : outputs) found.push_back(plan.tensor(v));
    return found;
  }

  Tape tape;
  Var h, W, b, weights, target;
};

template <class R>
void check_close(const std::vector<Tensor<R>>& a, const std::vector<Tensor<R>>& b, double tolerance) {
  REQUIRE(a.size() == b.size());
  for (std::size_t i = 0; i < a.size(); ++i) {
    INFO("output ", i);
    CHECK(distance(a[i], b[i]) <= tolerance);
  }
}

const PlanOptions whole = {.without = {"rows-in-blocks"}};

/// Lines of a program's text that belong to no loop.
std::string outside_loops(const std::string& text) {
  std::string kept;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = text.find('\n', at);
    if (text[at] != ' ') kept += text.substr(at, end - at + 1);
    at = end + 1;
  }
  return kept;
}

/// Things that can be computed from a readout, and how many loops over blocks of rows they take.
struct Case {
  std::string name;
  std::size_t loops;
  std::function<std::vector<Var>(ReadoutProgram&)> outputs;
};

std::vector<Var> with_gradients(ReadoutProgram& r, Var loss, std::vector<Var> more = {}) {
  std::vector<Var> all = gradients(loss, {r.h, r.W, r.b, r.weights});
  all.push_back(loss);
  all.insert(all.end(), more.begin(), more.end());
  return all;
}

const Case cases[] = {
    {"cross-entropy", 1,
     [](ReadoutProgram& r) { return with_gradients(r, cross_entropy(r.logits(), r.target)); }},
    {"weighted losses of steps", 1,
     [](ReadoutProgram& r) { return with_gradients(r, mean(r.weighted(r.losses(r.logits())))); }},
    {"the losses alone", 1, [](ReadoutProgram& r) { return std::vector<Var>{r.losses(r.logits())}; }},
    {"rows without a time axis", 1,
     [](ReadoutProgram& r) {
       const Var z = linear(reshape(r.h, {T * B, width}), r.W) + r.b;
       return with_gradients(r, mean(logsumexp(z)) - mean(tanh(z)));
     }},
    {"no bias, log_softmax", 1,
     [](ReadoutProgram& r) {
       return with_gradients(r, 0.0 - mean(pick(log_softmax(linear(r.h, r.W)), r.target)));
     }},
    {"the best logit and the entropy beside", 1,
     [](ReadoutProgram& r) {
       const Var z = r.logits(), p = softmax(z);
       return with_gradients(r, mean(r.losses(z)), {max(z, -1), sum(p * z, -1)});
     }},
    {"the logits are an output too", 1,
     [](ReadoutProgram& r) {
       const Var z = r.logits();
       return with_gradients(r, mean(r.losses(z)), {z});
     }},
    {"gradients that wait for all losses", 2,
     [](ReadoutProgram& r) {
       const Var each = r.losses(r.logits());
       return with_gradients(r, log(sum(square(each))) + mean(each));
     }},
    {"the same readout twice", 1,
     [](ReadoutProgram& r) {
       const Var z = r.logits(), y = linear(tanh(r.h), r.W);
       return with_gradients(r, mean(r.losses(z)) + mean(r.losses(y)));
     }},
    {"a weight that is the table of its inputs", 1,
     [](ReadoutProgram& r) {
       const Var z = linear(r.h + gather(r.W, r.target), r.W) + r.b;
       return with_gradients(r, mean(r.losses(z)));
     }},
    {"features from a scan and back", 1,
     [](ReadoutProgram& r) {
       const Scanned s =
           scan([](const auto& in, const auto& state) { return Step{{tanh(in[0] + 0.5 * state[0])}}; }, {r.h},
                {r.tape.zeros({B, width})});
       const Var z = linear(s.state_trajectory[0], r.W) + r.b;
       return with_gradients(r, mean(r.losses(z)), {s.state_trajectory[0]});
     }},
    {"a product over the classes again", 1,
     [](ReadoutProgram& r) {
       return with_gradients(r, mean(square(matmul(softmax(r.logits()), r.W) - r.h)));
     }},
};

}  // namespace

TEST_CASE("[plan] wide rows in blocks compute what the whole does, at any length of blocks") {
  for (const Case& c : cases) {
    INFO(c.name);
    ReadoutProgram r;
    const std::vector<Var> outputs = c.outputs(r);
    CHECK(occurrences(Plan<float>(r.tape, outputs).to_text(), "+= matmul") >= (outputs.size() > 1 ? 1 : 0));
    for (const Sizes sizes : {Sizes{1, 1}, Sizes{5, 2}, Sizes{7, 3}}) {
      const auto expected = r.results<double>(sizes, outputs, whole);
      const auto plain = r.results<double>(sizes, outputs, PlanOptions::as_recorded());
      check_close(plain, expected, 1e-12);
      for (const std::int64_t steps : {0, 1, 2, 3}) {
        INFO("blocks of ", steps);
        check_close(expected, r.results<double>(sizes, outputs, {.block_steps = steps}), 1e-12);
      }
      check_close(r.results<float>(sizes, outputs, whole),
                  r.results<float>(sizes, outputs, {.block_steps = 2}), 2e-5);
    }
  }
}

TEST_CASE("[plan] a readout, its loss and its gradients are as few loops as their order allows") {
  for (const Case& c : cases) {
    INFO(c.name);
    ReadoutProgram r;
    const std::string text = Plan<float>(r.tape, c.outputs(r)).to_text();
    std::size_t loops = 0;
    for (std::size_t at = text.find("for blocks"); at != std::string::npos;
         at = text.find("for blocks", at + 1))
      loops += text.substr(at, text.find("\nfor ", at) - at).find("1030") != std::string::npos;
    CHECK(loops == c.loops);
  }
}

TEST_CASE("[plan] logits of many classes are made, used and forgotten block by block") {
  ReadoutProgram r;
  const Var loss = mean(r.weighted(r.losses(r.logits())));
  std::vector<Var> outputs = gradients(loss, {r.h, r.W, r.b});
  outputs.push_back(loss);
  const Plan<float> plan(r.tape, outputs), without(r.tape, outputs, whole);
  const std::string text = plan.to_text();
  CHECK(outside_loops(text).find("(T, B, 1030)") == std::string::npos);
  CHECK(outside_loops(text).find("(T·B, 1030)") == std::string::npos);
  CHECK(occurrences(text, "= matmul") == 3);
  CHECK(occurrences(text, "+= place") == 1);  // one element of each row, not a row of zeros
  const Sizes sizes{8000, 4};
  const std::size_t logits = 8000 * 4 * classes * sizeof(float);
  CHECK(plan.peak_bytes(sizes) < logits / 4);
  CHECK(without.peak_bytes(sizes) > logits);
  CHECK(without.peak_bytes(sizes) < logits * 5 / 4);  // whole, but in one place
}

TEST_CASE("[plan] the gradient of a softmax over many classes is that of its formula") {
  ReadoutProgram r;
  const Var loss = mean(r.losses(r.logits()));
  const Sizes sizes{4, 2};
  const auto found = r.results<double>(sizes, {r.h, r.W, r.b}, {});
  const auto gradient = r.results<double>(sizes, gradients(loss, {r.h, r.W, r.b}), {.block_steps = 3});
  const Tensor<double>&h = found[0], &W = found[1], &b = found[2];
  Tensor<double> dh(h.shape()), dW(W.shape()), db(b.shape());
  const std::int64_t rows = sizes.time * sizes.batch;
  for (std::int64_t i = 0; i < rows; ++i) {
    std::vector<double> p(classes);
    double total = 0;
    for (std::int64_t c = 0; c < classes; ++c) {
      double z = b[c];
      for (std::int64_t j = 0; j < width; ++j) z += W[c * width + j] * h[i * width + j];
      total += p[c] = std::exp(z);
    }
    for (std::int64_t c = 0; c < classes; ++c) {
      const double d = (p[c] / total - ((i * 377 + 5) % classes == c)) / static_cast<double>(rows);
      db[c] += d;
      for (std::int64_t j = 0; j < width; ++j) {
        dW[c * width + j] += d * h[i * width + j];
        dh[i * width + j] += d * W[c * width + j];
      }
    }
  }
  check_close({dh, dW, db}, gradient, 1e-12);
}

TEST_CASE("[plan] second derivatives go through blocks of wide rows") {
  ReadoutProgram r;
  const Var loss = mean(r.weighted(r.losses(r.logits())));
  const std::vector<Var> first = gradients(loss, {r.h, r.W, r.b});
  Var along = mean(sin(first[0]));
  for (std::size_t i = 1; i < first.size(); ++i) along = along + sum(sin(30.0 * first[i]));
  const std::vector<Var> second = gradients(along, {r.h, r.W, r.b, r.weights});
  for (const Sizes sizes : {Sizes{3, 2}, Sizes{5, 1}})
    check_close(r.results<double>(sizes, second, PlanOptions::as_recorded()),
                r.results<double>(sizes, second, {.block_steps = 2}), 1e-11);
}

TEST_CASE("[plan] rows are found where steps and sequences are numbers, or as many as there are classes") {
  for (const auto& [steps, batch] : {std::pair<std::int64_t, std::int64_t>{6, 2}, {1030, 1}, {3, 1030}}) {
    ReadoutProgram r(steps, batch);
    const std::vector<Var> outputs = with_gradients(r, mean(r.weighted(r.losses(r.logits()))));
    CHECK(Plan<float>(r.tape, outputs).to_text().find("for blocks") != std::string::npos);
    check_close(r.results<double>({}, outputs, whole), r.results<double>({}, outputs, {}), 1e-12);
  }
}

TEST_CASE("[plan] narrow readouts stay as they are") {
  Tape tape;
  const Var h = tape.input("h", {T, B, 8}), W = tape.input("W", {65, 8});
  const Var target = tape.index_input("target", {T, B});
  const Var loss = cross_entropy(linear(h, W), target);
  CHECK(Plan<float>(tape, gradients(loss, {h, W})).to_text().find("for blocks") == std::string::npos);
}

TEST_CASE("[plan] a class that is none stops a run through blocks of wide rows") {
  ReadoutProgram r;
  Plan<float> plan(r.tape, gradients(mean(r.losses(r.logits())), {r.W}));
  const Tensor<float> h(Shape{3, 2, width}), W(Shape{classes, width}), b(Shape{classes});
  Tensor<std::int64_t> target(Shape{3, 2});
  target[4] = classes;
  plan.bind(r.h, h);
  plan.bind(r.W, W);
  plan.bind(r.b, b);
  plan.bind(r.target, target);
  CHECK_THROWS_AS(plan.run(), std::out_of_range);
}

TEST_CASE(
    "[plan] derivatives of first and second order through blocks of wide rows are those of differences") {
  ReadoutProgram r;
  const Var loss = mean(r.weighted(r.losses(r.logits())));
  GradcheckPoint at;
  at.index[r.target] = Tensor<std::int64_t>(Shape{3, 2});
  for (std::int64_t i = 0; i < 6; ++i) at.index[r.target][i] = i * 200;
  const std::vector<Var> inputs = {r.h, r.W, r.b};
  const GradcheckReport first = gradcheck(loss, inputs, at);
  CHECK_MESSAGE(first.ok(), first.to_text());
  const GradcheckReport second = gradcheck(gradients(loss, inputs)[0], inputs, at);
  CHECK_MESSAGE(second.ok(), second.to_text());
}

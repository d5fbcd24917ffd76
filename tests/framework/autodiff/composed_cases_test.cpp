#include <doctest/doctest.h>

#include "framework/plan/plan.hpp"
#include "tests/framework/autodiff/op_cases.hpp"

namespace unroll::conformance {
namespace {

using sizes::B;
using sizes::T;
using In = std::vector<Var>;
using Arrays = std::vector<Array>;

Array scalar(Real value) {
  Array result{Shape{}};
  result.values[0] = value;
  return result;
}

Real average(const Array& x) {
  Real total = 0;
  for (const Real v : x.values) total += v;
  return total / static_cast<Real>(x.values.size());
}

template <class F>
Array elementwise(const Arrays& in, F f) {
  return generate(common_shape(in),
                  [&](const Index& i) { return f(in[0].stretched(i), in.back().stretched(i)); });
}

LineFunction line_total(bool divide) {
  return [divide](const std::vector<Real>& line) {
    Real total = 0;
    for (const Real x : line) total += x;
    return std::vector<Real>{divide ? total / static_cast<Real>(line.size()) : total};
  };
}

Array weighted(const Arrays& in) {
  Shape shape = in[0].shape;
  shape[shape.rank() - 1] = in[1].shape[0];
  return generate(shape, [&](Index i) {
    const std::int64_t row = i.back();
    Real total = 0;
    for (std::int64_t k = 0; k < in[1].shape[1]; ++k) {
      i.back() = k;
      total += in[0].at(i) * in[1].at({row, k});
    }
    return total;
  });
}

Array products_of_pairs(const Arrays& in) {
  Shape shape = in[0].shape;
  shape.push_back(in[1].shape.back());
  return generate(shape, [&](const Index& i) {
    Index left(i.begin(), i.end() - 1), right = left;
    right.back() = i.back();
    return in[0].at(left) * in[1].at(right);
  });
}

Array losses_of_classes(const Arrays& in) {
  const Array& logits = in[0];
  return generate(in[1].shape, [&](Index i) {
    const auto target = static_cast<std::size_t>(in[1].at(i));
    i.push_back(0);
    std::vector<Real> line;
    for (; i.back() < logits.shape.back(); ++i.back()) line.push_back(logits.at(i));
    return -log_probabilities(line)[target];
  });
}

/// As it is defined: a coin of probability σ(z) that shows t.
Array losses_of_coins(const Arrays& in) {
  return elementwise(in, [](Real z, Real t) {
    const Real p = 1 / (1 + std::exp(-z));
    return -t * std::log(p) - (1 - t) * std::log1p(-p);
  });
}

std::vector<OpCase> reductions() {
  std::vector<OpCase> cases;
  for (const Dims& dims : {Dims{}, Dims{2, 3}, Dims{T, B}})
    cases.push_back({"mean",
                     "",
                     {{dims}},
                     [](const In& in) { return mean(in[0]); },
                     [](const Arrays& in) { return scalar(average(in[0])); }});
  for (const std::int64_t axis : {0, 1})
    for (const bool keep : {false, true}) {
      const auto at = static_cast<std::size_t>(axis);
      cases.push_back({"mean",
                       "along an axis",
                       {{{T, B, 2}}},
                       [=](const In& in) { return mean(in[0], axis, keep); },
                       [=](const Arrays& in) { return along_axis(in[0], at, 1, !keep, line_total(true)); }});
      cases.push_back({"sum",
                       "along an axis",
                       {{{T, B, 2}}},
                       [=](const In& in) { return sum(in[0], axis - 3, keep); },
                       [=](const Arrays& in) { return along_axis(in[0], at, 1, !keep, line_total(false)); }});
    }
  return cases;
}

std::vector<OpCase> loss_cases() {
  const auto squared_error = [](const Arrays& in) {
    return scalar(average(elementwise(in, [](Real a, Real b) { return (a - b) * (a - b); })));
  };
  std::vector<OpCase> cases;
  for (const Dims& dims : {Dims{}, Dims{2, 3}, Dims{T, B, 2}}) {
    cases.push_back(
        {"mse", "", {{dims}, {dims}}, [](const In& in) { return mse(in[0], in[1]); }, squared_error});
    cases.push_back({"binary_negative_log_likelihood",
                     "",
                     {{dims}, {dims}},
                     [](const In& in) { return binary_negative_log_likelihood(in[0], in[1]); },
                     losses_of_coins,
                     false});
    cases.push_back({"binary_cross_entropy",
                     "",
                     {{dims}, {dims, Draw::bit}},
                     [](const In& in) { return binary_cross_entropy(in[0], in[1]); },
                     [](const Arrays& in) { return scalar(average(losses_of_coins(in))); },
                     false});
    Dims logits = dims;
    logits.push_back(4);
    const std::vector<Operand> operands = {{logits}, index_operand(dims, 4)};
    cases.push_back({.op = "negative_log_likelihood",
                     .label = "",
                     .operands = operands,
                     .record = [](const In& in) { return negative_log_likelihood(in[0], in[1]); },
                     .reference = losses_of_classes,
                     .shift = Shift::ignores});
    cases.push_back({.op = "cross_entropy",
                     .label = "",
                     .operands = operands,
                     .record = [](const In& in) { return cross_entropy(in[0], in[1]); },
                     .reference = [](const Arrays& in) { return scalar(average(losses_of_classes(in))); },
                     .shift = Shift::ignores});
  }
  return cases;
}

std::vector<OpCase> log_softmaxes() {
  std::vector<OpCase> cases;
  const std::vector<std::pair<Dims, std::size_t>> lines = {
      {{5}, 0}, {{1}, 0}, {{2, 4}, 1}, {{2, 4}, 0}, {{T, B, 3}, 2}, {{T, B, 3}, 0}, {{3, B, 2}, 1}};
  for (const auto& [dims, at] : lines) {
    const auto axis = static_cast<std::int64_t>(at);
    cases.push_back({.op = "log_softmax",
                     .label = "along axis " + std::to_string(axis),
                     .operands = {{dims}},
                     .record = [axis](const In& in) { return log_softmax(in[0], axis); },
                     .reference =
                         [at = at](const Arrays& in) {
                           return along_axis(in[0], at, in[0].shape[at], false, log_probabilities);
                         },
                     .shift = Shift::ignores});
  }
  return cases;
}

std::vector<OpCase> products() {
  std::vector<OpCase> cases;
  for (const Dims& x : {Dims{2, 3}, Dims{T, B, 3}, Dims{1, 3}})
    cases.push_back(
        {"linear", "", {{x}, {{4, 3}}}, [](const In& in) { return linear(in[0], in[1]); }, weighted});
  for (const Dims& rows : {Dims{}, Dims{2}, Dims{T, B}}) {
    Dims a = rows, b = rows;
    a.push_back(3);
    b.push_back(2);
    cases.push_back(
        {"outer", "", {{a}, {b}}, [](const In& in) { return outer(in[0], in[1]); }, products_of_pairs});
  }
  return cases;
}

std::vector<OpCase> with_numbers() {
  struct Row {
    std::string name;
    Var (*record)(Var);
    Real (*reference)(Real);
  };
  const std::vector<Row> rows = {
      {"x + number", [](Var x) { return x + 3.0; }, [](Real x) { return x + 3; }},
      {"number + x", [](Var x) { return 3.0 + x; }, [](Real x) { return 3 + x; }},
      {"x - number", [](Var x) { return x - 3.0; }, [](Real x) { return x - 3; }},
      {"number - x", [](Var x) { return 3.0 - x; }, [](Real x) { return 3 - x; }},
      {"x * number", [](Var x) { return x * 3.0; }, [](Real x) { return x * 3; }},
      {"number * x", [](Var x) { return 3.0 * x; }, [](Real x) { return 3 * x; }},
      {"x / number", [](Var x) { return x / 4.0; }, [](Real x) { return x / 4; }},
      {"number / x", [](Var x) { return 3.0 / x; }, [](Real x) { return 3 / x; }},
      {"-x", [](Var x) { return -x; }, [](Real x) { return -x; }},
  };
  std::vector<OpCase> cases;
  for (const Row& row : rows) {
    OpCase c{row.name,
             "",
             {{{T, B, 2}}},
             [f = row.record](const In& in) { return f(in[0]); },
             [f = row.reference](const Arrays& in) {
               return generate(in[0].shape, [&](const Index& i) { return f(in[0].at(i)); });
             }};
    c.domain = Domain::nonzero;
    cases.push_back(c);
  }
  return cases;
}

}  // namespace

std::vector<OpCase> composed_cases() {
  std::vector<OpCase> cases;
  for (const auto& family : {reductions(), log_softmaxes(), loss_cases(), products(), with_numbers()})
    cases.insert(cases.end(), family.begin(), family.end());
  cases.push_back({"transpose",
                   "the last two axes",
                   {{{T, B, 2}}},
                   [](const In& in) { return transpose(in[0]); },
                   [](const Arrays& in) {
                     return generate(Shape{in[0].shape[0], in[0].shape[2], in[0].shape[1]},
                                     [&](const Index& i) {
                                       return in[0].at({i[0], i[2], i[1]});
                                     });
                   }});
  return cases;
}

TEST_CASE("[conformance] the losses from logits stay finite where a probability rounds to 0") {
  Tape tape;
  const Var logits = tape.input("logits", {2}), targets = tape.input("targets", {2});
  const Var loss = binary_cross_entropy(logits, targets);
  const Tensor<float> z(Shape{2}, {300.0f, -300.0f}), t(Shape{2}, {0.0f, 1.0f});
  Plan<float> plan(tape, {loss});
  plan.bind(logits, z);
  plan.bind(targets, t);
  plan.run();
  CHECK(plan.value(loss)[0] == 300);
}

}  // namespace unroll::conformance

#include <doctest/doctest.h>

#include <optional>
#include <utility>
#include <vector>

#include "framework/autodiff/gradients.hpp"
#include "framework/autodiff/ops.hpp"
#include "framework/plan/plan.hpp"
#include "models/cell_table.hpp"
#include "models/sequence_model.hpp"
#include "tests/models/small_cells.hpp"
#include "tests/support/random_tensor.hpp"

using namespace unroll;
using sizes::B;
using sizes::T;
using test::small_constants;

namespace {

/// Runs after which machine code runs, wherever it can.
constexpr int until_code_is_made = 1100;

/// A net of one cell with its gradients, run again and again on the same numbers: by span kernels at first,
/// by machine code later.
template <class Real>
class Repeated {
 public:
  Repeated(const CellRow& cell, std::int64_t hidden)
      : model_(cell.make({3, hidden, "tanh", small_constants(cell.name)}), 2, Readout::every_step) {
    const Parameters p(tape_, model_.parameters());
    const Var loss = mean(square(model_.record(x_, p).outputs));
    outputs_ = gradients(loss, p.all());
    outputs_.push_back(loss);
    plan_.emplace(tape_, outputs_);
    std::uint64_t seed = 0;
    for (const ParameterSpec& spec : model_.parameters())
      weights_.push_back(random_tensor<Real>(spec.shape, ++seed, 0.3));
    for (std::size_t i = 0; i < weights_.size(); ++i) plan_->bind(p.all()[i], weights_[i]);
  }

  std::vector<Tensor<Real>> first(std::int64_t steps, std::int64_t rows) {
    batch_ = random_tensor<Real>({steps, rows, 3}, 100);
    plan_->bind(x_, batch_);
    return again(1);
  }
  std::vector<Tensor<Real>> again(int runs) {
    for (int i = 0; i < runs; ++i) plan_->run();
    std::vector<Tensor<Real>> values;
    for (const Var& v : outputs_) values.push_back(plan_->tensor(v));
    return values;
  }

 private:
  Tape tape_;
  Var x_ = tape_.input("x", {T, B, 3});
  SequenceModel model_;
  std::vector<Var> outputs_;
  std::optional<Plan<Real>> plan_;
  std::vector<Tensor<Real>> weights_;
  Tensor<Real> batch_;
};

}  // namespace

// Chains of 4 rows of 72 are by rows, or one go, with routines of their own, and products by the libraries:
// the loop calls them, with other rows and other memory from run to run.
TEST_CASE_TEMPLATE("[plan] every cell keeps its bits when machine code takes over", Real, float, double) {
  for (const CellRow& cell : cell_table())
    for (const auto& [hidden, rows] : {std::pair{6, 1}, {6, 3}, {20, 1}, {40, 1}, {72, 4}}) {
      INFO(cell.name, ", H = ", hidden, ", B = ", rows);
      Repeated<Real> net(cell, hidden);
      const std::vector<std::pair<int, int>> others = {{5, rows}, {4, rows + 3}, {3, rows + 1}};
      std::vector<std::vector<Tensor<Real>>> expected;
      for (const auto& [steps, batch] : others) expected.push_back(net.first(steps, batch));
      const std::vector<Tensor<Real>> first = net.first(3, rows), later = net.again(until_code_is_made);
      for (std::size_t i = 0; i < first.size(); ++i) REQUIRE(later[i].same_bits(first[i]));
      for (std::size_t other = 0; other < others.size(); ++other) {
        const std::vector<Tensor<Real>> longer = net.first(others[other].first, others[other].second);
        for (std::size_t i = 0; i < longer.size(); ++i) REQUIRE(longer[i].same_bits(expected[other][i]));
      }
    }
}

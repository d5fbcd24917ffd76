#include <doctest/doctest.h>

#include <random>
#include <utility>
#include <vector>

#include "framework/autodiff/gradients.hpp"
#include "framework/autodiff/ops.hpp"
#include "framework/plan/plan.hpp"
#include "tests/support/random_tensor.hpp"

using namespace unroll;
using sizes::B;

namespace {

/// Elementwise work on (B, m, n) of operands that broadcast in every way, with sums over axes of all kinds.
class WideWork {
 public:
  WideWork(std::int64_t m, std::int64_t n, std::uint64_t seed) : random_(seed) {
    const Dims full = {B, m, n};
    for (const Dims& dims : {full, full, Dims{B, 1, n}, Dims{B, m, 1}, Dims{B, 1, 1}, Dims{m, n},
                             Dims{1, m, 1}, Dims{m, 1}, Dims{n}, Dims{1, 1, n}, Dims{}}) {
      // Rows of eight are gone through as one where no operand begins anew with each.
      if (seed % 2 == 0 && n == 8 && begins_anew(dims)) continue;
      inputs_.push_back(tape_.input("", dims));
    }
    std::vector<Var> pool = inputs_;
    pool.push_back(inputs_[0] * inputs_[1]);
    for (int i = 0; i < 8; ++i) {
      const Var a = any(pool), b = any(pool);
      const Var made = i % 3 == 0 ? a * b : i % 3 == 1 ? tanh(a + b) : a - b;
      pool.push_back(made + inputs_[0]);
    }
    for (const Dims& dims :
         {Dims{B, m, 1}, Dims{B, 1, n}, Dims{B, 1, 1}, Dims{m, n}, Dims{m, 1}, Dims{n}, Dims{}})
      if (seed % 2 != 0 || n != 8 || !begins_anew(dims))
        outputs_.push_back(sum_to(pool[pool.size() - 1 - random_() % 8], dims));
    outputs_.push_back(tanh(outputs_[0]) * pool.back());
    outputs_.push_back(sum_to(outputs_.back() * outputs_[0], {B, m, 1}));
  }

  /// By runs: the first one is by span kernels, the last by machine code.
  template <class T>
  std::vector<std::vector<Tensor<T>>> results(std::int64_t batch, const PlanOptions& options, int runs) {
    std::vector<Tensor<T>> values;
    Plan<T> plan(tape_, outputs_, options);
    for (const Var& input : inputs_)
      values.push_back(random_tensor<T>(resolve(input.dims(), {.batch = batch}), values.size() + 1));
    for (std::size_t i = 0; i < inputs_.size(); ++i) plan.bind(inputs_[i], values[i]);
    std::vector<std::vector<Tensor<T>>> all;
    for (int run = 0; run < runs; ++run) {
      plan.run();
      all.emplace_back();
      for (const Var& output : outputs_) all.back().push_back(plan.tensor(output));
    }
    return all;
  }

 private:
  static bool begins_anew(const Dims& dims) {
    return !dims.empty() && dims.back() != Dim(1) && (dims.size() == 1 || dims[dims.size() - 2] == Dim(1));
  }
  Var any(const std::vector<Var>& pool) { return pool[random_() % pool.size()]; }

  std::mt19937_64 random_;
  Tape tape_;
  std::vector<Var> inputs_, outputs_;
};

}  // namespace

TEST_CASE_TEMPLATE("[plan] chains that go row by row have the bits of single ops, and so has their code", T,
                   float, double) {
  for (const auto& [m, n] : {std::pair{64, 16},
                             {32, 32},
                             {16, 80},
                             {128, 8},
                             {130, 8},
                             {1, 1024},
                             {1, 16},
                             {3, 8},
                             {5, 12},
                             {10, 100},
                             {7, 17},
                             {9, 24},
                             {4, 31},
                             {2, 200}})
    for (const std::int64_t batch : {1, 3})
      for (std::uint64_t seed = 0; seed < 6; ++seed) {
        INFO("(", batch, ", ", m, ", ", n, "), seed ", seed);
        WideWork work(m, n, seed);
        const auto expected = work.results<T>(batch, {.without = {"fused-chains"}}, 1)[0];
        const auto found = work.results<T>(batch, {}, 10);
        for (const auto& run : {found.front(), found.back()})
          for (std::size_t i = 0; i < expected.size(); ++i) {
            INFO("output ", i);
            REQUIRE(run[i].same_bits(expected[i]));
          }
      }
}

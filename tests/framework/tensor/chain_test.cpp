#include <doctest/doctest.h>

#include <bit>
#include <random>
#include <vector>

#include "framework/tensor/chain.hpp"
#include "framework/tensor/jit/routine.hpp"

using namespace unroll;
using Form = ChainStep::Form;

namespace {

template <class T>
std::vector<T> normal_values(std::int64_t n, std::mt19937_64& random) {
  std::vector<T> x(static_cast<std::size_t>(n));
  for (T& v : x) v = static_cast<T>(std::normal_distribution<double>()(random));
  return x;
}

std::vector<Isa> isas() {
  std::vector<Isa> found;
  for (const Isa isa : {Isa::baseline, Isa::avx2, Isa::avx512})
    if (supported(isa)) found.push_back(isa);
  return found;
}

template <class T>
bool same_bits_or_nans(T a, T b) {
  using Bits = std::conditional_t<sizeof(T) == 4, std::uint32_t, std::uint64_t>;
  return std::bit_cast<Bits>(a) == std::bit_cast<Bits>(b) || (a != a && b != b);
}

/// A random chain over four inputs (the last one value for all), a value within groups, and two results.
template <class T>
struct RandomChain {
  static constexpr int inputs = 4, inner = 4, first_result = 5, count = 7;

  std::vector<ChainStep> steps;
  std::vector<ChainOperand> operands = std::vector<ChainOperand>(count, ChainOperand::elements);
  std::vector<std::vector<T>> memory;

  RandomChain(std::int64_t n, std::mt19937_64& random) {
    operands[3] = ChainOperand::one_for_all;
    operands[inner] = ChainOperand::inner;
    for (int i = 0; i < 3; ++i) memory.push_back(normal_values<T>(n, random));
    memory.push_back(normal_values<T>(1, random));
    memory.push_back(std::vector<T>(chain_group));
    for (int i = 0; i < 2; ++i) memory.push_back(std::vector<T>(static_cast<std::size_t>(n)));

    const auto any = [&](int below) {
      return static_cast<std::int16_t>(random() % static_cast<unsigned>(below));
    };
    steps = {{.form = Form::load, .operand = any(inputs)}, {.form = Form::store, .operand = inner}};
    for (int i = 0; i < 12; ++i) {
      const auto form = static_cast<Form>(random() % 6);
      const int functions = form == Form::unary ? unary_count : binary_count;
      const auto function = static_cast<std::uint8_t>(any(functions));
      const std::int16_t operand =
          form == Form::store ? static_cast<std::int16_t>(inner + any(3)) : any(first_result);
      steps.push_back({form, function, operand, any(first_result)});
    }
    steps.push_back({.form = Form::store, .operand = count - 1});
  }

  /// For a routine that finds operand i in slot i, but for the inner one.
  jit::ChainPiece piece(std::int64_t n) const { return {steps, operands, {0, 1, 2, 3, -1, 5, 6}, n}; }

  /// `memory` after `run` on pointers into it.
  template <class Run>
  std::vector<std::vector<T>> after(Run run) const {
    std::vector<std::vector<T>> changed = memory;
    std::vector<T*> pointers;
    for (std::vector<T>& operand : changed) pointers.push_back(operand.data());
    run(pointers.data());
    return changed;
  }

  /// Step by step over the whole length.
  std::vector<std::vector<T>> by_span_kernels(std::int64_t n, const Kernels<T>& k) const {
    std::vector<std::vector<T>> apart = memory;
    apart[inner].resize(static_cast<std::size_t>(n));
    std::vector<T> value(static_cast<std::size_t>(n));
    const auto at = [&](std::int16_t o) { return apart[static_cast<std::size_t>(o)].data(); };
    const auto step = [](std::int16_t o) { return std::int64_t{o != 3}; };
    for (const ChainStep& s : steps) {
      const auto unary = static_cast<Unary>(s.function);
      const auto binary = static_cast<Binary>(s.function);
      if (s.form == Form::load)
        for (std::int64_t i = 0; i < n; ++i)
          value[static_cast<std::size_t>(i)] = at(s.operand)[i * step(s.operand)];
      if (s.form == Form::store) std::copy(value.begin(), value.end(), at(s.operand));
      if (s.form == Form::unary) k[unary](value.data(), value.data(), n);
      if (s.form == Form::binary) k[binary](value.data(), 1, at(s.operand), step(s.operand), value.data(), n);
      if (s.form == Form::reversed)
        k[binary](at(s.operand), step(s.operand), value.data(), 1, value.data(), n);
      if (s.form == Form::choice)
        for (std::int64_t i = 0; i < n; ++i) {
          T& v = value[static_cast<std::size_t>(i)];
          v = v != 0 ? at(s.operand)[i * step(s.operand)] : at(s.other)[i * step(s.other)];
        }
    }
    return apart;
  }

  static void require_same(const std::vector<std::vector<T>>& a, const std::vector<std::vector<T>>& b) {
    for (std::size_t result = first_result; result < count; ++result)
      for (std::size_t i = 0; i < a[result].size(); ++i)
        REQUIRE(same_bits_or_nans(a[result][i], b[result][i]));
  }
};

/// `check(isa, n, chain)` on random chains of all lengths up to some registers, and of some beyond.
template <class T, class Check>
void for_random_chains(Check check) {
  std::mt19937_64 random(1);
  for (const Isa isa : isas()) {
    INFO(name(isa));
    for (std::int64_t n = 0; n < 300; n += n < 40 ? 1 : 7) {
      INFO("n = ", n);
      for (int repeat = 0; repeat < 10; ++repeat) check(isa, n, RandomChain<T>(n, random));
    }
  }
}

}  // namespace

TEST_CASE_TEMPLATE("[kernels] a chain gives the bits of its functions one after the other", T, float,
                   double) {
  for_random_chains<T>([](Isa isa, std::int64_t n, const RandomChain<T>& chain) {
    const Kernels<T>& k = kernels<T>(isa);
    chain.require_same(chain.by_span_kernels(n, k), chain.after([&](T* const* pointers) {
      run_chain<T>(chain.steps, chain.operands, pointers, n, k);
    }));
  });
}

TEST_CASE_TEMPLATE("[jit] machine code gives a chain's bits, written out or for any length", T, float,
                   double) {
  for_random_chains<T>([](Isa isa, std::int64_t n, const RandomChain<T>& chain) {
    jit::RoutineBuilder<T> builder(isa);
    builder.add(chain.piece(n));
    const jit::Routine exact = builder.finish(), counted = jit::chain_routine<T>(chain.piece(n), isa);
    if (isa == Isa::baseline) {
      CHECK_FALSE((exact || counted));
      return;
    }
    REQUIRE((exact && counted));
    const auto expected = chain.by_span_kernels(n, kernels<T>(isa));
    const auto run = [&](const jit::Routine& routine) {
      return chain.after([&](T* const* pointers) { routine(reinterpret_cast<void* const*>(pointers), n); });
    };
    chain.require_same(expected, run(exact));
    chain.require_same(expected, run(counted));
  });
}

TEST_CASE_TEMPLATE("[kernels] rows are added in order, first to last", T, float, double) {
  std::mt19937_64 random(2);
  for (const Isa isa : isas())
    for (const std::int64_t rows : {0, 1, 3, 20})
      for (std::int64_t n = 1; n < 300; n += n < 40 ? 1 : 13) {
        const std::vector<T> x = normal_values<T>(rows * n, random);
        std::vector<T> y = normal_values<T>(n, random), expected = y;
        for (std::int64_t r = 0; r < rows; ++r)
          for (std::int64_t i = 0; i < n; ++i)
            expected[static_cast<std::size_t>(i)] += x[static_cast<std::size_t>(r * n + i)];
        kernels<T>(isa).add_rows(x.data(), rows, y.data(), n);
        REQUIRE(y == expected);
      }
}

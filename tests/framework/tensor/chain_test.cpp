#include <doctest/doctest.h>

#include <bit>
#include <random>
#include <vector>

#include "framework/tensor/kernels.hpp"

using namespace unroll;
using Form = ChainStep::Form;

namespace {

template <class T>
std::vector<T> values(std::int64_t n, std::mt19937_64& random) {
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
bool same_bits(T a, T b) {
  using Bits = std::conditional_t<sizeof(T) == 4, std::uint32_t, std::uint64_t>;
  return std::bit_cast<Bits>(a) == std::bit_cast<Bits>(b) || (a != a && b != b);
}

/// A random chain over four inputs (the last one value for all), one place within a group, and two results,
/// run by the chain kernel and step by step by the span kernels.
template <class T>
void check_random_chain(Isa isa, std::int64_t n, std::mt19937_64& random) {
  const Kernels<T>& k = kernels<T>(isa);
  std::vector<std::vector<T>> memory;
  for (int i = 0; i < 3; ++i) memory.push_back(values<T>(n, random));
  memory.push_back(values<T>(1, random));
  memory.push_back(std::vector<T>(chain_group));
  for (int i = 0; i < 2; ++i) memory.push_back(std::vector<T>(static_cast<std::size_t>(n)));
  std::vector<std::vector<T>> apart = memory;
  apart[4].resize(static_cast<std::size_t>(n));

  const auto any = [&](int below) {
    return static_cast<std::int16_t>(random() % static_cast<unsigned>(below));
  };
  std::vector<ChainStep> steps = {{.form = Form::load, .operand = any(4)},
                                  {.form = Form::store, .operand = 4}};
  for (int i = 0; i < 10; ++i) {
    const auto form = static_cast<Form>(random() % 6);
    const int functions = form == Form::unary ? unary_count : binary_count;
    const auto function = static_cast<std::uint8_t>(any(functions));
    const std::int16_t operand = form == Form::store ? static_cast<std::int16_t>(4 + any(3)) : any(5);
    steps.push_back({form, function, operand, any(5)});
  }
  steps.push_back({.form = Form::store, .operand = 6});

  std::vector<ChainOperand<T>> operands;
  for (int i = 0; i < 7; ++i)
    operands.push_back({memory[static_cast<std::size_t>(i)].data(), i != 4 && i != 3, i == 3});
  k.chain(steps.data(), static_cast<std::int64_t>(steps.size()), operands.data(), n);

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
    if (s.form == Form::reversed) k[binary](at(s.operand), step(s.operand), value.data(), 1, value.data(), n);
    if (s.form == Form::choice)
      for (std::int64_t i = 0; i < n; ++i) {
        T& v = value[static_cast<std::size_t>(i)];
        v = v != 0 ? at(s.operand)[i * step(s.operand)] : at(s.other)[i * step(s.other)];
      }
  }
  for (const std::size_t result : {5, 6})
    for (std::size_t i = 0; i < memory[result].size(); ++i)
      REQUIRE(same_bits(memory[result][i], apart[result][i]));
}

}  // namespace

TEST_CASE_TEMPLATE("[kernels] a chain gives the bits of its functions one after the other", T, float,
                   double) {
  std::mt19937_64 random(1);
  for (const Isa isa : isas()) {
    INFO(name(isa));
    for (std::int64_t n = 0; n < 300; n += n < 40 ? 1 : 7) {
      INFO("n = ", n);
      for (int repeat = 0; repeat < 10; ++repeat) check_random_chain<T>(isa, n, random);
    }
  }
}

TEST_CASE_TEMPLATE("[kernels] rows are added in order, first to last", T, float, double) {
  std::mt19937_64 random(2);
  for (const Isa isa : isas())
    for (const std::int64_t rows : {0, 1, 3, 20})
      for (std::int64_t n = 1; n < 300; n += n < 40 ? 1 : 13) {
        const std::vector<T> x = values<T>(rows * n, random);
        std::vector<T> y = values<T>(n, random), expected = y;
        for (std::int64_t r = 0; r < rows; ++r)
          for (std::int64_t i = 0; i < n; ++i)
            expected[static_cast<std::size_t>(i)] += x[static_cast<std::size_t>(r * n + i)];
        kernels<T>(isa).add_rows(x.data(), rows, y.data(), n);
        REQUIRE(y == expected);
      }
}

#include <doctest/doctest.h>
#include <tbb/parallel_for.h>

#include <bit>
#include <cstdint>
#include <mutex>
#include <string>
#include <vector>

#include "tests/framework/tensor/ulp.hpp"

using namespace unroll;

namespace {

constexpr std::uint64_t floats = 1ull << 32;
constexpr std::uint64_t block = 1ull << 18;

/// Against the C library in double, whose own errors are below 2^-28 ulp of a float.
std::vector<Worst> worst_errors_of_block(Unary f, std::uint64_t first) {
  std::vector<float> x(block), y(block);
  std::vector<double> values(block);
  for (std::uint64_t i = 0; i < block; ++i) {
    x[i] = std::bit_cast<float>(static_cast<std::uint32_t>(first + i));
    values[i] = exact<double>(f, x[i]);
  }
  std::vector<Worst> worst;
  for (Isa isa : supported_isas()) {
    kernels<float>(isa)[f](x.data(), y.data(), static_cast<std::int64_t>(block));
    compare<float, double>(x, y, values, worst.emplace_back());
  }
  return worst;
}

std::vector<Worst> worst_errors_of_all(Unary f) {
  std::vector<Worst> worst(supported_isas().size());
  std::mutex mutex;
  tbb::parallel_for(std::uint64_t{0}, floats / block, [&](std::uint64_t i) {
    const std::vector<Worst> found = worst_errors_of_block(f, i * block);
    const std::lock_guard lock(mutex);
    for (std::size_t j = 0; j < worst.size(); ++j)
      if (found[j].ulp > worst[j].ulp) worst[j] = found[j];
  });
  return worst;
}

void check_every_float(Unary f) {
  const std::vector<Worst> worst = worst_errors_of_all(f);
  for (std::size_t i = 0; i < worst.size(); ++i) {
    const std::string_view isa = name(supported_isas()[i]);
    MESSAGE(std::string(isa), ": ", worst[i].ulp, " ulp at ", worst[i].x);
    CHECK(worst[i].ulp <= 2.0);
  }
}

}  // namespace

TEST_CASE("[exhaustive] exp is within 2 ulp at every float") { check_every_float(Unary::exp); }

TEST_CASE("[exhaustive] tanh is within 2 ulp at every float") { check_every_float(Unary::tanh); }

TEST_CASE("[exhaustive] sigmoid is within 2 ulp at every float") { check_every_float(Unary::sigmoid); }

TEST_CASE("[exhaustive] log is within 2 ulp at every float") { check_every_float(Unary::log); }

TEST_CASE("[exhaustive] softplus is within 2 ulp at every float") { check_every_float(Unary::softplus); }

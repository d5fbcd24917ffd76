#include "framework/tensor/cpu.hpp"

#include <doctest/doctest.h>

#include <limits>

using namespace unroll;

namespace {

/// A product the compiler cannot work out beforehand.
float product_at_run_time(float a, float b) {
  volatile float x = a, y = b;
  return x * y;
}

constexpr float smallest_normal = std::numeric_limits<float>::min();

}  // namespace

TEST_CASE("[cpu] the best instruction set is supported, and so are all narrower ones") {
  CHECK(supported(Isa::baseline));
  CHECK(supported(best_isa()));
  if (best_isa() == Isa::avx512) CHECK(supported(Isa::avx2));
  if (!supported(Isa::avx2)) CHECK(!supported(Isa::avx512));
}

TEST_CASE("[cpu] instruction sets have their names and the CPU has one") {
  CHECK(name(Isa::baseline) == "baseline");
  CHECK(name(Isa::avx2) == "avx2");
  CHECK(name(Isa::avx512) == "avx512");
  CHECK(!cpu_model().empty());
}

#if defined(__x86_64__)

TEST_CASE("[cpu] subnormals are flushed inside the guard and only there") {
  CHECK(product_at_run_time(smallest_normal, 0.5f) > 0.0f);
  {
    const FlushSubnormals flushed;
    CHECK(product_at_run_time(smallest_normal, 0.5f) == 0.0f);
    CHECK(product_at_run_time(std::numeric_limits<float>::denorm_min(), 1e30f) == 0.0f);
  }
  CHECK(product_at_run_time(smallest_normal, 0.5f) > 0.0f);
  CHECK(product_at_run_time(std::numeric_limits<float>::denorm_min(), 1e30f) > 0.0f);
}

TEST_CASE("[cpu] subnormals are kept inside a guard that keeps them, and flushed again after it") {
  const FlushSubnormals outer;
  {
    const KeepSubnormals kept;
    CHECK(product_at_run_time(smallest_normal, 0.5f) > 0.0f);
  }
  CHECK(product_at_run_time(smallest_normal, 0.5f) == 0.0f);
}

TEST_CASE("[cpu] an inner guard leaves an outer one in force") {
  const FlushSubnormals outer;
  { const FlushSubnormals inner; }
  CHECK(product_at_run_time(smallest_normal, 0.5f) == 0.0f);
}

TEST_CASE("[cpu] the guard is lifted when an exception passes through it") {
  try {
    const FlushSubnormals flushed;
    throw 1;
  } catch (int) {
  }
  CHECK(product_at_run_time(smallest_normal, 0.5f) > 0.0f);
}

#endif

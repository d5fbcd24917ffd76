#include "framework/tensor/cpu.hpp"

#include <fstream>

#if defined(__x86_64__)
#include <xmmintrin.h>
#endif

namespace unroll {

std::string_view name(Isa isa) {
  switch (isa) {
    case Isa::baseline:
      return "baseline";
    case Isa::avx2:
      return "avx2";
    case Isa::avx512:
      return "avx512";
  }
  return "unknown instruction set";
}

#if defined(__x86_64__)

// The compiler's run-time checks cpuid and, through xgetbv, that the operating system saves the registers.
bool supported(Isa isa) {
  const bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  switch (isa) {
    case Isa::baseline:
      return true;
    case Isa::avx2:
      return avx2;
    case Isa::avx512:
      return avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512cd") &&
             __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
             __builtin_cpu_supports("avx512vl");
  }
  return false;
}

namespace {

// Bits of the SSE control word (Intel SDM vol. 1, 10.2.3): results, and operands, that are subnormal become
// 0.
constexpr unsigned flush_to_zero = 1u << 15;
constexpr unsigned denormals_are_zero = 1u << 6;

}  // namespace

SubnormalGuard::SubnormalGuard(bool flush) : saved_(_mm_getcsr()) {
  const unsigned bits = flush_to_zero | denormals_are_zero;
  _mm_setcsr(flush ? saved_ | bits : saved_ & ~bits);
}

SubnormalGuard::~SubnormalGuard() { _mm_setcsr(saved_); }

#else

bool supported(Isa isa) { return isa == Isa::baseline; }

SubnormalGuard::SubnormalGuard(bool) : saved_(0) {}

SubnormalGuard::~SubnormalGuard() = default;

#endif

Isa best_isa() {
  if (supported(Isa::avx512)) return Isa::avx512;
  return supported(Isa::avx2) ? Isa::avx2 : Isa::baseline;
}

std::string cpu_model() {
  std::ifstream cpuinfo("/proc/cpuinfo");
  for (std::string line; std::getline(cpuinfo, line);) {
    if (!line.starts_with("model name")) continue;
    const auto value = line.find_first_not_of(" \t", line.find(':') + 1);
    if (value != std::string::npos) return line.substr(value);
  }
  return "unknown CPU";
}

}  // namespace unroll

#pragma once

#include <string>
#include <string_view>

namespace unroll {

/// Instruction sets that kernels are compiled for, narrowest first.
enum class Isa { baseline, avx2, avx512 };

/// "baseline", "avx2", "avx512".
std::string_view name(Isa isa);

/// Whether this CPU and operating system can run `isa` (avx2 includes FMA; avx512 includes F, BW, DQ and VL).
bool supported(Isa isa);

/// The widest supported one.
Isa best_isa();

/// "AMD EPYC 9R14", as the operating system names it; "unknown CPU" where it does not.
std::string cpu_model();

/// While it lives, this thread treats subnormal numbers as `flush` says: results and operands become zero, or
/// are kept. The control word is restored after.
class SubnormalGuard {
 public:
  explicit SubnormalGuard(bool flush);
  ~SubnormalGuard();
  SubnormalGuard(const SubnormalGuard&) = delete;
  SubnormalGuard& operator=(const SubnormalGuard&) = delete;

 private:
  unsigned saved_;
};

/// Opened inside every task body that trains: what a caller sets does not reach the workers of a thread pool.
struct FlushSubnormals : SubnormalGuard {
  FlushSubnormals() : SubnormalGuard(true) {}
};

/// Opened where small numbers are the result, as in diagnostics of vanishing gradients.
struct KeepSubnormals : SubnormalGuard {
  KeepSubnormals() : SubnormalGuard(false) {}
};

}  // namespace unroll

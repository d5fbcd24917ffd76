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

/// While it lives, this thread flushes subnormal results and operands to zero; the control word is restored
/// after. Opened inside every task body: what a caller sets does not reach the workers of a thread pool.
class FlushSubnormals {
 public:
  FlushSubnormals();
  ~FlushSubnormals();
  FlushSubnormals(const FlushSubnormals&) = delete;
  FlushSubnormals& operator=(const FlushSubnormals&) = delete;

 private:
  unsigned saved_;
};

}  // namespace unroll

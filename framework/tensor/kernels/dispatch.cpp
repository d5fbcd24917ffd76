#include <fmt/format.h>

#include <stdexcept>

#include "framework/tensor/kernels/tables.hpp"

namespace unroll {

namespace {

void require_supported(Isa isa) {
  if (!supported(isa))
    throw std::invalid_argument(fmt::format(
        "[kernels] {} kernels were asked for, but this CPU runs {} at most", name(isa), name(best_isa())));
}

}  // namespace

template <>
const Kernels<float>& kernels(Isa isa) {
  require_supported(isa);
#if defined(__x86_64__)
  if (isa == Isa::avx512) return avx512::float_kernels;
  if (isa == Isa::avx2) return avx2::float_kernels;
#endif
  return baseline::float_kernels;
}

template <>
const Kernels<double>& kernels(Isa isa) {
  require_supported(isa);
#if defined(__x86_64__)
  if (isa == Isa::avx512) return avx512::double_kernels;
  if (isa == Isa::avx2) return avx2::double_kernels;
#endif
  return baseline::double_kernels;
}

}  // namespace unroll

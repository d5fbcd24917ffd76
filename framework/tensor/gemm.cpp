#include "framework/tensor/gemm.hpp"

#include <cblas.h>
#include <fmt/format.h>
#include <oneapi/dnnl/dnnl.h>

#include <algorithm>
#include <array>
#include <limits>
#include <stdexcept>

// From libgomp, which oneDNN computes with.
extern "C" void omp_set_num_threads(int threads);

namespace unroll {

namespace {

/// What a product over an empty k is: nothing added to beta C.
template <class T>
void empty_product(std::int64_t m, std::int64_t n, T beta, T* c) {
  if (beta == T{0}) std::fill_n(c, m * n, T{0});
}

/// CBLAS counts in int.
int blas_extent(std::int64_t extent) {
  if (extent > std::numeric_limits<int>::max())
    throw std::length_error(fmt::format("[gemm] double products take extents up to {}, but one is {}",
                                        std::numeric_limits<int>::max(), extent));
  return static_cast<int>(extent);
}

std::string_view dnnl_isa_name() {
  switch (dnnl_get_effective_cpu_isa()) {
    case dnnl_cpu_isa_all:
      return "reference kernels";
    case dnnl_cpu_isa_sse41:
      return "sse41";
    case dnnl_cpu_isa_avx:
      return "avx";
    case dnnl_cpu_isa_avx2:
      return "avx2";
    case dnnl_cpu_isa_avx2_vnni:
      return "avx2_vnni";
    case dnnl_cpu_isa_avx512_mic:
      return "avx512_mic";
    case dnnl_cpu_isa_avx512_mic_4ops:
      return "avx512_mic_4ops";
    case dnnl_cpu_isa_avx512_core:
      return "avx512_core";
    case dnnl_cpu_isa_avx512_core_vnni:
      return "avx512_core_vnni";
    case dnnl_cpu_isa_avx512_core_bf16:
      return "avx512_core_bf16";
    case dnnl_cpu_isa_avx512_core_amx:
      return "avx512_core_amx";
  }
  return "an instruction set newer than its names";
}

/// "OpenBLAS 0.3.21" out of "OpenBLAS 0.3.21 NO_LAPACKE DYNAMIC_ARCH ...".
std::string openblas_name() {
  const std::string config = openblas_get_config();
  return config.substr(0, config.find(' ', config.find(' ') + 1));
}

/// Cores of OpenBLAS whose kernels use neither AVX2 nor FMA (its driver/others/dynamic.c lists them all).
/// What is not named here is trusted, so that cores of later versions are.
constexpr std::array narrow_cores = {
    "Katmai",    "Coppermine", "Northwood", "Prescott",    "Banias",      "Atom",        "Core2",
    "Penryn",    "Dunnington", "Nehalem",   "Sandybridge", "Athlon",      "Nano",        "Opteron",
    "Barcelona", "Bobcat",     "Bulldozer", "Piledriver",  "Steamroller", "Opteron_SSE3"};

}  // namespace

void gemm(bool transpose_a, bool transpose_b, std::int64_t m, std::int64_t n, std::int64_t k, const float* a,
          const float* b, float beta, float* c) {
  if (m == 0 || n == 0) return;
  if (k == 0) return empty_product(m, n, beta, c);
  const auto status = dnnl_sgemm(transpose_a ? 'T' : 'N', transpose_b ? 'T' : 'N', m, n, k, 1.0f, a,
                                 transpose_a ? m : k, b, transpose_b ? k : n, beta, c, n);
  if (status != dnnl_success)
    throw std::runtime_error(
        fmt::format("[gemm] oneDNN refused the product ({}, {}) by ({}, {}) with status {}{}", m, k, k, n,
                    static_cast<int>(status), status == dnnl_out_of_memory ? ": it is out of memory" : ""));
}

void gemm(bool transpose_a, bool transpose_b, std::int64_t m, std::int64_t n, std::int64_t k, const double* a,
          const double* b, double beta, double* c) {
  if (m == 0 || n == 0) return;
  if (k == 0) return empty_product(m, n, beta, c);
  cblas_dgemm(CblasRowMajor, transpose_a ? CblasTrans : CblasNoTrans, transpose_b ? CblasTrans : CblasNoTrans,
              blas_extent(m), blas_extent(n), blas_extent(k), 1.0, a, blas_extent(transpose_a ? m : k), b,
              blas_extent(transpose_b ? k : n), beta, c, blas_extent(n));
}

std::string wanted_core(std::string_view core, Isa isa) {
  if (isa == Isa::baseline || std::ranges::find(narrow_cores, core) == narrow_cores.end()) return "";
  return isa == Isa::avx512 ? "SkylakeX" : "Haswell";
}

BlasReport blas_report() {
  const dnnl_version_t* dnnl = dnnl_version();
  const std::string core = openblas_get_corename();
  BlasReport report;
  report.float_library =
      fmt::format("oneDNN {}.{}.{}, {}", dnnl->major, dnnl->minor, dnnl->patch, dnnl_isa_name());
  report.double_library = fmt::format("{}, {}", openblas_name(), core);
  report.wanted_core = wanted_core(core, best_isa());
  if (!report.wanted_core.empty())
    report.problem = fmt::format(
        "OpenBLAS picked its {} kernels on a CPU with {}: products in double run about 5 times slower than "
        "they could. Set OPENBLAS_CORETYPE={} in the environment before the program starts.",
        core, name(best_isa()), report.wanted_core);
  return report;
}

void single_threaded_products() {
  omp_set_num_threads(1);
  openblas_set_num_threads(1);
}

}  // namespace unroll

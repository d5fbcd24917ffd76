#include "framework/tensor/gemm.hpp"

#include <cblas.h>
#include <fmt/format.h>
#include <libxsmm.h>
#include <oneapi/dnnl/dnnl.h>

#include <algorithm>
#include <array>
#include <limits>
#include <stdexcept>

#include "framework/tensor/gemm_rule.hpp"
#include "framework/tensor/kernels.hpp"
#include "framework/tensor/xsmm_start.hpp"

// From libgomp, which oneDNN computes with.
extern "C" void omp_set_num_threads(int threads);

namespace unroll {

namespace {

const Multipliers& multipliers();

template <class T>
void nothing(const HeldProduct<T>&, const T*, const T*, T*) {}

/// What a product over an empty k is: nothing added to beta C.
template <class T>
void empty_product(const HeldProduct<T>& p, const T*, const T*, T* c) {
  if (p.beta != T{0}) return;
  for (std::int64_t i = 0; i < p.shape.m; ++i) std::fill_n(c + i * p.ldc, p.shape.n, T{0});
}

/// The same product where transposing a vector changes nothing in memory: with fewer transposes more
/// libraries can make it.
template <class T>
void simplify(HeldProduct<T>& p) {
  ProductShape& s = p.shape;
  if (s.transpose_a && ((s.m == 1 && p.lda == 1) || s.k == 1)) {
    s.transpose_a = false;
    p.lda = s.k == 1 ? 1 : s.k;
  }
  if (s.transpose_b && (s.n == 1 || (s.k == 1 && p.ldb == 1))) {
    s.transpose_b = false;
    p.ldb = s.n == 1 ? 1 : s.n;
  }
}

// ---- By oneDNN --------------------------------------------------------------------------------------------

void by_onednn(const HeldProduct<float>& p, const float* a, const float* b, float* c) {
  const auto& [transpose_a, transpose_b, m, n, k] = p.shape;
  const auto status = dnnl_sgemm(transpose_a ? 'T' : 'N', transpose_b ? 'T' : 'N', m, n, k, 1.0f, a, p.lda, b,
                                 p.ldb, p.beta, c, p.ldc);
  if (status != dnnl_success)
    throw std::runtime_error(
        fmt::format("[gemm] oneDNN refused the product ({}, {}) by ({}, {}) with status {}{}", m, k, k, n,
                    static_cast<int>(status), status == dnnl_out_of_memory ? ": it is out of memory" : ""));
}

// ---- By OpenBLAS ------------------------------------------------------------------------------------------

/// CBLAS counts in int.
template <class T>
void check_blas_extents(const HeldProduct<T>& p) {
  constexpr std::int64_t most = std::numeric_limits<int>::max();
  for (const std::int64_t extent : {p.shape.m, p.shape.n, p.shape.k, p.lda, p.ldb, p.ldc})
    if (extent > most)
      throw std::length_error(
          fmt::format("[gemm] double products take extents up to {}, but one is {}", most, extent));
}

template <class T>
void by_openblas(const HeldProduct<T>& p, const T* a, const T* b, T* c) {
  constexpr auto multiply = [](auto... arguments) {
    if constexpr (sizeof(T) == sizeof(float))
      return cblas_sgemm(arguments...);
    else
      return cblas_dgemm(arguments...);
  };
  const ProductShape& s = p.shape;
  const auto count = [](std::int64_t extent) { return static_cast<int>(extent); };
  multiply(CblasRowMajor, s.transpose_a ? CblasTrans : CblasNoTrans,
           s.transpose_b ? CblasTrans : CblasNoTrans, count(s.m), count(s.n), count(s.k), T{1}, a,
           count(p.lda), b, count(p.ldb), p.beta, c, count(p.ldc));
}

// ---- By libxsmm -------------------------------------------------------------------------------------------

template <class T>
using LibxsmmCode = void (*)(const T* a, const T* b, T* c, ...);

/// libxsmm counts in columns: C^T = B^T A^T, whose first operand is B as it lies here.
template <class T>
void by_libxsmm(const HeldProduct<T>& p, const T* a, const T* b, T* c) {
  reinterpret_cast<LibxsmmCode<T>>(p.code)(b, a, c);
}

/// Makes machine code for this shape, or finds what it made before, under a lock of its own (20 to 90 ns). It
/// stays as long as the process.
template <class T>
auto libxsmm_kernel(const HeldProduct<T>& p) {
  const int m = static_cast<int>(p.shape.n), n = static_cast<int>(p.shape.m), k = static_cast<int>(p.shape.k);
  const int lda = static_cast<int>(p.ldb), ldb = static_cast<int>(p.lda), ldc = static_cast<int>(p.ldc);
  const int flags = p.shape.transpose_a ? LIBXSMM_GEMM_FLAG_TRANS_B : LIBXSMM_GEMM_FLAG_NONE;
  const T alpha{1};
  if constexpr (sizeof(T) == sizeof(float))
    return libxsmm_smmdispatch(m, n, k, &lda, &ldb, &ldc, &alpha, &p.beta, &flags, nullptr);
  else
    return libxsmm_dmmdispatch(m, n, k, &lda, &ldb, &ldc, &alpha, &p.beta, &flags, nullptr);
}

/// Its code holds distances in bytes as int.
template <class T>
bool counts_in_int(const HeldProduct<T>& p) {
  constexpr std::int64_t most = std::numeric_limits<int>::max() / static_cast<std::int64_t>(sizeof(T));
  const auto& [transpose_a, transpose_b, m, n, k] = p.shape;
  return p.lda <= most / (transpose_a ? k : m) && p.ldb <= most / k && p.ldc <= most / m;
}

/// False where libxsmm can make no kernel: rows lie too far apart, the system forbids code made at run time,
/// or there are 131,072 kernels already.
template <class T>
bool found_by_libxsmm(HeldProduct<T>& p) {
  if (!counts_in_int(p)) return false;
  const auto kernel = libxsmm_kernel(p);
  if (kernel == nullptr) return false;
  p.code = reinterpret_cast<void (*)()>(kernel);
  p.run = by_libxsmm<T>;
  return true;
}

// ---- By loops of our own ----------------------------------------------------------------------------------

template <class T>
void by_dots(const HeldProduct<T>& p, const T* a, const T* b, T* c) {
  kernels<T>().dots(a, p.lda, p.shape.m, b, p.shape.k, c, p.ldc, p.beta != T{0});
}

template <class T>
void by_row(const HeldProduct<T>& p, const T* a, const T* b, T* c) {
  kernels<T>().row_product(a, b, p.ldb, c, p.shape.n, p.shape.k, p.beta != T{0});
}

// ---- Who makes it -----------------------------------------------------------------------------------------

ProductLibrary library_of(const HeldProduct<float>& p) { return float_library(p.shape, multipliers()); }
ProductLibrary library_of(const HeldProduct<double>& p) { return double_library(p.shape, multipliers()); }

void by_large_library(HeldProduct<float>& p, ProductLibrary library) {
  p.run = library == ProductLibrary::openblas ? by_openblas<float> : by_onednn;
}
void by_large_library(HeldProduct<double>& p, ProductLibrary) {
  check_blas_extents(p);
  p.run = by_openblas<double>;
}

/// By code for this shape alone; false where there is none.
template <class T>
bool found_by_shape(HeldProduct<T>& p, ProductLibrary library) {
  if (library != ProductLibrary::row) return library == ProductLibrary::libxsmm && found_by_libxsmm(p);
  p.run = by_row<T>;
  return true;
}

template <class T>
void choose(HeldProduct<T>& p) {
  const ProductLibrary library = library_of(p);
  if (library == ProductLibrary::dots && p.ldb == 1)
    p.run = by_dots<T>;
  else if (!found_by_shape(p, library))
    by_large_library(p, library);
}

template <class T, void (*product)(const HeldProduct<T>&, const T*, const T*, T*)>
void swapped(const HeldProduct<T>& p, const T* a, const T* b, T* c) {
  product(p, b, a, c);
}

/// A column times a number as a row times that number: the first operand is then the second.
template <class T>
bool turned_to_row(HeldProduct<T>& p) {
  ProductShape& s = p.shape;
  if (s.n != 1 || s.k != 1 || p.lda != 1 || p.ldc != 1) return false;
  HeldProduct<T> row{{false, false, 1, s.m, 1}, 1, s.m, s.m, p.beta, nullptr};
  if (!found_by_shape(row, library_of(row))) return false;
  row.run = row.run == by_row<T> ? swapped<T, by_row<T>> : swapped<T, by_libxsmm<T>>;
  p = row;
  return true;
}

template <class T>
void settle(HeldProduct<T>& p) {
  if (p.shape.m == 0 || p.shape.n == 0) {
    p.run = nothing<T>;
  } else if (p.shape.k == 0) {
    p.run = empty_product<T>;
  } else {
    simplify(p);
    if (!turned_to_row(p)) choose(p);
  }
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

/// Its builds without threads let all callers share one buffer, unless they were made with locks.
bool safe_for_threads() {
  constexpr std::string_view locking = "USE_LOCKING";
  return openblas_get_parallel() != 0 ||
         std::string_view(openblas_get_config()).find(locking) != std::string_view::npos;
}

/// Cores of OpenBLAS whose kernels use neither AVX2 nor FMA (its driver/others/dynamic.c lists them all).
/// What is not named here is trusted, so that cores of later versions are.
constexpr std::array narrow_cores = {
    "Katmai",    "Coppermine", "Northwood", "Prescott",    "Banias",      "Atom",        "Core2",
    "Penryn",    "Dunnington", "Nehalem",   "Sandybridge", "Athlon",      "Nano",        "Opteron",
    "Barcelona", "Bobcat",     "Bulldozer", "Piledriver",  "Steamroller", "Opteron_SSE3"};

/// Cores of OpenBLAS without AVX-512: they fit a CPU with AVX2, but are not the best of one with AVX-512.
constexpr std::array avx2_cores = {"Haswell", "Zen", "Excavator"};

bool fast_openblas(std::string_view core, Isa isa) {
  if (!wanted_core(core, isa).empty()) return false;
  return isa != Isa::avx512 || std::ranges::find(avx2_cores, core) == avx2_cores.end();
}

/// libxsmm looks at the CPU, and at LIBXSMM_TARGET, by itself.
bool libxsmm_makes_code_for(Isa isa) {
  start_libxsmm();
  const int target = libxsmm_get_target_archid();
  if (isa == Isa::avx512) return target >= LIBXSMM_X86_AVX512_CORE && target <= LIBXSMM_X86_ALLFEAT;
  return isa == Isa::avx2 && target >= LIBXSMM_X86_AVX2 && target <= LIBXSMM_X86_ALLFEAT;
}

const Multipliers& multipliers() {
  static const Multipliers found{.isa = best_isa(),
                                 .fast_openblas = fast_openblas(openblas_get_corename(), best_isa()),
                                 .libxsmm = libxsmm_makes_code_for(best_isa())};
  return found;
}

}  // namespace

template <class T>
HeldProduct<T> held_product(const ProductShape& shape, std::int64_t lda, std::int64_t ldb, T beta,
                            std::int64_t ldc) {
  HeldProduct<T> product{shape, lda, ldb, ldc, beta, nullptr};
  settle(product);
  return product;
}

template <class T>
bool HeldProduct<T>::by_row_kernel() const {
  return run == by_row<T>;
}

template <>
bool HeldProduct<float>::may_throw() const {
  return run == by_onednn;
}

template <>
bool HeldProduct<double>::may_throw() const {
  return false;
}

template <class T>
HeldProduct<T> held_product(const ProductShape& s, T beta) {
  return held_product(s, s.transpose_a ? s.m : s.k, s.transpose_b ? s.k : s.n, beta, s.n);
}

template bool HeldProduct<float>::by_row_kernel() const;
template bool HeldProduct<double>::by_row_kernel() const;
template HeldProduct<float> held_product(const ProductShape&, std::int64_t, std::int64_t, float,
                                         std::int64_t);
template HeldProduct<double> held_product(const ProductShape&, std::int64_t, std::int64_t, double,
                                          std::int64_t);
template HeldProduct<float> held_product(const ProductShape&, float);
template HeldProduct<double> held_product(const ProductShape&, double);

void gemm(bool transpose_a, bool transpose_b, std::int64_t m, std::int64_t n, std::int64_t k, const float* a,
          std::int64_t lda, const float* b, std::int64_t ldb, float beta, float* c, std::int64_t ldc) {
  held_product({transpose_a, transpose_b, m, n, k}, lda, ldb, beta, ldc)(a, b, c);
}

void gemm(bool transpose_a, bool transpose_b, std::int64_t m, std::int64_t n, std::int64_t k, const double* a,
          std::int64_t lda, const double* b, std::int64_t ldb, double beta, double* c, std::int64_t ldc) {
  held_product({transpose_a, transpose_b, m, n, k}, lda, ldb, beta, ldc)(a, b, c);
}

void gemm(bool transpose_a, bool transpose_b, std::int64_t m, std::int64_t n, std::int64_t k, const float* a,
          const float* b, float beta, float* c) {
  gemm(transpose_a, transpose_b, m, n, k, a, transpose_a ? m : k, b, transpose_b ? k : n, beta, c, n);
}

void gemm(bool transpose_a, bool transpose_b, std::int64_t m, std::int64_t n, std::int64_t k, const double* a,
          const double* b, double beta, double* c) {
  gemm(transpose_a, transpose_b, m, n, k, a, transpose_a ? m : k, b, transpose_b ? k : n, beta, c, n);
}

std::string wanted_core(std::string_view core, Isa isa) {
  if (isa == Isa::baseline || std::ranges::find(narrow_cores, core) == narrow_cores.end()) return "";
  return isa == Isa::avx512 ? "SkylakeX" : "Haswell";
}

BlasReport blas_report() {
  const dnnl_version_t* dnnl = dnnl_version();
  const std::string core = openblas_get_corename();
  const std::string onednn =
      fmt::format("oneDNN {}.{}.{}, {}", dnnl->major, dnnl->minor, dnnl->patch, dnnl_isa_name());
  const std::string openblas = fmt::format("{}, {}", openblas_name(), core);
  const Multipliers& have = multipliers();
  const std::string libxsmm = fmt::format("; libxsmm {}, {}", LIBXSMM_VERSION, libxsmm_get_target_arch());
  BlasReport report;
  report.float_library = onednn + (have.libxsmm ? libxsmm : "") + (have.fast_openblas ? "; " + openblas : "");
  report.double_library = openblas + (have.libxsmm ? libxsmm : "");
  report.wanted_core = wanted_core(core, best_isa());
  if (!safe_for_threads())
    report.problem =
        "OpenBLAS is a build without threads and locks: products that are made at the same time come out "
        "wrong. "
        "Install one with threads (Debian: libopenblas-pthread-dev), of which one is used, or run one trial "
        "at "
        "a time.";
  else if (!report.wanted_core.empty())
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

#include "experiments/verbs/kernels.hpp"

#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <string>
#include <system_error>

#include "experiments/sweep/say.hpp"
#include "framework/tensor/gemm.hpp"

namespace unroll {

namespace {

constexpr const char* core_variable = "OPENBLAS_CORETYPE";
constexpr const char* own_choice_variable = "UNROLL_CHOSE_CORETYPE";  // the other one is not the user's

/// Returns only when the system refuses.
void start_again(const std::string& core, char** argv) {
  ::setenv(core_variable, core.c_str(), 1);
  ::setenv(own_choice_variable, "1", 1);
  std::error_code none;
  const auto program = std::filesystem::read_symlink("/proc/self/exe", none);
  if (!none) ::execv(program.c_str(), argv);
  ::unsetenv(core_variable);
  ::unsetenv(own_choice_variable);
}

}  // namespace

void choose_kernels(char** argv) {
  const BlasReport blas = blas_report();
  if (blas.problem.empty()) return;
  // Once the variable is set this is not reached again, so a core that OpenBLAS does not take makes no loop.
  if (!blas.wanted_core.empty() && std::getenv(core_variable) == nullptr) start_again(blas.wanted_core, argv);
  say("warning: {}\n", blas.problem);
}

std::vector<std::string> variables_of_kernels() {
  if (std::getenv(own_choice_variable) == nullptr) return {};
  return {core_variable, own_choice_variable};
}

}  // namespace unroll

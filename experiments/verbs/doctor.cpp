#include <fmt/format.h>

#include <cstdio>
#include <cstdlib>
#include <thread>
#include <vector>

#include "experiments/sweep/machine.hpp"
#include "experiments/verbs/build.hpp"
#include "experiments/verbs/product_speed.hpp"
#include "experiments/verbs/verb.hpp"
#include "experiments/verbs/versions.hpp"
#include "framework/tensor/cpu.hpp"
#include "framework/tensor/gemm.hpp"

namespace unroll {

namespace {

void print_line(const char* what, const std::string& value) { fmt::print("{:<20}{}\n", what, value); }

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "not set" : value;
}

std::string isas() {
  std::string list;
  for (const Isa isa : {Isa::baseline, Isa::avx2, Isa::avx512}) {
    list += fmt::format("{}{}{}", list.empty() ? "" : ", ", name(isa),
                        supported(isa) ? "" : " (not on this CPU)");
  }
  return fmt::format("{} in use, of {}", name(best_isa()), list);
}

void print_program() {
  print_line("version",
             fmt::format("unroll {}, build {}, commit {}", program_version(), build_id(), source_commit()));
  print_line("compiler", compiler() + (optimized() ? "" : ", without optimisation"));
  for (const LibraryVersion& library : library_versions()) print_line(library.name, library.version);
}

void print_processor(const MachineLimits& machine) {
  print_line("CPU", cpu_model());
  print_line("kernels", isas());
  const BlasReport blas = blas_report();
  print_line("float products", blas.float_library);
  print_line("double products", blas.double_library);
  print_line("OPENBLAS_CORETYPE", variable("OPENBLAS_CORETYPE"));
  print_line("OMP_NUM_THREADS",
             variable("OMP_NUM_THREADS") + "; every trial multiplies on its own thread only");
  print_line("CPUs", fmt::format("{} in the machine, {} in the affinity mask",
                                 std::thread::hardware_concurrency(), machine.affinity));
  print_line("CPU quota", machine.cgroup_cpus ? fmt::format("{:.2f} CPUs", *machine.cgroup_cpus) : "none");
  print_line("SLURM", machine.slurm_cpus ? fmt::format("{} CPUs per task", *machine.slurm_cpus) : "none");
  print_line("trials at once", fmt::format("{} by default", machine.usable_cores()));
  print_line("memory", fmt::format("{} available{}", in_bytes(static_cast<double>(machine.available_memory)),
                                   machine.cgroup_free
                                       ? fmt::format(", {} left in the control group",
                                                     in_bytes(static_cast<double>(*machine.cgroup_free)))
                                       : ""));
}

void print_speed(const ProductSpeed& speed) {
  print_line(
      "measured",
      fmt::format("product of 128 x 128 x 128 on one thread: float {:.0f} GFLOP/s, double {:.0f} GFLOP/s",
                  speed.float_gflops, speed.double_gflops));
}

/// Each with what to do about it.
std::vector<std::string> problems(const MachineLimits& machine, const ProductSpeed& speed) {
  std::vector<std::string> found;
  const BlasReport blas = blas_report();
  if (!blas.problem.empty()) found.push_back(blas.problem);
  const auto check_product = [&](const char* type, double error, double most, const std::string& libraries) {
    if (error <= most) return;  // a NaN is no such error
    found.push_back(fmt::format(
        "a product of 128 x 128 x 128 in {} is wrong by {:.3g}; it is made by one of these, which "
        "must be installed anew: {}",
        type, error, libraries));
  };
  check_product("float", speed.float_error, 1e-3, blas.float_library);
  check_product("double", speed.double_error, 1e-11, blas.double_library);
  if (!optimized()) {
    found.emplace_back(
        "this program was compiled without optimisation and is several times too slow: "
        "configure with -DCMAKE_BUILD_TYPE=Release");
  }
  if (machine.usable_memory() < (std::uint64_t{512} << 20)) {
    found.push_back(fmt::format("only {} of memory is available: end other programs or raise the limit",
                                in_bytes(static_cast<double>(machine.usable_memory()))));
  }
  return found;
}

int doctor(const Arguments& arguments) {
  if (!arguments.words.empty()) {
    throw UsageError(fmt::format("`unroll doctor` takes no words, but got \"{}\"", arguments.words.front()));
  }
  const MachineLimits machine = machine_limits();
  const ProductSpeed speed = measure_products();
  print_program();
  print_processor(machine);
  print_speed(speed);
  const auto found = problems(machine, speed);
  for (const std::string& problem : found) fmt::print("\nproblem: {}\n", problem);
  if (found.empty()) fmt::print("\nnothing is wrong\n");
  return found.empty() ? exit_good : exit_trial_failed;
}

}  // namespace

const Verb& doctor_verb() {
  static const Verb verb{
      .name = "doctor",
      .summary = "versions, CPU, kernels, threads and memory; what is wrong and how to mend it",
      .usage = "",
      .examples =
          "  unroll doctor\n"
          "Exit status 1 when something is wrong.",
      .add_flags = [](Flags&) {},
      .run = doctor,
      .trains = true,
  };
  return verb;
}

}  // namespace unroll

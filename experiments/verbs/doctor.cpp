#include <fmt/format.h>

#include <cstdio>
#include <cstdlib>
#include <thread>
#include <vector>

#include "experiments/sweep/machine.hpp"
#include "experiments/verbs/build.hpp"
#include "experiments/verbs/listing.hpp"
#include "experiments/verbs/product_speed.hpp"
#include "experiments/verbs/verb.hpp"
#include "experiments/verbs/versions.hpp"
#include "framework/tensor/cpu.hpp"
#include "framework/tensor/gemm.hpp"

namespace unroll {

namespace {

/// What is told, in order.
class Told {
 public:
  void add(std::string_view what, const std::string& value) {
    rows_.push_back({{"what", what}, {"value", value}});
  }
  const Listing& rows() const { return rows_; }

 private:
  Listing rows_;
};

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

void tell_program(Told& told) {
  told.add("version",
           fmt::format("unroll {}, build {}, commit {}", program_version(), build_id(), source_commit()));
  told.add("compiler", compiler() + (optimized() ? "" : ", without optimisation"));
  for (const LibraryVersion& library : library_versions()) told.add(library.name, library.version);
}

void tell_processor(const MachineLimits& machine, Told& told) {
  told.add("CPU", cpu_model());
  told.add("kernels", isas());
  const BlasReport blas = blas_report();
  told.add("float products", blas.float_library);
  told.add("double products", blas.double_library);
  told.add("OPENBLAS_CORETYPE", variable("OPENBLAS_CORETYPE"));
  told.add("OMP_NUM_THREADS",
           variable("OMP_NUM_THREADS") + "; every trial multiplies on its own thread only");
  told.add("CPUs", fmt::format("{} in the machine, {} in the affinity mask",
                               std::thread::hardware_concurrency(), machine.affinity));
  told.add("CPU quota", machine.cgroup_cpus ? fmt::format("{:.2f} CPUs", *machine.cgroup_cpus) : "none");
  told.add("SLURM", machine.slurm_cpus ? fmt::format("{} CPUs per task", *machine.slurm_cpus) : "none");
  told.add("trials at once", fmt::format("{} by default", machine.usable_cores()));
  told.add("memory",
           fmt::format("{} available{}", in_bytes(static_cast<double>(machine.available_memory)),
                       machine.cgroup_free ? fmt::format(", {} left in the control group",
                                                         in_bytes(static_cast<double>(*machine.cgroup_free)))
                                           : ""));
}

void tell_speed(const ProductSpeed& speed, Told& told) {
  told.add(
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

void print_for_people(const Listing& rows, const std::vector<std::string>& found) {
  for (const auto& row : rows)
    fmt::print("{:<20}{}\n", row.at("what").get<std::string>(), row.at("value").get<std::string>());
  for (const std::string& problem : found) fmt::print("\nproblem: {}\n", problem);
  if (found.empty()) fmt::print("\nnothing is wrong\n");
}

/// Each problem is a row of its own.
Listing with_problems(Listing rows, const std::vector<std::string>& found) {
  for (const std::string& problem : found) rows.push_back({{"what", "problem"}, {"value", problem}});
  return rows;
}

int doctor(const Arguments& arguments) {
  if (!arguments.words.empty()) {
    throw UsageError(fmt::format("`unroll doctor` takes no words, but got \"{}\"", arguments.words.front()));
  }
  const MachineLimits machine = machine_limits();
  const ProductSpeed speed = measure_products();
  Told told;
  tell_program(told);
  tell_processor(machine, told);
  tell_speed(speed, told);
  const auto found = problems(machine, speed);
  if (is_table(arguments))
    print_for_people(told.rows(), found);
  else
    print_listing(with_problems(told.rows(), found), arguments);
  return found.empty() ? exit_good : exit_trial_failed;
}

}  // namespace

const Verb& doctor_verb() {
  static const Verb verb{
      .name = "doctor",
      .summary = "versions, CPU, kernels, threads and memory; what is wrong and how to mend it",
      .usage = "[--format table|json|csv]",
      .examples =
          "  unroll doctor\n"
          "  unroll doctor --format json\n"
          "Exit status 1 when something is wrong.",
      .add_flags = add_format_flag,
      .run = doctor,
      .trains = true,
  };
  return verb;
}

}  // namespace unroll

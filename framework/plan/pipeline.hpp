#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "framework/autodiff/tape.hpp"
#include "framework/plan/ir/program.hpp"

namespace unroll {

struct PlanOptions {
  std::vector<std::string_view> without = {};  ///< passes to leave out
  std::int64_t block_steps = 0;  ///< R, steps of a block over time; 0: from the shapes of the step
  std::size_t max_memory = 0;    ///< bytes that a run may take; 0: as many as it needs
  /// Inputs that stay as they are from run to run, as weights that are not trained do: what depends on them
  /// alone (transposed weights, biases laid out for a batch) is computed when they are bound, not in each
  /// run. After a change of their elements they have to be bound again.
  std::vector<Var> frozen = {};

  bool runs(std::string_view pass) const;
  /// With the names as the table of passes has them, which are there for as long as the process is. Throws
  /// std::invalid_argument where `without` names no pass.
  PlanOptions checked() const;
  /// Without any pass that can be left out: a program that does what was recorded.
  static PlanOptions as_recorded();
};

/// One row of what is done to a program between recording and running.
struct Pass {
  enum class When {
    wanted,       ///< unless PlanOptions::without names it
    always,       ///< what comes after rests on it
    under_budget  ///< where PlanOptions::max_memory asks for it
  };

  std::string_view name;
  std::string_view does;
  std::string_view why_here;
  bool rounds;  ///< may change the order of a sum, or the kernel that makes a product, and so the last bits
  void (*run)(ir::Program&);  ///< null: a choice of the last stage, which decides on storage
  When when = When::wanted;
};

/// In the order in which they run.
std::span<const Pass> pipeline();

/// Those that can be left out.
std::vector<std::string_view> optional_passes();

/// Runs the passes that `options` leaves in. With `checkpoints`, loops over time are cut into segments
/// wherever that saves memory. Throws std::invalid_argument where options.without names no pass. After each
/// pass `check` is called, if given: verify() in tests and debug builds.
void run_passes(ir::Program& program, const PlanOptions& options, bool checkpoints,
                void (*check)(const ir::Program&) = nullptr);

}  // namespace unroll

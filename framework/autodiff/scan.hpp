#pragma once

#include <functional>
#include <map>
#include <optional>
#include <vector>

#include "framework/autodiff/tape.hpp"

namespace unroll {

/// What one step returns: the state after it, values to be stacked over time, values to be summed over time.
struct Step {
  std::vector<Var> state;
  std::vector<Var> stacked = {};
  std::vector<Var> summed = {};
};

/// One time step, recorded once: (slices of the inputs at t, state before t) -> Step. Any value of the outer
/// tape may be used inside. Pure: it must not keep or return anything but through its result.
using StepFunction = std::function<Step(const std::vector<Var>& x, const std::vector<Var>& state)>;

struct ScanOptions {
  std::optional<Dim> length;  ///< number of steps; needed only when there are no inputs to take it from
  bool reverse = false;       ///< from the last step to the first
};

struct Scanned {
  /// Of a state that no step reads it is computed behind the scan where that can be (BehindScan); a run needs
  /// a step then. With no step at all others are the initial ones.
  std::vector<Var> final_state;
  /// (length, ...): the state after every step. Its gradient is the total derivative with respect to the
  /// state there, through the recurrence as well: what a plot of vanishing gradients shows.
  std::vector<Var> state_trajectory;
  std::vector<Var> stacked;  ///< (length, ...)
  std::vector<Var> summed;
};

/// Time as one op: the step is recorded once whatever the number of steps, which may be T and change from run
/// to run. `inputs` are time-major, (length, ...). Differentiates into a scan in the other direction. Throws
/// ShapeError when a state changes its shape or the inputs' lengths differ, and std::invalid_argument for a
/// scan inside a step.
Scanned scan(const StepFunction& step, const std::vector<Var>& inputs, const std::vector<Var>& initial_state,
             const ScanOptions& options = {});

/// The step of a scan and how its values meet those outside. A scan node's operands are: the inputs, the
/// initial states, the captures of `tape`.
struct ScanBody {
  explicit ScanBody(Tape& outer) : tape(&outer) {}

  enum class Role { stacked, trajectory, summed, final };
  struct Output {
    Role role;
    ValueId value;          ///< of the body; for `final` and `trajectory` the state after the step
    std::size_t state = 0;  ///< for `final` and `trajectory`
  };

  Tape tape;
  std::vector<ValueId> inputs;  ///< slices at t
  std::vector<ValueId> states;  ///< before the step
  std::vector<ValueId> next;    ///< after it
  std::vector<Output>
      outputs;  ///< one per result of the node; a reverse scan adds the residuals that it reads
  std::map<std::size_t, ValueId>
      behind;  ///< final states that are no result, but computed of them (BehindScan)
};

struct ScanAttrs {
  Dim length = 0;
  bool reverse = false;  ///< from the last step to the first
  std::shared_ptr<ScanBody> body = {};
  static constexpr auto fields =
      std::tuple(field("length", &ScanAttrs::length), field("reverse", &ScanAttrs::reverse),
                 field("body", &ScanAttrs::body));
};

bool is_trajectory(Var v);

/// Of a trajectory of a scan in this direction the state after its last step, which need not be sliced out of
/// it.
std::optional<Var> last_of_trajectory(Var v, bool reverse);

/// Sets dependent[v] for the results v of a scan that depend on operands marked in `dependent`, or on the
/// state at some step where its trajectory is marked.
void mark_scan_dependence(const Node& node, std::vector<bool>& dependent);

/// Which values of the body depend on marked ones, through any number of steps.
std::vector<bool> body_dependence(const ScanBody& body, std::vector<bool> marked);

extern const Op scan_op;

}  // namespace unroll

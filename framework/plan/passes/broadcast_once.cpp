#include <algorithm>
#include <map>

#include "framework/autodiff/ops/rows.hpp"
#include "framework/autodiff/ops/shaping.hpp"
#include "framework/plan/ir/access.hpp"
#include "framework/plan/ir/edit.hpp"
#include "framework/plan/ir/uses.hpp"
#include "framework/plan/passes/passes.hpp"

namespace unroll::passes {
namespace {

using namespace ir;

bool fixed_or_batch(const Dims& dims) {
  return std::all_of(dims.begin(), dims.end(),
                     [](Dim d) { return d.fixed() || d == Dim(d.number()) * Dim::batch(); });
}

/// Lays out what a loop's elementwise work reads from outside of it, before the outermost loop that does not
/// make it; what is frozen or computed once, where things are computed once.
class Broadcasting {
 public:
  explicit Broadcasting(Program& program) : program_(program), depth_(program.values.size(), -1) {
    for (const Id input : program.inputs) depth_[input] = 0;
    for (const Id input : program.frozen) depth_[input] = -1;
  }

  void run(Code& code, int depth) {
    Code done;
    const std::vector<Dims> with_calls = shapes_with_calls(program_, code);
    for (Instruction& instruction : code) {
      if (Loop* loop = instruction.loop()) {
        before_.emplace_back();
        each_argument(*loop, [&](Id id) { depth_[id] = depth + 1; });
        run(loop->body, depth + 1);
        for (Instruction& broadcast : before_.back()) done.push_back(std::move(broadcast));
        before_.pop_back();
      } else if (instruction.compute()) {
        lay_out(*instruction.compute(), depth, with_calls);
      }
      each_result(instruction, [&](Id id) { depth_[id] = depth; });
      done.push_back(std::move(instruction));
    }
    code = std::move(done);
  }

 private:
  void lay_out(Compute& compute, int depth, const std::vector<Dims>& with_calls) {
    const Dims full = program_.dims(compute.out);
    if (!compute.op->elementwise() || !fixed_or_batch(full)) return;
    const bool by_rows = of_rows(full) || of_vectors(full);
    if (by_rows && std::ranges::find(with_calls, full) == with_calls.end()) return;
    for (Id& in : compute.in) {
      const auto how = access(program_.dims(in), full);
      if (depth_[in] < depth && (how == Access::tiled || how == Access::repeated)) in = broadcast(in, full);
    }
  }

  Id broadcast(Id from, const Dims& full) {
    for (const Id known : made_[from])
      if (program_.dims(known) == full) return known;
    Code& place = depth_[from] < 0 ? program_.once : before_[depth_[from]];
    const Id made = append(program_, place, broadcast_to_op(), {from}, DimsAttrs{full});
    depth_.push_back(depth_[from]);
    made_[from].push_back(made);
    return made;
  }

  Program& program_;
  std::vector<int> depth_;    ///< loops around the definition of each value; -1 of what is known before runs
  std::vector<Code> before_;  ///< what comes before the loop that is gone through at each depth
  std::map<Id, std::vector<Id>> made_;
};

}  // namespace

// Steps are short: to lay out a bias for all rows of the batch would take a good part of the time that the
// step takes to add it. Work on rows lays nothing out.
void broadcast_once(Program& program) { Broadcasting(program).run(program.code, 0); }

}  // namespace unroll::passes

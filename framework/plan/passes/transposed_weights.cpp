#include <algorithm>
#include <map>

#include "framework/autodiff/ops/products.hpp"
#include "framework/autodiff/ops/rows.hpp"
#include "framework/autodiff/ops/shaping.hpp"
#include "framework/plan/ir/edit.hpp"
#include "framework/plan/ir/uses.hpp"
#include "framework/plan/passes/passes.hpp"

namespace unroll::passes {
namespace {

using namespace ir;

/// In one loop of the program's code and the loops in it, or in one product beside them.
class Transposing {
 public:
  Transposing(Program& program, const std::vector<bool>& outside, std::map<Id, Id>& transposed, Code& before)
      : program_(program), outside_(outside), transposed_(transposed), before_(before) {}

  void run(Code& code) {
    for (Instruction& instruction : code) {
      if (Loop* loop = instruction.loop()) run(loop->body);
      if (Compute* compute = instruction.compute()) run(*compute);
    }
  }

  void run(Compute& product) {
    if (product.op->rows != Rows::product || !product.attrs.as<MatmulAttrs>().transpose_b) return;
    const Id weight = product.in[1];
    if (!outside_[weight] || program_.dims(weight).size() != 2) return;
    if (!transposed_.contains(weight))
      transposed_[weight] = append(program_, before_, transpose_op(), {weight}, TransposeAttrs{{1, 0}});
    product.in[1] = transposed_[weight];
    MatmulAttrs attrs = product.attrs.as<MatmulAttrs>();
    attrs.transpose_b = false;
    product.attrs = attrs;
  }

 private:
  Program& program_;
  const std::vector<bool>& outside_;
  std::map<Id, Id>& transposed_;
  Code& before_;
};

}  // namespace

void transposed_weights(Program& program) {
  std::vector<bool> outside(program.values.size(), false);
  std::map<Id, Id> transposed;
  const auto note = [&](Id id) { outside[id] = true; };
  for (const Id input : program.inputs) note(input);
  for (const Instruction& instruction : program.once) each_result(instruction, note);
  const auto reads_frozen = [&](const Compute& compute) {
    return std::ranges::any_of(compute.in, [&](Id in) { return program.is_frozen(in); });
  };
  Code code;
  for (Instruction& instruction : program.code) {
    Transposing transposing(program, outside, transposed, code);
    if (Loop* loop = instruction.loop()) transposing.run(loop->body);
    if (Compute* compute = instruction.compute(); compute && reads_frozen(*compute))
      transposing.run(*compute);
    each_result(instruction, note);
    code.push_back(std::move(instruction));
  }
  program.code = std::move(code);
}

}  // namespace unroll::passes

#include "experiments/export/header/model_step.hpp"

#include <algorithm>
#include <set>

#include "framework/autodiff/ops/products.hpp"
#include "framework/autodiff/ops/rows.hpp"
#include "framework/plan/ir/edit.hpp"
#include "framework/plan/lower.hpp"
#include "framework/plan/passes/passes.hpp"

namespace unroll {
namespace {

using sizes::B;
using sizes::T;

/// A model on a tape, with the states before the step as inputs.
struct StepRecording {
  explicit StepRecording(const SavedModel& saved)
      : model(saved.model(Readout::every_step)),
        specs(model.parameters()),
        states(model.states()),
        parameters(tape, specs),
        input(saved.sizes.tokens ? tape.index_input("token", {T, B})
                                 : tape.input("input", {T, B, saved.sizes.inputs})) {
    for (const StateSpec& state : states) run.initial.push_back(tape.input(state.name, state.dims(B)));
    if (model.noisy())
      run.noise = Noise{saved.config.seed, tape.index_input("batch number", {}),
                        tape.index_input("first row", {}), tape.index_input("time steps", {T}), false};
    recorded = model.record(input, parameters, run);
  }

  SequenceModel model;
  Tape tape;
  std::vector<ParameterSpec> specs;
  std::vector<StateSpec> states;
  Parameters parameters;
  Var input;
  RunOptions run;
  SequenceModel::Recorded recorded;
};

/// Computes what depends on constants alone, and takes it out of the program.
class Folding {
 public:
  explicit Folding(ModelStep& step) : step_(step) {}

  void run() {
    ir::Code left;
    for (ir::Code* code : {&step_.program.once, &step_.program.code})
      for (ir::Instruction& instruction : *code) {
        const ir::Compute* compute = instruction.compute();
        if (!compute)
          throw ModelError("this model's cell reads the time step from outside, which a step has not");
        if (known(*compute))
          step_.constants.emplace(compute->out, value(*compute));
        else if (silenced(*compute))
          step_.constants.emplace(compute->out, Tensor<float>(step_.shape(compute->out)));
        else
          left.push_back({solved(*compute) ? by_inverse(*compute) : *compute});
      }
    step_.program.once.clear();
    step_.program.code = std::move(left);
  }

 private:
  /// Noise times 0: cells have it that are noisy only where a constant says so.
  bool silenced(const ir::Compute& compute) {
    const auto is_noise = [&](ir::Id in) { return noise_.contains(in); };
    if (compute.op->name == "random_normal" || (compute.op->rows == Rows::reshape && is_noise(compute.in[0])))
      noise_.insert(compute.out);
    const auto is_zero = [&](ir::Id in) {
      const auto found = step_.constants.find(in);
      return found != step_.constants.end() &&
             std::ranges::all_of(found->second.span(), [](float x) { return x == 0; });
    };
    return compute.op->is(Binary::mul) && std::ranges::any_of(compute.in, is_noise) &&
           std::ranges::any_of(compute.in, is_zero);
  }

  /// A system of equations whose matrix never changes.
  bool solved(const ir::Compute& compute) const {
    return compute.op->name == "solve" && step_.constants.contains(compute.in[0]);
  }

  /// A product with what the same op makes of the identity, in double precision.
  ir::Compute by_inverse(const ir::Compute& compute) {
    const Tensor<double> matrix = convert<double>(step_.constants.at(compute.in[0]));
    const Shape& shape = matrix.shape();
    Tensor<double> identity(shape), inverse(shape);
    for (std::int64_t i = 0; i < shape[0]; ++i) identity[i * shape[0] + i] = 1;
    call(compute, compute.op->forward, std::vector<const Tensor<double>*>{&matrix, &identity}, inverse);
    const ir::Id id = step_.program.add({step_.program.dims(compute.in[0]), Kind::real, "inverse"});
    step_.constants.emplace(id, convert<float>(inverse));
    return {&matmul_op(), MatmulAttrs{}, {id, compute.in[1]}, compute.out};
  }

  bool known(const ir::Compute& compute) const {
    return compute.op->result == Kind::real && compute.op->forward.f32 &&
           std::ranges::all_of(compute.in, [&](ir::Id in) { return step_.constants.contains(in); });
  }

  Tensor<float> value(const ir::Compute& compute) const {
    std::vector<const Tensor<float>*> in;
    for (const ir::Id id : compute.in) in.push_back(&step_.constants.at(id));
    Tensor<float> out(step_.shape(compute.out));
    call(compute, compute.op->forward, in, out);
    return out;
  }

  template <class Number>
  static void call(const ir::Compute& compute, const Forward& kernel,
                   const std::vector<const Tensor<Number>*>& operands, Tensor<Number>& out) {
    std::vector<const void*> in;
    std::vector<const Shape*> shapes;
    for (const Tensor<Number>* operand : operands) {
      in.push_back(operand->data());
      shapes.push_back(&operand->shape());
    }
    const auto bytes = compute.op->workspace;
    std::vector<std::byte> workspace(bytes ? bytes(shapes, out.shape(), sizeof(Number)) : 0);
    kernel(Call<Number>{.in = in,
                        .in_shape = shapes,
                        .out = out.data(),
                        .out_shape = &out.shape(),
                        .attrs = compute.attrs,
                        .sizes = {},
                        .workspace = workspace});
  }

  ModelStep& step_;
  std::set<ir::Id> noise_;
};

ir::Id input_of(const Lowered& lowered, Var v) {
  const auto found = lowered.inputs.find(v.id());
  return found == lowered.inputs.end() ? ir::none : found->second;
}

ModelStep lowered_step(const StepRecording& recording, const std::vector<Tensor<float>>& parameters) {
  std::vector<Var> wanted = recording.recorded.final_state;
  wanted.push_back(recording.recorded.outputs);
  Lowered lowered = lower(recording.tape, wanted);
  ModelStep step{.program = std::move(lowered.program),
                 .constants = {},
                 .input = input_of(lowered, recording.input),
                 .before = {},
                 .after = {},
                 .states = recording.states};
  for (const Var& state : recording.run.initial) step.before.push_back(input_of(lowered, state));
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    const ir::Id id = input_of(lowered, recording.parameters.all()[i]);
    if (id == ir::none) continue;
    step.constants.emplace(id, parameters[i]);
    step.names.emplace(id, recording.specs[i].name);
  }
  return step;
}

}  // namespace

ModelStep model_step(const SavedModel& model) {
  if (model.config.model.bidirectional)
    throw ModelError(
        "this model is bidirectional (model.bidirectional): a direction of it begins at the end of a "
        "sequence, "
        "so it cannot run step by step");
  const StepRecording recording(model);
  ModelStep step = lowered_step(recording, model.parameters);
  ir::set_time(step.program, 1);
  passes::single_steps(step.program);
  passes::common_subexpressions(step.program);
  Folding(step).run();
  ir::remove_dead(step.program);
  step.after.assign(step.program.outputs.begin(), step.program.outputs.end() - 1);
  step.output = step.program.outputs.back();
  return step;
}

}  // namespace unroll

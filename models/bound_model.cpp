#include "models/bound_model.hpp"

#include <algorithm>
#include <utility>

#include "framework/autodiff/ops.hpp"

namespace unroll {

using sizes::B;
using sizes::T;

BoundModel::BoundModel(SequenceModel sequence_model, std::int64_t input_size, bool tokens,
                       const RecordOptions& options)
    : model(std::move(sequence_model)),
      specs(model.parameters()),
      states(model.states()),
      inputs(tokens ? tape->index_input("tokens", {T, B}) : tape->input("inputs", {T, B, input_size})),
      named(*tape, specs),
      parameters(named.all()),
      packed_sequences(options.packed_sequences) {
  run = {.values = options.values,
         .transitions = options.transitions,
         .clip_state_gradient = options.clip_state_gradient,
         .clip_state_norm = options.clip_state_norm,
         .own_feedback = options.own_feedback};
  if (options.given_states) run.initial = record_initial(named);
  if (options.masks || model.noisy())
    noise = Noise{options.seed, tape->index_input("batch number", {}), tape->index_input("first row", {}),
                  tape->index_input("time steps", {T}), options.training};
  if (packed_sequences > 0) packed.emplace(*tape, packed_sequences);
  run.noise = noise;
  run.packed = packed;
  recorded = model.record(inputs, named, run);
}

/// The states that enter: those that are given, or learned ones where a sequence begins.
std::vector<Var> BoundModel::record_initial(const Parameters& p) {
  std::vector<Var> entering;
  for (std::size_t k = 0; k < states.size(); ++k) {
    initial.push_back(tape->input(states[k].name + "_0", states[k].dims(B)));
    entering.push_back(initial.back());
    if (!states[k].learned) continue;
    if (!carried.valid()) carried = tape->input("carried", {});
    entering.back() = where(carried, initial.back(), model.start(k, p, *tape));
  }
  return entering;
}

std::vector<Tensor<float>> BoundModel::starts(std::int64_t rows,
                                              const std::vector<Tensor<float>>& values) const {
  std::vector<Tensor<float>> all;
  for (const StateSpec& state : states) {
    Tensor<float>& start = all.emplace_back(state.batch_shape(rows), static_cast<float>(state.start));
    const auto spec = std::ranges::find(specs, start_name(state.name), &ParameterSpec::name);
    if (!state.learned || spec == specs.end()) continue;
    const Tensor<float>& learned = values[static_cast<std::size_t>(spec - specs.begin())];
    for (std::int64_t i = 0; i < start.numel(); ++i) start[i] = learned[i % learned.numel()];
  }
  return all;
}

}  // namespace unroll

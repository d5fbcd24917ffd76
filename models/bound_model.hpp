#pragma once

#include <cstdint>
#include <memory>
#include <numeric>
#include <optional>
#include <string>
#include <vector>

#include "framework/plan/plan.hpp"
#include "models/packing.hpp"
#include "models/sequence_model.hpp"

namespace unroll {

/// What a model is recorded for.
struct RecordOptions {
  bool given_states = false;             ///< the states before the first step are inputs
  bool training = false;                 ///< or evaluation, where nothing is dropped
  bool masks = false;                    ///< dropout and zoneout are drawn; only in training
  std::uint64_t seed = 0;                ///< of masks and of cells' own noise
  std::int64_t packed_sequences = 0;     ///< above 0: inputs are that many sequences, packed into rows
  std::vector<std::string> values = {};  ///< as RunOptions
  bool transitions = false;              ///< as RunOptions
  double clip_state_gradient = 0;        ///< as RunOptions
  double clip_state_norm = 0;            ///< as RunOptions
  FeedBack own_feedback = nullptr;       ///< as RunOptions
};

/// What a run of a bound model reads, in precision T. What the model has no input for is not looked at.
template <class T>
struct ModelInputs {
  std::vector<Tensor<T>> initial;   ///< (B, shape...) of each state
  Tensor<T> carried;                ///< scalar: 0 where the sequences start, whose starts may be learned
  Tensor<std::int64_t> number;      ///< scalar: of the batch, from which masks are drawn
  Tensor<std::int64_t> first_row;   ///< scalar: of the first sequence here, in the whole batch
  Tensor<std::int64_t> time_steps;  ///< (T): from the start of the sequences
  Tensor<T> begins, ends;           ///< of the packing: see Packed
  Tensor<std::int64_t> sequence, first, last;

  /// Says which masks are drawn: those of batch `batch`, from step `step` of its sequences on.
  void set_noise(std::int64_t batch, std::int64_t row, std::int64_t step, std::int64_t steps) {
    number[0] = batch;
    first_row[0] = row;
    if (time_steps.shape() != Shape{steps}) time_steps = Tensor<std::int64_t>(Shape{steps});
    std::iota(time_steps.span().begin(), time_steps.span().end(), step);
  }
  void set_packing(const Packing& packing) {
    begins = packing.begins<T>();
    ends = packing.ends<T>();
    sequence = packing.sequence();
    first = packing.first();
    last = packing.last();
  }
};

/// A sequence model on a tape of its own, recorded once for every T and B, with inputs for all that a run is
/// given.
struct BoundModel {
  /// `tokens`: inputs are (T, B) indices, else (T, B, input_size) numbers, with all that is behind x.
  BoundModel(SequenceModel sequence_model, std::int64_t input_size, bool tokens,
             const RecordOptions& options = {});

  /// Binds all but the sequences themselves: parameters in the order of `specs`, states, masks, packing. What
  /// is bound must outlive the run.
  template <class T>
  void bind(Plan<T>& plan, const ModelInputs<T>& given, const std::vector<Tensor<T>>& values) const {
    for (std::size_t i = 0; i < values.size(); ++i) plan.bind(parameters[i], values[i]);
    bind(plan, given);
  }
  /// The same without parameters.
  template <class T>
  void bind(Plan<T>& plan, const ModelInputs<T>& given) const {
    for (std::size_t i = 0; i < initial.size(); ++i) plan.bind(initial[i], given.initial[i]);
    if (carried.valid()) plan.bind(carried, given.carried);
    if (noise) {
      plan.bind(noise->update, given.number);
      plan.bind(noise->first_row, given.first_row);
      plan.bind(noise->time_steps, given.time_steps);
    }
    if (!packed) return;
    plan.bind(packed->begins, given.begins);
    plan.bind(packed->ends, given.ends);
    plan.bind(packed->sequence, given.sequence);
    plan.bind(packed->first, given.first);
    plan.bind(packed->last, given.last);
  }

  /// The states before the first step of `rows` sequences, with these parameters.
  std::vector<Tensor<float>> starts(std::int64_t rows, const std::vector<Tensor<float>>& values) const;

  SequenceModel model;
  std::unique_ptr<Tape> tape = std::make_unique<Tape>();
  std::vector<ParameterSpec> specs;
  std::vector<StateSpec> states;  ///< of all layers; the first one is the h that the first layer puts out
  Var inputs;
  Parameters named;
  std::vector<Var> parameters;  ///< in the order of specs
  std::vector<Var> initial;     ///< with given states: those that enter
  Var carried;                  ///< with given states: whether they count, where a start is learned
  std::optional<Noise> noise;
  std::optional<Packed> packed;
  std::int64_t packed_sequences;
  RunOptions run;  ///< that it was recorded with
  SequenceModel::Recorded recorded;

 private:
  std::vector<Var> record_initial(const Parameters& p);
};

}  // namespace unroll

#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "models/cell.hpp"
#include "models/omega.hpp"

namespace unroll {

/// How long a dropout mask holds: for all steps of a sequence (Gal & Ghahramani 2016), or one step.
enum class MaskPer { sequence, step };
/// "sequence", "step".
std::vector<std::string> mask_names();
/// Throws std::invalid_argument naming the unknown one and the known ones.
MaskPer mask_per(std::string_view name);

/// What is around the step of any cell. Rates are probabilities of a zero, in [0, 1); at 0 nothing is
/// recorded. Dropout divides what it keeps by 1 - rate, and is left out where there is no Noise.
struct LayerOptions {
  double dropout_input = 0;   ///< of the layer's input x_t
  double dropout_output = 0;  ///< of what the next layer or the readout sees
  /// Of the first state, wherever the step reads it; Gal & Ghahramani 2016. Where a cell carries that state
  /// on by itself, as a GRU does by z h, it is dropped, and what is kept enlarged, there too.
  double dropout_recurrent = 0;
  MaskPer mask = MaskPer::sequence;
  /// Probability that a unit of a state stays as it was before the step, for every state and step anew;
  /// without Noise the expectation z s_{t-1} + (1 - z) s_t. Krueger et al. 2017.
  double zoneout = 0;
  /// The first state after the step, as the cell computes it, becomes gain * layer_norm(h) + bias, normalised
  /// over its units for each sequence; the next step, zoneout and everything outside see only that.
  /// Parameters layer_norm.gain (starts at 1) and layer_norm.bias (at 0). Other states stay as the cell
  /// computes them. Ba et al. 2016.
  bool layer_norm = false;
  bool learned_start =
      false;  ///< every state starts from a parameter start.NAME, as StateSpec::learned does for one
  bool residual = false;  ///< the input is added to what the next layer or the readout sees
};

/// Where masks and a cell's own noise are drawn from: equal keys, equal bits, however a batch is split.
struct Noise {
  std::uint64_t seed;
  Var update;            ///< index scalar: counts updates, or whatever else must have masks of its own
  Var first_row;         ///< index scalar: of the first row, in the whole batch
  Var time_steps;        ///< (T) indices: the absolute step; only for what changes from step to step
  bool training = true;  ///< else no masks are drawn, and other numbers for the cell's own noise
};

/// Sequences packed into rows (models/packing.hpp), as values on a tape: B rows of T positions.
struct Packed {
  Var begins, ends;  ///< (T, B): 1 where a sequence begins (ends), and where there is none
  Var sequence;      ///< (T, B) indices: which sequence is there
  Var first, last;   ///< (sequences) indices: position * B + row of each sequence's first and last step

  /// Inputs of `tape` for so many sequences.
  Packed(Tape& tape, Dim sequences);
};

/// What becomes the feedback at the next step, of what the readout sees (B, units): (B, outputs).
using FeedBack = std::function<Var(Var)>;

/// How the layers of a model are run.
struct RunOptions {
  /// The states before the first step, instead of their starts: (B, shape...) each, in the order of states();
  /// of packed sequences (sequences, shape...).
  std::vector<Var> initial = {};
  std::vector<std::string> values = {};  ///< states and named values of the step to be had at every step
  std::optional<Noise> noise = std::nullopt;
  std::optional<Packed> packed = std::nullopt;
  /// The states that steps read are to be had at every step, for regularisers of what a step does to them.
  bool transitions = false;
  /// Above 0: the largest |element| of the gradient, of the loss of one sequence of those that the loss is
  /// the mean of, that a step hands back to the state before it.
  double clip_state_gradient = 0;
  double clip_state_norm = 0;  ///< the same of its norm, of each sequence and state
  /// Instead of the feedback that inputs hold: what of the outputs (B, outputs) comes back at the next step,
  /// 0 at the first one of a run or of a packed sequence. Only of models with one layer in one direction.
  FeedBack own_feedback = nullptr;
  /// Of layers: (T, B, size), where their cells read them. Models take them out of their inputs.
  Var context = {}, feedback = {};
};

/// Of the parameter that a learned state starts from: "start.h", "layer2.start.h".
std::string start_name(std::string_view state);

/// One scan of a cell over a sequence, in one direction, with what is around the step. Its parameters, states
/// and values carry the layer's prefix.
class Layer {
 public:
  struct Place {
    std::string prefix = "";    ///< "", "layer2.", "reverse."
    std::int64_t number = 0;    ///< of the layer, from 0: masks of its own
    bool reverse = false;       ///< from the last step to the first
    std::int64_t input_at = 0;  ///< residual: which part of the input is added to the output
  };

  /// Throws std::invalid_argument when a rate is not in [0, 1).
  Layer(std::shared_ptr<const Cell> cell, const LayerOptions& options, Place place);

  /// Whether the cell has noise of its own.
  bool noisy() const { return cell_->noise_size() > 0; }
  std::int64_t output_size() const { return cell_->states()[0].shape[0]; }
  const std::string& prefix() const { return place_.prefix; }
  const Place& place() const { return place_; }
  const Cell& cell() const { return *cell_; }
  /// The cell's, then start.NAME of learned starts, then layer_norm.gain and layer_norm.bias. What is around
  /// a cell has a dot in its name, which no name of a cell has.
  std::vector<ParameterSpec> parameters() const;
  std::vector<StateSpec> states() const;
  /// What RunOptions::values may name: states, then the step's values.
  std::vector<std::string> value_names(std::int64_t input_size) const;

  struct Recorded {
    Var features;  ///< (T, B, size): what the next layer, or a readout at every step, sees
    Var last;      ///< (B, size): the same after the last step of this direction
    std::vector<Var> state_trajectory;  ///< (T, B, shape...) of each state
    std::vector<Var> final_state;       ///< (B, shape...)
    std::map<std::string, Var, std::less<>>
        values;                 ///< (T, B, ...) of each that was asked for and is the layer's
    std::vector<Var> entering;  ///< with transitions: (T, B, shape...) of each state, as the steps read it
  };
  /// `initial`: this layer's part of RunOptions::initial. Of packed sequences `last` and `final_state` have a
  /// row for each sequence; the rest has a row for each row of the packing.
  Recorded record(Var inputs, const Parameters& p, const std::vector<Var>& initial,
                  const RunOptions& run) const;
  /// Pascanu's regulariser at every step. `entering`: of record() with the same arguments; `e`: the loss's
  /// gradients with respect to the states after every step, as a state_trajectory's.
  OmegaTerms omega_terms(Var inputs, const Parameters& p, const RunOptions& run,
                         const std::vector<Var>& entering, const std::vector<Var>& e, OmegaPath path) const;
  /// Sums over the steps of the logarithms of what `count` directions grow by: (B, count), as
  /// models/flossing.hpp has it. Of unpacked sequences, without masks. `entering`: as above.
  Var growth(Var inputs, const Parameters& p, const RunOptions& run, const std::vector<Var>& entering,
             std::int64_t count) const;

 private:
  bool learned(const StateSpec& state) const;

  std::shared_ptr<const Cell> cell_;
  LayerOptions options_;
  Place place_;
};

}  // namespace unroll

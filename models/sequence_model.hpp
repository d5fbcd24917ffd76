#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "framework/autodiff/ops.hpp"
#include "models/layer.hpp"
#include "models/readout.hpp"

namespace unroll {

/// What is around a model's cells.
struct ModelOptions {
  std::int64_t layers = 1;
  bool bidirectional = false;  ///< each layer also backwards, with parameters of its own
  bool residual = false;       ///< from the second layer on: a layer's output plus its input
  LayerOptions layer =
      {};  ///< of every layer; dropout_input is the first one's; `residual` is set by the above
  std::int64_t embedding = 0;    ///< size of the vectors of tokens; 0: inputs are vectors themselves
  double embedding_scale = 0.1;  ///< bound of the vectors' uniform start
  bool tied = false;  ///< the readout's matrix is that of the vectors (Press & Wolf 2017, Inan et al. 2017)
  bool state_readout = false;  ///< no readout: outputs are the first features themselves
};

/// Cells unrolled over time, the same weights at every step, in layers on each other, with a linear readout
/// y_t = W_hy h_t + b_y of the last layer, or without one, y_t = h_t as far as there are outputs. Layer 1
/// keeps its cell's names; those of layer k > 1 begin with "layerk.", those of a reverse direction with
/// "reverse.": "layer2.reverse.W_hh". The features of both directions stand side by side, the forward ones
/// first (Schuster & Paliwal 1997). With an embedding the inputs are tokens, and layer 1 sees the rows of E
/// that they name.
///
/// Where the cells read a second input, or outputs that are fed back, vectors of inputs hold them behind x:
/// first the second input, then the feedback, and every layer is given the same.
class SequenceModel {
 public:
  /// Makes a cell for inputs of the given size.
  using MakeCell = std::function<std::unique_ptr<Cell>(std::int64_t input_size)>;

  /// One layer with nothing around it.
  SequenceModel(std::unique_ptr<Cell> cell, std::int64_t output_size, Readout readout);
  /// `input_size` is the length of x, or how many tokens there are. Throws std::invalid_argument for fewer
  /// than one layer, rates outside [0, 1), a residual connection between sizes that differ, a readout that is
  /// tied to vectors of another size or number, more outputs than features to be read as they are, a second
  /// input or feedback beside tokens, and feedback of another size than the outputs, or to a reverse
  /// direction.
  SequenceModel(const MakeCell& make_cell, std::int64_t input_size, const ModelOptions& options,
                std::int64_t output_size, Readout readout);

  /// embedding.E (input_size, embedding) of tokens, the layers' parameters, then readout.W_hy (output,
  /// features), unless it is the embedding's, and readout.b_y (output), unless there is no readout.
  std::vector<ParameterSpec> parameters() const;
  /// Both directions of a layer, one after the other.
  const std::vector<Layer>& layers() const { return layers_; }
  /// Numbers of a second input, and of feedback, behind x in each vector of inputs.
  std::int64_t context_size() const { return layers_[0].cell().context_size(); }
  std::int64_t feedback_size() const { return layers_[0].cell().feedback_size(); }
  /// Whether any cell has noise of its own.
  bool noisy() const;
  /// Of all layers: layer 1 forwards, layer 1 backwards, layer 2 forwards, ...
  std::vector<StateSpec> states() const;
  /// What RunOptions::values may name: all states and the named values of all steps. `input_size`: as
  /// record() has inputs.
  std::vector<std::string> value_names(std::int64_t input_size) const;
  /// State `k` before the first step of a sequence, to be broadcast over the rows of a batch.
  Var start(std::size_t k, const Parameters& p, Tape& tape) const;

  struct Recorded {
    Var outputs;                        ///< (B, output), or (T, B, output)
    std::vector<Var> state_trajectory;  ///< (T, B, shape...) of each state
    std::vector<Var> final_state;       ///< (B, shape...) of each state
    std::vector<Var> values;            ///< (T, B, ...) of each of RunOptions::values
    std::vector<Var> layer_inputs;      ///< (T, B, size): what each of layers() reads
    std::vector<Var> entering;  ///< with transitions: (T, B, shape...) of each state, as steps read it
    Var context, feedback;      ///< (T, B, size), where the cells read them from the inputs
  };
  /// `inputs` is (T, B, input_size and what is behind x), of tokens (T, B) indices, T and B numbers or
  /// symbols. The states before the first step are their starts, or those of `initial`, in the order of
  /// states(), else ShapeError. A reverse direction begins at the last step, and a readout after the last
  /// step sees its state at the first step.
  ///
  /// Of packed sequences outputs after the last step, and final states, have a row for each sequence;
  /// everything else is (T, B, ...) for the rows of the packing. Masks of whole sequences are those that the
  /// sequences have in a batch by themselves; masks of a step and zoneout are drawn for the packing's rows.
  Recorded record(Var inputs, const Parameters& p, const RunOptions& run) const;
  Recorded record(Var inputs, const Parameters& p, std::vector<Var> initial = {}) const;

  /// Pascanu's regulariser (models/omega.hpp), a scalar: the mean of its terms over all steps, sequences and
  /// layers that count. Each layer's own inputs are held. `run`, with transitions, is that of `recorded`;
  /// `e`: the loss's gradients with respect to the state trajectories, which are held as well.
  Var omega(const Parameters& p, const RunOptions& run, const Recorded& recorded, const std::vector<Var>& e,
            OmegaPath path) const;

  /// Engelken's regulariser (models/flossing.hpp), a scalar: of one sequence the sum of the squares of so
  /// many Lyapunov exponents of each layer, or of all where it has fewer; the mean over the sequences. `run`,
  /// with transitions, is that of `recorded`; sequences are not packed, and nothing is masked.
  Var flossing(const Parameters& p, const RunOptions& run, const Recorded& recorded,
               std::int64_t exponents) const;

 private:
  void check_inputs(Var inputs) const;
  void check_given() const;
  void check_own_feedback() const;
  Var read_out(Var features, const Parameters& p) const;
  void check_tied() const;
  void check_state_readout() const;
  std::int64_t feature_count() const;
  std::int64_t directions() const { return bidirectional_ ? 2 : 1; }
  void check_initial(const std::vector<Var>& initial, Dim rows) const;
  void check_values(const std::vector<std::string>& values, std::int64_t input_size) const;

  std::int64_t input_size_ = 0;
  std::int64_t embedding_ = 0;
  double embedding_scale_ = 0;
  bool tied_ = false;
  bool state_readout_ = false;
  bool bidirectional_ = false;
  std::vector<Layer> layers_;  ///< both directions of a layer, one after the other
  std::int64_t output_size_;
  Readout readout_;
};

}  // namespace unroll

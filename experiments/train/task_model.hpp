#pragma once

#include <optional>
#include <variant>
#include <vector>

#include "experiments/data/sequence.hpp"
#include "experiments/data/source.hpp"
#include "experiments/objectives/objective.hpp"
#include "experiments/train/make_model.hpp"
#include "models/bound_model.hpp"

namespace unroll {

/// How a task's model is recorded.
struct Recording {
  bool windows = false;               ///< windows of longer sequences: the states that enter are given
  bool weighted = false;              ///< steps count differently; padded sequences' do
  bool training = false;              ///< masks are drawn
  bool transitions = false;           ///< the states that steps read are to be had
  bool flossing_alone = false;        ///< training descends that regulariser, not the loss
  std::int64_t packed_sequences = 0;  ///< above 0: so many sequences share rows
  bool own_feedback = false;          ///< outputs are fed back, not targets

  bool operator==(const Recording&) const = default;
};

/// Whether sequences of a source share rows: where a config asks for it, and where nothing but a packing says
/// which step of a sequence is its last one, for a readout after it or a reverse direction that begins there.
bool share_rows(const Config& config, const TaskSpec& spec, const DataSource& source);

/// What a run is about: sequences side by side, and where they are windows of longer ones what came before.
struct Piece {
  Batch batch;
  std::vector<Tensor<float>> initial = {};  ///< (B, shape...) of each state, where windows are recorded
  bool carried = false;                     ///< false where the sequences start, whose starts may be learned
  std::int64_t number = 0;                  ///< of the batch: the same masks for all of its windows
  std::int64_t first_step = 0;              ///< of the piece, in its sequences
  std::int64_t counted = 0;                 ///< the loss counts from this step of the piece on
  std::optional<std::int64_t> only_step = {};  ///< the loss of this step alone; -1: each sequence's last one

  /// What the loss of step t of sequence b counts.
  double weight(std::int64_t t, std::int64_t b) const;
};

/// Rows of a piece, as a run in precision T reads them. Kept from run to run for its memory.
template <class T>
struct Feed {
  ModelInputs<T> model;
  Piece piece;  ///< the rows, where they are not all of a piece
  std::optional<Packing> packing;
  /// The batch's, where it is packed or of another precision; else the batch is read as it stands.
  std::variant<Tensor<T>, Tensor<std::int64_t>> inputs, target;
  CtcLattice<T> labels;  ///< where targets are labels
  Tensor<T> weights;
};

/// A task's model with its loss, on a tape of its own.
struct TaskModel : BoundModel {
  TaskModel(const CellList& cells, const Config& config, const TaskSpec& task_spec, const Recording& how);

  /// Records the gradient of the loss, with train.omega and train.flossing those of the regularisers added,
  /// with respect to all trained parameters; again does nothing.
  void record_gradients();
  /// The same with respect to each state at each step, through all paths from it on, others held.
  void record_state_gradients();

  /// What a training run computes, and what an evaluation does. Of windows also the states, which enter later
  /// ones.
  std::vector<Var> training_outputs() const;
  std::vector<Var> evaluation_outputs() const;

  /// Makes `feed` the rows `rows` of a piece; `total`: what all steps of the whole piece count together.
  template <class T>
  void fill(Feed<T>& feed, const Piece& piece, Range rows, double total) const;
  /// Binds what fill() prepared. The piece and the parameters must outlive the run.
  template <class T>
  void bind(Plan<T>& plan, const Feed<T>& feed, const Piece& piece,
            const std::vector<Tensor<T>>& values) const;

  /// Where the values of elements stand after a run of `feed`.
  Layout layout(const Feed<float>& feed, std::int64_t rows) const;

  TaskSpec spec;
  Recording recording;
  double omega_factor;  ///< of the regulariser; 0: there is none
  OmegaPath path;
  double flossing_factor;  ///< of the squared Lyapunov exponents; 0: they are not asked for
  std::int64_t flossing_exponents;
  Var omega;     ///< the regulariser without its factor, where gradients were recorded with it
  Var flossing;  ///< the other one, with its factor
  Var target, weights;
  std::optional<CtcInputs> labels;       ///< in place of the target, where targets are labels
  std::vector<Var> elements;             ///< as the objective records them
  Var loss;                              ///< their first one's mean over all that counts
  std::vector<std::size_t> trained;      ///< which parameters are
  std::vector<Var> parameter_gradients;  ///< of those
  std::vector<Var> state_gradients;      ///< (T, B, shape...) of each state

 private:
  void record_target(const Dims& answers);
  template <class T>
  void fill_labels(Feed<T>& feed, const Batch& batch) const;
  void record_regularised_gradients(const std::vector<Var>& wanted);
  void refuse_unreached(const std::vector<Var>& wanted) const;
};

/// What all steps of a piece count together.
double total_weight(const Piece& piece, bool every_step);

}  // namespace unroll

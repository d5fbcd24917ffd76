#pragma once

#include <string>
#include <vector>

#include "framework/autodiff/scan.hpp"
#include "models/layer.hpp"

namespace unroll {

/// The recording of one layer: what its step is given beside the cell's input and states, and what it does
/// with them.
class LayerScan {
 public:
  /// `p`: the layer's own parameters, without its prefix.
  LayerScan(const Cell& cell, const LayerOptions& options, const Layer::Place& place, Var inputs,
            Parameters p, const std::vector<Var>& initial, const RunOptions& run);

  Layer::Recorded record();
  OmegaTerms omega_terms(const std::vector<Var>& entering, const std::vector<Var>& e, OmegaPath path) const;
  Var growth(const std::vector<Var>& entering, std::int64_t count) const;

 private:
  /// What a mask is for; each has random bits of its own.
  enum Site : std::uint32_t {
    at_input,
    at_output,
    at_recurrent,
    at_zoneout,
    at_cell = 60,
    at_cell_in_evaluation
  };

  /// Steady over the steps, or drawn at each; nothing where nothing is dropped.
  struct Mask {
    double keep = 1;
    std::uint32_t layer = 0;
    std::int64_t units = 0;
    bool per_step = false;
    Var steady = {};  ///< (B, units), or of packed sequences (sequences, units)

    bool any() const { return keep < 1; }
  };

  /// The slices that a step is given, by what they are.
  struct Slices {
    std::vector<Var> x;
    const LayerScan& scan;

    Var input() const { return x[0]; }
    Var time_step() const { return x[scan.time_step_at_]; }
    Var begins() const { return x[scan.begins_at_]; }
    Var sequence() const { return x[scan.sequence_at_]; }
    Var context() const { return scan.context_at_ > 0 ? x[scan.context_at_] : Var{}; }
    Var feedback() const { return scan.feedback_at_ > 0 ? x[scan.feedback_at_] : Var{}; }
  };

  std::size_t add(Var stacked);
  void add_slices();
  std::uint32_t mask_layer(std::uint32_t site) const;
  Mask make_mask(Site site, double rate, std::int64_t units) const;
  Var draw(const Mask& mask, Var time_step, Dim rows) const;
  Var dropped(Var x, const Mask& mask, const Slices& at) const;

  bool masks() const { return run_.noise && run_.noise->training; }
  Var cell_noise(const Slices& at) const;
  bool learned(std::size_t k) const;
  Var start(std::size_t k) const;
  std::vector<Var> initial_states() const;
  std::vector<Var> begun(std::vector<Var> state, const Slices& at) const;
  Var zoned(std::size_t k, Var before, Var after, const Slices& at) const;
  Var output(Var h, const Slices& at) const;
  CellStep moved(const Slices& at, const std::vector<Var>& before, Var feedback) const;
  bool feeds_back() const { return cell_.feedback_size() > 0 && run_.own_feedback; }
  Var fed_back(Var last, const Slices& at) const;
  std::vector<Var> clipped(std::vector<Var> before) const;
  Step step(const Slices& at, const std::vector<Var>& carried);

  std::vector<std::string> own_values() const;
  Var at_ends(Var trajectory) const;
  Var last_output(const Scanned& scanned) const;

  const Cell& cell_;
  const LayerOptions& options_;
  const Layer::Place& place_;
  const Parameters p_;
  const std::vector<Var>& initial_;
  const RunOptions& run_;
  const std::vector<StateSpec> states_;
  std::vector<std::string> wanted_;  ///< values of the step, without prefix
  std::vector<Var> inputs_;          ///< of the scan
  std::size_t time_step_at_ = 0, begins_at_ = 0, sequence_at_ = 0, context_at_ = 0, feedback_at_ = 0;
  Mask input_mask_, output_mask_, recurrent_mask_;
  bool has_output_ = false;      ///< what is outside sees something else than the first state
  bool carries_output_ = false;  ///< and its last value is not the last state's under a steady mask
};

}  // namespace unroll

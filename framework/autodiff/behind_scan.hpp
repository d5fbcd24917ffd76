#pragma once

#include <map>
#include <vector>

#include "framework/autodiff/scan.hpp"

namespace unroll {

/// Whether a step of the scan reads state k, or puts it out as it was before the step.
bool reads_state(const ScanBody& body, std::size_t k);

/// States that no step reads are what a cell puts out (y = C s of a memory cell), of which a task with one
/// answer for each sequence wants the last one alone. It is computed once, behind the scan, of the last
/// slices of the inputs and the other states' final values, as far as it is made of these. What leads to it,
/// and the way back from it, is then no work of every step.
class BehindScan {
 public:
  BehindScan(const ScanBody& body, const std::vector<Var>& inputs, Tape& outer, bool reverse);

  /// Whether state k after the last step is made here.
  bool makes(std::size_t k) const { return made_[k]; }
  /// Of one that is made here; `final_state` holds the others.
  Var state(std::size_t k, const std::vector<Var>& final_state);

 private:
  bool can_make(std::size_t k) const;
  std::vector<bool> needed_for(std::size_t k) const;
  Var last_slice(Var input, const Dims& dims) const;
  Var at_last(ValueId v, const std::vector<Var>& final_state);

  const ScanBody& body_;
  Tape& outer_;
  bool reverse_;
  std::vector<bool> made_;
  /// By value after the step: its state, whose final value the scan gives.
  std::map<ValueId, std::size_t> kept_;
  std::map<ValueId, Var> inputs_;   ///< by slice
  std::map<ValueId, Var> outside_;  ///< captures first, then what is made
};

}  // namespace unroll

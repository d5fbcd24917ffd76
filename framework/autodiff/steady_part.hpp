#pragma once

#include <map>
#include <vector>

#include "framework/autodiff/gradients.hpp"
#include "framework/autodiff/scan.hpp"

namespace unroll {

/// What a scan's step computes from captures alone, which is the same at every step (an SSM's discretised
/// parameters). To go back through it, the steps' cotangents of its results are summed first: a rule is
/// linear in the cotangent, so that it need be applied once, on the tape around the scan, and not at every
/// step.
class SteadyPart {
 public:
  /// `active` and the values asked about below are those of the step.
  SteadyPart(const ScanBody& body, Tape& outer, const std::vector<bool>& active);
  SteadyPart(const SteadyPart&) = delete;
  SteadyPart& operator=(const SteadyPart&) = delete;

  bool holds(ValueId v) const { return computed_[v]; }
  /// By value: those that it holds.
  const std::vector<bool>& values() const { return computed_; }
  /// A value that it holds, or a capture, on the tape around the scan.
  Var outside(ValueId v);
  /// The sum of the steps' cotangents of a value that it holds.
  void contribute(ValueId v, Var cotangent) { reverse_.contribute(v, cotangent); }
  /// Cotangents of captures, as far as they come from here.
  void run() { reverse_.run(); }
  std::optional<Var> cotangent(ValueId capture) { return reverse_.cotangent(capture); }

 private:
  Var record(ValueId v);

  const Tape& step_;
  Tape& outer_;
  std::vector<bool> computed_;
  std::map<ValueId, Var> outside_;
  ReversePass reverse_;
};

}  // namespace unroll

#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>

#include "models/activation.hpp"
#include "models/language/definition.hpp"

namespace unroll {

/// A value of the equations while they are recorded: a number, folded, or a value on the tape.
struct Quantity {
  double number = 0;
  Var var = {};

  bool is_number() const { return !var.valid(); }
};

/// Records expressions of a checked cell on a tape.
class Evaluator {
 public:
  /// What a name stands for; `next` for a state after the step.
  using Lookup = std::function<Quantity(const std::string& name, bool next)>;

  /// `any` is on the tape that is recorded.
  Evaluator(const CellDefinition& cell, Activation activation, Var any, Lookup lookup)
      : cell_(cell), activation_(activation), tape_(any.tape()), lookup_(std::move(lookup)) {}

  Quantity operator()(const Term& t) const;
  /// The same as a value on the tape.
  Var var(const Quantity& q) const { return q.is_number() ? tape_.fill(q.number, {}) : q.var; }

 private:
  Quantity elementwise(const Term& t) const;
  Quantity power(const Term& t) const;
  Quantity product(const Term& t) const;
  Quantity call(const Term& t) const;

  const CellDefinition& cell_;
  Activation activation_;
  Tape& tape_;
  Lookup lookup_;
};

/// Names of the two factors of a low-rank parameter, and (columns to rank, then rank to rows) how they apply.
std::string left_factor(const std::string& name);
std::string right_factor(const std::string& name);

/// (I + S)^-1 (I - S) for a skew-symmetric S: an orthogonal matrix; Cayley 1846, Helfrich, Willmott & Ye
/// 2018.
Var cayley(Var s);

}  // namespace unroll

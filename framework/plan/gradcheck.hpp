#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "framework/autodiff/tape.hpp"
#include "framework/tensor/tensor.hpp"

namespace unroll {

struct GradcheckOptions {
  double tolerance = 1e-6;  ///< on |reverse - difference| relative to the larger one and to `floor`
  double floor = 1e-6;      ///< derivatives below it are compared absolutely
  std::int64_t jacobian_elements =
      400;                   ///< the full Jacobian is checked up to this many entries per variable
  int projections = 3;       ///< random projections, at any size
  double first_step = 0.05;  ///< the longest difference, halved ten times: short near poles
  std::uint64_t seed = 1;
  Sizes sizes = {.time = 3, .batch = 2};  ///< T and B of inputs without a given value
};

/// Where to check. Real inputs that are not given are drawn from the standard normal distribution; index
/// inputs must be given.
struct GradcheckPoint {
  std::map<Var, Tensor<double>> real;
  std::map<Var, Tensor<std::int64_t>> index;
};

/// One derivative: by the reverse pass and by central differences.
struct GradcheckEntry {
  std::string variable;  ///< name and element, "W_hh[1, 2]", or "W_hh along a random direction"
  std::string output;    ///< "y[0]" or "a random projection of y"
  double reverse;
  double difference;
  double uncertainty;  ///< of the difference, from halving the step; at a kink, the jump of the slope
  double error;        ///< what is compared with the tolerance
  bool ok;
};

struct GradcheckReport {
  std::vector<GradcheckEntry> entries;

  bool ok() const;
  double worst() const;
  /// The offenders as a table, worst first, headed by how many there are; one line when all agree.
  std::string to_text() const;
};

/// Compares the reverse pass with central differences in double: f(x + hu) - f(x - hu) over a ladder of
/// halved steps, extrapolated (Ridders 1982), so that a step too large, too small or across a kink is noticed
/// and not believed; at a point that is a kink itself nothing is believed. `output` may have any shape;
/// `wrt` are real inputs of the tape, else std::invalid_argument. Appends the gradients to the tape.
GradcheckReport gradcheck(Var output, const std::vector<Var>& wrt, const GradcheckPoint& at = {},
                          const GradcheckOptions& options = {});

}  // namespace unroll

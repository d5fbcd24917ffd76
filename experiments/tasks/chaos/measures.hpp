#pragma once

#include <cstdint>
#include <vector>

#include "experiments/tasks/chaos/orbit.hpp"

namespace unroll {

// How far orbits of a model are from those of its system (Koppe et al. 2019; Hess et al. 2023).

/// D_stsp: the Kullback-Leibler divergence, in nats, of the model's occupation of the state space from the
/// system's, binned in so many cells along each of three axes over the system's range. Cells' frequencies are
/// raised by 1e-6, so that no logarithm is of 0; what is outside the range is in one more cell. Of more
/// dimensions than three the mean over all triples of neighbours on a ring (ours: the paper has a mixture of
/// Gaussians there); of one, three points `lag` apart.
double state_space_divergence(const std::vector<Orbit>& system, const std::vector<Orbit>& model,
                              std::int64_t bins = 30, std::int64_t lag = 6);

/// D_H: the Hellinger distance of power spectra, each a mean over orbits smoothed by a Gaussian of
/// `smoothing` frequencies and of sum 1; the mean over dimensions. 0 where they are the same, 1 where they
/// share no frequency.
double spectrum_distance(const std::vector<Orbit>& system, const std::vector<Orbit>& model,
                         double smoothing = 20);

/// Points until the error, over the square root of the dimensions, is above `bound` for the first time: in
/// units in which each dimension has a deviation of about 1. All points where it never is.
std::int64_t valid_points(const Orbit& system, const Orbit& model, double bound = 0.4);

}  // namespace unroll

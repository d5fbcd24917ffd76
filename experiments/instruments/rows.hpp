#pragma once

#include "experiments/instruments/instrument.hpp"

namespace unroll {

// The rows of standard_instruments(), each in a file of its name.

Instrument state_gradients_row();
Instrument gradient_norm_row();
Instrument recurrent_matrix_row();
Instrument lyapunov_row();
Instrument jacobian_row();
Instrument saturation_row();
Instrument states_row();
Instrument memory_row();
Instrument omega_row();
Instrument fixed_points_row();
Instrument piano_roll_row();
Instrument spectrograms_row();
Instrument bifurcation_row();
Instrument error_surface_row();

}  // namespace unroll

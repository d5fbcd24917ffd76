#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <stdexcept>

#include "experiments/instruments/instrument.hpp"
#include "experiments/instruments/rows.hpp"
#include "experiments/train/config.hpp"
#include "models/nearest.hpp"

namespace unroll {

const InstrumentList& standard_instruments() {
  static const InstrumentList list = {state_gradients_row(), gradient_norm_row(), recurrent_matrix_row(),
                                      lyapunov_row(),        jacobian_row(),      states_row(),
                                      omega_row(),           saturation_row(),    memory_row(),
                                      fixed_points_row(),    piano_roll_row(),    spectrograms_row(),
                                      bifurcation_row(),     error_surface_row()};
  return list;
}

const Instrument* find_instrument(const InstrumentList& list, std::string_view name) {
  const auto row = std::ranges::find(list, name, &Instrument::name);
  return row == list.end() ? nullptr : &*row;
}

std::vector<const Instrument*> instruments_of(const InstrumentList& list, const Config& config) {
  std::vector<const Instrument*> all;
  for (const std::string& name : config.diagnose) {
    all.push_back(find_instrument(list, name));
    if (all.back()) continue;
    std::vector<std::string> known;
    for (const Instrument& row : list) known.push_back(row.name);
    throw std::invalid_argument(fmt::format("diagnose: unknown instrument \"{}\"{}; known are {}",
                                            printable(name), did_you_mean(name, known),
                                            fmt::join(known, ", ")));
  }
  return all;
}

}  // namespace unroll

#include "experiments/train/non_finite.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

#include "experiments/data/slices.hpp"
#include "models/carried_run.hpp"

namespace unroll {
namespace {

/// Whole blocks of the planner's, so that the states have the bits they have in one long run.
constexpr std::int64_t steps_at_a_time = 1024;

/// The states that are not finite at the first step of the last run where any is not.
struct Found {
  std::int64_t step = 0;
  std::vector<std::string> names = {};
};

Found first_bad_states(const CarriedRun& pass, std::int64_t steps, std::int64_t rows) {
  Found found{steps};
  const std::vector<StateSpec> states = pass.model().states;
  for (std::size_t i = 0; i < states.size(); ++i) {
    const std::int64_t at = first_bad(pass.trajectory(i));
    if (at < 0) continue;
    const std::int64_t step = at / (rows * states[i].shape.numel());
    if (step > found.step) continue;
    if (step < found.step) found.names.clear();
    found.step = step;
    found.names.push_back(states[i].name);
  }
  return found;
}

}  // namespace

std::int64_t first_bad(std::span<const float> values) {
  const auto bad = std::find_if_not(values.begin(), values.end(), [](float x) { return std::isfinite(x); });
  return bad == values.end() ? -1 : bad - values.begin();
}

std::string first_non_finite(const CellList& cells, const Config& config, const TaskSpec& spec,
                             const Piece& piece, bool noise, const std::vector<Tensor<float>>& parameters,
                             std::int64_t steps) {
  const std::int64_t length = piece.batch.steps(), rows = piece.batch.rows();
  const std::int64_t at_a_time = config.model.bidirectional ? length : steps_at_a_time;
  CarriedRun::Options options;
  options.record.training = noise;
  options.record.masks = noise && draws_noise(config.model);
  options.record.seed = config.seed;
  // Targets of every step, so that pieces can be cut; the readout after the last one is looked at there only.
  ModelSizes sizes = sizes_of(spec);
  sizes.readout = Readout::every_step;
  CarriedRun pass(make_model(cells, config, sizes), sizes.inputs, sizes.tokens, parameters, options);
  if (piece.carried)
    pass.start(piece.initial);
  else
    pass.start(rows);
  pass.set_noise(piece.number, piece.first_step);
  bool bad_readout = false;
  for (std::int64_t first = 0; first < length; first += at_a_time) {
    const Range range{first, std::min(at_a_time, length - first)};
    std::visit(
        [&]<class X>(const Tensor<X>& all) {
          Tensor<X> part;
          copy_range(all, 0, range, part);
          pass.run(part);
        },
        piece.batch.inputs);
    const Found found = first_bad_states(pass, range.count, rows);
    if (!found.names.empty())
      return fmt::format("{} at time step {} of {}", fmt::join(found.names, " and "),
                         piece.first_step + first + found.step + 1, steps);
    std::span<const float> outputs = pass.outputs();
    if (!spec.every_step()) outputs = outputs.last(static_cast<std::size_t>(rows * spec.output_size));
    const bool is_read = spec.every_step() || first + range.count == length;
    bad_readout = bad_readout || (is_read && first_bad(outputs) >= 0);
  }
  return bad_readout ? "the readout y" : "the loss";
}

}  // namespace unroll

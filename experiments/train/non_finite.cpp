#include "experiments/train/non_finite.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <optional>

#include "experiments/data/slices.hpp"
#include "models/carried_run.hpp"
#include "models/check/step_fault.hpp"

namespace unroll {
namespace {

/// Whole blocks of the planner's, so that the states have the bits they have in one long run.
constexpr std::int64_t examined_at_a_time = 1024;

/// The states that are not finite at the first step of the last run where any is not.
struct Found {
  std::int64_t step = 0;
  std::vector<std::string> names = {};
  std::size_t state = 0;  ///< the first of them
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
    if (found.names.empty()) found.state = i;
    found.step = step;
    found.names.push_back(states[i].name);
  }
  return found;
}

/// Which layer a state belongs to, and which of the model's states are that layer's.
struct LayerStates {
  std::size_t layer = 0;
  std::size_t first = 0, count = 0;
};

LayerStates layer_of(const SequenceModel& model, std::size_t state) {
  LayerStates of{0, 0, model.layers()[0].states().size()};
  while (state >= of.first + of.count) {
    of.first += of.count;
    of.count = model.layers()[++of.layer].states().size();
  }
  return of;
}

/// One step of a stacked value (T, B, ...).
Tensor<float> step_of(std::span<const float> stacked, const Dims& dims, std::int64_t step, Sizes sizes) {
  const Shape shape = resolve(Dims(dims.begin() + 1, dims.end()), sizes);
  return Tensor<float>(shape, stacked.subspan(static_cast<std::size_t>(step * shape.numel()),
                                              static_cast<std::size_t>(shape.numel())));
}

/// What a layer's step is given, with this layer's parameters.
class StepReader {
 public:
  /// `value` gives what a run computed of a variable.
  using Value = std::function<std::span<const float>(Var)>;
  StepReader(const BoundModel& model, const std::vector<Tensor<float>>& parameters, LayerStates of,
             Sizes sizes, Value value)
      : model_(model), of_(of), sizes_(sizes), value_(std::move(value)) {
    const Layer& layer = model.model.layers()[of.layer];
    cell_ = dynamic_cast<const EquationCell*>(&layer.cell());
    if (!cell_) return;
    for (const ParameterSpec& own : cell_->parameters()) {
      const auto spec = std::ranges::find(model.specs, layer.prefix() + own.name, &ParameterSpec::name);
      parameters_.push_back(parameters[static_cast<std::size_t>(spec - model.specs.begin())]);
    }
  }

  /// Empty where there is no such fault, or where the cell is no text. `e`: (T, B, shape...) of each state.
  std::string fault(std::int64_t step, const std::vector<Var>& e = {}) const {
    if (!cell_) return "";
    StepAt at;
    at.parameters = parameters_;
    const SequenceModel::Recorded& recorded = model_.recorded;
    at.x = at_step(recorded.layer_inputs[of_.layer], step);
    if (recorded.context.valid()) at.context = at_step(recorded.context, step);
    if (recorded.feedback.valid()) at.feedback = at_step(recorded.feedback, step);
    for (std::size_t k = of_.first; k < of_.first + of_.count; ++k) {
      at.before.push_back(at_step(model_.recorded.entering[k], step));
      if (!e.empty()) at.e.push_back(at_step(e[k], step));
    }
    const std::optional<StepFault> fault = find_step_fault(*cell_, at);
    return fault ? fault->text() : "";
  }

 private:
  Tensor<float> at_step(Var stacked, std::int64_t step) const {
    return step_of(value_(stacked), stacked.dims(), step, sizes_);
  }

  const BoundModel& model_;
  LayerStates of_;
  Sizes sizes_;
  Value value_;
  const EquationCell* cell_ = nullptr;
  std::vector<Tensor<float>> parameters_;
};

std::string with_fault(const std::string& text, const std::string& fault) {
  return fault.empty() ? text : text + ": " + fault;
}

/// What steps read, to be had of every run.
std::vector<Var> read_by_steps(const BoundModel& model) {
  std::vector<Var> all = model.recorded.entering;
  all.insert(all.end(), model.recorded.layer_inputs.begin(), model.recorded.layer_inputs.end());
  for (const Var& given : {model.recorded.context, model.recorded.feedback})
    if (given.valid()) all.push_back(given);
  return all;
}

/// The same, and what a run of it alone would give: with more of them to be had, these are no longer.
std::vector<Var> read_and_made(const BoundModel& model) {
  std::vector<Var> all = read_by_steps(model);
  all.push_back(model.recorded.outputs);
  all.insert(all.end(), model.recorded.state_trajectory.begin(), model.recorded.state_trajectory.end());
  return all;
}

std::string described(const CarriedRun& pass, const std::vector<Tensor<float>>& parameters,
                      const Found& found, Sizes sizes) {
  const std::vector<Var> read = read_by_steps(pass.model());
  const StepReader reader(
      pass.model(), parameters, layer_of(pass.model().model, found.state), sizes,
      [&](Var v) { return pass.more(static_cast<std::size_t>(std::ranges::find(read, v) - read.begin())); });
  return reader.fault(found.step);
}

}  // namespace

std::int64_t first_bad(std::span<const float> values) {
  const auto bad = std::find_if_not(values.begin(), values.end(), [](float x) { return std::isfinite(x); });
  return bad == values.end() ? -1 : bad - values.begin();
}

/// Of all values, so that the loop has no way out and is done many at a time.
bool all_finite(std::span<const float> values) {
  std::uint32_t largest = 0;
  for (const float x : values) largest = std::max(largest, std::bit_cast<std::uint32_t>(x) & 0x7FFFFFFFu);
  return largest < 0x7F800000u;
}

std::string first_non_finite(const CellList& cells, const Config& config, const TaskSpec& spec,
                             const Piece& piece, bool noise, const std::vector<Tensor<float>>& parameters,
                             std::int64_t steps) {
  const std::int64_t length = piece.batch.steps(), rows = piece.batch.rows();
  const std::int64_t at_a_time = config.model.bidirectional ? length : examined_at_a_time;
  CarriedRun::Options options;
  options.record.training = noise;
  options.record.masks = noise && draws_noise(config.model);
  options.record.seed = config.seed;
  options.record.transitions = true;
  options.more = read_and_made;
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
      return with_fault(fmt::format("{} at time step {} of {}, forward", fmt::join(found.names, " and "),
                                    piece.first_step + first + found.step + 1, steps),
                        described(pass, parameters, found, {.time = range.count, .batch = rows}));
    std::span<const float> outputs = pass.outputs();
    if (!spec.every_step()) outputs = outputs.last(static_cast<std::size_t>(rows * spec.output_size));
    const bool is_read = spec.every_step() || first + range.count == length;
    bad_readout = bad_readout || (is_read && first_bad(outputs) >= 0);
  }
  return bad_readout ? "the readout y" : "the loss";
}

namespace {

/// A training run with the gradients of all states, in the precision of training.
class GradientRun {
 public:
  GradientRun(const CellList& cells, const Config& config, const TaskSpec& spec, const Piece& piece,
              const std::vector<Tensor<float>>& parameters)
      : model_(cells, config, spec, recording(config)), parameters_(parameters) {
    model_.record_gradients();
    model_.record_state_gradients();
    std::vector<Var> wanted = read_by_steps(model_);
    wanted.insert(wanted.end(), model_.state_gradients.begin(), model_.state_gradients.end());
    wanted.insert(wanted.end(), model_.parameter_gradients.begin(), model_.parameter_gradients.end());
    plan_.emplace(*model_.tape, wanted);
    sizes_ = {.time = piece.batch.steps(), .batch = piece.batch.rows()};
    model_.fill(feed_, piece, {0, sizes_.batch}, total_weight(piece, spec.every_step()));
    model_.bind(*plan_, feed_, piece, parameters);
    plan_->run();
  }

  std::string found(std::int64_t first_step, std::int64_t steps) const {
    for (std::size_t i = 0; i < model_.model.layers().size(); ++i)
      if (const std::string of_layer = found_in(i, first_step, steps); !of_layer.empty()) return of_layer;
    for (std::size_t g = 0; g < model_.trained.size(); ++g)
      if (first_bad(plan_->value(model_.parameter_gradients[g])) >= 0)
        return fmt::format("the gradient of {}, backward", model_.specs[model_.trained[g]].name);
    return "a gradient";
  }

 private:
  static Recording recording(const Config& config) {
    return {.windows = config.train.window > 0, .weighted = true, .training = true, .transitions = true};
  }

  /// The steps from the last one back, in the layer's direction. Gradients that come back to a state are
  /// spoilt by the step after it; those of parameters alone may be by any.
  std::string found_in(std::size_t number, std::int64_t first_step, std::int64_t steps) const {
    const LayerStates of = states_of(number);
    const StepReader reader(model_, parameters_, of, sizes_, [&](Var v) { return plan_->value(v); });
    const bool reverse = model_.model.layers()[number].place().reverse;
    const auto step = [&](std::int64_t i) { return reverse ? i : sizes_.time - 1 - i; };
    const auto text = [&](const std::string& what, std::int64_t i, const std::string& fault) {
      return with_fault(fmt::format("the gradient {}at time step {} of {}, backward", what,
                                    first_step + step(i) + 1, steps),
                        fault);
    };
    const std::int64_t bad = first_bad_step(of, step);
    const std::int64_t from = bad < sizes_.time ? std::max<std::int64_t>(bad - 1, 0) : 0;
    for (std::int64_t i = from; i < bad; ++i)
      if (const std::string fault = reader.fault(step(i), model_.state_gradients); !fault.empty())
        return text("", i, fault);
    if (bad == sizes_.time) return "";
    for (std::size_t k = of.first; k < of.first + of.count; ++k)
      if (!all_finite(at_step(k, step(bad))))
        return text(fmt::format("with respect to {} ", model_.states[k].name), bad, "");
    return "";
  }

  /// In that order; the number of steps where there is none.
  std::int64_t first_bad_step(LayerStates of, const std::function<std::int64_t(std::int64_t)>& step) const {
    for (std::int64_t i = 0; i < sizes_.time; ++i)
      for (std::size_t k = of.first; k < of.first + of.count; ++k)
        if (!all_finite(at_step(k, step(i)))) return i;
    return sizes_.time;
  }

  LayerStates states_of(std::size_t number) const {
    std::size_t first = 0;
    for (std::size_t i = 0; i < number; ++i) first += model_.model.layers()[i].states().size();
    return layer_of(model_.model, first);
  }

  std::span<const float> at_step(std::size_t state, std::int64_t step) const {
    const std::span<const float> all = plan_->value(model_.state_gradients[state]);
    const std::size_t elements = all.size() / static_cast<std::size_t>(sizes_.time);
    return all.subspan(static_cast<std::size_t>(step) * elements, elements);
  }

  TaskModel model_;
  const std::vector<Tensor<float>>& parameters_;
  std::optional<Plan<float>> plan_;
  Feed<float> feed_;
  Sizes sizes_;
};

}  // namespace

std::string first_non_finite_gradient(const CellList& cells, const Config& config, const TaskSpec& spec,
                                      const Piece& piece, const std::vector<Tensor<float>>& parameters,
                                      std::int64_t steps) {
  return GradientRun(cells, config, spec, piece, parameters).found(piece.first_step, steps);
}

std::string find_non_finite(const CellList& cells, const Config& config, const TaskSpec& spec,
                            const NonFiniteBatch& batch) {
  const std::vector<ParameterSpec> specs = make_model(cells, config, sizes_of(spec)).parameters();
  for (std::size_t i = 0; i < batch.parameters.size(); ++i)
    if (first_bad(batch.parameters[i].span()) >= 0) return fmt::format("parameter {}", specs[i].name);
  if (batch.backward)
    return first_non_finite_gradient(cells, config, spec, batch.piece, batch.parameters, batch.steps);
  return first_non_finite(cells, config, spec, batch.piece, batch.training, batch.parameters, batch.steps);
}

}  // namespace unroll

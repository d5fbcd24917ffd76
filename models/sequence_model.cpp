#include "models/sequence_model.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "models/flossing.hpp"

namespace unroll {
namespace {

std::string prefix_of(std::int64_t number, bool reverse) {
  return (number > 0 ? fmt::format("layer{}.", number + 1) : "") + (reverse ? "reverse." : "");
}

LayerOptions options_of(std::int64_t number, const ModelOptions& options) {
  LayerOptions layer = options.layer;
  layer.residual = options.residual && number > 0;
  if (number > 0) layer.dropout_input = 0;
  return layer;
}

/// Of the states of all layers those of one.
std::vector<Var> own(const std::vector<Var>& all, std::size_t first, std::size_t count) {
  const auto begin = all.begin() + static_cast<std::ptrdiff_t>(first);
  return {begin, begin + static_cast<std::ptrdiff_t>(count)};
}

void check_residual(std::int64_t number, std::int64_t input_size, std::int64_t output_size) {
  if (input_size == output_size) return;
  throw std::invalid_argument(fmt::format(
      "[SequenceModel] layer {} has {} inputs and {} outputs; a residual connection adds them, so "
      "they must be as many",
      number + 1, input_size, output_size));
}

}  // namespace

SequenceModel::SequenceModel(std::unique_ptr<Cell> cell, std::int64_t output_size, Readout readout)
    : output_size_(output_size), readout_(readout) {
  layers_.emplace_back(std::move(cell), LayerOptions{}, Layer::Place{});
  check_given();
}

SequenceModel::SequenceModel(const MakeCell& make_cell, std::int64_t input_size, const ModelOptions& options,
                             std::int64_t output_size, Readout readout)
    : input_size_(input_size),
      embedding_(options.embedding),
      embedding_scale_(options.embedding_scale),
      tied_(options.tied),
      state_readout_(options.state_readout),
      bidirectional_(options.bidirectional),
      output_size_(output_size),
      readout_(readout) {
  if (options.layers < 1)
    throw std::invalid_argument(
        fmt::format("[SequenceModel] {} layers; a model has at least one", options.layers));
  if (embedding_ > 0) input_size = embedding_;
  for (std::int64_t number = 0; number < options.layers; ++number) {
    const LayerOptions around = options_of(number, options);
    std::int64_t outputs = 0;
    for (const bool reverse : {false, true}) {
      if (reverse && !bidirectional_) continue;
      Layer& layer = layers_.emplace_back(make_cell(input_size), around,
                                          Layer::Place{prefix_of(number, reverse), number, reverse, outputs});
      outputs += layer.output_size();
    }
    if (around.residual) check_residual(number, input_size, outputs);
    input_size = outputs;
  }
  if (tied_) check_tied();
  if (state_readout_) check_state_readout();
  check_given();
}

void SequenceModel::check_given() const {
  const std::int64_t feedback = feedback_size();
  if (embedding_ > 0 && context_size() + feedback > 0)
    throw std::invalid_argument(fmt::format(
        "[SequenceModel] inputs are tokens, and the cell reads {} beside them, which only vectors can hold",
        feedback > 0 ? "its outputs, fed back," : "a second input"));
  if (feedback > 0 && feedback != output_size_)
    throw std::invalid_argument(
        fmt::format("[SequenceModel] the cell reads {} outputs that are fed back, but there are {}", feedback,
                    output_size_));
  if (feedback > 0 && bidirectional_)
    throw std::invalid_argument(
        "[SequenceModel] the cell reads outputs that are fed back; a reverse direction has none before it: "
        "set model.bidirectional to false");
}

void SequenceModel::check_own_feedback() const {
  if (layers_.size() == 1) return;
  throw std::invalid_argument(
      fmt::format("[SequenceModel] {} layers; outputs come back at every step only to a model of one layer, "
                  "whose readout "
                  "is of the step itself (model.layers=1, or targets as feedback)",
                  layers_.size()));
}

void SequenceModel::check_tied() const {
  if (embedding_ == feature_count() && input_size_ == output_size_) return;
  throw std::invalid_argument(
      fmt::format("[SequenceModel] the readout has {} outputs of {} features, the embedding {} tokens of {}; "
                  "tied, they are "
                  "one matrix, so both must be as many (model.embedding = 0 takes the size of the features)",
                  output_size_, feature_count(), embedding_ > 0 ? input_size_ : 0, embedding_));
}

void SequenceModel::check_state_readout() const {
  if (tied_)
    throw std::invalid_argument("[SequenceModel] outputs are features themselves; there is nothing to tie");
  if (output_size_ <= feature_count()) return;
  throw std::invalid_argument(
      fmt::format("[SequenceModel] {} outputs are to be features themselves, but there are {}; make the "
                  "state larger, or read it by a linear readout",
                  output_size_, feature_count()));
}

std::int64_t SequenceModel::feature_count() const {
  std::int64_t features = 0;
  for (auto layer = layers_.end() - directions(); layer != layers_.end(); ++layer)
    features += layer->output_size();
  return features;
}

bool SequenceModel::noisy() const { return std::ranges::any_of(layers_, &Layer::noisy); }

std::vector<ParameterSpec> SequenceModel::parameters() const {
  std::vector<ParameterSpec> specs;
  if (embedding_ > 0)
    specs.push_back({"embedding.E",
                     {input_size_, embedding_},
                     Role::input_matrix,
                     InitialiserOptions{.name = "uniform", .scale = embedding_scale_}});
  for (const Layer& layer : layers_) std::ranges::copy(layer.parameters(), std::back_inserter(specs));
  if (state_readout_) return specs;
  if (!tied_) specs.push_back({"readout.W_hy", {output_size_, feature_count()}, Role::readout_matrix});
  specs.push_back({"readout.b_y", {output_size_}, Role::bias});
  return specs;
}

std::vector<StateSpec> SequenceModel::states() const {
  std::vector<StateSpec> specs;
  for (const Layer& layer : layers_) std::ranges::copy(layer.states(), std::back_inserter(specs));
  return specs;
}

std::vector<std::string> SequenceModel::value_names(std::int64_t input_size) const {
  input_size = embedding_ > 0 ? embedding_  // what the first layer sees of a token
                              : input_size - context_size() - feedback_size();
  std::vector<std::string> names;
  for (std::size_t i = 0; i < layers_.size(); i += static_cast<std::size_t>(directions())) {
    std::int64_t outputs = 0;
    for (std::size_t d = 0; d < static_cast<std::size_t>(directions()); ++d) {
      std::ranges::copy(layers_[i + d].value_names(input_size), std::back_inserter(names));
      outputs += layers_[i + d].output_size();
    }
    input_size = outputs;
  }
  return names;
}

Var SequenceModel::start(std::size_t k, const Parameters& p, Tape& tape) const {
  const StateSpec state = states()[k];
  return state.learned ? p[start_name(state.name)] : tape.fill(state.start, {});
}

SequenceModel::Recorded SequenceModel::record(Var inputs, const Parameters& p,
                                              std::vector<Var> initial) const {
  return record(inputs, p, RunOptions{.initial = std::move(initial)});
}

SequenceModel::Recorded SequenceModel::record(Var inputs, const Parameters& p, const RunOptions& run) const {
  check_inputs(inputs);
  const Dim rows = run.packed ? run.packed->first.dims()[0] : inputs.dims()[1];
  if (!run.initial.empty()) check_initial(run.initial, rows);
  if (embedding_ > 0) inputs = gather(p["embedding.E"], inputs);
  check_values(run.values, inputs.dims()[2].number());
  Recorded all;
  const std::int64_t behind = context_size() + feedback_size(), size = inputs.dims()[2].number() - behind;
  if (behind > 0 && size < 1)
    throw ShapeError(
        fmt::format("[SequenceModel] inputs are {}; the last {} numbers are a second input and feedback, "
                    "and none are left for x",
                    to_string(inputs.dims()), behind));
  RunOptions own = run;
  if (context_size() > 0) own.context = all.context = slice(inputs, 2, size, context_size());
  if (feedback_size() > 0 && !run.own_feedback)
    own.feedback = all.feedback = slice(inputs, 2, size + context_size(), feedback_size());
  if (feedback_size() > 0 && run.own_feedback) {
    check_own_feedback();
    own.own_feedback = [&](Var seen) { return run.own_feedback(read_out(seen, p)); };
  }
  if (behind > 0) inputs = slice(inputs, 2, 0, size);
  std::map<std::string, Var, std::less<>> values;
  Var features = inputs, last;
  for (auto layer = layers_.begin(); layer != layers_.end();) {
    std::vector<Var> each_features, each_last;
    for (std::int64_t d = 0; d < directions(); ++d, ++layer) {
      const std::size_t states = layer->states().size();
      std::vector<Var> initial;
      if (!run.initial.empty())
        std::copy_n(run.initial.begin() + static_cast<std::ptrdiff_t>(all.final_state.size()), states,
                    std::back_inserter(initial));
      Layer::Recorded one = layer->record(features, p, initial, own);
      all.layer_inputs.push_back(features);
      std::ranges::copy(one.entering, std::back_inserter(all.entering));
      each_features.push_back(one.features);
      each_last.push_back(one.last);
      std::ranges::copy(one.state_trajectory, std::back_inserter(all.state_trajectory));
      std::ranges::copy(one.final_state, std::back_inserter(all.final_state));
      values.merge(one.values);
    }
    features = each_features.size() == 1 ? each_features[0] : concat(each_features, 2);
    last = each_last.size() == 1 ? each_last[0] : concat(each_last, 1);
  }
  for (const std::string& name : run.values) all.values.push_back(values.at(name));
  const Var read = readout_ == Readout::last ? last : features;
  all.outputs = read_out(read, p);
  return all;
}

Var SequenceModel::read_out(Var features, const Parameters& p) const {
  if (state_readout_) return slice(features, -1, 0, output_size_);
  return linear(features, p[tied_ ? "embedding.E" : "readout.W_hy"]) + p["readout.b_y"];
}

namespace {

/// What comes from outside is no part of a state's own dynamics.
RunOptions with_given(RunOptions run, const SequenceModel::Recorded& recorded) {
  for (const auto& [to, from] :
       {std::pair{&run.context, recorded.context}, {&run.feedback, recorded.feedback}})
    if (from.valid()) *to = stop_gradient(from);
  return run;
}

}  // namespace

Var SequenceModel::omega(const Parameters& p, const RunOptions& run, const Recorded& recorded,
                         const std::vector<Var>& e, OmegaPath path) const {
  const RunOptions with = with_given(run, recorded);
  Tape& tape = e.at(0).tape();
  Var total = tape.fill(0, {}), counted = tape.fill(0, {});
  std::size_t first = 0;
  for (std::size_t i = 0; i < layers_.size(); ++i) {
    const std::size_t states = layers_[i].states().size();
    const OmegaTerms terms =
        layers_[i].omega_terms(recorded.layer_inputs[i], p, with, own(recorded.entering, first, states),
                               own(e, first, states), path);
    total = total + sum(terms.term);
    counted = counted + sum(terms.counted);
    first += states;
  }
  return total / maximum(counted, tape.fill(1, {}));
}

Var SequenceModel::flossing(const Parameters& p, const RunOptions& run, const Recorded& recorded,
                            std::int64_t exponents) const {
  const RunOptions with = with_given(run, recorded);
  Var total = recorded.entering.at(0).tape().fill(0, {});
  std::size_t first = 0;
  for (std::size_t i = 0; i < layers_.size(); ++i) {
    const std::vector<StateSpec> states = layers_[i].states();
    const std::int64_t count = std::min(exponents, moving_size(states));
    const Var growth = layers_[i].growth(recorded.layer_inputs[i], p, with,
                                         own(recorded.entering, first, states.size()), count);
    const Var steps = unroll::count(growth, {recorded.layer_inputs[i].dims()[0]});
    total = total + mean(sum(square(growth / steps), -1));
    first += states.size();
  }
  return total;
}

void SequenceModel::check_inputs(Var inputs) const {
  const bool tokens = embedding_ > 0;
  if (inputs.rank() == (tokens ? 2u : 3u)) return;
  throw ShapeError(fmt::format("[SequenceModel] inputs are time-major, {}, not {}",
                               tokens ? "(T, B) tokens" : "(T, B, input_size)", to_string(inputs.dims())));
}

void SequenceModel::check_initial(const std::vector<Var>& initial, Dim rows) const {
  const std::vector<StateSpec> specs = states();
  if (initial.size() != specs.size())
    throw ShapeError(fmt::format("[SequenceModel] {} initial states given, the cell has {}", initial.size(),
                                 specs.size()));
  for (std::size_t i = 0; i < specs.size(); ++i) {
    const Dims expected = specs[i].dims(rows);
    if (initial[i].dims() == expected) continue;
    throw ShapeError(
        fmt::format("[SequenceModel] the initial state {} is {}, not {}, a row for each sequence",
                    specs[i].name, to_string(initial[i].dims()), to_string(expected)));
  }
}

void SequenceModel::check_values(const std::vector<std::string>& values, std::int64_t input_size) const {
  if (values.empty()) return;
  const std::vector<std::string> known = value_names(input_size);
  for (const std::string& name : values)
    if (std::find(known.begin(), known.end(), name) == known.end())
      throw std::invalid_argument(
          fmt::format("[SequenceModel] no state and no named value of a step is '{}'; there are {}", name,
                      fmt::join(known, ", ")));
}

}  // namespace unroll

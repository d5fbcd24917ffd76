#include "models/layer_scan.hpp"

#include <algorithm>
#include <utility>

#include "framework/autodiff/directions.hpp"
#include "framework/autodiff/ops.hpp"
#include "models/flossing.hpp"
#include "models/normalisation.hpp"

namespace unroll {
namespace {

/// (rows) as (rows, 1, ...), to stand beside a value of that rank.
Var beside(Var flags, std::size_t rank) {
  Dims dims(rank, 1);
  dims[0] = flags.dims()[0];
  return reshape(flags, dims);
}

/// (T, B, ...) as (T B, ...).
Var positions(Var trajectory) {
  const Dims& dims = trajectory.dims();
  Dims flat = {dims[0] * dims[1]};
  flat.insert(flat.end(), dims.begin() + 2, dims.end());
  return reshape(trajectory, flat);
}

}  // namespace

LayerScan::LayerScan(const Cell& cell, const LayerOptions& options, const Layer::Place& place, Var inputs,
                     Parameters p, const std::vector<Var>& initial, const RunOptions& run)
    : cell_(cell),
      options_(options),
      place_(place),
      p_(std::move(p)),
      initial_(initial),
      run_(run),
      states_(cell.states()),
      wanted_(own_values()),
      inputs_{inputs} {
  const std::int64_t units = states_[0].shape[0];
  input_mask_ = make_mask(at_input, options.dropout_input, inputs.dims()[2].number());
  output_mask_ = make_mask(at_output, options.dropout_output, units);
  recurrent_mask_ = make_mask(at_recurrent, options.dropout_recurrent, units);
  has_output_ = output_mask_.any() || options.residual;
  carries_output_ = !run.packed && (output_mask_.per_step || options.residual);
  add_slices();
}

std::size_t LayerScan::add(Var stacked) {
  inputs_.push_back(stacked);
  return inputs_.size() - 1;
}

void LayerScan::add_slices() {
  const bool zones = options_.zoneout > 0 && masks();
  const bool noisy = cell_.noise_size() > 0 && run_.noise;
  if (noisy || input_mask_.per_step || output_mask_.per_step || recurrent_mask_.per_step || zones)
    time_step_at_ = add(run_.noise->time_steps);
  if (cell_.context_size() > 0) context_at_ = add(run_.context);
  if (cell_.feedback_size() > 0 && !feeds_back()) feedback_at_ = add(run_.feedback);
  if (!run_.packed) return;
  begins_at_ = add(place_.reverse ? run_.packed->ends : run_.packed->begins);
  if (!initial_.empty() || input_mask_.steady.valid() || output_mask_.steady.valid() ||
      recurrent_mask_.steady.valid())
    sequence_at_ = add(run_.packed->sequence);
}

/// Both directions read one input, under one mask.
std::uint32_t LayerScan::mask_layer(std::uint32_t site) const {
  constexpr std::uint32_t sites = 64;
  const bool reverse = place_.reverse && site != at_input;
  return (static_cast<std::uint32_t>(place_.number) * 2 + reverse) * sites + site;
}

LayerScan::Mask LayerScan::make_mask(Site site, double rate, std::int64_t units) const {
  Mask mask{1, mask_layer(site), units};
  if (!masks() || rate == 0) return mask;
  mask.keep = 1 - rate;
  mask.per_step = options_.mask == MaskPer::step;
  if (mask.per_step) return mask;
  // A mask of the whole sequence has no time step; any number does that is the same at every step.
  const Dim rows = run_.packed ? run_.packed->first.dims()[0] : inputs_[0].dims()[1];
  mask.steady = draw(mask, run_.noise->update, rows) * (1 / mask.keep);
  return mask;
}

Var LayerScan::draw(const Mask& mask, Var time_step, Dim rows) const {
  return random_mask(run_.noise->update, time_step, run_.noise->first_row, {rows, mask.units}, mask.keep,
                     run_.noise->seed, mask.layer);
}

Var LayerScan::dropped(Var x, const Mask& mask, const Slices& at) const {
  if (!mask.any()) return x;
  if (mask.per_step) return x * (draw(mask, at.time_step(), x.dims()[0]) * (1 / mask.keep));
  return x * (run_.packed ? gather(mask.steady, at.sequence()) : mask.steady);
}

/// Without a Noise it is 0, what is expected of it.
Var LayerScan::cell_noise(const Slices& at) const {
  const std::int64_t units = cell_.noise_size();
  if (units == 0) return {};
  const Dim rows = at.input().dims()[0];
  if (!run_.noise) return at.input().tape().zeros({rows, units});
  const Noise& noise = *run_.noise;
  return random_normal(noise.update, at.time_step(), noise.first_row, {rows, units}, noise.seed,
                       mask_layer(noise.training ? at_cell : at_cell_in_evaluation));
}

bool LayerScan::learned(std::size_t k) const {
  return !states_[k].counts && (states_[k].learned || options_.learned_start);
}

/// Before the first step, to be broadcast over rows.
Var LayerScan::start(std::size_t k) const {
  if (learned(k)) return p_[start_name(states_[k].name)];
  return inputs_[0].tape().fill(states_[k].start, {});
}

std::vector<Var> LayerScan::initial_states() const {
  const Dim rows = inputs_[0].dims()[1];
  if (!run_.packed && !initial_.empty()) return initial_;
  std::vector<Var> all;
  for (std::size_t k = 0; k < states_.size(); ++k) {
    all.push_back(learned(k) && !run_.packed
                      ? broadcast_to(start(k), states_[k].dims(rows))
                      : inputs_[0].tape().fill(states_[k].start, states_[k].dims(rows)));
  }
  return all;
}

/// Where a packed sequence begins, the states are its own first ones, not those that the sequence before it
/// in the row ended with.
std::vector<Var> LayerScan::begun(std::vector<Var> state, const Slices& at) const {
  for (std::size_t k = 0; k < states_.size() && run_.packed; ++k) {
    const Var fresh = initial_.empty() ? start(k) : gather(initial_[k], at.sequence());
    state[k] = where(beside(at.begins(), state[k].rank()), fresh, state[k]);
  }
  return state;
}

Var LayerScan::zoned(std::size_t k, Var before, Var after, const Slices& at) const {
  const double z = options_.zoneout;
  if (z == 0 || states_[k].counts) return after;
  if (!masks()) return z * before + (1 - z) * after;
  const Mask moves{1 - z, mask_layer(at_zoneout + static_cast<std::uint32_t>(k)), states_[k].shape.numel()};
  const Var mask = draw(moves, at.time_step(), after.dims()[0]);
  return where(reshape(mask, after.dims()), after, before);
}

/// What the next layer or the readout sees of the first state.
Var LayerScan::output(Var h, const Slices& at) const {
  const Var y = dropped(h, output_mask_, at);
  if (!options_.residual) return y;
  const Var x = at.input();
  const Dim units = h.dims()[1];
  if (x.dims() == h.dims()) return y + x;
  return y + slice(x, 1, place_.input_at, units);
}

/// What becomes of the states that a step finds, with all that is around the cell.
CellStep LayerScan::moved(const Slices& at, const std::vector<Var>& before, Var feedback) const {
  std::vector<Var> read = before;
  read[0] = dropped(read[0], recurrent_mask_, at);
  CellStep next = cell_.step(p_, {.x = dropped(at.input(), input_mask_, at),
                                  .state = read,
                                  .noise = cell_noise(at),
                                  .training = run_.noise && run_.noise->training,
                                  .context = at.context(),
                                  .feedback = feedback});
  if (options_.layer_norm)
    next.state[0] = p_["layer_norm.gain"] * layer_norm(next.state[0]) + p_["layer_norm.bias"];
  for (std::size_t k = 0; k < states_.size(); ++k) next.state[k] = zoned(k, before[k], next.state[k], at);
  return next;
}

/// What the outputs of the step before are to this one: a packed sequence begins with none.
Var LayerScan::fed_back(Var last, const Slices& at) const {
  if (!run_.packed) return last;
  return where(beside(at.begins(), last.rank()), last.tape().fill(0, {}), last);
}

std::vector<Var> LayerScan::clipped(std::vector<Var> before) const {
  const Dim sequences = run_.packed ? run_.packed->first.dims()[0] : inputs_[0].dims()[1];
  const double element = run_.clip_state_gradient, norm = run_.clip_state_norm;
  for (Var& state : before) {
    if (norm > 0) state = clip_gradient_norm(state, norm, sequences);
    if (element > 0) state = clip_gradient(state, element, sequences);
  }
  return before;
}

Step LayerScan::step(const Slices& at, const std::vector<Var>& carried) {
  const std::vector<Var> before = begun({carried.begin(), carried.begin() + states_.size()}, at);
  const CellStep next =
      moved(at, clipped(before), feeds_back() ? fed_back(carried.back(), at) : at.feedback());
  Step result{.state = next.state};
  const Var seen = has_output_ ? output(result.state[0], at) : result.state[0];
  if (has_output_) (carries_output_ ? result.state : result.stacked).push_back(seen);
  if (feeds_back()) result.state.push_back(run_.own_feedback(seen));
  for (const std::string& name : wanted_) result.stacked.push_back(next.values.at(name));
  if (run_.transitions) std::ranges::copy(before, std::back_inserter(result.stacked));
  return result;
}

/// Those of this layer that are not states.
std::vector<std::string> LayerScan::own_values() const {
  std::vector<std::string> names;
  for (const std::string& name : run_.values) {
    if (!name.starts_with(place_.prefix)) continue;
    const std::string own = name.substr(place_.prefix.size());
    const bool state =
        std::any_of(states_.begin(), states_.end(), [&](const StateSpec& s) { return s.name == own; });
    if (!state && own.find('.') == std::string::npos) names.push_back(own);
  }
  return names;
}

/// Of packed sequences: the row of a trajectory at each sequence's last step in this direction.
Var LayerScan::at_ends(Var trajectory) const {
  return gather(positions(trajectory), place_.reverse ? run_.packed->first : run_.packed->last);
}

Var LayerScan::last_output(const Scanned& scanned) const {
  const Var h = scanned.final_state[0];
  if (run_.packed) return at_ends(has_output_ ? scanned.stacked[0] : scanned.state_trajectory[0]);
  if (carries_output_) return scanned.final_state[states_.size()];
  return output_mask_.any() ? h * output_mask_.steady : h;
}

Layer::Recorded LayerScan::record() {
  std::vector<Var> initial = initial_states();
  if (carries_output_) initial.push_back(inputs_[0].tape().zeros(states_[0].dims(inputs_[0].dims()[1])));
  if (feeds_back()) initial.push_back(inputs_[0].tape().zeros({inputs_[0].dims()[1], cell_.feedback_size()}));
  const Scanned scanned = scan(
      [this](const std::vector<Var>& x, const std::vector<Var>& state) {
        return step({x, *this}, state);
      },
      inputs_, initial, {.length = {}, .reverse = place_.reverse});
  const auto first_value = static_cast<std::size_t>(has_output_ && !carries_output_);
  Layer::Recorded recorded;
  recorded.features = !has_output_      ? scanned.state_trajectory[0]
                      : carries_output_ ? scanned.state_trajectory[states_.size()]
                                        : scanned.stacked[0];
  recorded.last = last_output(scanned);
  for (std::size_t k = 0; k < states_.size(); ++k) {
    recorded.state_trajectory.push_back(scanned.state_trajectory[k]);
    recorded.final_state.push_back(run_.packed ? at_ends(scanned.state_trajectory[k])
                                               : scanned.final_state[k]);
    recorded.values[place_.prefix + states_[k].name] = scanned.state_trajectory[k];
  }
  for (std::size_t i = 0; i < wanted_.size(); ++i)
    recorded.values[place_.prefix + wanted_[i]] = scanned.stacked[first_value + i];
  if (run_.transitions)
    recorded.entering.assign(scanned.stacked.end() - static_cast<std::ptrdiff_t>(states_.size()),
                             scanned.stacked.end());
  return recorded;
}

/// The steps apart from each other: what enters them and what comes back to them are given.
OmegaTerms LayerScan::omega_terms(const std::vector<Var>& entering, const std::vector<Var>& e,
                                  OmegaPath path) const {
  std::vector<Var> inputs = inputs_;
  for (const std::vector<Var>* given : {&entering, &e})
    for (const Var& v : *given) inputs.push_back(stop_gradient(v));
  const auto split = static_cast<std::ptrdiff_t>(inputs_.size());
  const auto states = static_cast<std::ptrdiff_t>(states_.size());
  const Scanned scanned = scan(
      [&](const std::vector<Var>& x, const std::vector<Var>&) {
        const std::vector<Var> before(x.begin() + split, x.begin() + split + states);
        const Slices at{{x.begin(), x.begin() + split}, *this};
        const CellStep next = moved(at, before, at.feedback());
        const OmegaTerms terms = omega_of_step(
            {.given = x, .before = before, .after = next.state, .e = {x.end() - states, x.end()}}, path);
        return Step{.state = {}, .stacked = {terms.term, terms.counted}};
      },
      inputs, {}, {.length = {}, .reverse = place_.reverse});
  return {scanned.stacked[0], scanned.stacked[1]};
}

/// Against the direction of the layer, from the states that its steps have read.
Var LayerScan::growth(const std::vector<Var>& entering, std::int64_t count) const {
  std::vector<Var> inputs = inputs_;
  inputs.insert(inputs.end(), entering.begin(), entering.end());
  const auto split = static_cast<std::ptrdiff_t>(inputs_.size());
  const Scanned scanned = scan(
      [&](const std::vector<Var>& x, const std::vector<Var>& directions) {
        std::vector<Var> rows;
        for (const Var& each : x) rows.push_back(repeated_rows(each, count));
        const std::vector<Var> before(rows.begin() + split, rows.end());
        const Slices at{{rows.begin(), rows.begin() + split}, *this};
        const CellStep next = moved(at, before, at.feedback());
        const GrownDirections grown = grow_directions(directions[0], states_, before, next.state);
        return Step{.state = {grown.directions}, .summed = {grown.log_growth}};
      },
      inputs, {first_directions(inputs_[0], states_, count)}, {.length = {}, .reverse = !place_.reverse});
  return scanned.summed[0];
}

}  // namespace unroll

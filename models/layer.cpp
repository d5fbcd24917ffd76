#include "models/layer.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <stdexcept>
#include <utility>

#include "framework/autodiff/ops.hpp"
#include "framework/autodiff/scan.hpp"
#include "models/layer_scan.hpp"

namespace unroll {
namespace {

constexpr std::array<std::pair<std::string_view, MaskPer>, 2> masks = {
    {{"sequence", MaskPer::sequence}, {"step", MaskPer::step}}};

void check_rate(std::string_view name, double rate) {
  if (rate >= 0 && rate < 1) return;
  throw std::invalid_argument(fmt::format(
      "[Layer] {} is {}, but a rate is at least 0 and below 1 (1 would leave nothing)", name, rate));
}

InitialiserOptions constant(double value) { return {.name = "constant", .scale = value}; }

}  // namespace

std::vector<std::string> mask_names() {
  std::vector<std::string> names;
  for (const auto& [name, per] : masks) names.emplace_back(name);
  return names;
}

MaskPer mask_per(std::string_view name) {
  for (const auto& [known, per] : masks)
    if (known == name) return per;
  throw std::invalid_argument(
      fmt::format("unknown dropout mask '{}'; known are {}", name, fmt::join(mask_names(), ", ")));
}

std::string start_name(std::string_view state) {
  const std::size_t prefix = state.rfind('.') + 1;  // npos + 1 is 0
  return fmt::format("{}start.{}", state.substr(0, prefix), state.substr(prefix));
}

Packed::Packed(Tape& tape, Dim sequences)
    : begins(tape.input("begins", {sizes::T, sizes::B})),
      ends(tape.input("ends", {sizes::T, sizes::B})),
      sequence(tape.index_input("sequence", {sizes::T, sizes::B})),
      first(tape.index_input("first", {sequences})),
      last(tape.index_input("last", {sequences})) {}

Layer::Layer(std::shared_ptr<const Cell> cell, const LayerOptions& options, Place place)
    : cell_(std::move(cell)), options_(options), place_(std::move(place)) {
  check_rate("dropout_input", options.dropout_input);
  check_rate("dropout_output", options.dropout_output);
  check_rate("dropout_recurrent", options.dropout_recurrent);
  check_rate("zoneout", options.zoneout);
}

std::vector<ParameterSpec> Layer::parameters() const {
  std::vector<ParameterSpec> specs = cell_->parameters();
  for (const StateSpec& state : cell_->states())
    if (learned(state))
      specs.push_back({start_name(state.name), state.shape, Role::bias, constant(state.start)});
  if (options_.layer_norm) {
    specs.push_back({"layer_norm.gain", {output_size()}, Role::bias, constant(1)});
    specs.push_back({"layer_norm.bias", {output_size()}, Role::bias});
  }
  for (ParameterSpec& spec : specs) {
    spec.name = place_.prefix + spec.name;
    if (spec.init && !spec.init->of.empty()) spec.init->of = place_.prefix + spec.init->of;
  }
  return specs;
}

bool Layer::learned(const StateSpec& state) const {
  return !state.counts && (state.learned || options_.learned_start);
}

std::vector<StateSpec> Layer::states() const {
  std::vector<StateSpec> specs = cell_->states();
  for (StateSpec& spec : specs) {
    spec.learned = learned(spec);
    spec.name = place_.prefix + spec.name;
  }
  return specs;
}

std::vector<std::string> Layer::value_names(std::int64_t input_size) const {
  std::vector<std::string> names;
  for (const StateSpec& state : states()) names.push_back(state.name);
  Tape scratch;
  const Parameters p(scratch, cell_->parameters());
  std::vector<Var> state;
  for (const StateSpec& spec : cell_->states()) state.push_back(scratch.input("", spec.dims(sizes::B)));
  const auto given = [&](std::int64_t size) {
    return size > 0 ? scratch.input("", {sizes::B, size}) : Var{};
  };
  const CellStep step = cell_->step(p, {.x = scratch.input("", {sizes::B, input_size}),
                                        .state = state,
                                        .noise = given(cell_->noise_size()),
                                        .context = given(cell_->context_size()),
                                        .feedback = given(cell_->feedback_size())});
  for (const auto& [name, value] : step.values) names.push_back(place_.prefix + name);
  return names;
}

Layer::Recorded Layer::record(Var inputs, const Parameters& p, const std::vector<Var>& initial,
                              const RunOptions& run) const {
  return LayerScan(*cell_, options_, place_, inputs, p.part(place_.prefix), initial, run).record();
}

OmegaTerms Layer::omega_terms(Var inputs, const Parameters& p, const RunOptions& run,
                              const std::vector<Var>& entering, const std::vector<Var>& e,
                              OmegaPath path) const {
  const std::vector<Var> none;
  return LayerScan(*cell_, options_, place_, stop_gradient(inputs), p.part(place_.prefix), none, run)
      .omega_terms(entering, e, path);
}

Var Layer::growth(Var inputs, const Parameters& p, const RunOptions& run, const std::vector<Var>& entering,
                  std::int64_t count) const {
  const std::vector<Var> none;
  return LayerScan(*cell_, options_, place_, inputs, p.part(place_.prefix), none, run)
      .growth(entering, count);
}

}  // namespace unroll

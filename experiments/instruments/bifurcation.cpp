#include <fmt/format.h>

#include <array>
#include <cmath>

#include "experiments/instruments/one_unit.hpp"
#include "experiments/instruments/rows.hpp"
#include "experiments/train/make_model.hpp"
#include "experiments/train/trial_models.hpp"

namespace unroll {
namespace {

constexpr double most_weight = 6;
constexpr std::size_t weights = 97;

struct Branch {
  const char* name;
  double (*state)(const Attractors&);
};
constexpr std::array<Branch, 4> branches = {{
    {"from below", [](const Attractors& a) { return a.below.even; }},
    {"from below, a step later", [](const Attractors& a) { return a.below.odd; }},
    {"from above", [](const Attractors& a) { return a.above.even; }},
    {"from above, a step later", [](const Attractors& a) { return a.above.odd; }},
}};

Attractors attractors_at(const Subject& subject, const SequenceModel& model, std::size_t weight,
                         double value) {
  std::vector<Tensor<double>> parameters = subject.parameters;
  parameters[weight][0] = value;
  const TaskSpec& spec = subject.models.spec();
  StateMap map(model, spec.input_size, spec.inputs == InputKind::tokens, std::move(parameters), true);
  return attractors_of(map);
}

void look_at_bifurcation(const Subject& subject, Findings& findings) {
  const SequenceModel model =
      make_model(subject.laboratory.cells(), subject.config, sizes_of(subject.models.spec()));
  const std::size_t weight = *own_weight(model.parameters());
  std::vector<RecordedSeries> all;
  for (const Branch& branch : branches)
    all.push_back({.name = fmt::format("attractor over the recurrent weight ({})", subject.moment),
                   .moment = branch.name,
                   .axis = "recurrent weight",
                   .descriptor = {.unit = "state without input"},
                   .x = {},
                   .y = {}});
  double two_from = std::nan("");
  for (const double w : grid(-most_weight, most_weight, weights)) {
    const Attractors found = attractors_at(subject, model, weight, w);
    if (found.two() && std::isnan(two_from)) two_from = w;
    for (std::size_t b = 0; b < branches.size(); ++b) {
      const double state = branches[b].state(found);
      if (!std::isfinite(state)) continue;
      all[b].x.push_back(w);
      all[b].y.push_back(state);
    }
  }
  for (RecordedSeries& series : all) findings.series.push_back(std::move(series));
  findings.numbers.push_back({"two_attractors_from", two_from});
}

}  // namespace

Instrument bifurcation_row() {
  return {
      .name = "bifurcation",
      .shows =
          "Where a net of one unit comes to rest without input, over its recurrent weight from -6 to 6, from "
          "far below and far above: from which weight on it can remember.",
      .needs = "one unit, model.hidden = 1",
      .source = "Bengio, Simard & Frasconi 1994; Pascanu, Mikolov & Bengio 2013, figure 3",
      .look = look_at_bifurcation,
      .objection = needs_own_weight};
}

}  // namespace unroll

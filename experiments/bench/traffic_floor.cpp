#include "experiments/bench/traffic_floor.hpp"

#include <algorithm>

namespace unroll {
namespace {

using Form = Expression::Kind;

/// Elements that the parts of an equation make, element by element, for each sequence.
std::int64_t operations_in(const EquationCell& cell, const Term& t) {
  std::int64_t count = 0;
  for (const Term& operand : t.operands) count += operations_in(cell, operand);
  const bool made = t.kind != Form::number && t.kind != Form::name && t.kind != Form::product &&
                    t.kind != Form::subscript && t.bound.empty();
  return made && t.type.batched ? count + cell.shape(t.type.shape).numel() : count;
}

Traffic traffic_of(const EquationCell& cell, const CellDefinition::Equation& e) {
  const CellDefinition::State* state = e.next ? cell.definition().find_state(e.name) : nullptr;
  if (!state && !e.value.type.batched) return {};
  return {cell.shape(state ? state->shape : e.value.type.shape).numel(), operations_in(cell, e.value)};
}

}  // namespace

Traffic traffic_of(const EquationCell& cell) {
  const CellDefinition& definition = cell.definition();
  Traffic all;
  for (std::size_t i = 0; i < definition.equations.size(); ++i) {
    std::int64_t rounds = 1;
    for (const CellDefinition::Repeat& r : definition.repeats)
      if (i >= r.begin && i < r.end) rounds = cell.rounds(r);
    const Traffic one = traffic_of(cell, definition.equations[i]);
    all.elements += rounds * one.elements;
    all.operations += rounds * one.operations;
  }
  return all;
}

TrafficFloor::TrafficFloor(std::int64_t elements_of_a_step, std::int64_t steps)
    : elements_(elements_of_a_step),
      steps_(steps),
      values_(static_cast<std::size_t>(elements_ * steps_), 0.5f),
      cotangent_(static_cast<std::size_t>(elements_), 0.5f) {}

void TrafficFloor::run() {
  for (std::int64_t t = 0; t < steps_; ++t) {
    float* now = values_.data() + t * elements_;
    const float* before = t > 0 ? now - elements_ : cotangent_.data();
    for (std::int64_t i = 0; i < elements_; ++i) now[i] = 0.5f * before[i] + 0.1f;
  }
  for (std::int64_t t = steps_; t-- > 0;) {
    const float* now = values_.data() + t * elements_;
    for (std::int64_t i = 0; i < elements_; ++i) cotangent_[i] = 0.5f * cotangent_[i] + 0.1f * now[i];
  }
}

}  // namespace unroll

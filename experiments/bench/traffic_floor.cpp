#include "experiments/bench/traffic_floor.hpp"

#include <algorithm>
#include <utility>

#include "experiments/bench/step_equations.hpp"

namespace unroll {
namespace {

using Form = Expression::Kind;

/// A product of what is of each sequence. Those with parameters are products of matrices (ProductFloor).
bool of_own_matrix(const Term& t) {
  return t.kind == Form::product && t.operands[0].type.batched && t.operands[1].type.batched;
}

/// For each element of the first operand and each column of the second one a multiplication and an addition.
std::int64_t operations_of_product(const EquationCell& cell, const Term& t) {
  const Shape right = cell.shape(t.operands[1].type.shape);
  const std::int64_t columns = right.rank() == 2 ? right[1] : 1;
  return 2 * columns * cell.shape(t.operands[0].type.shape).numel();
}

/// What the parts of an equation make, element by element, for each sequence.
void count_operations(const EquationCell& cell, const Term& t, Traffic& traffic) {
  for (const Term& operand : t.operands) count_operations(cell, operand, traffic);
  if (of_own_matrix(t)) traffic.operations += operations_of_product(cell, t);
  const bool made = t.kind != Form::number && t.kind != Form::name && t.kind != Form::product &&
                    t.kind != Form::subscript && t.bound.empty();
  if (!made || !t.type.batched) return;
  const std::int64_t elements = cell.shape(t.type.shape).numel();
  traffic.operations += elements;
  if (t.kind == Form::call) traffic.functions += elements;
}

Traffic traffic_of(const EquationCell& cell, const CellDefinition::Equation& e) {
  const CellDefinition::State* state = e.next ? cell.definition().find_state(e.name) : nullptr;
  if (!state && !e.value.type.batched) return {};
  Traffic traffic{.elements = cell.shape(state ? state->shape : e.value.type.shape).numel()};
  count_operations(cell, e.value, traffic);
  return traffic;
}

}  // namespace

Traffic traffic_of(const EquationCell& cell) {
  const CellDefinition& definition = cell.definition();
  const std::vector<std::int64_t> times = times_in_each_step(cell);
  Traffic all;
  for (std::size_t i = 0; i < times.size(); ++i) {
    const Traffic one = traffic_of(cell, definition.equations[i]);
    all.elements += times[i] * one.elements;
    all.operations += times[i] * one.operations;
    all.functions += times[i] * one.functions;
  }
  return all;
}

namespace {

using Step = ChainStep::Form;

/// So many for each element, rounded.
std::int64_t for_each(std::int64_t count, std::int64_t elements) {
  return elements == 0 ? 0 : (count + elements / 2) / elements;
}

/// Operands are what is read, what is written, and two constants.
void add_arithmetic(std::vector<ChainStep>& steps, std::int64_t operations) {
  for (std::int64_t i = 0; i < operations; ++i)
    steps.push_back({.form = Step::binary,
                     .function = static_cast<std::uint8_t>(i % 2 == 0 ? Binary::mul : Binary::add),
                     .operand = static_cast<std::int16_t>(2 + i % 2)});
}

jit::ChainPiece piece_of(std::vector<ChainStep> steps) {
  using enum ChainOperand;
  return {std::move(steps), {elements, elements, one_for_all, one_for_all}, {0, 1, 2, 3}};
}

/// A step's values, made of those before.
jit::ChainPiece forward_piece(std::int64_t operations, std::int64_t functions) {
  std::vector<ChainStep> steps = {{.form = Step::load, .operand = 0}};
  for (std::int64_t i = 0; i < functions; ++i)
    steps.push_back({.form = Step::unary, .function = static_cast<std::uint8_t>(Unary::tanh)});
  add_arithmetic(steps, operations - functions);
  steps.push_back({.form = Step::store, .operand = 1});
  return piece_of(std::move(steps));
}

/// The cotangent, of itself and a step's values: what an operation passes on takes two.
jit::ChainPiece reverse_piece(std::int64_t operations) {
  std::vector<ChainStep> steps = {
      {.form = Step::load, .operand = 1},
      {.form = Step::binary, .function = static_cast<std::uint8_t>(Binary::mul), .operand = 0}};
  add_arithmetic(steps, 2 * operations - 1);
  steps.push_back({.form = Step::store, .operand = 1});
  return piece_of(std::move(steps));
}

}  // namespace

TrafficFloor::TrafficFloor(const Traffic& step, std::int64_t rows, std::int64_t steps)
    : elements_(step.elements * rows),
      steps_(steps),
      values_(static_cast<std::size_t>(elements_ * steps_), 0.5f),
      cotangent_(static_cast<std::size_t>(elements_), 0.5f) {
  // A multiplication with an addition is one instruction.
  const std::int64_t operations = std::max<std::int64_t>(1, for_each(step.operations, step.elements) / 2);
  const std::int64_t functions = std::min(operations, for_each(step.functions, step.elements));
  forward_ = forward_piece(operations, functions);
  reverse_ = reverse_piece(operations);
  forward_routine_ = jit::chain_routine<float>(forward_);
  reverse_routine_ = jit::chain_routine<float>(reverse_);
}

void TrafficFloor::run(const jit::ChainPiece& piece, const jit::Routine& routine, float* read,
                       float* written) {
  float scale = 0.5f, shift = 0.1f;
  float* const pointers[] = {read, written, &scale, &shift};
  if (routine)
    routine(reinterpret_cast<void* const*>(pointers), elements_);
  else
    run_chain<float>(piece.steps, piece.kinds, pointers, elements_);
}

void TrafficFloor::run() {
  for (std::int64_t t = 0; t < steps_; ++t) {
    float* now = values_.data() + t * elements_;
    run(forward_, forward_routine_, t > 0 ? now - elements_ : cotangent_.data(), now);
  }
  for (std::int64_t t = steps_; t-- > 0;)
    run(reverse_, reverse_routine_, values_.data() + t * elements_, cotangent_.data());
}

}  // namespace unroll

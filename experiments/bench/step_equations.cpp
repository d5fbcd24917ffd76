#include "experiments/bench/step_equations.hpp"

#include <algorithm>
#include <set>
#include <string>
#include <utility>

namespace unroll {
namespace {

/// A name in an equation, and whether it is primed.
using Name = std::pair<std::string, bool>;
using Names = std::set<Name>;

void add_names(const Term& t, Names& names) {
  if (t.kind == Expression::Kind::name) names.insert({t.name, t.next});
  for (const Term& operand : t.operands) add_names(operand, names);
}

class StepEquations {
 public:
  explicit StepEquations(const CellDefinition& cell) : cell_(cell) {
    for (const CellDefinition::Equation& e : cell.equations) add_names(e.value, read_);
  }

  /// Names of the equations that each step does.
  Names of_each_step() const {
    Names needed;
    for (const CellDefinition::State& s : cell_.states)
      if (!is_behind(s.name)) needed.merge(leading_to(s.name, false));
    return needed;
  }

 private:
  bool read(const std::string& state) const { return read_.contains({state, false}); }

  /// Of a state that no step reads, as far as it is made of the last step's inputs and the other states after
  /// it.
  bool is_behind(const std::string& state) const {
    if (read(state)) return false;
    return std::ranges::none_of(leading_to(state, true), [&](const Name& name) {
      return name.first == "step" || name.first == "first" || (!name.second && cell_.find_state(name.first));
    });
  }

  /// All names from which a state after the step is made; with `cut`, not those behind other states after it
  /// that some step reads.
  Names leading_to(const std::string& state, bool cut) const {
    Names found;
    std::vector<Name> left = {{state, true}};
    while (!left.empty()) {
      const Name name = left.back();
      left.pop_back();
      if (!found.insert(name).second || (cut && name.second && read(name.first))) continue;
      for (const CellDefinition::Equation& e : cell_.equations) {
        if (Name{e.name, e.next} != name) continue;
        Names more;
        add_names(e.value, more);
        left.insert(left.end(), more.begin(), more.end());
      }
    }
    return found;
  }

  const CellDefinition& cell_;
  Names read_;
};

}  // namespace

std::vector<std::int64_t> times_in_each_step(const EquationCell& cell) {
  const CellDefinition& definition = cell.definition();
  const Names needed = StepEquations(definition).of_each_step();
  std::vector<std::int64_t> times;
  for (const CellDefinition::Equation& e : definition.equations)
    times.push_back(needed.contains({e.name, e.next}));
  for (const CellDefinition::Repeat& r : definition.repeats)
    for (std::size_t i = r.begin; i < r.end; ++i) times[i] *= cell.rounds(r);
  return times;
}

}  // namespace unroll

#include <fmt/format.h>

#include <map>

#include "models/language/definition.hpp"
#include "models/nearest.hpp"

namespace unroll {
namespace {

using Part = PyTorchStatement::Part;
using Structure = ParameterStatement::Structure;

class Stacking {
 public:
  explicit Stacking(const CellDefinition& cell) : cell_(cell) {}

  std::vector<CellDefinition::PyTorchTensor> run(std::span<const PyTorchStatement> statements) {
    std::vector<CellDefinition::PyTorchTensor> tensors;
    const PyTorchStatement* before = nullptr;
    for (const PyTorchStatement& s : statements) {
      define(names_, s.name, s.at, "is defined");
      tensors.push_back({s.name, {}});
      for (const Part& part : s.parts) tensors.back().parts.push_back(part.name);
      check_stack(s, before);
      before = &s;
    }
    if (!statements.empty()) check_complete();
    return tensors;
  }

 private:
  [[noreturn]] void fail(Span at, std::string_view text) const {
    throw EquationError(cell_.source, at, text);
  }

  void define(std::map<std::string, Span>& known, const std::string& name, Span at, std::string_view what) {
    const auto [first, fresh] = known.emplace(name, at);
    if (!fresh)
      fail(at, fmt::format("{} {} twice, first in line {}", name, what,
                           cell_.source.line_of(first->second.begin)));
  }

  std::string shown(const CellDefinition::Parameter& p) const {
    return fmt::format("{} is {}", p.statement.name, describe({.shape = p.shape}, SizeSolver{}));
  }

  void check_stack(const PyTorchStatement& s, const PyTorchStatement* before) {
    const CellDefinition::Parameter* first = nullptr;
    for (std::size_t i = 0; i < s.parts.size(); ++i) {
      const CellDefinition::Parameter& p =
          s.parts[i].name.empty() ? other_half(s, i, before) : parameter(s.parts[i]);
      if (!first) first = &p;
      if (!stacks_on(p.shape, first->shape))
        fail(s.parts[i].at,
             fmt::format("{}, {}: what is stacked are vectors, or matrices with as many columns",
                         shown(*first), shown(p)));
    }
  }

  static bool stacks_on(const std::vector<Size>& a, const std::vector<Size>& b) {
    return a.size() == b.size() && (a.size() < 2 || a[1] == b[1]);
  }

  const CellDefinition::Parameter& parameter(const Part& part) {
    const CellDefinition::Parameter* p = cell_.find_parameter(part.name);
    if (!p) fail(part.at, no_parameter(part.name));
    define(parts_, part.name, part.at, "stands in pytorch lines");
    if (p->statement.structure != Structure::dense)
      fail(
          part.at,
          fmt::format("{} is not stored as the matrix that it is; PyTorch's tensors hold whole matrices only",
                      part.name));
    if (p->shape.empty())
      fail(part.at,
           fmt::format("{} is a number; PyTorch's tensors are stacked of vectors or of matrices", part.name));
    return *p;
  }

  std::string no_parameter(const std::string& name) const {
    if (cell_.find_state(name) || cell_.find_equation(name, false) || cell_.find_constant(name) ||
        name == "x")
      return fmt::format("{} is no parameter; only parameters stand in PyTorch's tensors", name);
    std::vector<std::string> known;
    for (const CellDefinition::Parameter& p : cell_.parameters) known.push_back(p.statement.name);
    // Any letter is near to any other.
    const auto guess = name.size() > 1 ? nearest(name, known) : std::nullopt;
    return fmt::format("{} is no parameter of this cell{}", name,
                       guess ? fmt::format("; did you mean {}?", *guess) : "");
  }

  /// The parameter that a 0 belongs to.
  const CellDefinition::Parameter& other_half(const PyTorchStatement& s, std::size_t i,
                                              const PyTorchStatement* before) const {
    const CellDefinition::Parameter* p = before && before->parts.size() == s.parts.size()
                                             ? cell_.find_parameter(before->parts[i].name)
                                             : nullptr;
    if (p && p->shape.size() == 1) return *p;
    fail(s.parts[i].at,
         fmt::format("0 stands for a second bias, added to the one at the same place of the pytorch line "
                     "before; {}",
                     p        ? "there, " + shown(*p)
                     : before ? fmt::format("{} has no parameter there, or not as many parts", before->name)
                              : "there is none"));
  }

  void check_complete() const {
    for (const CellDefinition::Parameter& p : cell_.parameters)
      if (!parts_.contains(p.statement.name))
        fail(
            p.statement.at,
            fmt::format("{} stands in no pytorch line; where there are such lines, every parameter stands in "
                        "one",
                        p.statement.name));
  }

  const CellDefinition& cell_;
  std::map<std::string, Span> names_, parts_;
};

}  // namespace

std::vector<CellDefinition::PyTorchTensor> pytorch_tensors(const CellDefinition& cell,
                                                           std::span<const PyTorchStatement> statements) {
  return Stacking(cell).run(statements);
}

}  // namespace unroll

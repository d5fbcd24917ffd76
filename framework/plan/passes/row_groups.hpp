#pragma once

#include <optional>
#include <vector>

#include "framework/plan/passes/row_roles.hpp"

namespace unroll::passes {

/// A row this long is worth a loop: shorter ones, over as many rows as training takes at once, stay in the
/// cache anyway.
bool is_wide(const Dims& dims);
/// A product of few columns with a weight that makes many of them: a readout.
bool is_readout(const ir::Instruction& instruction, const ir::Program& program);

/// Finds instructions of a program's code that can run together over blocks of rows: those that read or make
/// a wide value that follows from a readout, and those between them. What needs a result of all the rows
/// belongs to a later group than what it comes from.
class RowGroups {
 public:
  using Group = std::vector<std::size_t>;  ///< positions in the code

  RowGroups(const ir::Program& program, Dim length);

  const std::vector<Group>& groups() const { return groups_; }
  const RowRoles& roles(std::size_t i) const { return *roles_[i]; }

  /// Whether something else than the members reads the value.
  bool needed_outside(ir::Id value, const Group& members) const;

 private:
  bool makes_rows(ir::Id value) const;
  std::vector<ir::Id> row_values(std::size_t i) const;
  bool touches_wide(std::size_t i) const;
  void mark_wide();
  void find_stages();
  void find_groups();
  Group group_of(int stage) const;
  bool worth_a_loop(const Group& members) const;

  const ir::Program& program_;
  std::vector<bool> wide_;  ///< by value
  std::vector<int> producer_, reads_;
  std::vector<std::vector<ir::Id>> read_by_;  ///< by instruction
  std::vector<std::optional<RowRoles>> roles_;
  std::vector<int> stage_;
  std::vector<Group> groups_;
};

}  // namespace unroll::passes

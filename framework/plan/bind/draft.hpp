#pragma once

#include "framework/plan/bind/binding.hpp"

namespace unroll::binding {

/// A binding while it is made: who shares bytes with whom may still change.
struct Draft {
  explicit Draft(const ir::Program& program);

  ir::Id root(ir::Id value) const {
    while (shares[value] != ir::none) value = shares[value];
    return value;
  }
  /// Bytes of its own in the arena of `region`, which nothing else has a claim on.
  bool free_in(ir::Id root, int region) const {
    return home[root] == Home::arena && spare_rows[root] == 0 && region_of[root] == region;
  }
  /// The two share bytes from now on: those of `owner`. Both are roots.
  void share(ir::Id root, ir::Id owner);
  bool is_output(ir::Id root) const;

  const ir::Program& program;
  std::vector<Region> regions;
  std::vector<LoopMoves> moves;  ///< values as they are, roots or not
  // By value:
  std::vector<ir::Id> shares;
  std::vector<int> region_of;
  std::vector<int> made;  ///< position in its region's code; -1 for arguments, inputs and what is done once
  std::vector<Home> home;
  std::vector<int> first, last;  ///< of roots
  std::vector<int> spare_rows;
  std::vector<ir::Id> shifted_from;

 private:
  int add_region(const ir::Code& code, const ir::Loop* loop, int parent, int position);
};

void share_views(Draft& draft);
void find_lifetimes(Draft& draft);
/// States that each iteration may overwrite; `elementwise` says whether elementwise work may do so too.
void find_states_in_place(Draft& draft, bool elementwise);
/// Stacks and states: what is made where it is to stay.
void bind_loops(Draft& draft, bool shared_history);
/// What adds to a value adds to its bytes; with `elementwise`, results of chains and of rows that may take
/// those of operands.
void write_in_place(Draft& draft, bool elementwise);

/// Whether result `out` of the chain may be written over the operand with the bytes of `root`: no link reads
/// them after the one that makes it. A sum begins before anything is read: with zeros, or with what it is
/// added to, over which alone it may be written.
bool chain_may_overwrite(const Draft& draft, const ir::Chain& chain, ir::Id out, ir::Id root);
/// How often the instruction, loops in it included, reads the bytes of `root`.
int reads_of(const Draft& draft, const ir::Instruction& instruction, ir::Id root);

}  // namespace unroll::binding

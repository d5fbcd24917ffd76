#include <algorithm>
#include <map>
#include <set>

#include "framework/autodiff/ops/rows.hpp"
#include "framework/plan/ir/edit.hpp"
#include "framework/plan/ir/uses.hpp"
#include "framework/plan/passes/passes.hpp"
#include "framework/plan/passes/row_groups.hpp"

namespace unroll::passes {
namespace {

using namespace ir;

/// Makes one loop over blocks of rows of the members of a group.
class RowLoop {
 public:
  RowLoop(Program& program, const RowGroups& groups, const RowGroups::Group& members, Dim length)
      : program_(program), groups_(groups), members_(members) {
    loop_.over = Loop::Rows{};
    loop_.length = length;
  }

  /// What comes before the loop, and the loop.
  Code make() {
    for (const std::size_t i : members_) add(*program_.code[i].compute(), groups_.roles(i));
    loop_.over = Loop::Rows{widest_};
    before_.push_back({std::move(loop_)});
    return std::move(before_);
  }

 private:
  Dim share(const Dims& dims) const { return *quotient(dims[0], loop_.length); }

  Dims over_rows(Dims dims) const {
    dims[0] = share(dims) * Dim::block();
    return dims;
  }

  void add(Compute compute, const RowRoles& roles) {
    const Id whole = compute.out;
    for (std::size_t k = 0; k < compute.in.size(); ++k)
      if (roles.in[k]) compute.in[k] = rows(compute.in[k]);
    if (!roles.out) {
      compute.onto = total(whole);
      compute.out = program_.add(program_.values[whole]);
      loop_.states.back().after = compute.out;
    } else {
      compute.out = row_result(whole);
      compute.attrs = attrs_for(compute, program_.dims(compute.out));
    }
    loop_.body.push_back({std::move(compute)});
  }

  void note_width(const Dims& dims) {
    const Dim elements = *quotient(numel(dims), loop_.length);
    if (is_wide(dims) && elements.number() > widest_.number()) widest_ = elements;
  }

  Id rows(Id whole) {
    if (const auto known = rows_.find(whole); known != rows_.end()) return known->second;
    note_width(program_.dims(whole));
    const Id part = program_.add_like(whole, over_rows(program_.dims(whole)));
    loop_.slices.push_back({whole, part});
    return rows_[whole] = part;
  }

  Id row_result(Id whole) {
    note_width(program_.dims(whole));
    const Id part = program_.add_like(whole, over_rows(program_.dims(whole)));
    if (groups_.needed_outside(whole, members_)) loop_.stacks.push_back({part, whole});
    return rows_[whole] = part;
  }

  /// The sum over the rows is a state that each block of them adds to.
  Id total(Id whole) {
    const Id initial = append_zeros(program_, before_, program_.dims(whole));
    const Id before = program_.add(program_.values[whole]);
    loop_.states.push_back({initial, before, none, whole});
    return before;
  }

  Program& program_;
  const RowGroups& groups_;
  const RowGroups::Group& members_;
  Loop loop_;
  Code before_;
  Dim widest_ = 0;
  std::map<Id, Id> rows_;  ///< in the loop's body, by value of the program
};

/// The code with a loop in the place of each group, otherwise in its order as far as that can be.
class Replacement {
 public:
  Replacement(Program& program, const std::vector<RowGroups::Group>& groups, std::vector<Code> loops)
      : program_(program), missing_(program.values.size(), false) {
    std::vector<bool> grouped(program.code.size(), false);
    for (std::size_t g = 0; g < groups.size(); ++g) {
      for (const std::size_t i : groups[g]) grouped[i] = true;
      parts_.push_back({groups[g][0], std::move(loops[g])});
    }
    for (std::size_t i = 0; i < grouped.size(); ++i) {
      if (grouped[i]) continue;
      parts_.push_back({i, {}});
      parts_.back().code.push_back(std::move(program.code[i]));
    }
    std::ranges::sort(parts_, {}, &Part::position);
  }

  void run() {
    const auto set_missing = [&](const Part& part, bool missing) {
      for (const Instruction& instruction : part.code)
        each_result(instruction, [&](Id id) { missing_[id] = missing; });
    };
    for (const Part& part : parts_) set_missing(part, true);
    program_.code.clear();
    while (!parts_.empty()) {
      const auto next = std::ranges::find_if(parts_, [&](const Part& part) { return ready(part); });
      set_missing(*next, false);
      insert(program_.code, program_.code.size(), std::move(next->code));
      parts_.erase(next);
    }
  }

 private:
  struct Part {
    std::size_t position;  ///< of its first instruction in the code as it was
    Code code;
  };

  bool ready(const Part& part) const {
    std::set<Id> own;
    for (const Instruction& instruction : part.code) each_result(instruction, [&](Id id) { own.insert(id); });
    bool all_made = true;
    each_read(part.code, [&](Id id) { all_made = all_made && (!missing_[id] || own.contains(id)); });
    return all_made;
  }

  Program& program_;
  std::vector<Part> parts_;
  std::vector<bool> missing_;
};

void rows_in_blocks(Program& program, Dim length) {
  const RowGroups groups(program, length);
  std::vector<Code> loops;
  for (const RowGroups::Group& members : groups.groups())
    loops.push_back(RowLoop(program, groups, members, length).make());
  if (!loops.empty()) Replacement(program, groups.groups(), std::move(loops)).run();
}

/// The first axis of a readout as it is looked at elsewhere: (T·B, V) is (T, B, V) to what follows.
Dim rows_of(const Program& program, Id readout) {
  std::vector<Id> views = {readout};
  Dim length = program.dims(readout)[0];
  for (const Instruction& instruction : program.code) {
    const Compute* compute = instruction.compute();
    if (!compute || compute->op->rows != Rows::reshape ||
        std::ranges::find(views, compute->in[0]) == views.end())
      continue;
    views.push_back(compute->out);
    const Dims& dims = program.dims(compute->out);
    if (dims.size() < 2 || dims.back() != program.dims(readout).back()) continue;
    if (dims[0] != Dim(1) && quotient(length, dims[0])) length = dims[0];
  }
  return length;
}

}  // namespace

void rows_in_blocks(Program& program) {
  std::vector<Dim> lengths;
  for (const Instruction& instruction : program.code) {
    if (!is_readout(instruction, program)) continue;
    const Dim length = rows_of(program, instruction.compute()->out);
    if (std::ranges::find(lengths, length) == lengths.end()) lengths.push_back(length);
  }
  for (const Dim length : lengths) rows_in_blocks(program, length);
}

}  // namespace unroll::passes

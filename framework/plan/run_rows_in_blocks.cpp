#include <algorithm>
#include <map>
#include <set>

#include "framework/autodiff/ops/products.hpp"
#include "framework/autodiff/scan.hpp"
#include "framework/plan/lift.hpp"
#include "framework/plan/row_roles.hpp"

namespace unroll {
namespace {

/// A row this long is worth a loop: shorter ones, over as many rows as training takes at once, stay in the
/// cache anyway.
constexpr std::int64_t wide_row = 1024;

bool is_wide(const Dims& dims) {
  return dims.size() >= 2 && dims.back().fixed() && dims.back().number() >= wide_row;
}

/// A product of few columns with a weight that makes many of them: a readout.
bool is_readout(const Instruction& instruction, const Program& program) {
  if (instruction.op->rows != Rows::product || instruction.loop ||
      instruction.attrs.as<MatmulAttrs>().transpose_a)
    return false;
  const Dims &out = program.slots[instruction.out].dims, &in = program.slots[instruction.in[0]].dims;
  return out.size() == 2 && is_wide(out) && in[1].fixed() && out[1].number() >= 4 * in[1].number();
}

/// The first axis of a readout as it is looked at elsewhere: (T·B, V) is (T, B, V) to what follows.
Dim rows_of(const Program& program, SlotId readout) {
  const Dims& own = program.slots[readout].dims;
  Dim length = own[0];
  for (std::size_t s = 0; s < program.slots.size(); ++s) {
    const Dims& dims = program.slots[s].dims;
    if (dims.size() < 2 || dims.back() != own.back() || program.root(static_cast<SlotId>(s)) != readout)
      continue;
    if (dims[0] != Dim(1) && quotient(length, dims[0])) length = dims[0];
  }
  return length;
}

/// Finds instructions that can run together over blocks of rows: those that read or make a wide value that
/// follows from a readout, and those between them. What needs a result of all the rows belongs to a later
/// group than what it comes from.
class RowGroups {
 public:
  RowGroups(const Program& program, const std::vector<SlotId>& kept, Dim length) : program_(program) {
    for (const SlotId slot : kept) kept_.insert(program.root(slot));
    for (std::size_t i = 0; i < program.code.size(); ++i) {
      for (const SlotId slot : writes(program.code[i])) producer_[program.root(slot)] = i;
      roles_.push_back(row_roles(program.code[i], program, length));
    }
    mark_wide();
    find_stages();
    find_groups();
  }

  const std::vector<std::vector<std::size_t>>& groups() const { return groups_; }
  const RowRoles& roles(std::size_t i) const { return *roles_[i]; }

  /// Whether something else than the members reads the value.
  bool needed_outside(SlotId slot, const std::vector<std::size_t>& members) const {
    const SlotId root = program_.root(slot);
    if (kept_.contains(root)) return true;
    for (std::size_t i = 0; i < program_.code.size(); ++i) {
      if (std::find(members.begin(), members.end(), i) != members.end()) continue;
      for (const SlotId read : reads(program_.code[i]))
        if (program_.root(read) == root) return true;
    }
    return false;
  }

 private:
  const Instruction& instruction(std::size_t i) const { return program_.code[i]; }

  bool makes_rows(SlotId root) const {
    const auto found = producer_.find(root);
    return found != producer_.end() && roles_[found->second] && roles_[found->second]->out;
  }

  /// Roots of the values whose rows the instruction reads or makes.
  std::vector<SlotId> row_values(std::size_t i) const {
    std::vector<SlotId> roots;
    for (std::size_t k = 0; k < instruction(i).in.size(); ++k)
      if (roles_[i]->in[k]) roots.push_back(program_.root(instruction(i).in[k]));
    if (roles_[i]->out) roots.push_back(instruction(i).out);
    return roots;
  }

  bool touches_wide(std::size_t i) const {
    if (!roles_[i]) return false;
    const std::vector<SlotId> values = row_values(i);
    return std::any_of(values.begin(), values.end(), [&](SlotId root) { return wide_.contains(root); });
  }

  /// Readouts, and wide values that are computed from them or with them, other products apart.
  void mark_wide() {
    for (std::size_t i = 0; i < program_.code.size(); ++i)
      if (roles_[i] && is_readout(instruction(i), program_)) wide_.insert(instruction(i).out);
    for (std::size_t before = 0; before != wide_.size();) {
      before = wide_.size();
      for (std::size_t i = 0; i < program_.code.size(); ++i) {
        if (instruction(i).op->rows == Rows::product || !touches_wide(i)) continue;
        for (const SlotId root : row_values(i))
          if (makes_rows(root) && is_wide(program_.slots[root].dims)) wide_.insert(root);
      }
    }
  }

  /// Whether instruction i reads operand k row by row as its producer makes it.
  bool flows(std::size_t i, std::size_t k) const {
    return roles_[i] && roles_[i]->in[k] && makes_rows(program_.root(instruction(i).in[k]));
  }

  int stage_before(std::size_t i) const {
    int stage = -1;
    const std::vector<SlotId> operands = reads(instruction(i));
    for (std::size_t k = 0; k < operands.size(); ++k) {
      const auto maker = producer_.find(program_.root(operands[k]));
      if (maker == producer_.end() || stage_[maker->second] < 0) continue;
      stage = std::max(stage, stage_[maker->second] + (flows(i, k) ? 0 : 1));
    }
    return stage;
  }

  /// The first loop in which each instruction could run, -1 for what waits for none.
  void find_stages() {
    for (std::size_t i = 0; i < program_.code.size(); ++i) {
      stage_.push_back(-1);
      stage_[i] = stage_before(i);
      if (touches_wide(i)) stage_[i] = std::max(stage_[i], 0);
    }
  }

  void find_groups() {
    const int last = stage_.empty() ? -1 : *std::max_element(stage_.begin(), stage_.end());
    for (int stage = 0; stage <= last; ++stage) {
      const std::vector<std::size_t> members = group_of(stage);
      if (worth_a_loop(members)) groups_.push_back(members);
    }
  }

  /// What touches a wide value in this stage, and what lies between two such instructions.
  std::vector<std::size_t> group_of(int stage) const {
    const std::size_t n = program_.code.size();
    std::vector<bool> after(n, false), before(n, false);
    for (std::size_t i = 0; i < n; ++i) {
      after[i] = stage_[i] == stage && touches_wide(i);
      for (const SlotId slot : reads(instruction(i)))
        if (const auto maker = producer_.find(program_.root(slot)); maker != producer_.end())
          after[i] = after[i] || (stage_[i] == stage && after[maker->second]);
    }
    std::vector<std::size_t> members;
    for (std::size_t i = n; i-- > 0;) {
      before[i] = before[i] || (stage_[i] == stage && touches_wide(i));
      if (!before[i]) continue;
      if (after[i]) members.push_back(i);
      for (const SlotId slot : reads(instruction(i)))
        if (const auto maker = producer_.find(program_.root(slot)); maker != producer_.end())
          before[maker->second] = true;
    }
    std::reverse(members.begin(), members.end());
    return members;
  }

  /// With a product in it, and a wide value that need not be held whole.
  bool worth_a_loop(const std::vector<std::size_t>& members) const {
    const auto multiplies = [&](std::size_t i) { return instruction(i).op->rows == Rows::product; };
    const auto stays = [&](std::size_t i) {
      return wide_.contains(instruction(i).out) && !needed_outside(instruction(i).out, members);
    };
    return std::any_of(members.begin(), members.end(), multiplies) &&
           std::any_of(members.begin(), members.end(), stays);
  }

  const Program& program_;
  std::set<SlotId> kept_, wide_;  ///< roots
  std::map<SlotId, std::size_t> producer_;
  std::vector<std::optional<RowRoles>> roles_;
  std::vector<int> stage_;
  std::vector<std::vector<std::size_t>> groups_;
};

/// Makes one loop over blocks of rows of the members of a group.
class RowLoop {
 public:
  RowLoop(Program& program, const RowGroups& groups, const std::vector<std::size_t>& members, Dim length)
      : program_(program), groups_(groups), members_(members) {
    loop_->length = length;
    loop_->stride = Dim::block();
  }

  Instruction make() {
    for (const std::size_t i : members_) add(program_.code[i], groups_.roles(i));
    return {.op = &scan_op, .loop = loop_};
  }

 private:
  Program& body() { return loop_->body; }

  Dim share(const Dims& dims) const { return *quotient(dims[0], loop_->length); }

  Dims over_block(Dims dims) const {
    dims[0] = share(dims) * Dim::block();
    return dims;
  }

  /// The value with a first axis that the loop walks along.
  SlotId walked(SlotId slot) {
    Dims dims = program_.slots[slot].dims;
    const Dim rest = share(dims);
    if (rest == Dim(1)) return slot;
    dims[0] = rest;
    dims.insert(dims.begin(), loop_->length);
    return view(program_, slot, std::move(dims));
  }

  void add(Instruction instruction, const RowRoles& roles) {
    for (std::size_t k = 0; k < instruction.in.size(); ++k)
      instruction.in[k] = roles.in[k] ? rows(instruction.in[k]) : whole(instruction.in[k]);
    instruction.out = roles.out ? row_result(instruction.out) : total(instruction.out);
    instruction.accumulate = !roles.out;
    body().code.push_back(std::move(instruction));
  }

  void note_width(const Dims& dims) {
    const Dim elements = *quotient(numel(dims), loop_->length);
    if (is_wide(dims) && elements.number() > loop_->wide.number()) loop_->wide = elements;
  }

  SlotId outside(SlotId outer, Dims dims) {
    return body().add_slot(
        {.dims = std::move(dims), .kind = program_.slots[outer].kind, .place = Place::outside});
  }

  SlotId rows(SlotId slot) {
    if (const auto known = rows_.find(slot); known != rows_.end()) return known->second;
    note_width(program_.slots[slot].dims);
    const Dims dims = over_block(program_.slots[slot].dims);
    if (const auto made = rows_.find(program_.root(slot)); made != rows_.end() && made_.contains(made->first))
      return rows_[slot] = view(body(), made->second, dims);
    const SlotId inner = outside(slot, dims);
    loop_->slices.push_back({walked(slot), inner});
    return rows_[slot] = inner;
  }

  SlotId whole(SlotId slot) {
    if (const auto known = whole_.find(slot); known != whole_.end()) return known->second;
    const SlotId inner = outside(slot, program_.slots[slot].dims);
    loop_->captures.push_back({slot, inner});
    return whole_[slot] = inner;
  }

  SlotId row_result(SlotId slot) {
    note_width(program_.slots[slot].dims);
    const bool stacked = groups_.needed_outside(slot, members_);
    const SlotId inner = body().add_slot({.dims = over_block(program_.slots[slot].dims),
                                          .kind = program_.slots[slot].kind,
                                          .place = stacked ? Place::outside : Place::arena});
    if (stacked)
      loop_->stacked.push_back({walked(slot), inner});
    else
      program_.slots[slot].place = Place::outside;  // no bytes: it is never whole
    made_.insert(slot);
    return rows_[slot] = inner;
  }

  SlotId total(SlotId slot) {
    const SlotId inner = outside(slot, program_.slots[slot].dims);
    loop_->accumulated.push_back({slot, inner});
    return inner;
  }

  Program& program_;
  const RowGroups& groups_;
  const std::vector<std::size_t>& members_;
  std::shared_ptr<Loop> loop_ = std::make_shared<Loop>();
  std::map<SlotId, SlotId> rows_, whole_;  ///< slots of the loop's body, by slot of the program
  std::set<SlotId> made_;                  ///< slots of the program that the loop makes
};

/// The code with a loop in the place of each group, otherwise in its order as far as that can be.
class Replacement {
 public:
  Replacement(Program& program, std::vector<std::vector<std::size_t>> groups)
      : program_(program), parts_(std::move(groups)) {
    std::vector<bool> grouped(program.code.size(), false);
    for (const auto& members : parts_)
      for (const std::size_t i : members) grouped[i] = true;
    loops_ = parts_.size();
    for (std::size_t i = 0; i < grouped.size(); ++i)
      if (!grouped[i]) parts_.push_back({i});
  }

  void run(std::vector<Instruction> loops) {
    for (std::size_t p = 0; p < parts_.size(); ++p)
      for (const std::size_t i : parts_[p])
        for (const SlotId slot : writes(program_.code[i])) missing_[program_.root(slot)] = p;
    std::vector<Instruction> code;
    for (std::set<std::size_t> left = all_parts(); !left.empty();) {
      const std::size_t next = first_ready(left);
      left.erase(next);
      for (const std::size_t i : parts_[next])
        for (const SlotId slot : writes(program_.code[i])) missing_.erase(program_.root(slot));
      code.push_back(next < loops_ ? loops[next] : program_.code[parts_[next][0]]);
    }
    program_.code = std::move(code);
  }

 private:
  std::set<std::size_t> all_parts() const {
    std::set<std::size_t> all;
    for (std::size_t p = 0; p < parts_.size(); ++p) all.insert(p);
    return all;
  }

  bool ready(std::size_t part) const {
    for (const std::size_t i : parts_[part])
      for (const SlotId slot : reads(program_.code[i]))
        if (const auto maker = missing_.find(program_.root(slot));
            maker != missing_.end() && maker->second != part)
          return false;
    return true;
  }

  std::size_t first_ready(const std::set<std::size_t>& left) const {
    std::size_t first = parts_.size();
    for (const std::size_t part : left)
      if ((first == parts_.size() || parts_[part][0] < parts_[first][0]) && ready(part)) first = part;
    return first;
  }

  Program& program_;
  std::vector<std::vector<std::size_t>> parts_;  ///< groups first, then single instructions
  std::size_t loops_ = 0;
  std::map<SlotId, std::size_t> missing_;  ///< roots not made yet, and by which part
};

void run_rows_in_blocks(Program& program, const std::vector<SlotId>& kept, const PlanOptions& options,
                        Dim length) {
  const RowGroups groups(program, kept, length);
  std::vector<Instruction> loops;
  for (const std::vector<std::size_t>& members : groups.groups()) {
    loops.push_back(RowLoop(program, groups, members, length).make());
    if (options.runs(passes::transposed_weights)) transpose_weights(*loops.back().loop);
  }
  if (!loops.empty()) Replacement(program, groups.groups()).run(std::move(loops));
}

}  // namespace

void run_rows_in_blocks(Program& program, const std::vector<SlotId>& kept, const PlanOptions& options) {
  std::vector<Dim> lengths;
  for (const Instruction& instruction : program.code) {
    if (!is_readout(instruction, program)) continue;
    const Dim length = rows_of(program, instruction.out);
    if (std::find(lengths.begin(), lengths.end(), length) == lengths.end()) lengths.push_back(length);
  }
  for (const Dim length : lengths) run_rows_in_blocks(program, kept, options, length);
}

}  // namespace unroll

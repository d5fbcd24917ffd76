#include "framework/plan/passes/row_groups.hpp"
#include "framework/autodiff/ops/products.hpp"

#include <algorithm>

#include "framework/autodiff/ops/rows.hpp"
#include "framework/plan/ir/uses.hpp"

namespace unroll::passes {

using namespace ir;

bool is_wide(const Dims& dims) {
  constexpr std::int64_t wide_row = 1024;
  return dims.size() >= 2 && dims.back().fixed() && dims.back().number() >= wide_row;
}

bool is_readout(const Instruction& instruction, const Program& program) {
  const Compute* compute = instruction.compute();
  if (!compute || compute->op->rows != Rows::product || compute->attrs.as<MatmulAttrs>().transpose_a)
    return false;
  const Dims &out = program.dims(compute->out), &in = program.dims(compute->in[0]);
  return out.size() == 2 && is_wide(out) && in[1].fixed() && out[1].number() >= 4 * in[1].number();
}

RowGroups::RowGroups(const Program& program, Dim length)
    : program_(program),
      wide_(program.values.size(), false),
      producer_(definitions(program, program.code)),
      reads_(count_reads(program)) {
  for (const Instruction& instruction : program.code) {
    std::vector<Id>& read = read_by_.emplace_back();
    each_read(instruction, [&](Id id) { read.push_back(id); });
    roles_.push_back(row_roles(instruction, program, length));
  }
  mark_wide();
  find_stages();
  find_groups();
}

bool RowGroups::needed_outside(Id value, const Group& members) const {
  std::ptrdiff_t inside = 0;
  for (const std::size_t i : members) inside += std::ranges::count(read_by_[i], value);
  return reads_[value] > inside;
}

bool RowGroups::makes_rows(Id value) const {
  const int i = producer_[value];
  return i >= 0 && roles_[static_cast<std::size_t>(i)] && roles_[static_cast<std::size_t>(i)]->out;
}

/// The values whose rows the instruction reads or makes.
std::vector<Id> RowGroups::row_values(std::size_t i) const {
  const Compute& compute = *program_.code[i].compute();
  std::vector<Id> values;
  for (std::size_t k = 0; k < compute.in.size(); ++k)
    if (roles_[i]->in[k]) values.push_back(compute.in[k]);
  if (roles_[i]->out) values.push_back(compute.out);
  return values;
}

bool RowGroups::touches_wide(std::size_t i) const {
  return roles_[i] && std::ranges::any_of(row_values(i), [&](Id value) { return wide_[value]; });
}

/// Readouts, and wide values that are computed from them or with them, other products apart.
void RowGroups::mark_wide() {
  const std::size_t n = program_.code.size();
  for (std::size_t i = 0; i < n; ++i)
    if (roles_[i] && is_readout(program_.code[i], program_)) wide_[program_.code[i].compute()->out] = true;
  for (bool more = true; more;) {
    more = false;
    for (std::size_t i = 0; i < n; ++i) {
      if (!touches_wide(i) || program_.code[i].compute()->op->rows == Rows::product) continue;
      for (const Id value : row_values(i))
        if (!wide_[value] && makes_rows(value) && is_wide(program_.dims(value))) wide_[value] = more = true;
    }
  }
}

/// The first loop in which each instruction could run, -1 for what waits for none.
void RowGroups::find_stages() {
  for (std::size_t i = 0; i < program_.code.size(); ++i) {
    int stage = touches_wide(i) ? 0 : -1;
    for (std::size_t k = 0; k < read_by_[i].size(); ++k) {
      const int maker = producer_[read_by_[i][k]];
      if (maker < 0 || stage_[static_cast<std::size_t>(maker)] < 0) continue;
      const bool flows = roles_[i] && roles_[i]->in[k] && makes_rows(read_by_[i][k]);
      stage = std::max(stage, stage_[static_cast<std::size_t>(maker)] + (flows ? 0 : 1));
    }
    stage_.push_back(stage);
  }
}

void RowGroups::find_groups() {
  const int last = stage_.empty() ? -1 : *std::ranges::max_element(stage_);
  for (int stage = 0; stage <= last; ++stage)
    if (Group members = group_of(stage); worth_a_loop(members)) groups_.push_back(std::move(members));
}

/// What touches a wide value in this stage, and what lies between two such instructions.
RowGroups::Group RowGroups::group_of(int stage) const {
  const std::size_t n = program_.code.size();
  std::vector<bool> after(n, false), before(n, false);
  for (std::size_t i = 0; i < n; ++i) {
    if (stage_[i] != stage) continue;
    after[i] = touches_wide(i) || std::ranges::any_of(read_by_[i], [&](Id id) {
                 return producer_[id] >= 0 && after[static_cast<std::size_t>(producer_[id])];
               });
  }
  Group members;
  for (std::size_t i = n; i-- > 0;) {
    if (!before[i] && !(stage_[i] == stage && touches_wide(i))) continue;
    if (after[i]) members.push_back(i);
    for (const Id id : read_by_[i])
      if (producer_[id] >= 0) before[static_cast<std::size_t>(producer_[id])] = true;
  }
  std::ranges::reverse(members);
  return members;
}

/// With a product in it, and a wide value that need not be held whole.
bool RowGroups::worth_a_loop(const Group& members) const {
  const auto multiplies = [&](std::size_t i) {
    return program_.code[i].compute()->op->rows == Rows::product;
  };
  const auto stays = [&](std::size_t i) {
    const Id out = program_.code[i].compute()->out;
    return wide_[out] && !needed_outside(out, members);
  };
  return std::ranges::any_of(members, multiplies) && std::ranges::any_of(members, stays);
}

}  // namespace unroll::passes

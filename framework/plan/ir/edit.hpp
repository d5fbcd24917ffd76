#pragma once

#include <map>
#include <vector>

#include "framework/plan/ir/program.hpp"

/// What passes change programs with.
namespace unroll::ir {

/// Appends out = op(in...) to `code`. Its dims are those of the op's shape rule.
Id append(Program& program, Code& code, const Op& op, std::vector<Id> in, Attrs attrs = {});
/// The attributes with which an op like `compute` makes a result of shape `out`.
Attrs attrs_for(const Compute& compute, const Dims& out);
/// The value in another shape of as many elements: itself where it has that shape already.
Id append_reshape(Program& program, Code& code, Id value, const Dims& dims);
/// Zeros to begin a sum with.
Id append_zeros(Program& program, Code& code, const Dims& dims);

/// A copy of `code` with values of its own for all that it defines. `renamed` says what takes the place of
/// values from outside, and learns what takes the place of those that are defined.
Code clone(Program& program, const Code& code, std::map<Id, Id>& renamed);

/// Reads `to` wherever `from` was read.
void replace_reads(Program& program, Id from, Id to);

/// The program for runs of that many time steps: a number stands where T stood.
void set_time(Program& program, std::int64_t steps);

/// Removes what no output needs, in loops too: instructions, slices, stacks and states.
void remove_dead(Program& program);

/// Puts `added` before position `at`.
void insert(Code& code, std::size_t at, Code added);

}  // namespace unroll::ir

#include "framework/plan/ir/edit.hpp"

#include <doctest/doctest.h>

#include "framework/autodiff/ops/rows.hpp"
#include "framework/plan/ir/text.hpp"
#include "framework/plan/ir/uses.hpp"
#include "framework/plan/ir/verify.hpp"

using namespace unroll;
using ir::Program;

namespace {

std::string without_dead(std::string_view text) {
  Program program = ir::parse(text);
  ir::remove_dead(program);
  ir::verify(program);
  return ir::to_text(ir::parse(ir::to_text(program)));
}

constexpr std::string_view recurrence = R"(input %x.0 (T, B, 3)
input %h.1 (B, 3)
for each step of T
  slice %x.2 (B, 3) of %x.0
  state %h.3 (B, 3) from %h.1
  index %step.4
  %h.5 (B, 3) = add %h.3 %x.2
  %c.7 (B, 3) = chain
    %b.6 = tanh %h.5
    %c.7 = mul %b.6 %x.2
  stack %c.7 into %c.8 (T, B, 3)
  carry %h.5 as %h.3, last %h.9 (B, 3)
output %c.8
)";

}  // namespace

TEST_CASE("[ir] what no output needs is removed, inputs excepted") {
  CHECK(without_dead(R"(input %x.0 (3)
input %y.1 (3)
once %one.2 () = fill{value=1}
once %two.3 () = fill{value=2}
%a.4 (3) = tanh %x.0
%b.5 (3) = mul %y.1 %one.2
%c.6 (3) = exp %b.5
%d.7 (3) = mul %a.4 %two.3
output %d.7
)") == R"(input %x.0 (3)
input %y.1 (3)
once %two.2 () = fill{value=2}
%a.3 (3) = tanh %x.0
%d.4 (3) = mul %a.3 %two.2
output %d.4
)");
}

TEST_CASE("[ir] of a loop the states, slices, stacks and final values that nobody needs are removed") {
  CHECK(without_dead(R"(input %x.0 (T, 3)
input %y.1 (T, 3)
input %h.2 (3)
for each step of T
  slice %x.3 (3) of %x.0
  slice %y.4 (3) of %y.1
  state %g.5 (3) from %h.2
  state %h.6 (3) from %h.2
  index %step.7
  %g.8 (3) = add %g.5 %x.3
  %h.9 (3) = mul %h.6 %y.4
  stack %g.8 into %g.10 (T, 3)
  stack %h.9 into %h.11 (T, 3)
  carry %g.8 as %g.5, last %g.12 (3)
  carry %h.9 as %h.6, last %h.13 (3)
output %g.10
)") == R"(input %x.0 (T, 3)
input %y.1 (T, 3)
input %h.2 (3)
for each step of T
  slice %x.3 (3) of %x.0
  state %g.4 (3) from %h.2
  %g.5 (3) = add %g.4 %x.3
  stack %g.5 into %g.6 (T, 3)
  carry %g.5 as %g.4
output %g.6
)");
}

TEST_CASE("[ir] a state that another state needs in a later step is carried") {
  constexpr std::string_view chain_of_states = R"(input %x.0 (T, 3)
input %h.1 (3)
for each step of T
  slice %x.2 (3) of %x.0
  state %f.3 (3) from %h.1
  state %g.4 (3) from %h.1
  state %h.5 (3) from %h.1
  %a.6 (3) = mul %x.2 %f.3
  carry %a.6 as %f.3
  carry %f.3 as %g.4
  carry %g.4 as %h.5, last %h.7 (3)
output %h.7
)";
  CHECK(without_dead(chain_of_states) == chain_of_states);
}

TEST_CASE("[ir] a state that only feeds itself is removed, and a loop of such states too") {
  CHECK(without_dead(R"(input %x.0 (T, 3)
input %h.1 (3)
for each step of T
  slice %x.2 (3) of %x.0
  state %h.3 (3) from %h.1
  %h.4 (3) = add %h.3 %x.2
  carry %h.4 as %h.3
output %h.1
)") == "input %x.0 (T, 3)\ninput %h.1 (3)\noutput %h.1\n");
}

TEST_CASE("[ir] a copy of code defines values of its own and reads the same ones from outside") {
  Program program = ir::parse(recurrence);
  std::map<ir::Id, ir::Id> renamed;
  ir::Code copy = ir::clone(program, program.code, renamed);
  CHECK(renamed.size() == 8);
  CHECK(!renamed.contains(0));
  ir::insert(program.code, 1, std::move(copy));
  program.outputs.push_back(renamed.at(8));
  CHECK_NOTHROW(ir::verify(program));
  CHECK(ir::to_text(ir::parse(ir::to_text(program))).find("stack %c.15 into %c.16 (T, B, 3)") !=
        std::string::npos);
}

TEST_CASE("[ir] a copy reads what takes the place of values from outside") {
  Program program = ir::parse(recurrence);
  const ir::Id other = program.add_like(1, {Dim::batch(), 3});
  program.inputs.push_back(other);
  std::map<ir::Id, ir::Id> renamed = {{1, other}};
  const ir::Code copy = ir::clone(program, program.code, renamed);
  CHECK(copy[0].loop()->states[0].initial == other);
  CHECK(program.code[0].loop()->states[0].initial == 1);
}

TEST_CASE("[ir] reads are counted and replaced through loops, chains and outputs") {
  Program program = ir::parse(recurrence);
  std::vector<int> reads = ir::count_reads(program);
  CHECK(reads[0] == 1);  // by the slice
  CHECK(reads[2] == 2);
  CHECK(reads[5] == 2);  // by the chain and as the next state
  CHECK(reads[7] == 1);
  CHECK(reads[8] == 1);  // an output
  CHECK(reads[9] == 0);
  ir::replace_reads(program, 5, 2);
  ir::replace_reads(program, 8, 9);
  reads = ir::count_reads(program);
  CHECK(reads[5] == 0);
  CHECK(reads[2] == 4);
  CHECK(program.outputs[0] == 9);
}

TEST_CASE("[ir] what is appended has the shape of its op's rule") {
  Program program = ir::parse("input %x.0 (B, 3)\ninput %W.1 (5, 3)\n");
  const ir::Id product =
      ir::append(program, program.code, matmul_op(), {0, 1}, parse_attrs(matmul_op(), "{transpose_b}"));
  CHECK(program.dims(product) == Dims{Dim::batch(), 5});
  CHECK(ir::append_reshape(program, program.code, product, {Dim::batch(), 5}) == product);
  const ir::Id flat = ir::append_reshape(program, program.code, product, {Dim(5) * Dim::batch()});
  CHECK(flat != product);
  CHECK(program.code.size() == 2);
  CHECK_THROWS_AS(ir::append(program, program.code, matmul_op(), {0, 1}), ShapeError);
  CHECK_NOTHROW(ir::verify(program));
}

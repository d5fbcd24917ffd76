#include "framework/plan/ir/uses.hpp"

#include <doctest/doctest.h>

#include <optional>
#include <string>
#include <vector>

#include "framework/plan/ir/text.hpp"

using namespace unroll;

namespace {

/// Steps in blocks, with one more line in the step.
ir::Program in_blocks(const std::string& line) {
  return ir::parse(R"(input %x.0 (T, B, 4)
input %h.1 (B, 4)
for blocks of R steps of T, states (4·B)
  slice %x.2 (R, B, 4) of %x.0
  state %h.3 (B, 4) from %h.1
  for each step of R
    slice %x.4 (B, 4) of %x.2
    state %h.5 (B, 4) from %h.3
    %y.6 (B, 4) = mul %h.5 %x.4
)" + line + R"(
    carry %y.6 as %h.5, last %h.8 (B, 4)
  carry %h.8 as %h.3, last %h.9 (B, 4)
output %h.9
)");
}

const ir::Loop& loop_in(const ir::Code& code) {
  for (const ir::Instruction& instruction : code)
    if (instruction.loop()) return *instruction.loop();
  FAIL("no loop");
  return *code.front().loop();
}

}  // namespace

TEST_CASE("[ir] a body uses blocks where something in it has an extent in R, a result or what is counted") {
  const auto steps_use_blocks = [](const std::string& line) {
    const ir::Program program = in_blocks(line);
    const ir::Loop& blocks = loop_in(program.code);
    CHECK(ir::uses_blocks(program, blocks));  // the loop over the steps has R of them
    return ir::uses_blocks(program, loop_in(blocks.body));
  };
  CHECK_FALSE(steps_use_blocks("    %z.7 (B, 4) = tanh %x.4"));
  CHECK(steps_use_blocks("    %z.7 (R, B, 4) = tanh %x.2"));
  CHECK(steps_use_blocks("    %z.7 (R, B, 4) = chain\n      %z.7 = add %x.2 %h.5"));
  CHECK(steps_use_blocks("    %z.7 () = count{dims=(R, B)}"));
}

TEST_CASE("[ir] what a value is filled with is known outside loops, of what is done once as well") {
  const ir::Program program = ir::parse(R"(input %x.0 (B, 4)
once %two.1 () = fill{value=2}
%zeros.2 (B, 4) = fill{dims=(B, 4)}
%y.3 (B, 4) = tanh %x.0
for each step of T
  state %h.4 (B, 4) from %zeros.2
  %three.5 () = fill{value=3}
  %h.6 (B, 4) = mul %h.4 %three.5
  carry %h.6 as %h.4, last %h.7 (B, 4)
%z.8 (B, 4) = mul %y.3 %two.1
output %h.7
output %z.8
)");
  const std::vector<std::optional<double>> expected = {{}, 2.0, 0.0, {}, {}, {}, {}, {}, {}};
  for (ir::Id value = 0; value < 9; ++value) CHECK(ir::filled_with(program, value) == expected[value]);
}

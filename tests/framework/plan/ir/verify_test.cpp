#include "framework/plan/ir/verify.hpp"

#include <doctest/doctest.h>

#include <random>

#include "framework/autodiff/ops/rows.hpp"
#include "framework/autodiff/ops/shaping.hpp"
#include "framework/plan/ir/text.hpp"
#include "framework/plan/pipeline.hpp"
#include "tests/framework/plan/interpreter.hpp"
#include "tests/framework/plan/recorded.hpp"

using namespace unroll;
using ir::Loop;
using ir::Program;

namespace {

constexpr std::string_view valid = R"(input %x.0 (T, B, 3)
input %i.1 (T, B) integer
input %h_0.2 (B, 3)
once %one.3 () = fill{value=1}
%zero.4 (3, 3) = fill{dims=(3, 3)}
%sum.5 (3, 3) = %zero.4 += matmul{transpose_a} %h_0.2 %h_0.2
for each step of T
  slice %x.6 (B, 3) of %x.0
  state %h.7 (B, 3) from %h_0.2
  index %step.8
  %b.10 (B, 3) = chain
    %a.9 = add %h.7 %x.6
    %b.10 = mul %a.9 %one.3
  stack %b.10 into %b.11 (T, B, 3)
  carry %b.10 as %h.7, last %h.12 (B, 3)
output %h.12
)";

void check_refused(const Program& program, const char* message) {
  INFO(message);
  CHECK_THROWS_WITH_AS(ir::verify(program), doctest::Contains(message), std::logic_error);
}

void check_refused(std::string_view text, const char* message) {
  INFO(text);
  check_refused(ir::parse(text), message);
}

/// The valid program after a change that its text cannot have.
template <class F>
void check_changed(F change, const char* message) {
  Program program = ir::parse(valid);
  change(program);
  check_refused(program, message);
}

Loop& loop(Program& program) { return *program.code[2].loop(); }

/// `body` in a loop over T steps over these inputs.
std::string in_loop(const std::string& body, const std::string& behind = "") {
  return "input %x.0 (T, B, 3)\ninput %h.1 (B, 3)\nfor each step of T\n  slice %x.2 (B, 3) of %x.0\n" + body +
         "\n" + behind;
}

}  // namespace

TEST_CASE("[ir] a valid program is none of the broken ones below") {
  CHECK_NOTHROW(ir::verify(ir::parse(valid)));
  CHECK_NOTHROW(ir::verify(ir::parse(in_loop("  %a.3 (B, 3) = tanh %x.2"))));
  CHECK_NOTHROW(ir::verify(Program{}));
}

TEST_CASE("[ir] values are defined once, before they are read, where their readers see them") {
  check_changed([](Program& p) { p.inputs.push_back(0); }, "%x.0: it is defined twice");
  check_changed([](Program& p) { p.code[1].compute()->out = 4; }, "%zero.4: it is defined twice");
  check_changed([](Program& p) { loop(p).slices.push_back(loop(p).slices[0]); }, "%x.6: it is defined twice");
  check_changed([](Program& p) { loop(p).stacks.push_back(loop(p).stacks[0]); },
                "%b.11: it is defined twice");
  check_changed([](Program& p) { std::swap(p.code[0], p.code[1]); },
                "%sum.5 = matmul: it reads %zero.4, which is not defined before");
}

TEST_CASE("[ir] there are no values but those of the program") {
  const auto none = ir::none;
  check_changed([](Program& p) { p.outputs = {99}; },
                "the outputs: there is no value 99; the program has 13");
  check_changed([](Program& p) { p.code[1].compute()->in[0] = -1; }, "%sum.5 = matmul: there is no value -1");
  check_changed([](Program& p) { p.code[1].compute()->out = 99; }, "a definition: there is no value 99");
  check_changed([=](Program& p) { p.code[1].compute()->out = none; }, "a definition: there is no value -1");
  check_changed([=](Program& p) { loop(p).body[0].chain()->links[0].out = none; }, "there is no value -1");
  check_changed([=](Program& p) { loop(p).states[0].after = none; }, "a state: there is no value -1");
  check_changed([=](Program& p) { loop(p).stacks[0].whole = none; }, "a definition: there is no value -1");
}

TEST_CASE("[ir] what a loop or a chain defines inside is not seen outside") {
  check_changed([](Program& p) { p.outputs = {6}; },
                "the outputs: it reads %x.6, which is defined in a loop that it is not in");
  check_changed([](Program& p) { p.outputs = {10}; }, "which is defined in a loop that it is not in");
  check_changed([](Program& p) { loop(p).stacks[0].part = 9; }, "a stack: it reads %a.9");
  check_changed([](Program& p) { loop(p).slices[0].whole = 7; }, "a slice: it reads %h.7");
  check_changed([](Program& p) { loop(p).states[0].initial = 6; },
                "a state: it reads %x.6, which is not defined before");
  check_changed(
      [](Program& p) {
        loop(p).slices.insert(loop(p).slices.begin(), {6, 8});
      },
      "a slice: it reads %x.6");
  check_refused(in_loop("  for each step of B\n    slice %y.3 (3) of %h.1\n  %a.4 (3) = tanh %y.3"),
                "it reads %y.3, which is defined in a loop that it is not in");
}

TEST_CASE("[ir] kinds and shapes are those of the ops' rows") {
  check_refused("input %x.0 (3)\n%a.1 (3) = add %x.0", "%a.1 = add: it takes 2 operands, not 1");
  check_refused("input %x.0 (3)\n%a.1 (3) = tanh %x.0 %x.0", "it takes 1 operands, not 2");
  check_refused("%a.0 (3) = concat", "nothing to join");
  check_refused("input %i.0 (3) integer\n%a.1 (3) = tanh %i.0", "operand %i.0 has the wrong kind");
  check_refused("input %x.0 (3)\n%a.1 (3) integer = tanh %x.0", "the result has the wrong kind");
  check_refused("input %x.0 (3)\n%a.1 (4) = tanh %x.0", "the result %a.1 has shape (4), expected (3)");
  check_refused("input %x.0 (3)\ninput %y.1 (4)\n%a.2 (3) = add %x.0 %y.1", "add");
  check_changed(
      [](Program& p) {
        p.code[1].compute()->attrs = DimsAttrs{{3, 3}};
      },
      "attributes of another op");
  check_changed([](Program& p) { p.code[1].compute()->op = nullptr; }, "there is no op");
  check_changed([](Program& p) { p.code[0].compute()->op = &scan_op; }, "no instruction");
  check_refused("%a.0 (3) = input", "no instruction");
}

TEST_CASE("[ir] only what can add to a value does, to one of its result's shape that was there before") {
  check_refused("input %x.0 (3)\ninput %y.1 (3)\n%a.2 (3) = %y.1 += tanh %x.0",
                "this op cannot add to a value");
  check_refused("input %x.0 (3)\ninput %y.1 (3)\n%a.2 () = %y.1 += sum_to %x.0",
                "the value it adds to %y.1 has shape (3), expected ()");
  check_refused("input %x.0 (3)\ninput %i.1 () integer\n%a.2 () = %i.1 += sum_to %x.0", "the wrong kind");
  check_changed([](Program& p) { p.code[1].compute()->onto = 5; },
                "it reads %sum.5, which is not defined before");
}

TEST_CASE("[ir] what is done once reads no inputs and has no loops") {
  check_refused("input %x.0 (3)\nonce %a.1 (3) = tanh %x.0\noutput %a.1",
                "it reads %x.0, which is not defined");
  check_changed([](Program& p) { p.once.push_back(std::move(p.code[2])); }, "only single ops are done once");
  check_changed([](Program& p) { p.frozen.push_back(p.outputs[0]); }, "it is frozen, but no input");
}

TEST_CASE("[ir] chains are of elementwise work on one shape, and give what they make") {
  const auto chain = [](const std::string& links) {
    return "input %x.0 (2, 3)\ninput %y.1 (2, 1, 3)\ninput %i.2 (2, 3) integer\n%a.3 (2, 3) = chain\n" +
           links;
  };
  check_refused(chain("  %a.3 = softmax %x.0"), "%a.3 = softmax in a chain: it is not elementwise");
  check_refused(chain("  %a.3 = tanh %i.2"), "operand %i.2 has the wrong kind");
  check_refused(chain("  %a.3 = tanh %y.1"), "the result %a.3 has shape (2, 3), expected (2, 1, 3)");
  check_refused("input %x.0 (2, 1, 3)\n%a.1 (2, 5, 3) = chain\n  %a.1 = broadcast_to{dims=(2, 5, 3)} %x.0",
                "%x.0 of shape (2, 1, 3) broadcasts along an axis in the middle");
  check_refused("input %x.0 (2)\n%a.1 (2, 2) = chain\n  %a.1 = tanh %x.0",
                "the result %a.1 has shape (2, 2), expected (2)");
  const auto body = [](Program& p) -> ir::Chain& { return *loop(p).body[0].chain(); };
  check_changed([&](Program& p) { body(p).links.clear(); }, "a chain: it is empty");
  check_changed([&](Program& p) { body(p).out = {7}; }, "it gives %h.7, which no link of it makes");
  check_changed([&](Program& p) { body(p).out = {10, 10}; }, "it gives %b.10 twice");
  check_changed([&](Program& p) { body(p).dims = {3}; }, "the result %a.9 has shape (B, 3), expected (3)");
  check_changed([&](Program& p) { body(p).links[1].onto = 9; }, "it is not elementwise");
  check_changed([&](Program& p) { std::swap(body(p).links[0], body(p).links[1]); },
                "it reads %a.9, which is not");
}

TEST_CASE("[ir] parts of a value have its shape but for the axis that the loop goes along") {
  const auto slice = [](const std::string& head, const std::string& part) {
    return "input %x.0 (T, B, 3)\ninput %y.1 (2·T, 3)\ninput %s.2 ()\ninput %n.3 (N, 3)\n" + head +
           "\n  slice %p.4 " + part;
  };
  const std::string steps = "for each step of T", blocks = "for blocks of R steps of T";
  for (const auto& [head, part] : {std::pair{steps, "(B, 3) of %x.0"},
                                   {blocks, "(R, B, 3) of %x.0"},
                                   {blocks, "(2·R, 3) of %y.1"},
                                   {std::string("for segments of S steps of T"), "(3) of %n.3"}})
    CHECK_NOTHROW(ir::verify(ir::parse(slice(head, part))));
  check_refused(slice(steps, "(B, 3) of %s.2"), "part %p.4 of %s.2: a scalar has no parts");
  check_refused(slice(steps, "(B, 4) of %x.0"), "shapes (T, B, 3) and (B, 4) do not fit a loop of T");
  check_refused(slice(steps, "(2, 3) of %y.1"), "do not fit a loop of T");
  check_refused(slice(steps, "(3) of %n.3"), "do not fit a loop of T");
  check_refused(slice("for each step of B", "(B, 3) of %x.0"), "do not fit a loop of B");
  check_refused(slice(blocks, "(B, 3) of %x.0"), "the part %p.4 has shape (B, 3), expected (R, B, 3)");
  check_refused(slice(blocks, "(R, 3) of %y.1"), "expected (2·R, 3)");
  check_refused(slice(blocks, "(3) of %n.3"), "do not fit");
  check_refused(slice(steps, "(B, 3) integer of %x.0"), "part %p.4 of %x.0: the kinds differ");
  check_changed([](Program& p) { p.values[11].dims[2] = 4; },
                "part %b.10 of %b.11: shapes (T, B, 4) and (B, 3)");
}

TEST_CASE("[ir] a state has one shape and one kind before, between and after the iterations") {
  check_changed([](Program& p) { p.values[7].dims = {3}; },
                "a state: the state before %h.7 has shape (3), expected");
  check_changed([](Program& p) { loop(p).states[0].after = 4; },
                "a state: the state after %zero.4 has shape (3, 3)");
  check_changed([](Program& p) { p.values[12].dims = {3}; }, "a state: the final state %h.12 has shape (3)");
  const char* kind = "a state: %h.7 and %h_0.2 are not of one kind";
  check_changed([](Program& p) { p.values[7].kind = Kind::integer; }, kind);
  check_changed([](Program& p) { p.values[12].kind = Kind::integer; },
                "a state: %h.12 and %h_0.2 are not of one kind");
  check_changed([](Program& p) { p.values[8].kind = Kind::real; },
                "%step.8: a step's index is an integer scalar");
  check_changed([](Program& p) { p.values[8].dims = {3}; }, "%step.8: a step's index is an integer scalar");
}

TEST_CASE("[ir] of two instructions that are swapped the change is seen, or makes no difference") {
  std::mt19937 random(1);
  int refused = 0, same = 0;
  for (std::uint64_t seed = 0; seed < 12; ++seed) {
    Program program = record_scan(seed).program;
    run_passes(program, {}, false);
    const Sizes sizes{.time = 5, .batch = 2};
    const auto expected = Interpreter<double>(program, sizes, 2).outputs();
    for (int n = 0; n < 30; ++n) {
      Program changed = program;
      std::vector<ir::Code*> codes = {&changed.code};
      for (std::size_t i = 0; i < codes.size(); ++i)
        for (ir::Instruction& instruction : *codes[i])
          if (instruction.loop()) codes.push_back(&instruction.loop()->body);
      ir::Code& code = *codes[random() % codes.size()];
      if (code.size() < 2) continue;
      std::swap(code[random() % code.size()], code[random() % code.size()]);
      try {
        ir::verify(changed);
      } catch (const std::logic_error&) {
        ++refused;
        continue;
      }
      CHECK(Interpreter<double>(changed, sizes, 2).outputs() == expected);
      ++same;
    }
  }
  CHECK(refused > 50);
  CHECK(same > 20);
}

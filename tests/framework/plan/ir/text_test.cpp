#include "framework/plan/ir/text.hpp"

#include <doctest/doctest.h>

#include <random>

#include "framework/plan/ir/verify.hpp"
#include "framework/plan/pipeline.hpp"
#include "tests/framework/plan/recorded.hpp"

using namespace unroll;

namespace {

/// Every kind of line, numbered as it is read. Not a valid program.
constexpr std::string_view normal = R"(input %x.0 (T, B, 3)
input %tokens.1 (T, B) integer
input %h_0.2 (B, 5)
input %U.3 (5, 5)
once %fill.4 () = fill{value=2}
once %5 (B, 3) = fill{dims=(B, 3)}
%U.6 (5, 5) = transpose{permutation=(1, 0)} %U.3
%total.7 (5, 5) = %U.6 += matmul{transpose_a} %h_0.2 %h_0.2
for each step of T, reversed, states (5·B)
  slice %x.8 (B, 3) of %x.0
  slice %tokens.9 (B) integer of %tokens.1
  state %h.10 (B, 5) from %h_0.2
  index %step_index.11
  %matmul.12 (B, 5) = matmul{transpose_b} %h.10 %U.3
  %tanh.14, %mul.13 (B, 5) = chain
    %mul.13 = mul %fill.4 %matmul.12
    %tanh.14 = tanh %mul.13
  %15 (B) = gather %5 %tokens.9
  stack %mul.13 into %mul.16 (T, B, 5)
  carry %tanh.14 as %h.10, last %h.17 (B, 5)
for blocks of R steps of T, states (5·B, 3)
  slice %mul.18 (R, B, 5) of %mul.16
for blocks of R rows of T, reversed, widest 5·B
  slice %mul.19 (R, B, 5) of %mul.16
  %20 (R, B, 5) = exp %mul.19
for segments of S steps of T
  slice %x.21 (S, B, 3) of %x.0
  for blocks of R steps of S
    slice %x.22 (R, B, 3) of %x.21
    %23 (R, B, 3) = exp %x.22
output %h.17
output %mul.16
)";

void check_round_trip(const ir::Program& program) {
  const std::string text = ir::to_text(program);
  if (text.find("constant{") != std::string::npos) {  // the tensor is not written
    CHECK_THROWS_WITH_AS((void)ir::parse(text),
                         doctest::Contains("[constant] attribute 'tensor' cannot be read"),
                         std::invalid_argument);
    return;
  }
  const ir::Program read = ir::parse(text);
  CHECK_NOTHROW(ir::verify(read));
  const std::string renumbered = ir::to_text(read);
  CHECK(ir::to_text(ir::parse(renumbered)) == renumbered);
  // Up to the numbers of values nothing has changed.
  const auto without_numbers = [](const std::string& full) {
    std::string kept;
    bool in_name = false;
    for (std::size_t i = 0; i < full.size(); ++i) {
      in_name = full[i] == '%' || (in_name && full[i] != ' ' && full[i] != ',' && full[i] != '\n');
      if (!in_name || std::isdigit(static_cast<unsigned char>(full[i])) == 0) kept += full[i];
    }
    return kept;
  };
  CHECK(without_numbers(renumbered) == without_numbers(text));
  CHECK(read.values.size() <= program.values.size());
}

}  // namespace

TEST_CASE("[ir] a text in normal form is read and written as it is") {
  CHECK(ir::to_text(ir::parse(normal)) == normal);
  CHECK(ir::to_text(ir::parse("")) == "");
  CHECK(ir::to_text(ir::parse("\n\ninput %x.0 ()\n\n  \noutput %x.0")) == "input %x.0 ()\noutput %x.0\n");
}

TEST_CASE("[ir] the members of a program are those of its text") {
  const ir::Program p = ir::parse(normal);
  CHECK(p.inputs == std::vector<ir::Id>{0, 1, 2, 3});
  CHECK(p.values[1].kind == Kind::integer);
  CHECK(p.values[1].name == "tokens");
  CHECK(p.values[5].name.empty());
  CHECK(p.once.size() == 2);
  REQUIRE(p.code.size() == 6);
  CHECK(p.code[1].compute()->onto == 6);
  const ir::Loop& steps = *p.code[2].loop();
  CHECK(steps.is<ir::Loop::Steps>());
  CHECK(steps.reverse);
  CHECK(steps.length == Dim::time());
  CHECK(std::get<ir::Loop::Steps>(steps.over).state_sizes == Dims{Dim(5) * Dim::batch()});
  CHECK(steps.slices.size() == 2);
  CHECK(steps.states.at(0).final == 17);
  CHECK(steps.step_index == 11);
  CHECK(steps.body.at(1).chain()->out == std::vector<ir::Id>{14, 13});
  CHECK(std::get<ir::Loop::Rows>(p.code[4].loop()->over).widest == Dim(5) * Dim::batch());
  CHECK(p.code[5].loop()->body.at(0).loop()->is<ir::Loop::Blocks>());
}

TEST_CASE("[ir] recorded and planned programs are read as they are written") {
  for (const RecordedProgram& recorded : recorded_programs(40)) {
    INFO(recorded.name);
    check_round_trip(recorded.program);
    for (const bool checkpoints : {false, true}) {
      ir::Program program = recorded.program;
      run_passes(program, {}, checkpoints);
      check_round_trip(program);
    }
  }
}

TEST_CASE("[ir] names are read as they were, whatever a user calls an input") {
  for (const char* name : {"x", "2x", "7", "a.b", "W xh", "h'", "µ", "%", ""}) {
    INFO(name);
    ir::Program program;
    program.inputs.push_back(program.add({{Dim::batch()}, Kind::real, name}));
    program.outputs = program.inputs;
    const std::string text = ir::to_text(program);
    CHECK(ir::to_text(ir::parse(text)) == text);
  }
}

TEST_CASE("[ir] what is no program is refused with the line and what was expected there") {
  struct Case {
    std::string_view text, message;
  };
  for (const auto& [text, message] : std::initializer_list<Case>{
           {"input x.0 (T)", "line 1: expected a value, as %name.7 before 'x.0 (T)'"},
           {"input %x.0", "line 1: expected ' ' before ''"},
           {"input %x.0 T", "line 1: expected a shape, as (T, B, 3) before 'T'"},
           {"input %x.0 (T", "line 1: expected a shape, as (T, B, 3) before '(T'"},
           {"input %x.0 (T, Q)", "line 1: 'Q' is no extent: a number, T, B"},
           {"input %x.0 (T) real", "line 1: expected the end of the line before ' real'"},
           {"input %x.0 (T)\n\ninput %x.0 (T)", "line 3: expected another name: %x.0 is defined already"},
           {"output %x.0", "line 1: expected a value that is defined, not %x.0,"},
           {"once for each step of T", "line 1: expected a value, as %name.7 before 'for each"},
           {"hello", "line 1: expected a value, as %name.7 before 'hello'"},
           {"%a.0 (3)", "line 1: expected ' = ' before ''"},
           {"%a.0 (3) = ", "line 1: expected the name of an op, not '',"},
           {"%a.0 (3) = tanhh %b.1", "line 1: expected the name of an op, not 'tanhh',"},
           {"%a.0 (3) = tanh %b.1", "line 1: expected a value that is defined, not %b.1,"},
           {"%a.0 (3) = fill{dims=(3)", "line 1: expected attributes that end with } before '{dims=(3)'"},
           {"%a.0 (3) = fill{dims=3}", "line 1: [fill] attribute 'dims': '3' is no shape"},
           {"%a.0 (3) = fill{size=(3)}",
            "line 1: [fill] there is no attribute 'size'; attributes are value, dims"},
           {"%a.0 (3) = fill{dims=(3)}, %b.1", "line 1: expected the end of the line before ', %b.1'"},
           {"input %x.0 (3)\n%a.1 (3) = %x.0 tanh", "line 2: expected ' += ' before ' tanh'"},
           {"%a.0, %b.1 (3) = tanh", "line 1: expected ' ' before ', %b.1"},
           {"%a.0 (3) = chain, fused", "line 1: expected the end of the line before ', fused'"},
           {"%a.0 (3) = chain\n  %b.1 (3) = tanh", "line 2: expected ' = ' before ' (3) = tanh'"},
           {"input %x.0 (3)\n%a.1 (3) = chain\n  %b.2 = tanh %x.0",
            "expected a link of the chain that makes %a.1"},
           {"input %x.0 (3)\n%x.0 (3) = chain\n  %b.2 = tanh %x.0",
            "expected a link of the chain that makes %x.0"},
           {"for all steps of T", "line 1: expected 'segments of S steps' before 'all steps"},
           {"for each step T", "line 1: expected ' of ' before ' T'"},
           {"for each step of Q", "line 1: 'Q' is no extent"},
           {"for each step of (T, B)", "line 1: '(T' is no extent"},
           {"for each step of T, B", "line 1: expected the end of the line before ', B'"},
           {"for each step of T, states 5", "line 1: expected a shape, as (T, B, 3) before '5'"},
           {"for segments of S steps of T, states (5)",
            "line 1: expected the end of the line before ', states"},
           {"for blocks of R rows of T", "line 1: expected ', widest ' before ''"},
           {"for blocks of R rows of T, widest", "line 1: expected ', widest '"},
           {"for blocks of R rows of T, widest 5, 6", "line 1: expected an extent"},
           {"for each step of T\n  slice %x.0 (3)", "line 2: expected ' of ' before ''"},
           {"for each step of T\n  state %h.0 (3) of %h.1", "line 2: expected ' from ' before ' of %h.1'"},
           {"for each step of T\n  index %i.0 integer",
            "line 2: expected the end of the line before ' integer'"},
           {"input %x.0 (3)\nfor each step of T\n  stack %x.0 of %y.1", "line 3: expected ' into '"},
           {"input %x.0 (3)\nfor each step of T\n  carry %x.0 as %x.0",
            "line 3: expected a state of this loop"},
           {"input %x.0 (3)\nfor each step of T\n  carry %x.0", "line 3: expected ' as ' before ''"},
           {"input %h.0 (3)\nfor each step of T\n  state %h.1 (3) from %h.0",
            "line 2: expected that each state of the loop is carried"},
           {"\n%a.0 (3) = constant{tensor=5}",
            "line 2: [constant] attribute 'tensor' cannot be read from text"},
           {"for each step of T\n  input %x.0 (3)", "line 2: expected a value, as %name.7 before 'input"},
       }) {
    INFO(text);
    CHECK_THROWS_WITH_AS((void)ir::parse(text), doctest::Contains(std::string(message).c_str()),
                         std::invalid_argument);
  }
}

TEST_CASE("[ir] every beginning of a text, and every change of a letter, is read or refused") {
  std::mt19937 random(1);
  const std::string letters = "%(){}.,=+ 01TBRS\nabcxyz·";
  ir::Program planned = record_cell(*find_cell(cell_table(), "gru")).program;
  run_passes(planned, {}, false);
  int refused = 0, read = 0;
  const auto attempt = [&](const std::string& text) {
    try {
      (void)ir::to_text(ir::parse(text));
      ++read;
    } catch (const std::invalid_argument&) {
      ++refused;
    }
  };
  const std::string full(normal);
  for (std::size_t n = 0; n < full.size(); ++n) attempt(full.substr(0, n));
  for (const std::string& text : {full, ir::to_text(planned)})
    for (int n = 0; n < 1500; ++n) {
      std::string changed = text;
      for (std::size_t k = 0; k <= random() % 3; ++k) {
        const std::size_t at = random() % changed.size();
        if (random() % 3 == 0)
          changed.erase(at, 1 + random() % 8);
        else if (random() % 2 == 0)
          changed[at] = letters[random() % letters.size()];
        else
          changed.insert(at, 1, letters[random() % letters.size()]);
        if (changed.empty()) changed = text;
      }
      attempt(changed);
    }
  CHECK(refused > 500);
  CHECK(read > 50);
}

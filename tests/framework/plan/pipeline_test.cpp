#include "framework/plan/pipeline.hpp"

#include <doctest/doctest.h>

#include <set>

#include "framework/plan/ir/verify.hpp"
#include "tests/framework/plan/distance.hpp"
#include "tests/framework/plan/interpreter.hpp"
#include "tests/framework/plan/recorded.hpp"

using namespace unroll;

namespace {

/// Runs the passes one by one: each leaves a valid program that computes what the one before it did, with the
/// same bits where its row says that it does not round.
void check_each_pass(const RecordedProgram& recorded, bool checkpoints, Sizes sizes, std::int64_t block) {
  INFO(recorded.name);
  ir::Program program = recorded.program;
  auto before = Interpreter<double>(program, sizes, block).outputs();
  for (const Pass& pass : pipeline()) {
    if (!pass.run || (pass.when == Pass::When::under_budget && !checkpoints)) continue;
    INFO(pass.name);
    pass.run(program);
    REQUIRE_NOTHROW(ir::verify(program));
    const auto after = Interpreter<double>(program, sizes, block).outputs();
    if (pass.rounds)
      CHECK(distance(before, after) <= 1e-9);
    else
      CHECK(before == after);
    before = after;
  }
}

}  // namespace

TEST_CASE("[pipeline] every row has a name of its own, says what it does and why it stands there") {
  std::set<std::string_view> names;
  for (const Pass& pass : pipeline()) {
    INFO(pass.name);
    CHECK(names.insert(pass.name).second);
    CHECK(pass.name.size() > 0);
    CHECK(pass.does.size() > 10);
    CHECK(pass.why_here.size() > 5);
  }
  CHECK(names.size() == pipeline().size());
  for (const std::string_view name : optional_passes()) CHECK(names.contains(name));
  CHECK(optional_passes().size() + 2 == names.size());  // own-results, and checkpoints under a budget
}

TEST_CASE(
    "[pipeline] after every pass programs are valid and compute the same, with and without checkpoints") {
  for (const bool checkpoints : {false, true}) {
    Sizes sizes{.time = 7, .batch = 2};
    if (checkpoints) sizes.segment = 4, sizes.segments = 2;
    for (const RecordedProgram& recorded : recorded_programs(25))
      check_each_pass(recorded, checkpoints, sizes, 2);
  }
}

TEST_CASE("[pipeline] each pass that can be left out leaves a valid program without it") {
  const ir::Program lstm = record_cell(*find_cell(cell_table(), "lstm")).program;
  const ir::Program scan = record_scan(3).program, readout = record_readout().program;
  for (const std::string_view pass : optional_passes()) {
    INFO(pass);
    for (const ir::Program& recorded : {lstm, scan, readout})
      for (const bool checkpoints : {false, true}) {
        ir::Program program = recorded;
        CHECK_NOTHROW(run_passes(program, {.without = {pass}}, checkpoints, ir::verify));
      }
  }
}

TEST_CASE("[pipeline] a pass that is left out does not run, and the others do") {
  const auto text = [](std::vector<std::string_view> without) {
    ir::Program program = record_cell(*find_cell(cell_table(), "gru")).program;
    run_passes(program, {.without = std::move(without)}, false);
    return ir::to_text(program);
  };
  CHECK(text({}).find(" = chain") != std::string::npos);
  CHECK(text({"fused-chains"}).find(" = chain") == std::string::npos);
  CHECK(text({"fused-chains"}).find("for blocks") != std::string::npos);
  CHECK(text({"sunk-results", "hoisted-inputs"}).find("for blocks") == std::string::npos);
  ir::Program program;
  CHECK_THROWS_WITH_AS(run_passes(program, {.without = {"fused"}}, false),
                       doctest::Contains("there is no pass 'fused'; passes are single-steps"),
                       std::invalid_argument);
}

TEST_CASE(
    "[pipeline] the check is called before the first pass and after each, and stops at what is broken") {
  static int calls;  // a check is a plain function
  calls = 0;
  const auto count = [](const ir::Program&) { ++calls; };
  ir::Program program = record_scan(1).program;
  run_passes(program, {}, true, count);
  CHECK(calls == 1 + 17);
  calls = 0;
  program = record_scan(1).program;
  run_passes(program, {.without = {"small-tables"}}, false, count);
  CHECK(calls == 1 + 15);

  ir::Program broken = record_scan(1).program;
  std::swap(broken.code.front(), broken.code.back());
  CHECK_THROWS_AS(run_passes(broken, {}, false, ir::verify), std::logic_error);
}

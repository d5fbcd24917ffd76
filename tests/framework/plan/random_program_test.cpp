#include "tests/framework/plan/random_program.hpp"

#include <doctest/doctest.h>

#include <map>

#include "framework/plan/ir/text.hpp"
#include "framework/plan/ir/verify.hpp"
#include "framework/plan/pipeline.hpp"
#include "tests/framework/plan/bind/sharing.hpp"
#include "tests/framework/plan/distance.hpp"
#include "tests/framework/plan/random_readout.hpp"

using namespace unroll;

namespace {

struct Setting {
  bool checkpoints;
  Sizes sizes;
  std::int64_t block;
};

Setting setting(std::uint64_t seed) {
  const auto n = static_cast<std::int64_t>(seed);
  Setting s{seed % 2 == 1, {.time = n % 8, .batch = 1 + n % 3}, 1 + n % 3};
  if (s.checkpoints) s.sizes.segment = 2, s.sizes.segments = (s.sizes.time + 1) / 2, s.block = 2;
  return s;
}

/// Runs the passes one by one and counts whose programs changed.
void check_passes(ir::Program program, const Setting& setting, std::map<std::string_view, int>& changed) {
  REQUIRE_NOTHROW(ir::verify(program));
  auto before = Interpreter<double>(program, setting.sizes, setting.block).outputs();
  for (const Pass& pass : pipeline()) {
    if (!pass.run || (pass.when == Pass::When::under_budget && !setting.checkpoints)) continue;
    INFO(pass.name);
    const std::string text = ir::to_text(program);
    pass.run(program);
    changed[pass.name] += ir::to_text(program) != text;
    REQUIRE_NOTHROW(ir::verify(program));
    const auto after = Interpreter<double>(program, setting.sizes, setting.block).outputs();
    if (pass.rounds)
      CHECK(distance(before, after) <= 1e-9);
    else
      CHECK(before == after);
    before = after;
  }
}

/// In shared bytes it computes what it does apart.
void check_storage(const ir::Program& program, const Setting& setting) {
  const Interpreter<double> apart(program, setting.sizes, setting.block);
  for (const BindOptions& options :
       {BindOptions{}, {.reshape_in_place = false}, {.shared_history = false}, {.written_in_place = false}}) {
    Placed<> placed(program, options, setting.sizes, setting.block);
    CHECK(Sharing(program, placed.binding, placed.frame).faults() == "");
    CHECK(placed.run(apart) == apart.outputs());
  }
}

}  // namespace

TEST_CASE("[plan] passes leave what any valid program computes, and change programs of this kind") {
  std::map<std::string_view, int> changed;
  for (std::uint64_t seed = 0; seed < 150; ++seed) {
    INFO("seed ", seed);
    const Setting s = setting(seed);
    ir::Program program = RandomProgram(seed).program;
    if (s.sizes.time == 1) ir::set_time(program, 1);
    check_passes(std::move(program), s, changed);
  }
  for (const Pass& pass : pipeline()) {
    INFO(pass.name);
    if (pass.run && pass.name != "rows-in-blocks") CHECK(changed[pass.name] > 0);
  }
}

TEST_CASE("[plan] any valid program computes in shared bytes what it does apart") {
  for (std::uint64_t seed = 0; seed < 150; ++seed) {
    INFO("seed ", seed);
    ir::Program program = RandomProgram(seed).program;
    run_passes(program, seed % 4 < 2 ? PlanOptions{} : PlanOptions::as_recorded(), setting(seed).checkpoints);
    check_storage(program, setting(seed));
  }
}

TEST_CASE("[plan] whatever follows from wide readouts is computed the same in blocks of rows") {
  std::map<std::string_view, int> changed;
  for (std::uint64_t seed = 0; seed < 60; ++seed) {
    INFO("seed ", seed);
    ir::Program program = RandomReadout(seed).program;
    check_passes(program, setting(seed), changed);
    run_passes(program, {}, false);
    check_storage(program, setting(seed));
  }
  CHECK(changed["rows-in-blocks"] > 30);
}

#include <doctest/doctest.h>

#include <random>

#include "framework/plan/pipeline.hpp"
#include "tests/framework/plan/bind/sharing.hpp"
#include "tests/framework/plan/recorded.hpp"

using namespace unroll;

namespace {

constexpr BindOptions nothing_shared = {false, false, false};

/// With everything, without each, without any.
std::vector<BindOptions> bind_options() {
  return {{},
          {.reshape_in_place = false},
          {.shared_history = false},
          {.written_in_place = false},
          nothing_shared};
}

struct Planned {
  std::string name;
  ir::Program program;
  Sizes sizes;
  std::int64_t block;
};

/// As recorded, planned, and planned with checkpoints, at several sizes.
std::vector<Planned> planned_programs(std::uint64_t scans) {
  std::vector<Planned> all;
  std::int64_t n = 0;
  for (RecordedProgram& recorded : recorded_programs(scans)) {
    const Sizes sizes{.time = 1 + ++n % 9, .batch = 1 + n % 3};
    all.push_back({recorded.name + " as recorded", recorded.program, sizes, 1});
    run_passes(all.back().program, PlanOptions::as_recorded(), false);
    all.push_back({recorded.name, recorded.program, sizes, 1 + n % 4});
    run_passes(all.back().program, {}, false);
    Sizes cut = sizes;
    cut.segment = 2;
    cut.segments = (sizes.time + 1) / 2;
    all.push_back({recorded.name + " with checkpoints", recorded.program, cut, 2});
    run_passes(all.back().program, {}, true);
  }
  return all;
}

}  // namespace

TEST_CASE("[bind] programs in shared bytes compute what they do with bytes for each value") {
  for (const Planned& planned : planned_programs(20)) {
    INFO(planned.name);
    const Interpreter<double> apart(planned.program, planned.sizes, planned.block);
    for (const BindOptions& options : bind_options())
      CHECK(Placed<>(planned.program, options, planned.sizes, planned.block).run(apart) == apart.outputs());
  }
}

TEST_CASE("[bind] no two values that are alive together are in the same bytes") {
  for (const Planned& planned : planned_programs(20)) {
    INFO(planned.name);
    for (const BindOptions& options : bind_options()) {
      Placed<> placed(planned.program, options, planned.sizes, planned.block);
      CHECK(Sharing(planned.program, placed.binding, placed.frame).faults() == "");
    }
  }
}

TEST_CASE("[bind] what shares bytes saves memory, and without reuse nothing does") {
  std::size_t shared = 0, apart = 0, unused = 0;
  for (const Planned& planned : planned_programs(3)) {
    shared += Placed<>(planned.program, BindOptions{}, planned.sizes, planned.block).bytes;
    apart += Placed<>(planned.program, nothing_shared, planned.sizes, planned.block).bytes;
    unused += Placed<>(planned.program, nothing_shared, planned.sizes, planned.block, false).bytes;
  }
  CHECK(shared < apart);
  CHECK(apart < unused);
}

TEST_CASE("[bind] bytes that are given back too early are noticed") {
  int shortened = 0, noticed = 0;
  for (const Planned& planned : planned_programs(3)) {
    const Binding whole = bind(planned.program, {});
    for (std::size_t v = shortened % 7; v < whole.places.size(); v += 7) {
      const Place& place = whole.places[v];
      if (place.root != static_cast<ir::Id>(v) || place.home != Home::arena || place.last <= place.first)
        continue;
      Binding binding = whole;
      binding.places[v].last = place.first;
      Placed<> placed(planned.program, std::move(binding), planned.sizes, planned.block);
      ++shortened;
      noticed += !Sharing(planned.program, placed.binding, placed.frame).faults().empty();
    }
  }
  CHECK(shortened > 100);
  CHECK(noticed > shortened / 4);  // the rest has bytes that nothing else wants
}

TEST_CASE("[bind] a value that is written over another one too early is noticed") {
  std::mt19937 random(1);
  int joined = 0, noticed = 0;
  for (const Planned& planned : planned_programs(3)) {
    const Binding apart = bind(planned.program, nothing_shared);
    const auto arena = [&](std::size_t v) {
      return apart.places[v].root == static_cast<ir::Id>(v) && apart.places[v].home == Home::arena;
    };
    for (int n = 0; n < 30; ++n) {
      const std::size_t u = random() % apart.places.size(), v = random() % apart.places.size();
      const Place &a = apart.places[u], &b = apart.places[v];
      // Another shape of the same elements may be written over them.
      const auto shows = [&] {
        const ir::Compute* compute =
            (*apart.regions[static_cast<std::size_t>(b.region)].code)[static_cast<std::size_t>(b.first)]
                .compute();
        return compute && compute->op->rows == Rows::reshape && compute->in[0] == static_cast<ir::Id>(u);
      };
      // Alive together, in one region.
      if (u == v || !arena(u) || !arena(v) || a.region != b.region || a.first >= b.first ||
          a.last <= b.first || shows())
        continue;
      Binding binding = apart;
      binding.places[v].root = static_cast<ir::Id>(u);
      Placed<> placed(planned.program, std::move(binding), planned.sizes, planned.block);
      ++joined;
      noticed += Sharing(planned.program, placed.binding, placed.frame).faults().find("is written over") !=
                 std::string::npos;
    }
  }
  CHECK(joined > 20);
  CHECK(noticed == joined);
}

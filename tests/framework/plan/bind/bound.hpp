#pragma once

#include <doctest/doctest.h>

#include <string_view>

#include "framework/plan/ir/text.hpp"
#include "framework/plan/ir/verify.hpp"
#include "framework/plan/passes/passes.hpp"
#include "tests/framework/plan/bind/sharing.hpp"

namespace unroll {

/// A small program in normal form, whose values have the numbers of its text, bound. Whatever shares bytes,
/// it computes at several sizes what it does with bytes for each value, and no value overlaps another too
/// early.
class Bound {
 public:
  explicit Bound(std::string_view text, const BindOptions& options = {}) : program(ir::parse(text)) {
    REQUIRE(ir::to_text(program) == text);
    passes::own_results(program);
    ir::verify(program);
    binding = bind(program, options);
    for (const std::int64_t steps : {0, 1, 2, 5, 6})
      for (const std::int64_t block : {1, 2, 4}) {
        const Sizes sizes{.time = steps, .batch = 2};
        const Interpreter<double> apart(program, sizes, block);
        Placed<> placed(program, options, sizes, block);
        CHECK(Sharing(program, placed.binding, placed.frame).faults() == "");
        CHECK(placed.run(apart) == apart.outputs());
      }
  }

  bool share(ir::Id a, ir::Id b) const { return binding.root(a) == binding.root(b); }
  const Place& place(ir::Id id) const { return binding.place(binding.root(id)); }
  /// What moves with the loop that is the body of region `number`.
  const LoopMoves& loop(std::size_t number = 1) const { return binding.moves.at(number); }

  ir::Program program;
  Binding binding;
};

}  // namespace unroll

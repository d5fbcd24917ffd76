#pragma once

#include <doctest/doctest.h>

#include <string>
#include <string_view>

#include "framework/plan/ir/text.hpp"
#include "framework/plan/ir/verify.hpp"
#include "framework/plan/passes/passes.hpp"
#include "tests/framework/plan/distance.hpp"
#include "tests/framework/plan/interpreter.hpp"

namespace unroll {

/// The program after a pass, in normal form: valid, and computing what it did before, whatever T and B are.
inline std::string rewritten(void (*pass)(ir::Program&), std::string_view text) {
  const ir::Program before = ir::parse(text);
  ir::Program after = before;
  REQUIRE_NOTHROW(ir::verify(before));
  pass(after);
  REQUIRE_NOTHROW(ir::verify(after));
  for (const std::int64_t steps : {0, 1, 2, 5})
    for (const std::int64_t block : {1, 2}) {
      const Sizes sizes{.time = steps, .batch = 2, .block = 1, .segment = 2, .segments = (steps + 1) / 2};
      CHECK(distance(Interpreter<double>(before, sizes, block).outputs(),
                     Interpreter<double>(after, sizes, block).outputs()) <= 1e-12);
    }
  return ir::to_text(ir::parse(ir::to_text(after)));
}

inline void check_unchanged(void (*pass)(ir::Program&), std::string_view text) {
  CHECK(rewritten(pass, text) == text);
}

}  // namespace unroll

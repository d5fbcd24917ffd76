#include "framework/plan/pipeline.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <stdexcept>

#include "framework/plan/passes/passes.hpp"

namespace unroll {
namespace {

constexpr Pass table[] = {
    {"single-steps", "a loop of one step is its body", "first: the others see straight-line code", true,
     passes::single_steps},
    {"narrow-products",
     "a product with a few numbers of each sequence is a multiplication for each of them, its weight's "
     "gradient "
     "a sum: where the step goes through its vectors element by element, it does that on the way",
     "before loop-invariants, which takes the weight's columns out of the loop", true,
     passes::narrow_products},
    {"loop-invariants", "what no step changes is computed before the loop",
     "before the others: what it takes out, they need not look at", true, passes::loop_invariants},
    {"common-subexpressions", "equal work is done once",
     "behind loop-invariants, which brings equal work of several loops to one place; what is read by more, "
     "later passes leave where they would have moved it",
     true, passes::common_subexpressions},
    {"small-tables",
     "products with rows of a small table (embedded characters) are rows of one product of the table; the "
     "gradients likewise",
     "while steps are as recorded, so that the rows can be told", true, passes::small_tables},
    {"sunk-results", "what no later step needs is done behind a block of steps, over all its rows at once",
     "before hoisted-inputs: what is both early and late then needs no values held for the steps", true,
     passes::sunk_results},
    {"hoisted-inputs", "what needs no state is done before a block of steps, over all its rows at once",
     "while the steps hold plain ops", true, passes::hoisted_inputs},
    {"rows-in-blocks",
     "straight-line code on the rows of wide values (the logits of a large readout, and what follows them to "
     "its gradients) becomes loops over blocks of rows that stay in the cache: no such value is held whole",
     "behind all that moves work out of loops over time: that work may be on wide rows too", true,
     passes::rows_in_blocks},
    // A product of few rows with a transposed matrix runs at half the speed or less (20 rows by 100x100, one
    // thread: 37 against 101 GFLOP/s); to transpose the matrix once per run costs no more than a step or two.
    {"transposed-weights",
     "weights that a product in a loop would read transposed are transposed before it, and so are frozen "
     "ones",
     "when all loops are made", true, passes::transposed_weights},
    {"vector-products",
     "a product of a matrix and a vector for each sequence is a multiplication and a sum, one of two vectors "
     "a "
     "multiplication: chains take them in, so that several go once through the matrix",
     "when all loops are made; before accumulated-products, which would add to a product of vectors", true,
     passes::vector_products},
    {"accumulated-products", "a product that is added to a value which nothing else reads adds to its bytes",
     "before chains, which take in the additions that are left", true, passes::accumulated_products},
    // A sum over 320 rows, 50 units by 6 inputs, takes 3.2 us, by 6 inputs and 50 units 2.1; 128 units and 10
    // inputs 5.2 and 3.6, 256 units and 3 inputs 4.3 and 2.1.
    {"narrow-gradients",
     "the gradient of a weight of few inputs is summed up transposed, and turned behind the loop",
     "behind accumulated-products, which shows such sums", true, passes::narrow_gradients},
    {"checkpoints",
     "of a loop whose results another one goes back over the state of every S-th step is kept, and the rest "
     "computed again when it is needed",
     "behind all passes that may round: what is computed again is done as before, with the same bits", false,
     passes::checkpoints, Pass::When::under_budget},
    {"broadcast-once",
     "a bias that a step adds to all rows of the batch is laid out for them before the steps",
     "before chains, whose operands it changes", false, passes::broadcast_once},
    {"frozen-work", "what depends on frozen inputs alone is computed when they are bound, not in each run",
     "behind all that takes such work out of loops, while it is single ops", false, passes::frozen_work},
    {"own-results",
     "each output, which may be changed in place between runs, and each state after a step gets bytes of its "
     "own",
     "behind all passes that make two values one", false, passes::own_results, Pass::When::always},
    {"fused-chains", "elementwise work on one shape is one pass over it", "last: the others see single ops",
     false, passes::fused_chains},
    {"reshape-in-place", "another shape of a value is the same bytes", "with the storage", false, nullptr},
    {"shared-history", "stacked states before and after the steps overlap in one buffer", "with the storage",
     false, nullptr},
    {"written-in-place", "results take the bytes of operands that nothing reads any more", "with the storage",
     false, nullptr},
    {"memory-reuse", "values that are not alive together share bytes", "with the sizes", false, nullptr},
};

}  // namespace

bool PlanOptions::runs(std::string_view pass) const {
  return std::ranges::find(without, pass) == without.end();
}

PlanOptions PlanOptions::checked() const {
  const std::vector<std::string_view> names = optional_passes();
  PlanOptions known = *this;
  for (std::string_view& name : known.without) {
    const auto at = std::ranges::find(names, name);
    if (at == names.end())
      throw std::invalid_argument(
          fmt::format("[Plan] there is no pass '{}'; passes are {}", name, fmt::join(names, ", ")));
    name = *at;
  }
  return known;
}

PlanOptions PlanOptions::as_recorded() { return {.without = optional_passes()}; }

std::span<const Pass> pipeline() { return table; }

std::vector<std::string_view> optional_passes() {
  std::vector<std::string_view> names;
  for (const Pass& pass : table)
    if (pass.when == Pass::When::wanted) names.push_back(pass.name);
  return names;
}

void run_passes(ir::Program& program, const PlanOptions& options, bool checkpoints,
                void (*check)(const ir::Program&)) {
  options.checked();
  if (check) check(program);
  for (const Pass& pass : table) {
    if (!pass.run || !options.runs(pass.name) || (pass.when == Pass::When::under_budget && !checkpoints))
      continue;
    pass.run(program);
    if (check) check(program);
  }
}

}  // namespace unroll

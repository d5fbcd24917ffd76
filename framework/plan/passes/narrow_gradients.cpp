#include <algorithm>
#include <iterator>
#include <utility>
#include <vector>

#include "framework/autodiff/ops/products.hpp"
#include "framework/autodiff/ops/rows.hpp"
#include "framework/autodiff/ops/shaping.hpp"
#include "framework/autodiff/ops/sources.hpp"
#include "framework/plan/ir/edit.hpp"
#include "framework/plan/ir/uses.hpp"
#include "framework/plan/passes/passes.hpp"

namespace unroll::passes {
namespace {

using namespace ir;

/// (m, n) of which a row fills less of a register than a row of its transpose. With more columns than these
/// there is little to gain, with fewer rows the transpose fills no more.
bool narrow(const Dims& dims) {
  constexpr std::int64_t most_columns = 12, least_rows = 16;
  return dims.size() == 2 && dims[0].fixed() && dims[1].fixed() && dims[0].number() >= least_rows &&
         dims[1].number() <= most_columns;
}

Dims turned(const Dims& dims) { return {dims[1], dims[0]}; }

class NarrowGradients {
 public:
  explicit NarrowGradients(Program& program) : program_(program), reads_(count_reads(program)) {}

  /// In outermost loops: in others each would turn it back.
  void run() {
    std::vector<Code> before(program_.code.size()), behind(program_.code.size());
    for (std::size_t i = 0; i < program_.code.size(); ++i)
      if (Loop* loop = program_.code[i].loop())
        for (Loop::State& state : loop->states) turn(*loop, state, before[i], behind[i]);
    Code code;
    for (std::size_t i = 0; i < program_.code.size(); ++i) {
      std::ranges::move(before[i], std::back_inserter(code));
      code.push_back(std::move(program_.code[i]));
      std::ranges::move(behind[i], std::back_inserter(code));
    }
    program_.code = std::move(code);
  }

 private:
  /// Where products with a transposed first operand add up to the state, which nothing else reads.
  void turn(Loop& loop, Loop::State& state, Code& before, Code& behind) {
    if (!narrow(program_.dims(state.before)) || reads_[state.before] != 1 || reads_[state.after] != 1) return;
    const int at = definitions(program_, loop.body)[state.after];
    Compute* product = at < 0 ? nullptr : loop.body[static_cast<std::size_t>(at)].compute();
    if (!product || product->onto != state.before || !sums_rows(*product)) return;
    std::swap(product->in[0], product->in[1]);
    state.initial = turned_initial(state.initial, before);
    state.before = product->onto = turned_like(state.before);
    state.after = product->out = turned_like(state.after);
    if (state.final == none) return;
    const Id final = std::exchange(state.final, turned_like(state.final));
    behind.push_back({Compute{&transpose_op(), TransposeAttrs{{1, 0}}, {state.final}, final}});
  }

  static bool sums_rows(const Compute& compute) {
    if (compute.op->rows != Rows::product) return false;
    const auto& attrs = compute.attrs.as<MatmulAttrs>();
    return attrs.transpose_a && !attrs.transpose_b;
  }

  Id turned_like(Id value) { return program_.add_like(value, turned(program_.dims(value))); }

  Id turned_initial(Id initial, Code& before) {
    if (const auto number = filled_with(program_, initial))
      return append(program_, before, fill_op, {}, FillAttrs{*number, turned(program_.dims(initial))});
    return append(program_, before, transpose_op(), {initial}, TransposeAttrs{{1, 0}});
  }

  Program& program_;
  std::vector<int> reads_;
};

}  // namespace

void narrow_gradients(Program& program) {
  NarrowGradients(program).run();
  remove_dead(program);
}

}  // namespace unroll::passes

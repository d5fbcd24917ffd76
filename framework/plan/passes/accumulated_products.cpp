#include <algorithm>

#include "framework/plan/ir/edit.hpp"
#include "framework/plan/ir/uses.hpp"
#include "framework/plan/passes/passes.hpp"

namespace unroll::passes {
namespace {

using namespace ir;

/// In one piece of code: total + product, where nothing else reads either, becomes the product, made to add
/// to the total. A sum of all of an array, or what is 0 but for a few elements, counts as a product.
class Accumulating {
 public:
  /// `reads` counts for the whole program; of `own` values the code may overwrite the bytes.
  Accumulating(const Program& program, Code& code, std::vector<int>& reads, const std::vector<bool>& own)
      : program_(program), code_(code), reads_(reads), own_(own), producer_(definitions(program, code)) {}

  void run() {
    std::vector<bool> gone(code_.size(), false);
    for (std::size_t i = 0; i < code_.size(); ++i) {
      const Compute* sum = code_[i].compute();
      if (!sum || !sum->op->is(Binary::add)) continue;
      if (!join(i, sum->in[0], sum->in[1], gone)) join(i, sum->in[1], sum->in[0], gone);
    }
    Code rest;
    for (std::size_t i = 0; i < code_.size(); ++i)
      if (!gone[i]) rest.push_back(std::move(code_[i]));
    code_ = std::move(rest);
  }

 private:
  bool writable(Id total) const {
    if (own_[total]) return true;
    const int maker = producer_[total];
    return maker >= 0 && !code_[static_cast<std::size_t>(maker)].loop();
  }

  bool join(std::size_t i, Id total, Id product, std::vector<bool>& gone) {
    Compute& sum = *code_[i].compute();
    const Dims& dims = program_.dims(sum.out);
    if (program_.dims(total) != dims || program_.dims(product) != dims || total == product) return false;
    if (reads_[total] != 1 || reads_[product] != 1 || producer_[product] < 0 || !writable(total))
      return false;
    const auto at = static_cast<std::size_t>(producer_[product]);
    const Compute* made = code_[at].compute();
    if (!made || !made->op->accumulates || made->onto != none) return false;
    Compute joined = *made;
    joined.out = sum.out;
    joined.onto = total;
    producer_[product] = -1;
    sum = std::move(joined);
    gone[at] = true;
    return true;
  }

  const Program& program_;
  Code& code_;
  const std::vector<int>& reads_;
  const std::vector<bool>& own_;
  std::vector<int> producer_;
};

void accumulate(const Program& program, Code& code, std::vector<int>& reads, const std::vector<bool>& own) {
  const std::vector<int> made = definitions(program, code);
  for (Instruction& instruction : code) {
    Loop* loop = instruction.loop();
    if (!loop) continue;
    std::vector<bool> own_here(program.values.size(), false);
    // Slices of what this loop alone reads, and states.
    for (const Loop::Slice& slice : loop->slices)
      own_here[slice.part] = made[slice.whole] >= 0 && reads[slice.whole] == 1;
    for (const Loop::Stack& stack : loop->stacks) own_here[stack.part] = false;
    for (const Loop::State& state : loop->states) own_here[state.before] = true;
    accumulate(program, loop->body, reads, own_here);
  }
  Accumulating(program, code, reads, own).run();
}

}  // namespace

void accumulated_products(Program& program) {
  std::vector<int> reads = count_reads(program);
  accumulate(program, program.code, reads, std::vector<bool>(program.values.size(), false));
}

}  // namespace unroll::passes

#include <algorithm>
#include <map>
#include <set>

#include "framework/plan/program.hpp"

namespace unroll {
namespace {

/// Products, and what is 0 but for one element of each row (place).
bool adds_rows(const Op& op) {
  return op.accumulates && (op.rows == Rows::product || op.rows == Rows::last_axis);
}

/// Finds, in one program, sums of a product and a value that nothing else reads, and makes the product add to
/// the value's bytes.
class Accumulation {
 public:
  /// `kept` are read after the code's end; `own_slices` are slices of buffers that nobody else reads.
  Accumulation(Program& program, std::vector<SlotId> kept, std::set<SlotId> own_slices)
      : program_(program), kept_(std::move(kept)), own_slices_(std::move(own_slices)) {}

  void run() {
    count_uses();
    for (std::size_t i = 0; i < program_.code.size(); ++i) {
      const Instruction& sum = program_.code[i];
      if (!sum.op->is(Binary::add) ||
          !(accumulate(i, sum.in[0], sum.in[1]) || accumulate(i, sum.in[1], sum.in[0])))
        continue;
      count_uses();
      i = 0;  // the code has moved
    }
  }

 private:
  /// The slot that stands for the value of `slot`: views of a value count as the value, but what a product
  /// has added to is another value in the same bytes.
  SlotId value(SlotId slot) const {
    while (!sums_.contains(slot) && program_.slots[slot].alias != no_slot) slot = program_.slots[slot].alias;
    return slot;
  }

  void count_uses() {
    uses_.clear();
    producer_.clear();
    for (std::size_t i = 0; i < program_.code.size(); ++i) {
      for (const SlotId slot : reads(program_.code[i])) ++uses_[value(slot)];
      for (const SlotId slot : writes(program_.code[i])) producer_[value(slot)] = i;
    }
    for (const SlotId slot : kept_) ++uses_[value(slot)];
  }

  bool is_kept(SlotId slot) const {
    return std::any_of(kept_.begin(), kept_.end(), [&](SlotId k) { return value(k) == value(slot); });
  }

  bool same_dims(SlotId a, SlotId b) const { return program_.slots[a].dims == program_.slots[b].dims; }

  /// Replaces instruction i, which is total + product, by the product, made to add to the total.
  bool accumulate(std::size_t i, SlotId total, SlotId product) {
    const SlotId sum = program_.code[i].out;
    if (!same_dims(total, product) || !same_dims(total, sum)) return false;
    if (uses_[value(total)] != 1 || uses_[value(product)] != 1 || value(total) == value(product))
      return false;
    const auto maker = producer_.find(value(product));
    if (maker == producer_.end()) return false;
    const Instruction& making = program_.code[maker->second];
    if (!adds_rows(*making.op) || making.accumulate) return false;
    const SlotId root = program_.root(total);
    const bool slice = own_slices_.contains(root);
    if (!slice && (!producer_.contains(value(total)) || program_.slots[root].place != Place::arena))
      return false;
    if (!slice && program_.code[producer_[value(total)]].loop) return false;
    if (program_.slots[sum].alias != no_slot) return false;
    std::vector<SlotId> views;
    for (std::size_t s = 0; s < program_.slots.size(); ++s)
      if (program_.slots[s].alias == sum) views.push_back(static_cast<SlotId>(s));
    const bool place_counts = program_.slots[sum].place != Place::arena || is_kept(sum);
    if (place_counts && slice) return false;
    if (place_counts) program_.slots[root].alias = sum;  // others look at the sum's bytes
    const SlotId seen = replace(i, maker->second, total, sum);
    for (const SlotId view : views) program_.slots[view].alias = seen;
    if (place_counts) kept_.push_back(seen);
    return true;
  }

  /// Returns the slot in which readers find the sum.
  SlotId replace(std::size_t i, std::size_t maker, SlotId total, SlotId sum) {
    Instruction product = program_.code[maker];
    // Readers of the sum read it where the product has left it.
    const SlotId written = program_.add_slot({.dims = program_.slots[product.out].dims, .alias = total});
    sums_.insert(written);
    SlotId seen = written;
    if (!same_dims(written, sum))
      seen = program_.add_slot({.dims = program_.slots[sum].dims, .alias = written});
    for (std::size_t k = i + 1; k < program_.code.size(); ++k) read_instead(program_.code[k], sum, seen);
    product.in.push_back(total);
    product.out = written;
    product.accumulate = true;
    program_.code[i] = std::move(product);
    program_.code.erase(program_.code.begin() + static_cast<std::ptrdiff_t>(maker));
    return seen;
  }

  static void read_instead(Instruction& instruction, SlotId from, SlotId to) {
    std::replace(instruction.in.begin(), instruction.in.end(), from, to);
    if (!instruction.loop) return;
    Loop& loop = *instruction.loop;
    for (auto* links : {&loop.slices, &loop.captures})
      for (Loop::Link& link : *links)
        if (link.outer == from) link.outer = to;
    for (Loop::State& state : loop.states)
      if (state.initial == from) state.initial = to;
  }

  Program& program_;
  std::vector<SlotId> kept_;
  std::set<SlotId> own_slices_;
  std::set<SlotId> sums_;  ///< what products have added to
  std::map<SlotId, int> uses_;
  std::map<SlotId, std::size_t> producer_;
};

/// Slices of a loop that come from buffers which it alone reads.
std::set<SlotId> own_slices(const Program& program, const Loop& loop, const std::vector<SlotId>& kept) {
  std::map<SlotId, int> uses;
  for (const Instruction& instruction : program.code)
    for (const SlotId slot : reads(instruction)) ++uses[program.root(slot)];
  for (const SlotId slot : kept) ++uses[program.root(slot)];
  std::set<SlotId> own;
  for (const Loop::Link& link : loop.slices) {
    const SlotId root = program.root(link.outer);
    if (program.slots[root].place == Place::arena && uses[root] == 1) own.insert(link.inner);
  }
  return own;
}

void accumulate_products(Program& program, const std::vector<SlotId>& kept, std::set<SlotId> slices) {
  for (Instruction& instruction : program.code)
    if (instruction.loop)
      accumulate_products(instruction.loop->body, observed(*instruction.loop),
                          own_slices(program, *instruction.loop, kept));
  Accumulation(program, kept, std::move(slices)).run();
}

}  // namespace

void accumulate_products(Program& program, const std::vector<SlotId>& kept) {
  accumulate_products(program, kept, {});
}

}  // namespace unroll

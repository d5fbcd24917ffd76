#include <algorithm>
#include <set>

#include "framework/plan/program.hpp"

namespace unroll {
namespace {

/// Index of the last link that reads operand `number`, and of the one that makes it.
int last_read(const Fused& fused, int number) {
  int last = -1;
  for (std::size_t i = 0; i < fused.chain.size(); ++i)
    if (std::find(fused.chain[i].from.begin(), fused.chain[i].from.end(), number) !=
        fused.chain[i].from.end())
      last = static_cast<int>(i);
  return last;
}
int made_by(const Fused& fused, int number) {
  for (std::size_t i = 0; i < fused.chain.size(); ++i)
    if (fused.chain[i].to == number) return static_cast<int>(i);
  return -1;
}

class InPlace {
 public:
  explicit InPlace(Program& program) : program_(program) {
    for (const Slot& slot : program.slots)
      if (slot.next_step) overlapping_.insert(program.root(slot.alias));
  }

  void run() {
    for (std::size_t i = 0; i < program_.code.size(); ++i)
      if (program_.code[i].fused)
        run_chain(program_.code[i], static_cast<int>(i));
      else if (program_.code[i].op->in_place)
        run_row(program_.code[i], static_cast<int>(i));
  }

 private:
  /// The first operand gives way, unless another one is in the same bytes.
  void run_row(const Instruction& instruction, int position) {
    const SlotId root = program_.root(instruction.in[0]);
    const bool alone = std::none_of(instruction.in.begin() + 1, instruction.in.end(),
                                    [&](SlotId in) { return program_.root(in) == root; });
    if (alone && gives_way(instruction.in[0], instruction.out, position)) take(instruction.out, root);
  }

  void run_chain(const Instruction& instruction, int position) {
    const Fused& fused = *instruction.fused;
    const int inputs = static_cast<int>(instruction.in.size());
    std::set<SlotId> taken;  // roots
    for (std::size_t o = 0; o < fused.out.size(); ++o) {
      const int made = made_by(fused, inputs + static_cast<int>(o));
      for (const SlotId in : instruction.in)
        if (gives_way(in, fused.out[o], position) && !taken.contains(program_.root(in)) &&
            last_read(instruction, program_.root(in)) <= made) {
          taken.insert(program_.root(in));
          take(fused.out[o], program_.root(in));
          break;
        }
    }
  }

  /// The last link that reads the bytes, under any name.
  int last_read(const Instruction& instruction, SlotId root) const {
    int last = -1;
    for (std::size_t i = 0; i < instruction.in.size(); ++i)
      if (program_.root(instruction.in[i]) == root)
        last = std::max(last, unroll::last_read(*instruction.fused, static_cast<int>(i)));
    return last;
  }

  /// `in` has bytes that nothing reads after this position, as many as `out` needs.
  bool gives_way(SlotId in, SlotId out, int position) const {
    const SlotId root = program_.root(in);
    const Slot &from = program_.slots[root], &to = program_.slots[out];
    const auto own = [&](SlotId id, const Slot& slot) {
      return slot.place == Place::arena && slot.alias == no_slot && !slot.has_one_more &&
             !overlapping_.contains(id);
    };
    return own(root, from) && own(out, to) && from.kind == to.kind && from.last == position &&
           program_.slots[in].dims == to.dims && numel(from.dims) == numel(to.dims);
  }

  void take(SlotId out, SlotId root) {
    program_.slots[root].last = std::max(program_.slots[root].last, program_.slots[out].last);
    program_.slots[out].alias = root;
  }

  Program& program_;
  std::set<SlotId> overlapping_;  ///< roots of which parts have names of their own
};

}  // namespace

void write_in_place(Program& program) {
  for (Instruction& instruction : program.code)
    if (instruction.loop) write_in_place(instruction.loop->body);
  InPlace(program).run();
}

}  // namespace unroll

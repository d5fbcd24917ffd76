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
      if (slot.alias != no_slot) shared_.insert(program.root(slot.alias));
  }

  void run() {
    for (std::size_t i = 0; i < program_.code.size(); ++i)
      if (program_.code[i].fused) run(program_.code[i], static_cast<int>(i));
  }

 private:
  void run(const Instruction& instruction, int position) {
    const Fused& fused = *instruction.fused;
    const int inputs = static_cast<int>(instruction.in.size());
    for (std::size_t o = 0; o < fused.out.size(); ++o) {
      const int made = made_by(fused, inputs + static_cast<int>(o));
      for (int i = 0; i < inputs; ++i)
        if (gives_way(instruction.in[static_cast<std::size_t>(i)], fused.out[o], position) &&
            last_read(fused, i) <= made) {
          take(fused.out[o], instruction.in[static_cast<std::size_t>(i)]);
          break;
        }
    }
  }

  /// `in` has bytes of its own that nothing reads after this position, as many as `out` needs.
  bool gives_way(SlotId in, SlotId out, int position) const {
    const Slot &from = program_.slots[in], &to = program_.slots[out];
    const auto own = [&](SlotId id, const Slot& slot) {
      return slot.place == Place::arena && slot.alias == no_slot && !slot.has_one_more &&
             !shared_.contains(id);
    };
    return own(in, from) && own(out, to) && from.kind == to.kind && from.last == position &&
           from.dims == to.dims;
  }

  void take(SlotId out, SlotId in) {
    program_.slots[out].alias = in;
    shared_.insert(in);
    shared_.insert(out);
  }

  Program& program_;
  std::set<SlotId> shared_;  ///< slots whose bytes have more than one name
};

}  // namespace

void write_in_place(Program& program) {
  for (Instruction& instruction : program.code)
    if (instruction.loop) write_in_place(instruction.loop->body);
  InPlace(program).run();
}

}  // namespace unroll

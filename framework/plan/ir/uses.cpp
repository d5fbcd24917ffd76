#include "framework/plan/ir/uses.hpp"

namespace unroll::ir {

Dim Loop::stride() const {
  if (is<Steps>()) return 1;
  return is<Segments>() ? Dim::segment() : Dim::block();
}

std::vector<int> count_reads(const Program& program) {
  std::vector<int> reads(program.values.size(), 0);
  const auto count = [&](Id id) { ++reads[id]; };
  each_read(program.once, count);
  each_read(program.code, count);
  for (const Id output : program.outputs) count(output);
  return reads;
}

bool uses_blocks(const Program& program, const Loop& loop) {
  bool found = false;
  const auto note_dims = [&](const Dims& dims) {
    for (const Dim dim : dims) found = found || dim.uses_block();
  };
  const auto note = [&](Id id) { note_dims(program.dims(id)); };
  const auto note_extents = [&](const Compute& compute) { note_dims(compute.attrs.extents()); };
  each_argument(loop, note);
  each_observed(loop, note);
  for (const Instruction& instruction : loop.body) {
    each_operand(instruction, note);
    each_result(instruction, note);
    if (const Compute* compute = instruction.compute()) note_extents(*compute);
    if (const Chain* chain = instruction.chain()) {
      note_dims(chain->dims);
      std::ranges::for_each(chain->links, note_extents);
    }
    if (const Loop* inner = instruction.loop()) {
      note_dims({inner->length});
      found = found || uses_blocks(program, *inner);
    }
  }
  return found;
}

std::vector<int> definitions(const Program& program, const Code& code) {
  std::vector<int> position(program.values.size(), -1);
  for (std::size_t i = 0; i < code.size(); ++i)
    each_result(code[i], [&](Id id) { position[id] = static_cast<int>(i); });
  return position;
}

}  // namespace unroll::ir

#include "framework/plan/ir/uses.hpp"

#include "framework/autodiff/ops/sources.hpp"

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
  const auto note = [&](Dim dim) { found = found || dim.uses_block(); };
  const auto note_value = [&](Id id) { std::ranges::for_each(program.dims(id), note); };
  each_argument(loop, note_value);
  each_observed(loop, note_value);
  each_read(loop.body, note_value);
  each_extent(loop.body, note);
  return found;
}

std::optional<double> filled_with(const Program& program, Id value) {
  for (const Code* code : {&program.once, &program.code})
    for (const Instruction& instruction : *code)
      if (const Compute* compute = instruction.compute(); compute && compute->out == value)
        if (const auto* fill = compute->attrs.get_if<FillAttrs>()) return fill->value;
  return std::nullopt;
}

std::vector<int> definitions(const Program& program, const Code& code) {
  std::vector<int> position(program.values.size(), -1);
  for (std::size_t i = 0; i < code.size(); ++i)
    each_result(code[i], [&](Id id) { position[id] = static_cast<int>(i); });
  return position;
}

}  // namespace unroll::ir

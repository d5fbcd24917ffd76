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

std::vector<int> definitions(const Program& program, const Code& code) {
  std::vector<int> position(program.values.size(), -1);
  for (std::size_t i = 0; i < code.size(); ++i)
    each_result(code[i], [&](Id id) { position[id] = static_cast<int>(i); });
  return position;
}

}  // namespace unroll::ir

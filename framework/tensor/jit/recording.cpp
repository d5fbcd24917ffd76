#include "framework/tensor/jit/recording.hpp"

#include <algorithm>
#include <map>

namespace unroll::jit {

Recording side_by_side(const Recording& recording, int groups) {
  Recording all{recording.isa};
  std::vector<int> first;  // by instruction: the number of its first part
  std::vector<bool> once;  // by instruction: it is the same for all parts
  const auto in_part = [&](Source source, int part) {
    const auto result = static_cast<std::size_t>(source.result);
    if (!source.constant()) source.result = first[result] + (once[result] ? 0 : part);
    return source;
  };
  for (const Instruction& one : recording.code) {
    once.push_back(one.operation == Operation::load && one.one_for_all);
    first.push_back(static_cast<int>(all.code.size()));
    for (int part = 0; part < (once.back() ? 1 : groups); ++part) {
      Instruction instruction = one;
      for (Source* source : {&instruction.a, &instruction.b, &instruction.c})
        *source = in_part(*source, part);
      instruction.part = part;
      all.add(instruction);
    }
  }
  return all;
}

std::vector<int> last_reads(const Recording& recording) {
  std::vector<int> last(recording.code.size(), 0);
  for (std::size_t i = 0; i < recording.code.size(); ++i)
    for (const Source* source : {&recording.code[i].a, &recording.code[i].b, &recording.code[i].c})
      if (!source->constant()) last[static_cast<std::size_t>(source->result)] = static_cast<int>(i);
  return last;
}

Alive most_alive(const Recording& recording) {
  const std::vector<int> last = last_reads(recording);
  std::vector<Alive> change(recording.code.size());
  for (std::size_t i = 0; i < last.size(); ++i) {
    if (last[i] == 0) continue;
    const auto kind = makes_mask(recording.code[i].operation) ? &Alive::masks : &Alive::values;
    ++(change[i].*kind);
    --(change[static_cast<std::size_t>(last[i])].*kind);
  }
  Alive now, most;
  for (const Alive& by : change) {
    most.values = std::max(most.values, now.values += by.values);
    most.masks = std::max(most.masks, now.masks += by.masks);
  }
  return most;
}

std::vector<std::uint64_t> constants_of(const Recording& recording, int least_reads) {
  std::map<std::uint64_t, int> reads;
  for (const Instruction& i : recording.code) {
    const int operands = operands_of(i.operation);
    const Source* sources[] = {&i.a, &i.b, &i.c};
    for (int s = 0; s < operands; ++s) reads[sources[s]->bits] += sources[s]->constant();
  }
  std::vector<std::uint64_t> constants;
  for (const auto& [bits, count] : reads)
    if (count >= least_reads) constants.push_back(bits);
  std::ranges::stable_sort(constants, std::greater(), [&](std::uint64_t bits) { return reads.at(bits); });
  return constants;
}

}  // namespace unroll::jit

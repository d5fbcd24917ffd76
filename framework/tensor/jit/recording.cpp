#include "framework/tensor/jit/recording.hpp"

#include <algorithm>
#include <map>

namespace unroll::jit {
namespace {

/// What reads nothing but what is one for all elements is the same in every group.
std::vector<bool> same_in_all_groups(const Recording& recording) {
  std::vector<bool> same;
  const auto is_same = [&](const Source& source) {
    return source.constant() || same[static_cast<std::size_t>(source.result)];
  };
  for (const Instruction& i : recording.code) {
    const int operands = operands_of(i.operation);
    const bool effect = i.operation == Operation::store || i.operation == Operation::add_up ||
                        i.operation == Operation::add_groups;
    same.push_back(operands == 0 ? i.one_for_all
                                 : !effect && is_same(i.a) && (operands < 2 || is_same(i.b)) &&
                                       (operands < 3 || is_same(i.c)));
  }
  return same;
}

}  // namespace

Recording side_by_side(const Recording& recording, int groups) {
  Recording all{recording.isa};
  const std::vector<bool> same = same_in_all_groups(recording);
  std::vector<std::vector<int>> results;  // by instruction, then by group
  for (std::size_t at = 0; at < recording.code.size(); ++at) {
    std::vector<int>& result = results.emplace_back();
    for (int part = 0; part < groups; ++part) {
      if (same[at] && part > 0) {
        result.push_back(result[0]);
        continue;
      }
      Instruction instruction = recording.code[at];
      for (Source* source : {&instruction.a, &instruction.b, &instruction.c})
        if (!source->constant())
          source->result = results[static_cast<std::size_t>(source->result)][static_cast<std::size_t>(part)];
      instruction.part = part;
      result.push_back(all.add(instruction));
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

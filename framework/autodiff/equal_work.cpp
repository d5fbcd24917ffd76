#include "framework/autodiff/equal_work.hpp"

#include <algorithm>
#include <map>
#include <numeric>
#include <utility>

namespace unroll {

std::vector<ValueId> first_equal(const Tape& tape, std::vector<ValueId> known,
                                 const std::vector<bool>& apart) {
  std::vector<ValueId> first = std::move(known);
  std::map<std::pair<const Op*, std::vector<ValueId>>, std::vector<const Node*>> made;
  for (const Node& node : tape.nodes()) {
    const ValueId result = node.outputs.empty() ? -1 : node.outputs[0];
    if (node.op->source() || node.outputs.size() != 1 || apart[result]) continue;
    std::vector<ValueId> operands;
    for (const ValueId operand : node.inputs) operands.push_back(first[operand]);
    std::vector<const Node*>& alike = made[{node.op, std::move(operands)}];
    const auto same = std::ranges::find(alike, node.attrs, &Node::attrs);
    if (same == alike.end())
      alike.push_back(&node);
    else
      first[result] = (*same)->outputs[0];
  }
  return first;
}

std::vector<ValueId> first_equal(const Tape& tape, const std::vector<bool>& apart) {
  std::vector<ValueId> own(tape.values().size());
  std::iota(own.begin(), own.end(), 0);
  return first_equal(tape, std::move(own), apart);
}

}  // namespace unroll

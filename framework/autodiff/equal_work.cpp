#include "framework/autodiff/equal_work.hpp"

#include <boost/container_hash/hash.hpp>

#include <algorithm>
#include <functional>
#include <numeric>
#include <unordered_map>
#include <utility>

namespace unroll {
namespace {

/// The nodes of a tape that have been gone through, by what they are made of.
class Made {
 public:
  explicit Made(const std::vector<ValueId>& first) : first_(first) {}

  /// One that makes the same; otherwise this one from now on, and none.
  const Node* find_or_add(const Node& node) {
    std::vector<const Node*>& alike = nodes_[hash(node)];
    const auto same = std::ranges::find_if(alike, [&](const Node* other) { return equal(*other, node); });
    if (same != alike.end()) return *same;
    alike.push_back(&node);
    return nullptr;
  }

 private:
  std::size_t hash(const Node& node) const {
    std::size_t value = std::hash<const Op*>{}(node.op);
    for (const ValueId operand : node.inputs) boost::hash_combine(value, first_[operand]);
    return value;
  }
  bool equal(const Node& a, const Node& b) const {
    const auto first = [&](ValueId v) { return first_[v]; };
    return a.op == b.op && std::ranges::equal(a.inputs, b.inputs, {}, first, first) && a.attrs == b.attrs;
  }

  const std::vector<ValueId>& first_;
  std::unordered_map<std::size_t, std::vector<const Node*>> nodes_;
};

}  // namespace

std::vector<ValueId> first_equal(const Tape& tape, std::vector<ValueId> known,
                                 const std::vector<bool>& apart) {
  std::vector<ValueId> first = std::move(known);
  Made made(first);
  for (const Node& node : tape.nodes()) {
    if (node.op->source() || node.outputs.size() != 1 || apart[node.outputs[0]]) continue;
    if (const Node* same = made.find_or_add(node)) first[node.outputs[0]] = same->outputs[0];
  }
  return first;
}

std::vector<ValueId> first_equal(const Tape& tape, const std::vector<bool>& apart) {
  std::vector<ValueId> own(tape.values().size());
  std::iota(own.begin(), own.end(), 0);
  return first_equal(tape, std::move(own), apart);
}

}  // namespace unroll

#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "experiments/export/header/model_step.hpp"

namespace unroll {

/// A value as numbers of another one: `count` of them from `offset` on, in the same order.
struct View {
  ir::Id root = ir::none;
  std::int64_t offset = 0;
};

/// Which values of a step are nothing but parts or other shapes of others, and who reads the others.
class StepValues {
 public:
  explicit StepValues(const ModelStep& step);

  View view(ir::Id id) const {
    const auto found = views_.find(id);
    return found == views_.end() ? View{id, 0} : found->second;
  }
  bool is_view(ir::Id id) const { return views_.contains(id); }
  std::int64_t count(ir::Id id) const { return step_.shape(id).numel(); }
  /// How often its numbers are read, by ops, next states and the output.
  int reads(ir::Id root) const { return reads_[static_cast<std::size_t>(root)]; }
  const Tensor<float>* constant(ir::Id id) const;
  /// Of a constant whose elements are all the same.
  const float* uniform(ir::Id id) const;

 private:
  bool find_view(const ir::Compute& compute, View& view) const;

  const ModelStep& step_;
  std::map<ir::Id, View> views_;
  std::vector<int> reads_;
};

/// The extents that are not 1.
std::vector<std::int64_t> wide_extents(const Shape& shape);

}  // namespace unroll

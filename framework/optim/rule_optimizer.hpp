#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "framework/optim/optimizer.hpp"
#include "framework/optim/rules.hpp"

namespace unroll {

/// The optimiser that applies `Rule` (see rules.hpp) to every element.
template <class Rule>
class RuleOptimizer final : public Optimizer {
 public:
  explicit RuleOptimizer(const OptimizerOptions& options)
      : rule_(options), weight_decay_(decoupled ? 0 : static_cast<float>(options.weight_decay)) {}

  void step(double learning_rate, std::span<const ParameterRef> parameters) override {
    if (remembered_.empty()) allocate(parameters);
    check(parameters);
    rule_.begin(learning_rate, ++steps_);
    for (std::size_t p = 0; p < parameters.size(); ++p) {
      Rule rule = rule_;
      if (parameters[p].rate != 1) rule.begin(learning_rate * parameters[p].rate, steps_);
      update(rule, parameters[p], remembered_[p].slots);
    }
  }

  OptimizerState state() const override {
    OptimizerState state{steps_, {}};
    for (const Remembered& parameter : remembered_)
      for (int s = 0; s < Rule::slot_count; ++s)
        state.tensors.push_back({slot_name(parameter.name, s), parameter.slots[static_cast<std::size_t>(s)]});
    return state;
  }

  void restore(const OptimizerState& state) override {
    std::vector<Remembered> restored;
    if constexpr (Rule::slot_count > 0) restored = parse(state);
    steps_ = state.steps;
    remembered_ = std::move(restored);
  }

 private:
  static constexpr bool decoupled = std::is_same_v<Rule, rules::Adamw>;

  struct Remembered {
    std::string name;
    std::int64_t size;
    std::vector<Tensor<float>> slots;
  };

  std::string slot_name(std::string_view parameter, int slot) const {
    if constexpr (Rule::slot_count > 0) return fmt::format("{}/{}", parameter, rule_.slots[slot].name);
    return std::string(parameter);
  }

  void allocate(std::span<const ParameterRef> parameters) {
    for (const ParameterRef& parameter : parameters) {
      const auto size = static_cast<std::int64_t>(parameter.value.size());
      remembered_.push_back({std::string(parameter.name), size, {}});
      if constexpr (Rule::slot_count > 0)
        for (const rules::Slot& slot : rule_.slots)
          remembered_.back().slots.emplace_back(Shape{size}, slot.initial);
    }
  }

  void check(std::span<const ParameterRef> parameters) const {
    if (parameters.size() != remembered_.size())
      throw std::invalid_argument(fmt::format("optimizer: the state is of {} parameters, the step has {}",
                                              remembered_.size(), parameters.size()));
    for (std::size_t p = 0; p < parameters.size(); ++p) {
      const ParameterRef& parameter = parameters[p];
      if (parameter.gradient.size() != parameter.value.size())
        throw std::invalid_argument(fmt::format("optimizer: parameter {} has {} values and {} gradients",
                                                parameter.name, parameter.value.size(),
                                                parameter.gradient.size()));
      const Remembered& known = remembered_[p];
      if (parameter.name != known.name || static_cast<std::int64_t>(parameter.value.size()) != known.size)
        throw std::invalid_argument(fmt::format(
            "optimizer: parameter {} is {} with {} values, its state is of {} with {} values (are "
            "the parameters those of the first step, in its order?)",
            p, parameter.name, parameter.value.size(), known.name, known.size));
    }
  }

  std::vector<Remembered> parse(const OptimizerState& state) const {
    if (state.tensors.size() % Rule::slot_count != 0)
      throw std::invalid_argument(fmt::format("optimizer state: {} tensors, expected {} per parameter",
                                              state.tensors.size(), Rule::slot_count));
    std::vector<Remembered> restored;
    for (std::size_t i = 0; i < state.tensors.size(); i += Rule::slot_count) {
      const std::string& first = state.tensors[i].name;
      const std::string parameter = first.substr(0, first.rfind('/'));
      Remembered entry{parameter, state.tensors[i].value.numel(), {}};
      for (int s = 0; s < Rule::slot_count; ++s)
        entry.slots.push_back(
            expected(state.tensors[i + static_cast<std::size_t>(s)], slot_name(parameter, s), entry.size));
      restored.push_back(std::move(entry));
    }
    return restored;
  }

  static const Tensor<float>& expected(const OptimizerState::Named& tensor, const std::string& name,
                                       std::int64_t size) {
    if (tensor.name != name || tensor.value.numel() != size)
      throw std::invalid_argument(fmt::format("optimizer state: got {} with {} values, expected {} with {}",
                                              tensor.name, tensor.value.numel(), name, size));
    return tensor.value;
  }

  // The pointers are of different arrays; saying so lets the loops vectorise without a check of overlaps.
  void update(const Rule rule, const ParameterRef& parameter, std::vector<Tensor<float>>& slots) const {
    float* __restrict w = parameter.value.data();
    const float* __restrict g = parameter.gradient.data();
    const auto n = static_cast<std::int64_t>(parameter.value.size());
    const float decay = weight_decay_;
    if constexpr (Rule::slot_count == 0) {
      for (std::int64_t i = 0; i < n; ++i) rule(w[i], decayed(g[i], decay, w[i]));
    } else if constexpr (Rule::slot_count == 1) {
      float* __restrict a = slots[0].data();
      for (std::int64_t i = 0; i < n; ++i) rule(w[i], decayed(g[i], decay, w[i]), a[i]);
    } else {
      float* __restrict a = slots[0].data();
      float* __restrict b = slots[1].data();
      for (std::int64_t i = 0; i < n; ++i) rule(w[i], decayed(g[i], decay, w[i]), a[i], b[i]);
    }
  }

  static float decayed(float gradient, float decay, float value) { return gradient + decay * value; }

  Rule rule_;
  float weight_decay_;
  std::int64_t steps_ = 0;
  std::vector<Remembered> remembered_;
};

}  // namespace unroll

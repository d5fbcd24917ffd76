#pragma once

#include <string>
#include <vector>

#include "experiments/instruments/instrument.hpp"
#include "experiments/instruments/moments.hpp"

namespace unroll {

/// The instruments that one trial asked for: looks at the right moments, and puts what was found into the
/// record. Without any nothing is computed.
class Panel {
 public:
  /// Throws std::invalid_argument for an unknown instrument and a moment that is none.
  Panel(const Laboratory& laboratory, const Config& config);

  /// Whether an instrument wants to see every update.
  bool watches() const;
  /// Gradients of update number `update`, before they are clipped.
  void watch(std::int64_t update, std::span<const std::span<float>> gradients, TrialRecord& record) const;
  void sum_up(std::int64_t update, TrialRecord& record) const;

  /// After `update` updates, where that is one of the moments.
  void look_after(std::int64_t update, TrialModels& models, const std::vector<Tensor<float>>& parameters,
                  TrialRecord& record) const;
  /// At the end of a training of `update` updates.
  void look_at_end(std::int64_t update, TrialModels& models, const std::vector<Tensor<float>>& parameters,
                   TrialRecord& record) const;
  /// How often there is a look in a training of so many updates.
  std::int64_t looks(std::int64_t updates) const { return looks_ ? moments_.count(updates) : 0; }
  /// All instruments once.
  void look(std::int64_t update, const std::string& moment, TrialModels& models,
            const std::vector<Tensor<float>>& parameters, TrialRecord& record) const;

 private:
  const Laboratory& laboratory_;
  const Config& config_;
  std::vector<const Instrument*> instruments_;
  Moments moments_;
  bool looks_ = false;  ///< any of them
};

}  // namespace unroll

#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "experiments/saved/saved_model.hpp"
#include "models/carried_run.hpp"

namespace unroll {

/// A saved model of tokens, for one text or several of equal length side by side, the rows: each run goes on
/// from the states that the last one left.
class CarriedNet {
 public:
  enum class Wanted {
    scores,  ///< (rows, outputs) after the last token
    losses   ///< (T, rows): -ln p of each token of `next`
  };

  /// `saved` must outlive it. Throws ModelError for a model that does not read tokens,
  /// and for a bidirectional one, whose reverse direction begins at the text's end.
  CarriedNet(const SavedModel& saved, Wanted wanted, std::int64_t rows = 1);

  /// Every row goes on behind what `text`, a net of the same model with one row, has read.
  void go_on_from(const CarriedNet& text);

  /// Valid until the next run. `tokens` are (T, rows). `next` only for losses: the tokens after each of
  /// `tokens`.
  std::span<const float> run(std::span<const std::int32_t> tokens, std::span<const std::int32_t> next = {});

 private:
  std::vector<Var> record_result(const BoundModel& model, Wanted wanted);

  std::int64_t rows_;
  Var next_;
  CarriedRun run_;
  Tensor<std::int64_t> token_values_, next_values_;
};

}  // namespace unroll

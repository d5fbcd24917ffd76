#include "experiments/train/evaluator.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "experiments/train/windowed_batch.hpp"

namespace unroll {
namespace {

constexpr std::int64_t evaluated_at_a_time = 1024;

}  // namespace

std::int64_t evaluation_window(std::int64_t rows) {
  return std::max<std::int64_t>(1, evaluated_at_a_time / rows);
}

Recording evaluation_recording(const Config& config, const TaskSpec& spec,
                               const std::vector<const DataSource*>& sources) {
  Recording recording;
  recording.own_feedback = config.train.own_feedback && spec.feedback_size > 0;
  for (const DataSource* source : sources) {
    if (!source) continue;
    recording.windows = recording.windows || source->carried();
    if (share_rows(config, spec, *source))
      recording.packed_sequences = largest_shard(evaluation_batch, config.train.batch_shards);
  }
  return recording;
}

Evaluator::Evaluator(std::shared_ptr<const TaskModel> model, std::int64_t shards, Bytes max_memory)
    : plan_(model, model->evaluation_outputs(), shards, max_memory) {}

Evaluation Evaluator::evaluate(const DataSource& source, const std::vector<Tensor<float>>& parameters) {
  const TaskSpec& spec = plan_.model().spec;
  Tally tally;
  const std::int64_t total = *source.size();
  for (std::int64_t n = 0; n * evaluation_batch < total; ++n) {
    Batch batch = source.batch(n, evaluation_batch);
    const bool finite = source.carried() ? evaluate_windows(n, std::move(batch), parameters, tally)
                                         : evaluate_batch(n, std::move(batch), parameters, tally);
    if (!finite) break;  // piece() is the part where it came up
  }
  return {values_of(spec.objective, spec.criterion, tally)};
}

/// False when the loss is not finite.
bool Evaluator::evaluate_batch(std::int64_t n, Batch batch, const std::vector<Tensor<float>>& parameters,
                               Tally& tally) {
  piece_ = Piece{.batch = std::move(batch)};
  piece_.number = n;
  plan_.run(piece_, parameters);
  plan_.add_to(tally);
  return std::isfinite(tally.mean(0));
}

bool Evaluator::evaluate_windows(std::int64_t n, Batch batch, const std::vector<Tensor<float>>& parameters,
                                 Tally& tally) {
  const std::int64_t window = evaluation_window(batch.rows());
  WindowedBatch windows(plan_.model(), std::move(batch), window, window);
  while (!windows.finished()) {
    windows.fill(piece_);
    piece_.number = n;
    plan_.run(piece_, parameters);
    plan_.add_to(tally);
    if (!std::isfinite(tally.mean(0))) return false;
    windows.advance(plan_);
  }
  return true;
}

Sizes Evaluator::sizes(const DataSource& source) const {
  const std::int64_t rows = std::min(evaluation_batch, *source.size());
  const std::int64_t steps = source.max_steps(rows);
  return {source.carried() ? std::min(steps, evaluation_window(rows)) : steps, rows};
}

double Evaluator::runs(const DataSource& source) const {
  const Sizes one = sizes(source);
  const double batches = std::ceil(static_cast<double>(*source.size()) / static_cast<double>(one.batch));
  return batches * static_cast<double>(source.max_steps(one.batch)) / static_cast<double>(one.time);
}

}  // namespace unroll

#include "experiments/tasks/series/pieces.hpp"

#include <utility>

#include "experiments/data/slices.hpp"

namespace unroll {
namespace {

class Pieces final : public Dataset {
 public:
  Pieces(std::shared_ptr<const PreparedSeries> series, std::vector<std::int64_t> ends,
         std::int64_t counted_from)
      : series_(std::move(series)), ends_(std::move(ends)), counted_from_(counted_from) {}

  std::int64_t size() const override { return std::ssize(ends_); }
  std::int64_t length(std::int64_t) const override { return series_->settings().context; }
  bool every_step() const override { return true; }
  bool weighted() const override { return true; }

  Sequence get(std::int64_t i) const override {
    const Range steps = piece(i);
    Tensor<float> inputs, wanted, weights({steps.count});
    copy_range(series_->inputs(), 0, steps, inputs);
    copy_range(series_->wanted(), 0, steps, wanted);
    for (std::int64_t t = counted_from_; t < steps.count; ++t)
      weights[t] = series_->counts(steps.first + t) ? 1.0f : 0.0f;
    return {std::move(inputs), std::move(wanted), std::move(weights)};
  }

 private:
  Range piece(std::int64_t i) const {
    const std::int64_t count = series_->settings().context;
    return {ends_[static_cast<std::size_t>(i)] - count + 1, count};
  }

  std::shared_ptr<const PreparedSeries> series_;
  std::vector<std::int64_t> ends_;  ///< the last step of each
  std::int64_t counted_from_;
};

bool any_counts(const PreparedSeries& series, std::int64_t first, std::int64_t last) {
  for (std::int64_t t = first; t <= last; ++t)
    if (series.counts(t)) return true;
  return false;
}

}  // namespace

std::vector<std::int64_t> judged_steps(const PreparedSeries& series, Range part) {
  std::vector<std::int64_t> ends = series.origins(part, series.settings().answered());
  std::erase_if(ends, [&](std::int64_t t) { return !series.counts(t); });
  return ends;
}

std::shared_ptr<const Dataset> training_pieces(std::shared_ptr<const PreparedSeries> series) {
  const std::int64_t context = series->settings().context, counted = context / 2;
  std::vector<std::int64_t> ends = series->origins(series->training(), series->settings().answered());
  std::erase_if(ends, [&](std::int64_t t) { return !any_counts(*series, t - context + 1 + counted, t); });
  return std::make_shared<Pieces>(std::move(series), std::move(ends), counted);
}

std::shared_ptr<const Dataset> judged_pieces(std::shared_ptr<const PreparedSeries> series, Range part) {
  std::vector<std::int64_t> ends = judged_steps(*series, part);
  const std::int64_t last = series->settings().context - 1;
  return std::make_shared<Pieces>(std::move(series), std::move(ends), last);
}

}  // namespace unroll

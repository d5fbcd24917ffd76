#include <utility>

#include "experiments/data/slices.hpp"
#include "experiments/data/source.hpp"

namespace unroll {
namespace {

Sequence part_of(const LongSeries& series, Range steps) {
  const auto cut = [&](const Values& values) {
    return std::visit(
        [&]<class T>(const Tensor<T>& tensor) -> Values {
          Tensor<T> part;
          copy_range(tensor, 0, steps, part);
          return part;
        },
        values);
  };
  Sequence part{cut(series.inputs), cut(series.target)};
  if (series.weights) copy_range(*series.weights, 0, steps, part.weights.emplace());
  return part;
}

class Streams final : public DataSource {
 public:
  Streams(std::shared_ptr<const LongSeries> series, std::optional<std::int64_t> parts)
      : series_(std::move(series)), parts_(parts) {}

  std::optional<std::int64_t> size() const override { return parts_; }
  Batch batch(std::int64_t, std::int64_t sequences) const override {
    const std::int64_t rows = parts_.value_or(sequences), steps = max_steps(sequences);
    std::vector<Sequence> all;
    for (std::int64_t b = 0; b < rows; ++b) all.push_back(part_of(*series_, {b * steps, steps}));
    return collate(all, true);
  }
  std::int64_t max_steps(std::int64_t sequences) const override {
    return series_->steps() / parts_.value_or(sequences);
  }
  bool weighted() const override { return series_->weights.has_value(); }
  bool carried() const override { return true; }

 private:
  std::shared_ptr<const LongSeries> series_;
  std::optional<std::int64_t> parts_;  ///< fixed in evaluation
};

}  // namespace

std::unique_ptr<DataSource> streams(std::shared_ptr<const LongSeries> series) {
  return std::make_unique<Streams>(std::move(series), std::nullopt);
}

std::unique_ptr<DataSource> streams(std::shared_ptr<const LongSeries> series, std::int64_t parts) {
  return std::make_unique<Streams>(std::move(series), parts);
}

}  // namespace unroll

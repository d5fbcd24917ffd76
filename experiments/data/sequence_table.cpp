#include "experiments/data/sequence_table.hpp"

#include <algorithm>
#include <utility>

#include "experiments/data/slices.hpp"

namespace unroll {
namespace {

template <class T>
Tensor<T> cut(const Tensor<T>& from, Range entries) {
  Tensor<T> part;
  copy_range(from, 0, entries, part);
  return part;
}

/// The only entry of a target (1, ...), as that of one sequence.
Values without_first_axis(const Values& one) {
  return std::visit(
      []<class T>(const Tensor<T>& tensor) -> Values {
        const Shape& shape = tensor.shape();
        return Tensor<T>(Shape(std::vector<std::int64_t>(shape.begin() + 1, shape.end())), tensor.span());
      },
      one);
}

class Pieces final : public Dataset {
 public:
  Pieces(std::shared_ptr<const SequenceTable> table, std::vector<Range> pieces)
      : table_(std::move(table)), pieces_(std::move(pieces)) {}

  std::int64_t size() const override { return static_cast<std::int64_t>(pieces_.size()); }
  std::int64_t length(std::int64_t i) const override { return piece(i).count; }
  bool every_step() const override { return table_->every_step; }
  bool weighted() const override { return table_->weights.has_value(); }

  Sequence get(std::int64_t i) const override {
    const Range steps = piece(i);
    Sequence sequence{cut(table_->inputs, steps),
                      table_->every_step ? entries_of(table_->target, steps)
                                         : without_first_axis(entries_of(table_->target, {i, 1}))};
    if (table_->weights) sequence.weights = cut(*table_->weights, steps);
    return sequence;
  }

 private:
  const Range& piece(std::int64_t i) const { return pieces_[static_cast<std::size_t>(i)]; }

  std::shared_ptr<const SequenceTable> table_;
  std::vector<Range> pieces_;
};

}  // namespace

Values entries_of(const Values& values, Range entries) {
  return std::visit([&](const auto& tensor) -> Values { return cut(tensor, entries); }, values);
}

std::shared_ptr<const Dataset> dataset_of(std::shared_ptr<const SequenceTable> table) {
  std::vector<Range> all = table->sequences;
  return std::make_shared<Pieces>(std::move(table), std::move(all));
}

std::shared_ptr<const Dataset> dataset_of(std::shared_ptr<const SequenceTable> table,
                                          std::vector<Range> pieces) {
  return std::make_shared<Pieces>(std::move(table), std::move(pieces));
}

std::shared_ptr<const LongSeries> series_of(const SequenceTable& table, Range steps) {
  LongSeries series{cut(table.inputs, steps), entries_of(table.target, steps)};
  if (table.weights) series.weights = cut(*table.weights, steps);
  return std::make_shared<const LongSeries>(std::move(series));
}

}  // namespace unroll

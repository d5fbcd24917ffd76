#include <algorithm>
#include <utility>

#include "experiments/data/source.hpp"

namespace unroll {
namespace {

class Finite : public DataSource {
 public:
  Finite(std::shared_ptr<const Dataset> data, std::vector<std::int64_t> indices)
      : data_(std::move(data)), indices_(std::move(indices)) {
    for (const std::int64_t i : indices_) {
      longest_ = std::max(longest_, data_->length(i));
      uneven_ = uneven_ || data_->length(i) != data_->length(indices_.front());
    }
  }

  std::int64_t max_steps(std::int64_t) const override { return longest_; }
  bool uneven() const override { return uneven_; }
  bool weighted() const override { return data_->weighted(); }

 protected:
  std::int64_t count() const { return static_cast<std::int64_t>(indices_.size()); }
  std::int64_t index(std::int64_t place) const { return indices_[static_cast<std::size_t>(place)]; }
  const Dataset& data() const { return *data_; }

 private:
  std::shared_ptr<const Dataset> data_;
  std::vector<std::int64_t> indices_;
  std::int64_t longest_ = 0;
  bool uneven_ = false;
};

class InOrder final : public Finite {
 public:
  using Finite::Finite;

  std::optional<std::int64_t> size() const override { return count(); }
  Batch batch(std::int64_t n, std::int64_t sequences) const override {
    std::vector<Sequence> all;
    for (std::int64_t at = n * sequences; at < std::min(count(), (n + 1) * sequences); ++at)
      all.push_back(data().get(index(at)));
    return collate(all, data().every_step());
  }
};

class Shuffled final : public Finite {
 public:
  Shuffled(std::shared_ptr<const Dataset> data, std::vector<std::int64_t> indices, std::uint64_t seed)
      : Finite(std::move(data), std::move(indices)), seed_(seed) {}

  Batch batch(std::int64_t n, std::int64_t sequences) const override {
    std::vector<Sequence> all;
    for (std::int64_t at = n * sequences; at < (n + 1) * sequences; ++at)
      all.push_back(data().get(index(order_of(at / count())[static_cast<std::size_t>(at % count())])));
    return collate(all, data().every_step());
  }

 private:
  /// Of one pass: Fisher and Yates, from a stream of its own. The last one is kept: it is asked for batch by
  /// batch.
  const std::vector<std::int64_t>& order_of(std::int64_t pass) const {
    if (pass == pass_) return order_;
    pass_ = pass;
    order_.resize(static_cast<std::size_t>(count()));
    for (std::size_t i = 0; i < order_.size(); ++i) order_[i] = static_cast<std::int64_t>(i);
    Stream stream(seed_, Purpose::order, {static_cast<std::uint32_t>(pass)});
    for (std::size_t i = order_.size(); i > 1; --i)
      std::swap(order_[i - 1], order_[static_cast<std::size_t>(stream.below(static_cast<std::int64_t>(i)))]);
    return order_;
  }

  std::uint64_t seed_;
  mutable std::int64_t pass_ = -1;
  mutable std::vector<std::int64_t> order_;
};

}  // namespace

std::unique_ptr<DataSource> in_order(std::shared_ptr<const Dataset> data, std::vector<std::int64_t> indices) {
  return std::make_unique<InOrder>(std::move(data), std::move(indices));
}

std::unique_ptr<DataSource> shuffled(std::shared_ptr<const Dataset> data, std::vector<std::int64_t> indices,
                                     std::uint64_t seed) {
  return std::make_unique<Shuffled>(std::move(data), std::move(indices), seed);
}

}  // namespace unroll

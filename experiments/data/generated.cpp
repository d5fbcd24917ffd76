#include <algorithm>
#include <iterator>
#include <numeric>
#include <utility>

#include "experiments/data/source.hpp"

namespace unroll {
namespace {

/// Which of the shares a number from 0 to below 1 falls into, when they stand one behind the other.
std::int64_t place_of(const std::vector<double>& shares, double number) {
  double left = number * std::accumulate(shares.begin(), shares.end(), 0.0);
  std::int64_t last = 0;  // with a share: where rounding leaves something over
  for (std::int64_t i = 0; i < std::ssize(shares); ++i) {
    const double share = shares[static_cast<std::size_t>(i)];
    if (share > 0) last = i;
    if (left < share) return i;
    left -= share;
  }
  return last;
}

class Generated final : public DataSource {
 public:
  Generated(Generator generator, std::uint64_t seed, Purpose purpose, std::optional<std::int64_t> size)
      : generator_(std::move(generator)), seed_(seed), purpose_(purpose), size_(size) {}

  std::optional<std::int64_t> size() const override { return size_; }

  Batch batch(std::int64_t n, std::int64_t sequences) const override {
    if (size_) sequences = std::min(sequences, *size_ - n * sequences);
    // Batches have been numbered by two numbers since the first results; the second is theirs no more.
    Stream stream(seed_, purpose_, {static_cast<std::uint32_t>(n), 0});
    const Lengths& lengths = generator_.lengths;
    const bool alike = lengths.drawn == Lengths::Drawn::per_batch;
    const std::int64_t common = alike ? lengths.draw(stream) : 0;
    std::vector<Sequence> all;
    for (std::int64_t b = 0; b < sequences; ++b)
      all.push_back(generator_.generate(stream, alike ? common : lengths.draw(stream)));
    return collate(all, generator_.every_step);
  }

  std::int64_t max_steps(std::int64_t) const override {
    return generator_.steps(generator_.lengths.range.most);
  }
  bool uneven() const override {
    return generator_.lengths.drawn == Lengths::Drawn::per_sequence && !generator_.lengths.range.fixed();
  }
  bool weighted() const override { return generator_.weighted; }

 private:
  Generator generator_;
  std::uint64_t seed_;
  Purpose purpose_;
  std::optional<std::int64_t> size_;
};

/// Sequence i is what a batch of one, number i, would hold. It is made whenever it is asked for: a set takes
/// no memory.
class GeneratedSet final : public Dataset {
 public:
  GeneratedSet(Generator generator, std::uint64_t seed, Purpose purpose, std::int64_t size)
      : generator_(std::move(generator)), seed_(seed), purpose_(purpose), size_(size) {}

  std::int64_t size() const override { return size_; }
  Sequence get(std::int64_t i) const override {
    Stream stream = stream_of(i);
    return generator_.generate(stream, generator_.lengths.draw(stream));
  }
  std::int64_t length(std::int64_t i) const override {
    Stream stream = stream_of(i);
    return generator_.steps(generator_.lengths.draw(stream));
  }
  bool every_step() const override { return generator_.every_step; }
  bool weighted() const override { return generator_.weighted; }

 private:
  Stream stream_of(std::int64_t i) const { return {seed_, purpose_, {static_cast<std::uint32_t>(i), 0}}; }

  Generator generator_;
  std::uint64_t seed_;
  Purpose purpose_;
  std::int64_t size_;
};

}  // namespace

std::int64_t Lengths::draw(Stream& stream) const {
  if (range.fixed()) return range.least;
  if (shares.empty()) return stream.between(range.least, range.most + 1);
  return range.least + place_of(shares, stream.uniform());
}

std::unique_ptr<DataSource> generated(Generator generator, std::uint64_t seed, Purpose purpose,
                                      std::optional<std::int64_t> size) {
  return std::make_unique<Generated>(std::move(generator), seed, purpose, size);
}

std::unique_ptr<DataSource> generated_set(Generator generator, std::uint64_t seed, Purpose purpose,
                                          std::int64_t size) {
  std::vector<std::int64_t> all(static_cast<std::size_t>(size));
  std::iota(all.begin(), all.end(), std::int64_t{0});
  return shuffled(std::make_shared<GeneratedSet>(std::move(generator), seed, purpose, size), std::move(all),
                  seed);
}

}  // namespace unroll

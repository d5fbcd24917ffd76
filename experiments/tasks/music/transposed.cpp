#include "experiments/tasks/music/transposed.hpp"

#include <algorithm>

#include "experiments/tasks/music/melody.hpp"

namespace unroll {
namespace {

/// The keys that a sequence uses, from the lowest to the highest.
struct Span {
  std::int64_t lowest = piano_keys, highest = -1;

  void add(std::int64_t key) {
    lowest = std::min(lowest, key);
    highest = std::max(highest, key);
  }
};

void add_keys(const Tensor<float>& frames, std::int64_t entry, Span& span) {
  for (std::int64_t key = 0; key < piano_keys; ++key)
    if (frames[entry * piano_keys + key] > 0) span.add(key);
}

void add_keys(const Tensor<std::int64_t>& tokens, std::int64_t entry, Span& span) {
  if (tokens[entry] >= first_pitch_token) span.add(tokens[entry] - first_pitch_token);
}

/// Keys beyond the ends are free: what comes in at one end is what goes out at the other, silence.
void move(Tensor<float>& frames, std::int64_t entry, std::int64_t by) {
  float* frame = frames.data() + entry * piano_keys;
  std::rotate(frame, frame + (piano_keys - by) % piano_keys, frame + piano_keys);
}

void move(Tensor<std::int64_t>& tokens, std::int64_t entry, std::int64_t by) {
  if (tokens[entry] >= first_pitch_token) tokens[entry] += by;
}

class Transposed final : public DataSource {
 public:
  Transposed(std::unique_ptr<DataSource> source, std::int64_t most, std::uint64_t seed)
      : source_(std::move(source)), most_(most), seed_(seed) {}

  std::optional<std::int64_t> size() const override { return source_->size(); }
  std::int64_t max_steps(std::int64_t sequences) const override { return source_->max_steps(sequences); }
  bool uneven() const override { return source_->uneven(); }
  bool weighted() const override { return source_->weighted(); }
  bool carried() const override { return source_->carried(); }

  Batch batch(std::int64_t n, std::int64_t sequences) const override {
    Batch batch = source_->batch(n, sequences);
    for (std::int64_t b = 0; b < batch.rows(); ++b) {
      Stream stream(seed_, Purpose::training_data,
                    {static_cast<std::uint32_t>(n), static_cast<std::uint32_t>(b)});
      transpose(batch, b, stream);
    }
    return batch;
  }

 private:
  void transpose(Batch& batch, std::int64_t b, Stream& stream) const {
    const std::int64_t rows = batch.rows(), steps = batch.lengths[static_cast<std::size_t>(b)];
    const auto for_each_entry = [&](const auto& visit) {
      for (Values* values : {&batch.inputs, &batch.target})
        std::visit(
            [&](auto& tensor) {
              for (std::int64_t t = 0; t < steps; ++t) visit(tensor, t * rows + b);
            },
            *values);
    };
    Span span;
    for_each_entry([&](auto& tensor, std::int64_t entry) { add_keys(tensor, entry, span); });
    if (span.highest < 0) return;  // silence
    const std::int64_t down = std::min(most_, span.lowest),
                       up = std::min(most_, piano_keys - 1 - span.highest);
    const std::int64_t by = stream.between(-down, up + 1);
    for_each_entry([&](auto& tensor, std::int64_t entry) { move(tensor, entry, by); });
  }

  std::unique_ptr<DataSource> source_;
  std::int64_t most_;
  std::uint64_t seed_;
};

}  // namespace

std::unique_ptr<DataSource> transposed(std::unique_ptr<DataSource> source, std::int64_t most,
                                       std::uint64_t seed) {
  if (most == 0) return source;
  return std::make_unique<Transposed>(std::move(source), most, seed);
}

}  // namespace unroll

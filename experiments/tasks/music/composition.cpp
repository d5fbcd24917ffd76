#include "experiments/tasks/music/composition.hpp"

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "experiments/tasks/music/melody.hpp"

namespace unroll {
namespace {

void require_numbers(std::span<const float> outputs) {
  if (std::ranges::all_of(outputs, [](float x) { return std::isfinite(x); })) return;
  throw std::domain_error("the model's scores of the next step are not all numbers: its training diverged");
}

class Frames final : public Composition {
 public:
  Frames(const MusicPiece& from, double temperature, Stream stream)
      : temperature_(temperature), stream_(stream), roll_(roll_of(from.notes, from.steps)) {
    Tensor<float> all({from.steps + 1, 1, piano_keys});
    for (std::size_t t = 0; t < roll_.size(); ++t)
      write(roll_[t], all.data() + static_cast<std::int64_t>(t + 1) * piano_keys);
    start_ = std::move(all);
  }

  const Values& start() const override { return start_; }
  const Values& next(std::span<const float> outputs) override {
    require_numbers(outputs);
    Chord& frame = roll_.emplace_back();
    for (std::size_t k = 0; k < piano_keys; ++k) frame[k] = draw(static_cast<double>(outputs[k]));
    write(frame, std::get<Tensor<float>>(next_).data());
    return next_;
  }
  std::vector<GridNote> notes() const override { return notes_of(roll_); }
  std::int64_t steps() const override { return std::ssize(roll_); }

 private:
  static void write(const Chord& frame, float* to) {
    for (std::size_t k = 0; k < piano_keys; ++k) to[k] = frame[k] ? 1.0f : 0.0f;
  }
  bool draw(double score) {
    if (temperature_ == 0) return score > 0;
    return stream_.uniform() < 1 / (1 + std::exp(-score / temperature_));
  }

  double temperature_;
  Stream stream_;
  PianoRoll roll_;
  Values start_, next_ = Tensor<float>({1, 1, piano_keys});
};

class Melody final : public Composition {
 public:
  Melody(const MusicPiece& from, double temperature, Stream stream)
      : temperature_(temperature), stream_(stream), tokens_(melody_of(from)) {
    Tensor<std::int64_t> all({from.steps + 1, 1});
    all[0] = rest_token;
    std::ranges::copy(tokens_, all.data() + 1);
    start_ = std::move(all);
  }

  const Values& start() const override { return start_; }
  const Values& next(std::span<const float> outputs) override {
    require_numbers(outputs);
    tokens_.push_back(draw(outputs));
    std::get<Tensor<std::int64_t>>(next_)[0] = tokens_.back();
    return next_;
  }
  std::vector<GridNote> notes() const override { return notes_of_melody(tokens_); }
  std::int64_t steps() const override { return std::ssize(tokens_); }

 private:
  std::int64_t draw(std::span<const float> scores) {
    const auto best = std::ranges::max_element(scores);
    if (temperature_ == 0) return best - scores.begin();
    std::vector<double> shares;
    double sum = 0;
    for (const float score : scores)
      shares.push_back(sum += std::exp(static_cast<double>(score - *best) / temperature_));
    return std::ranges::upper_bound(shares, stream_.uniform() * sum) - shares.begin();
  }

  double temperature_;
  Stream stream_;
  std::vector<std::int64_t> tokens_;
  Values start_, next_ = Tensor<std::int64_t>({1, 1});
};

}  // namespace

std::unique_ptr<Composition> composition(InputKind inputs, const MusicPiece& from, double temperature,
                                         Stream stream) {
  if (inputs == InputKind::tokens) return std::make_unique<Melody>(from, temperature, stream);
  return std::make_unique<Frames>(from, temperature, stream);
}

}  // namespace unroll

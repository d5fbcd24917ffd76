#include "experiments/tasks/temporal_order.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "experiments/tasks/common.hpp"

namespace unroll {
namespace {

constexpr std::int64_t noise_channel = 2, noise_symbols = 4, start_channel = 6, end_channel = 7;

struct Variant {
  std::string_view name;
  std::int64_t symbols;
  std::array<std::int64_t, 3> window_starts;  ///< in tenths of the length; each window is a tenth wide
  bool hs97;  ///< windows closed on the right, start and end marked, length drawn, outputs within 0.3
  std::string_view rule;
};

constexpr std::array<Variant, 3> variants = {{
    {"2-symbol", 2, {1, 5}, false, "less than 1 % of the validation sequences wrong (Pascanu et al. 2013)"},
    {"3-symbol",
     3,
     {1, 3, 6},
     false,
     "less than 1 % of the validation sequences wrong (Pascanu et al. 2013)"},
    {"hs97",
     2,
     {1, 5},
     true,
     "validation loss below 0.1 and no validation sequence wrong (Hochreiter & Schmidhuber 1997)"},
}};

class TemporalOrder final : public Task {
 public:
  explicit TemporalOrder(const TaskConfig& config)
      : variant_(find_variant(variants, config)), length_(config.length) {
    require_length(config, 10, "each symbol stands in a window of a tenth of the length");
  }

  std::int64_t input_size() const override { return variant_.hs97 ? 8 : 6; }
  std::int64_t output_size() const override { return std::int64_t{1} << variant_.symbols; }
  Loss loss() const override { return Loss::cross_entropy; }
  Readout readout() const override { return Readout::last; }
  std::int64_t max_steps(std::int64_t) const override { return length_ + longest_extra(); }

  Batch sample(Stream& stream, std::int64_t sequences) const override {
    const std::int64_t length = length_ + (variant_.hs97 ? stream.below(longest_extra() + 1) : 0);
    Batch batch{Tensor<float>({length, sequences, input_size()}), {}, Tensor<std::int64_t>({sequences})};
    for (std::int64_t b = 0; b < sequences; ++b)
      batch.classes[b] = sample_one(stream, length, b, batch.inputs);
    return batch;
  }

  double trivial_loss() const override { return std::log(static_cast<double>(output_size())); }

  std::int64_t count_wrong(const Batch& batch, const Tensor<float>& outputs) const override {
    require_outputs("temporal_order", outputs, {batch.classes.numel(), output_size()});
    std::int64_t wrong = 0;
    for (std::int64_t b = 0; b < batch.classes.numel(); ++b)
      wrong += !right(outputs.data() + b * output_size(), batch.classes[b]);
    return wrong;
  }

  bool solved(double validation_loss, double error_rate) const override {
    return variant_.hs97 ? validation_loss < 0.1 && error_rate == 0 : error_rate < 0.01;
  }
  std::string success_rule() const override { return std::string(variant_.rule); }

 private:
  std::int64_t longest_extra() const { return variant_.hs97 ? length_ / 10 : 0; }

  /// Writes sequence `b` of `inputs` (T, B, channels) and returns its class.
  std::int64_t sample_one(Stream& stream, std::int64_t length, std::int64_t b, Tensor<float>& inputs) const {
    const std::int64_t channels = input_size();
    const std::int64_t step = inputs.shape()[1] * channels;
    float* sequence = inputs.data() + b * channels;

    std::array<std::int64_t, 3> positions{}, symbols{};
    std::int64_t target = 0;
    for (std::int64_t k = 0; k < variant_.symbols; ++k) {
      const auto i = static_cast<std::size_t>(k);
      positions[i] = variant_.window_starts[i] * length_ / 10 + stream.below(length_ / 10 + variant_.hs97);
      symbols[i] = stream.below(2);
      target += symbols[i] << k;
    }
    for (std::int64_t t = 0; t < length; ++t)
      sequence[t * step + noise_channel + stream.below(noise_symbols)] = 1;
    for (std::size_t k = 0; k < static_cast<std::size_t>(variant_.symbols); ++k)
      put(sequence + positions[k] * step, symbols[k]);
    if (variant_.hs97) {
      put(sequence, start_channel);
      put(sequence + (length - 1) * step, end_channel);
    }
    return target;
  }

  void put(float* one_hot, std::int64_t channel) const {
    std::fill_n(one_hot, input_size(), 0.f);
    one_hot[channel] = 1;
  }

  bool right(const float* scores, std::int64_t target) const {
    if (!variant_.hs97) return is_right(scores, output_size(), target);
    double others = 0;
    for (std::int64_t c = 0; c < output_size(); ++c)
      if (c != target) others += std::exp(double(scores[c]) - double(scores[target]));
    // The target's probability above 0.7 keeps the others below 0.3.
    return 1 / (1 + others) > 0.7;
  }

  const Variant& variant_;
  std::int64_t length_;
};

std::unique_ptr<Task> make(const TaskConfig& config) { return std::make_unique<TemporalOrder>(config); }

}  // namespace

TaskRow temporal_order_row() {
  return {"temporal_order", "symbols far apart in noise, report which they were, in order",
          "Pascanu et al. 2013, section 4.1 and published code; Hochreiter & Schmidhuber 1997, exp. 6a",
          variant_names(variants), make};
}

}  // namespace unroll

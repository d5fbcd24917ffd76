#include "experiments/tasks/copy.hpp"

#include <fmt/format.h>

#include <array>
#include <cmath>

#include "experiments/tasks/common.hpp"

namespace unroll {
namespace {

struct Variant {
  std::string_view name;
  std::int64_t values;
  std::int64_t symbols;  ///< to remember in each sequence
  bool by_error_rate;    ///< solved by few wrong sequences, not by half of the trivial loss
};

constexpr std::array<Variant, 3> variants = {{
    {"urnn", 8, 10, false},
    {"5-bit", 2, 5, true},
    {"20-bit", 5, 10, true},
}};

class Copy final : public Task {
 public:
  explicit Copy(const TaskConfig& config) : variant_(find_variant(variants, config)), length_(config.length) {
    require_length(config, 1, "the marker takes a step of its own between the symbols and their recall");
  }

  std::int64_t input_size() const override { return variant_.values + 2; }
  std::int64_t output_size() const override { return variant_.values + 1; }
  Loss loss() const override { return Loss::cross_entropy; }
  Readout readout() const override { return Readout::every_step; }
  std::int64_t max_steps(std::int64_t) const override { return length_ + 2 * variant_.symbols; }

  Batch sample(Stream& stream, std::int64_t sequences) const override {
    const std::int64_t steps = max_steps(1), channels = input_size(), symbols = variant_.symbols;
    const std::int64_t recall = steps - symbols;
    Batch batch{Tensor<float>({steps, sequences, channels}), {}, Tensor<std::int64_t>({steps, sequences})};
    // The channel that is 1 at step t of sequence b.
    const auto put = [&](std::int64_t t, std::int64_t b, std::int64_t channel) {
      batch.inputs[(t * sequences + b) * channels + channel] = 1;
    };
    for (std::int64_t b = 0; b < sequences; ++b) {
      for (std::int64_t s = 0; s < symbols; ++s) {
        const std::int64_t symbol = stream.between(1, variant_.values + 1);
        put(s, b, symbol);
        batch.classes[(recall + s) * sequences + b] = symbol;
      }
      for (std::int64_t t = symbols; t < steps; ++t) put(t, b, t == recall - 1 ? variant_.values + 1 : 0);
    }
    return batch;
  }

  double trivial_loss() const override {
    return static_cast<double>(variant_.symbols) * std::log(static_cast<double>(variant_.values)) /
           static_cast<double>(max_steps(1));
  }

  std::int64_t count_wrong(const Batch& batch, const Tensor<float>& outputs) const override {
    const std::int64_t steps = batch.classes.shape()[0], sequences = batch.classes.shape()[1];
    require_outputs("copy", outputs, {steps, sequences, output_size()});
    std::int64_t wrong = 0;
    for (std::int64_t b = 0; b < sequences; ++b) wrong += !right(batch, outputs, b);
    return wrong;
  }

  bool solved(double validation_loss, double error_rate) const override {
    return variant_.by_error_rate ? error_rate < 0.01 : validation_loss < trivial_loss() / 2;
  }

  std::string success_rule() const override {
    if (variant_.by_error_rate)
      return "less than 1 % of the validation sequences wrong at any step (Pascanu et al. 2013)";
    return fmt::format("validation loss below {:.4f} (half of the memoryless strategy's {:.4f}; our rule)",
                       trivial_loss() / 2, trivial_loss());
  }

 private:
  bool right(const Batch& batch, const Tensor<float>& outputs, std::int64_t b) const {
    const std::int64_t sequences = batch.classes.shape()[1];
    for (std::int64_t i = b; i < batch.classes.numel(); i += sequences)
      if (!is_right(outputs.data() + i * output_size(), output_size(), batch.classes[i])) return false;
    return true;
  }

  const Variant& variant_;
  std::int64_t length_;
};

std::unique_ptr<Task> make(const TaskConfig& config) { return std::make_unique<Copy>(config); }

}  // namespace

TaskRow copy_row() {
  return {"copy", "remember symbols over a delay and repeat them after a marker",
          "Arjovsky, Shah, Bengio 2016, section 5.1; Martens & Sutskever 2011; Pascanu et al. 2013",
          variant_names(variants), make};
}

}  // namespace unroll

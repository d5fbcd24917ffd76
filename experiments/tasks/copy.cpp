#include "experiments/tasks/copy.hpp"

#include <fmt/format.h>

#include <array>
#include <cmath>

#include "experiments/tasks/common.hpp"
#include "experiments/tasks/generated_task.hpp"

namespace unroll {
namespace {

struct CopyVariant {
  std::string_view name;
  std::int64_t values;
  std::int64_t symbols;   ///< to remember in each sequence
  bool by_error_rate;     ///< solved by few wrong sequences, not by half of the trivial loss
  bool marker_at_recall;  ///< the marker is read at the first step that is answered, not one before
};

constexpr std::array<CopyVariant, 3> copy_variants = {{
    {"urnn", 8, 10, false, false},
    {"5-bit", 2, 5, true, true},
    {"20-bit", 5, 10, true, true},
}};

class Copy final : public GeneratedTask {
 public:
  Copy(const CopyVariant& variant, const TaskConfig& config)
      : GeneratedTask({.input_size = variant.values + 2,
                       .output_size = variant.values + 1,
                       .readout = Readout::every_step,
                       .objective = cross_entropy_objective(),
                       .criterion = {.sequences = true}},
                      per_batch(config.length)),
        variant_(variant),
        length_(config.length) {}

  double trivial_loss() const override {
    const double of_a_sequence =
        static_cast<double>(variant_.symbols) * std::log(static_cast<double>(variant_.values));
    return mean_over(
        length_, [&](std::int64_t length) { return of_a_sequence / static_cast<double>(steps_of(length)); });
  }

  SuccessRule success() const override {
    if (variant_.by_error_rate)
      return {{{"sequence_error_rate", Condition::Relation::below, 0.01}},
              "less than 1 % of the sequences wrong at any step (Pascanu et al. 2013)"};
    return {{{"loss", Condition::Relation::below, trivial_loss() / 2}},
            fmt::format("loss below {:.4f} (half of the memoryless strategy's {:.4f}; our rule)",
                        trivial_loss() / 2, trivial_loss())};
  }

 protected:
  std::int64_t steps_of(std::int64_t length) const override { return length + 2 * variant_.symbols; }

  Sequence generate(Stream& stream, std::int64_t length) const override {
    const std::int64_t steps = steps_of(length), recall = steps - variant_.symbols;
    Tensor<float> inputs({steps, input_size()});
    Tensor<std::int64_t> classes(Shape{steps});
    // The channel that is 1 at step t.
    const auto put = [&](std::int64_t t, std::int64_t channel) { inputs[t * input_size() + channel] = 1; };
    for (std::int64_t s = 0; s < variant_.symbols; ++s) {
      const std::int64_t symbol = stream.between(1, variant_.values + 1);
      put(s, symbol);
      classes[recall + s] = symbol;
    }
    const std::int64_t marker = variant_.marker_at_recall ? recall : recall - 1;
    for (std::int64_t t = variant_.symbols; t < steps; ++t) put(t, t == marker ? variant_.values + 1 : 0);
    return {std::move(inputs), std::move(classes)};
  }

 private:
  const CopyVariant& variant_;
  LengthRange length_;
};

}  // namespace

TaskRow copy_row() {
  return {.name = "copy",
          .summary = "remember symbols over a delay and repeat them after a marker",
          .source = "Arjovsky, Shah, Bengio 2016, section 5.1; Martens & Sutskever 2011; Pascanu et al. 2013",
          .variants = variant_names(copy_variants),
          .length = 100,
          .make = [](const TaskConfig& config, const ObjectiveList&) -> std::unique_ptr<Task> {
            return std::make_unique<Copy>(find_variant(copy_variants, config), config);
          }};
}

}  // namespace unroll

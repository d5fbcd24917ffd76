#include "experiments/tasks/adding.hpp"

#include <fmt/format.h>

#include <array>
#include <cmath>

#include "experiments/tasks/common.hpp"

namespace unroll {
namespace {

/// The two steps that are marked.
struct Marks {
  std::int64_t first, second;
};

struct Variant {
  std::string_view name;
  std::int64_t least_length;
  std::string_view why_least;
  double low;        ///< values are uniform in [low, 1)
  bool ends_marked;  ///< the first and last step carry the marker -1
  /// The lengths of a batch are T to T + longest_extra(T), uniformly.
  std::int64_t (*longest_extra)(std::int64_t minimal_length);
  Marks (*mark)(Stream&, std::int64_t minimal_length, std::int64_t length);
  double (*target)(double a, double b);
  double (*trivial_loss)(std::int64_t minimal_length);
  bool (*right)(double error);
  bool by_error_rate;  ///< solved by few wrong sequences, not by half of the trivial loss
  double most_wrong;   ///< then: the fraction of wrong sequences that is still solved
  std::string_view rule;
};

std::int64_t no_extra(std::int64_t) { return 0; }
std::int64_t tenth(std::int64_t length) { return length / 10; }
std::int64_t below_tenth(std::int64_t length) { return length / 10 - 1; }

Marks one_per_half(Stream& stream, std::int64_t, std::int64_t length) {
  const std::int64_t first = stream.below(length / 2);
  return {first, stream.between(length / 2, length)};
}

Marks any_two(Stream& stream, std::int64_t, std::int64_t length) {
  const std::int64_t first = stream.below(length);
  const std::int64_t second = stream.below(length - 1);
  return {first, second + (second >= first)};
}

Marks first_ten_then_first_half(Stream& stream, std::int64_t minimal_length, std::int64_t) {
  const std::int64_t first = stream.below(10);
  const std::int64_t second = stream.below(minimal_length / 2 - 1);
  return {first, second + (second >= first)};
}

Marks first_tenth_then_first_half(Stream& stream, std::int64_t, std::int64_t length) {
  const std::int64_t first = stream.below(length / 10);
  return {first, length / 10 + stream.below(4 * length / 10)};
}

double sum(double a, double b) { return a + b; }
double mean(double a, double b) { return (a + b) / 2; }
double product(double a, double b) { return a * b; }
double scaled_sum(double a, double b) { return 0.5 + (a + b) / 4; }

// The variance of the target. U[0, 1] has variance 1/12; E[(ab)^2] - E[ab]^2 = 1/9 - 1/16.
double variance_of_sum(std::int64_t) { return 1.0 / 6; }
double variance_of_mean(std::int64_t) { return 1.0 / 24; }
double variance_of_product(std::int64_t) { return 7.0 / 144; }

/// Each of the two values has variance 1/3 and weight 1/4, but counts 0 where it is that of the first step.
double variance_of_scaled_sum(std::int64_t minimal_length) {
  const double x1_is_first = 0.1;
  const double x2_is_first = 0.9 / static_cast<double>(minimal_length / 2 - 1);
  return (2 - x1_is_first - x2_is_first) / 3 / 16;
}

bool within_0_04(double error) { return std::abs(error) < 0.04; }
bool square_within_0_04(double error) { return error * error <= 0.04; }

constexpr std::string_view two_halves = "each half holds one of the two marked steps";

constexpr std::array<Variant, 5> variants = {{
    {"sum", 2, two_halves, 0, false, no_extra, one_per_half, sum, variance_of_sum, within_0_04, false, 0, {}},
    {"anywhere",
     2,
     "two different steps are marked",
     0,
     false,
     no_extra,
     any_two,
     sum,
     variance_of_sum,
     within_0_04,
     false,
     0,
     {}},
    {"hs97", 11, "one of the first ten steps is marked, and the last one carries the end's marker", -1, true,
     tenth, first_ten_then_first_half, scaled_sum, variance_of_scaled_sum, within_0_04, true, 0,
     "every validation sequence within 0.04 of its target (Hochreiter & Schmidhuber 1997)"},
    {"pascanu", 10, "the first tenth of the sequence holds one of the two marked steps", 0, false,
     below_tenth, first_tenth_then_first_half, mean, variance_of_mean, square_within_0_04, true, 0.01,
     "less than 1 % of the validation sequences with a squared error above 0.04 (Pascanu et al. 2013)"},
    {"product",
     2,
     two_halves,
     0,
     false,
     no_extra,
     one_per_half,
     product,
     variance_of_product,
     within_0_04,
     false,
     0,
     {}},
}};

class Adding final : public Task {
 public:
  explicit Adding(const TaskConfig& config)
      : variant_(find_variant(variants, config)), length_(config.length) {
    require_length(config, variant_.least_length, variant_.why_least);
  }

  std::int64_t input_size() const override { return 2; }
  std::int64_t output_size() const override { return 1; }
  Loss loss() const override { return Loss::mse; }
  Readout readout() const override { return Readout::last; }
  std::int64_t max_steps(std::int64_t) const override { return length_ + variant_.longest_extra(length_); }

  Batch sample(Stream& stream, std::int64_t sequences) const override {
    const std::int64_t extra = variant_.longest_extra(length_);
    const std::int64_t length = length_ + (extra > 0 ? stream.below(extra + 1) : 0);
    Batch batch{Tensor<float>({length, sequences, 2}), Tensor<float>({sequences, 1}), {}};
    for (std::int64_t b = 0; b < sequences; ++b)
      batch.targets[b] = sample_one(stream, length, b, batch.inputs);
    return batch;
  }

  double trivial_loss() const override { return variant_.trivial_loss(length_); }

  std::int64_t count_wrong(const Batch& batch, const Tensor<float>& outputs) const override {
    require_outputs("adding", outputs, batch.targets.shape());
    std::int64_t wrong = 0;
    for (std::int64_t b = 0; b < outputs.numel(); ++b)
      wrong += !variant_.right(double(outputs[b]) - double(batch.targets[b]));
    return wrong;
  }

  bool solved(double validation_loss, double error_rate) const override {
    if (!variant_.by_error_rate) return validation_loss < trivial_loss() / 2;
    return variant_.most_wrong > 0 ? error_rate < variant_.most_wrong : error_rate == 0;
  }

  std::string success_rule() const override {
    if (variant_.by_error_rate) return std::string(variant_.rule);
    return fmt::format("validation MSE below {:.4f} (half of the trivial {:.4f})", trivial_loss() / 2,
                       trivial_loss());
  }

 private:
  /// Writes sequence `b` of `inputs` (T, B, 2) and returns its target.
  float sample_one(Stream& stream, std::int64_t length, std::int64_t b, Tensor<float>& inputs) const {
    const std::int64_t step = inputs.shape()[1] * 2;
    float* values = inputs.data() + 2 * b;
    float* markers = values + 1;
    const Marks marks = variant_.mark(stream, length_, length);
    for (std::int64_t t = 0; t < length; ++t)
      values[t * step] = static_cast<float>(stream.uniform(variant_.low, 1));
    markers[marks.first * step] = 1;
    markers[marks.second * step] = 1;
    if (variant_.ends_marked) {
      markers[0] = -1;
      markers[(length - 1) * step] = -1;
      if (marks.first == 0 || marks.second == 0) values[0] = 0;
    }
    return static_cast<float>(
        variant_.target(double(values[marks.first * step]), double(values[marks.second * step])));
  }

  const Variant& variant_;
  std::int64_t length_;
};

std::unique_ptr<Task> make(const TaskConfig& config) { return std::make_unique<Adding>(config); }

}  // namespace

TaskRow adding_row() {
  return {"adding", "two marked numbers, report their sum",
          "Hochreiter & Schmidhuber 1997, exp. 4; Le et al. 2015; Arjovsky et al. 2016; Pascanu et al. 2013; "
          "Bai et al. 2018",
          variant_names(variants), make};
}

}  // namespace unroll

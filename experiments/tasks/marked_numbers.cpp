#include "experiments/tasks/marked_numbers.hpp"

#include <fmt/format.h>

#include <array>
#include <span>
#include <vector>

#include "experiments/tasks/common.hpp"
#include "experiments/tasks/generated_task.hpp"

namespace unroll {
namespace {

/// The two steps that are marked.
struct Marks {
  std::int64_t first, second;
};

/// Where markers stand, how long sequences are, and what is special at their ends.
struct Placement {
  std::int64_t least_length;
  std::string_view why_least;
  Marks (*mark)(Stream&, std::int64_t minimal_length, std::int64_t length);
  bool ends_marked = false;  ///< the first and last step carry the marker -1
  /// The lengths of a batch are T to T + extra(T), uniformly.
  std::int64_t (*extra)(std::int64_t minimal_length) = nullptr;
};

struct MarkedNumbersVariant {
  std::string_view name;
  const Placement& placement;
  double low;  ///< values are uniform in [low, 1)
  double (*target)(double a, double b);
  double (*trivial_loss)(std::int64_t minimal_length);
  double tolerance;                  ///< of a right answer
  double of_first_step = 0;          ///< its value, where it is picked and the ends are marked
  std::vector<Condition> rule = {};  ///< none: half of the trivial loss
  std::string_view rule_text = {};
};

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

constexpr Placement halves = {2, "each half holds one of the two marked steps", one_per_half};
constexpr Placement anywhere = {2, "two different steps are marked", any_two};
constexpr Placement hs97 = {11,
                            "one of the first ten steps is marked, and the last one carries the end's marker",
                            first_ten_then_first_half, true, [](std::int64_t length) { return length / 10; }};
constexpr Placement pascanu = {10, "the first tenth of the sequence holds one of the two marked steps",
                               first_tenth_then_first_half, false,
                               [](std::int64_t length) { return length / 10 - 1; }};

double sum(double a, double b) { return a + b; }
double mean(double a, double b) { return (a + b) / 2; }
double product(double a, double b) { return a * b; }
double scaled_sum(double a, double b) { return 0.5 + (a + b) / 4; }

/// How often one of the two marked steps is the very first one, in hs97's placement: as X1 or as X2.
double share_of_first_step(std::int64_t minimal_length) {
  return 0.1 + 0.9 / static_cast<double>(minimal_length / 2 - 1);
}

// The variance of the target. U[0, 1] has variance 1/12; E[(ab)^2] - E[ab]^2 = 1/9 - 1/16.
double variance_of_sum(std::int64_t) { return 1.0 / 6; }
double variance_of_mean(std::int64_t) { return 1.0 / 24; }
double variance_of_product(std::int64_t) { return 7.0 / 144; }

/// Each of the two values has variance 1/3 and weight 1/4, but counts 0 where it is that of the first step.
double variance_of_scaled_sum(std::int64_t minimal_length) {
  return (2 - share_of_first_step(minimal_length)) / 3 / 16;
}

/// With the first step's value 1 the product is the other one's.
double variance_of_product_or_one(std::int64_t minimal_length) {
  const double p = share_of_first_step(minimal_length);
  const double mean = (1 - p) / 4 + p / 2, square = (1 - p) / 9 + p / 3;
  return square - mean * mean;
}

constexpr double within = 0.04;
/// Whose square is 0.04.
constexpr double within_square = 0.2;

Condition error_rate(Condition::Relation relation, double bound) { return {"error_rate", relation, bound}; }

std::span<const MarkedNumbersVariant> adding_variants() {
  static const std::array<MarkedNumbersVariant, 4> all = {{
      {"sum", halves, 0, sum, variance_of_sum, within},
      {"anywhere", anywhere, 0, sum, variance_of_sum, within},
      {"hs97",
       hs97,
       -1,
       scaled_sum,
       variance_of_scaled_sum,
       within,
       0,
       {{"mae", Condition::Relation::below, 0.01}, error_rate(Condition::Relation::at_most, 0)},
       "a mean error below 0.01, and every sequence within 0.04 of its target (Hochreiter & Schmidhuber "
       "1997)"},
      {"pascanu",
       pascanu,
       0,
       mean,
       variance_of_mean,
       within_square,
       0,
       {error_rate(Condition::Relation::below, 0.01)},
       "less than 1 % of the sequences with a squared error above 0.04 (Pascanu et al. 2013)"},
  }};
  return all;
}

std::span<const MarkedNumbersVariant> multiplication_variants() {
  static const std::array<MarkedNumbersVariant, 2> all = {{
      {"hs97",
       hs97,
       0,
       product,
       variance_of_product_or_one,
       within,
       1,
       {error_rate(Condition::Relation::below, 13.0 / 2000)},
       "fewer than 13 in 2000 sequences off their target by 0.04 (Hochreiter & Schmidhuber 1997)"},
      {"pascanu",
       pascanu,
       0,
       product,
       variance_of_product,
       within_square,
       0,
       {error_rate(Condition::Relation::below, 0.01)},
       "less than 1 % of the sequences with a squared error above 0.04 (Pascanu et al. 2013)"},
  }};
  return all;
}

Lengths lengths_of(const MarkedNumbersVariant& variant, const TaskConfig& config) {
  if (!variant.placement.extra) return per_batch(config.length);
  const std::int64_t length = require_one_length(config, "this variant draws lengths from it on by itself");
  return per_batch({length, length + variant.placement.extra(length)});
}

/// Refuses before anything is computed from the length.
const TaskConfig& marked_checked(const MarkedNumbersVariant& variant, const TaskConfig& config) {
  require_length(config, variant.placement.least_length, variant.placement.why_least);
  return config;
}

class MarkedNumbers final : public GeneratedTask {
 public:
  MarkedNumbers(const MarkedNumbersVariant& variant, const TaskConfig& config)
      : GeneratedTask({.input_size = 2,
                       .output_size = 1,
                       .readout = Readout::last,
                       .objective = mse_objective(),
                       .criterion = {.tolerance = variant.tolerance}},
                      lengths_of(variant, marked_checked(variant, config))),
        variant_(variant),
        least_(config.length.least) {}

  double trivial_loss() const override { return variant_.trivial_loss(least_); }

  SuccessRule success() const override {
    if (!variant_.rule.empty()) return {variant_.rule, std::string(variant_.rule_text)};
    return {{{"loss", Condition::Relation::below, trivial_loss() / 2}},
            fmt::format("MSE below {:.4f} (half of the trivial {:.4f})", trivial_loss() / 2, trivial_loss())};
  }

 protected:
  Sequence generate(Stream& stream, std::int64_t length) const override {
    Tensor<float> inputs({length, 2});
    const Marks marks = variant_.placement.mark(stream, least_, length);
    for (std::int64_t t = 0; t < length; ++t)
      inputs[2 * t] = static_cast<float>(stream.uniform(variant_.low, 1));
    inputs[2 * marks.first + 1] = 1;
    inputs[2 * marks.second + 1] = 1;
    if (variant_.placement.ends_marked) {
      inputs[1] = -1;
      inputs[2 * (length - 1) + 1] = -1;
      if (marks.first == 0 || marks.second == 0) inputs[0] = static_cast<float>(variant_.of_first_step);
    }
    const auto value = [&](std::int64_t step) { return static_cast<double>(inputs[2 * step]); };
    const double target = variant_.target(value(marks.first), value(marks.second));
    return {std::move(inputs), Tensor<float>(Shape{1}, static_cast<float>(target))};
  }

 private:
  const MarkedNumbersVariant& variant_;
  std::int64_t least_;
};

}  // namespace

TaskRow adding_row() {
  return {
      .name = "adding",
      .summary = "two marked numbers, report their sum",
      .source =
          "Hochreiter & Schmidhuber 1997, exp. 4; Le et al. 2015; Arjovsky et al. 2016; Pascanu et al. 2013; "
          "Bai et al. 2018",
      .variants = variant_names(adding_variants()),
      .length = 100,
      .make = [](const TaskConfig& config, const ObjectiveList&) -> std::unique_ptr<Task> {
        return std::make_unique<MarkedNumbers>(find_variant(adding_variants(), config), config);
      }};
}

TaskRow multiplication_row() {
  return {.name = "multiplication",
          .summary = "two marked numbers, report their product",
          .source = "Hochreiter & Schmidhuber 1997, exp. 5; Pascanu et al. 2013, published code",
          .variants = variant_names(multiplication_variants()),
          .length = 100,
          .make = [](const TaskConfig& config, const ObjectiveList&) -> std::unique_ptr<Task> {
            return std::make_unique<MarkedNumbers>(find_variant(multiplication_variants(), config), config);
          }};
}

}  // namespace unroll

#include "experiments/tasks/reber.hpp"

#include <algorithm>
#include <cmath>

#include "experiments/tasks/common.hpp"
#include "experiments/tasks/generated_task.hpp"
#include "experiments/tasks/outputs.hpp"

namespace unroll {
namespace {

enum ReberSymbol : std::int64_t { B, T, P, S, X, V, E, symbols };

/// B T, five symbols of Reber's grammar, T E.
constexpr std::int64_t shortest = 9;

TaskSpec spec_of(Outputs outputs) {
  return {
      .input_size = symbols,
      .output_size = symbols,
      .readout = Readout::every_step,
      .objective = outputs == Outputs::logistic ? logistic_next_symbol_objective() : next_symbol_objective(),
      .criterion = {.sequences = true}};
}

/// The loss of what knows how likely each symbol is at each step.
double loss_of(const std::vector<std::vector<double>>& probabilities, Outputs outputs) {
  double loss = 0, steps = 0;
  for (const std::vector<double>& each : probabilities) {
    double there = 0;  // strings that have such a step
    for (const double p : each) there += p;
    for (const double p : each) {
      if (p == 0) continue;
      loss += outputs == Outputs::softmax ? -p * std::log(p / there)
                                          : p * (1 - p / there) / static_cast<double>(symbols);
    }
    steps += there;
  }
  return loss / steps;
}

/// The first symbol is only read.
std::vector<std::vector<double>> without_first(std::vector<std::vector<double>> probabilities) {
  probabilities.erase(probabilities.begin());
  return probabilities;
}

/// What a walk reads at each step but the last, and what comes and what might then.
Sequence prediction(const Walk& walk) {
  const auto steps = static_cast<std::int64_t>(walk.symbols.size()) - 1;
  Tensor<float> inputs({steps, symbols}), targets({steps, symbols});
  for (std::int64_t t = 0; t < steps; ++t) {
    const auto next = static_cast<std::size_t>(t + 1);
    inputs[t * symbols + walk.symbols[next - 1]] = 1;
    for (std::int64_t k = 0; k < symbols; ++k)
      targets[t * symbols + k] =
          walk.possible[next][static_cast<std::size_t>(k)] ? NextSymbol::possible : NextSymbol::impossible;
    targets[t * symbols + walk.symbols[next]] = NextSymbol::comes;
  }
  return {std::move(inputs), std::move(targets)};
}

SuccessRule all_right(std::string of) {
  return {{{"error_rate", Condition::Relation::at_most, 0}},
          "at every step every symbol that might come above all others (" + std::move(of) + ")"};
}

class Reber final : public GeneratedTask {
 public:
  explicit Reber(const TaskConfig& config)
      : Reber(config, Strings(embedded_reber(false), checked(config).length.most)) {}

  double trivial_loss() const override {
    return loss_of(without_first(strings_.symbol_probabilities(length_)), outputs_);
  }
  SuccessRule success() const override { return all_right("Hochreiter & Schmidhuber 1997"); }

 protected:
  std::int64_t steps_of(std::int64_t length) const override { return length - 1; }

  Sequence generate(Stream& stream, std::int64_t length) const override {
    if (length <= length_.most) return prediction(strings_.draw(stream, length));
    return prediction(Strings(strings_.grammar(), length).draw(stream, length));
  }

 private:
  Reber(const TaskConfig& config, Strings strings)
      : GeneratedTask(spec_of(outputs_of(config)),
                      {config.length, Lengths::Drawn::per_sequence, strings.shares(config.length)}),
        strings_(std::move(strings)),
        length_(config.length),
        outputs_(outputs_of(config)) {}

  static const TaskConfig& checked(const TaskConfig& config) {
    require_length(config, shortest, "the shortest string has as many symbols");
    return config;
  }

  Strings strings_;
  LengthRange length_;
  Outputs outputs_;
};

class ContinualReber final : public GeneratedTask {
 public:
  explicit ContinualReber(const TaskConfig& config)
      : GeneratedTask(spec_of(outputs_of(config)), per_batch(config.length)),
        grammar_(embedded_reber(true)),
        length_(config.length),
        outputs_(outputs_of(config)) {}

  double trivial_loss() const override {
    return mean_over(length_, [&](std::int64_t length) {
      return loss_of(without_first(endless_probabilities(grammar_, length + 1)), outputs_);
    });
  }
  SuccessRule success() const override { return all_right("Gers, Schmidhuber, Cummins 2000"); }

 protected:
  Sequence generate(Stream& stream, std::int64_t length) const override {
    return prediction(endless_walk(grammar_, stream, length + 1));
  }

 private:
  Grammar grammar_;
  LengthRange length_;
  Outputs outputs_;
};

}  // namespace

Grammar embedded_reber(bool continual) {
  using Branches = std::vector<Grammar::Branch>;
  constexpr std::int64_t first_copy = 2, of_a_copy = 8, copies_end = first_copy + 2 * of_a_copy;
  Grammar grammar{.symbols = symbols, .states = {}, .start = 0, .end = copies_end + 1};
  grammar.states = {Branches{{B, 1}}, Branches{{T, first_copy}, {P, first_copy + of_a_copy}}};
  for (const ReberSymbol frame : {T, P}) {
    const auto s = static_cast<std::int64_t>(grammar.states.size());  // state 0 of Reber's graph
    for (Branches& branches : std::vector<Branches>{{{B, s + 1}},
                                                    {{T, s + 2}, {P, s + 3}},
                                                    {{S, s + 2}, {X, s + 4}},
                                                    {{T, s + 3}, {V, s + 5}},
                                                    {{X, s + 3}, {S, s + 6}},
                                                    {{P, s + 4}, {V, s + 6}},
                                                    {{E, s + 7}},
                                                    {{frame, copies_end}}})
      grammar.states.push_back(std::move(branches));
  }
  grammar.states.push_back({{E, continual ? grammar.start : grammar.end}});
  grammar.states.emplace_back();
  return grammar;
}

TaskRow reber_row() {
  return {.name = "reber",
          .summary = "predict the next symbol of a string of the embedded Reber grammar",
          .source = "Smith & Zipser 1989; Hochreiter & Schmidhuber 1997, exp. 1",
          .variants = {"standard"},
          .length = LengthRange{shortest, 100},
          .options = {outputs_option()},
          .make = [](const TaskConfig& config, const ObjectiveList&) -> std::unique_ptr<Task> {
            return std::make_unique<Reber>(config);
          }};
}

TaskRow continual_reber_row() {
  return {.name = "continual_reber",
          .summary = "the same in a stream of strings without end",
          .source = "Gers, Schmidhuber, Cummins 2000, Learning to forget",
          .variants = {"standard"},
          .length = 500,
          .options = {outputs_option()},
          .make = [](const TaskConfig& config, const ObjectiveList&) -> std::unique_ptr<Task> {
            return std::make_unique<ContinualReber>(config);
          }};
}

}  // namespace unroll

#include "experiments/tasks/symbol_task.hpp"

#include <iterator>

#include "experiments/tasks/common.hpp"

namespace unroll {
namespace {

constexpr const char* every_step = "every step";
constexpr const char* end = "end";

TaskSpec spec_of(const Alphabet& alphabet, Supervision supervision) {
  const bool each = supervision == Supervision::every_step;
  return {.input_size = alphabet.signs ? 1 : alphabet.symbols,
          .output_size = alphabet.classes,
          .readout = each ? Readout::every_step : Readout::last,
          .objective = cross_entropy_objective(),
          .criterion = {.sequences = each, .chance = 1 / static_cast<double>(alphabet.classes)}};
}

}  // namespace

const OptionSpec& supervision_option() {
  static const OptionSpec option = {
      "task.supervision",
      std::string(every_step),
      "where answers are asked for: after every step that has one, or at the end",
      {},
      [] {
        return std::vector<std::string>{every_step, end};
      }};
  return option;
}

Supervision supervision_of(const TaskConfig& config) {
  return config.get<std::string>(supervision_option()) == end ? Supervision::end : Supervision::every_step;
}

SymbolTask::SymbolTask(const Alphabet& alphabet, const TaskConfig& config, Supervision supervision)
    : GeneratedTask(spec_of(alphabet, supervision), per_sequence(config.length)),
      length_(config.length),
      weighted_(supervision == Supervision::every_step && !alphabet.always_answers),
      signs_(alphabet.signs) {}

double SymbolTask::trivial_loss() const {
  const std::int64_t longest = steps_of(length_.most);
  std::vector<double> ending(static_cast<std::size_t>(longest));  // lengths of which a step is the last one
  for (std::int64_t length = length_.least; length <= length_.most; ++length)
    ending[static_cast<std::size_t>(steps_of(length) - 1)] += 1;
  const std::vector<std::optional<double>> entropy = entropies(longest);
  double asked = 0, nats = 0, answers = 0;
  for (std::size_t t = ending.size(); t-- > 0;) {
    // A step is asked for in every length that reaches it, or where it is the last one.
    asked = spec().every_step() ? asked + ending[t] : ending[t];
    if (!entropy[t]) continue;
    nats += asked * *entropy[t];
    answers += asked;
  }
  return nats / answers;
}

SuccessRule SymbolTask::success() const {
  return {{{"accuracy", Condition::Relation::above, 0.99}}, "more than 99 % of the answers right (our rule)"};
}

Sequence SymbolTask::generate(Stream& stream, std::int64_t length) const {
  const std::vector<SymbolStep> read = draw(stream, length);
  const std::int64_t steps = std::ssize(read);
  Tensor<float> inputs({steps, input_size()}), weights(Shape{steps});
  Tensor<std::int64_t> classes(Shape{steps});
  for (std::int64_t t = 0; t < steps; ++t) {
    const auto& [symbol, answer] = read[static_cast<std::size_t>(t)];
    if (signs_)
      inputs[t] = symbol == 0 ? -1 : 1;
    else
      inputs[t * input_size() + symbol] = 1;
    classes[t] = answer.value_or(0);
    weights[t] = answer.has_value();
  }
  if (!spec().every_step()) return {std::move(inputs), class_target(classes[steps - 1])};
  if (!weighted_) return {std::move(inputs), std::move(classes)};
  return {std::move(inputs), std::move(classes), std::move(weights)};
}

}  // namespace unroll

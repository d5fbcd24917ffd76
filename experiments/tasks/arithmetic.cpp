#include <array>
#include <cmath>

#include "experiments/tasks/automaton.hpp"
#include "experiments/tasks/common.hpp"
#include "experiments/tasks/state_tracking.hpp"
#include "experiments/tasks/symbol_task.hpp"

namespace unroll {
namespace {

constexpr std::int64_t modulus = 5, operators = 3;
enum ArithmeticSymbol : std::int64_t { plus = modulus, minus, times, open, close };

/// So that an expression is worth sum + product, read as far as a digit; before one: sum + factor * what
/// comes.
struct Sum {
  bool complete;  ///< ends with a digit
  std::int64_t sum, factor;

  std::int64_t index() const { return (complete * modulus + sum) * modulus + factor; }
  std::int64_t value() const { return (sum + factor) % modulus; }

  Sum after(std::int64_t symbol) const {
    switch (symbol) {
      case plus:
        return {false, value(), 1};
      case minus:
        return {false, value(), modulus - 1};
      case times:
        return {false, sum, factor};
      default:
        return {true, sum, factor * symbol % modulus};
    }
  }
};

Automaton without_brackets() {
  Automaton automaton{.symbols = modulus + operators, .classes = modulus, .states = {}};
  automaton.start = Sum{false, 0, 1}.index();
  for (const bool complete : {false, true})
    for (std::int64_t sum = 0; sum < modulus; ++sum)
      for (std::int64_t factor = 0; factor < modulus; ++factor) {
        const Sum here{complete, sum, factor};
        Automaton::State state{complete ? Range{plus, operators} : Range{0, modulus}, {}, {}};
        for (std::int64_t i = 0; i < state.drawn.count; ++i)
          state.next.push_back(here.after(state.drawn.first + i).index());
        if (complete) state.answer = here.value();
        automaton.states.push_back(std::move(state));
      }
  return automaton;
}

std::int64_t applied(std::int64_t operation, std::int64_t a, std::int64_t b) {
  if (operation == plus) return (a + b) % modulus;
  if (operation == minus) return (a + modulus - b) % modulus;
  return a * b % modulus;
}

/// Symbols of a bracketed operation besides its two sides.
constexpr std::int64_t around = 3;
/// The longest expression without an operation: (-d).
constexpr std::int64_t longest_term = 4;

/// Writes d, -d, (d) or (-d) and returns its value.
std::int64_t write_term(Stream& stream, std::int64_t length, std::vector<SymbolStep>& out) {
  const bool bracketed = length > 2, negative = length % 2 == 0;
  const std::int64_t digit = stream.below(modulus);
  if (bracketed) out.push_back({open});
  if (negative) out.push_back({minus});
  out.push_back({digit});
  if (bracketed) out.push_back({close});
  return negative ? applied(minus, 0, digit) : digit;
}

/// Writes an expression of exactly so many symbols and returns its value. The sides' lengths are uniform, so
/// that brackets stand some logarithm of the length deep.
std::int64_t write_expression(Stream& stream, std::int64_t length, std::vector<SymbolStep>& out) {
  if (length <= longest_term) return write_term(stream, length, out);
  const std::int64_t left = stream.between(1, length - around);
  const std::int64_t operation = stream.between(plus, plus + operators);
  out.push_back({open});
  const std::int64_t a = write_expression(stream, left, out);
  out.push_back({operation});
  const std::int64_t b = write_expression(stream, length - around - left, out);
  out.push_back({close});
  return applied(operation, a, b);
}

/// How likely an expression of 0, 1, ... `longest` symbols is worth 0. The other values are as likely as each
/// other: multiplying all digits of a side by one that is not 0 leaves every law as it is.
std::vector<double> probabilities_of_zero(std::int64_t longest) {
  constexpr auto others = static_cast<double>(modulus - 1);
  std::vector<double> zero(static_cast<std::size_t>(longest + 1), 1.0 / static_cast<double>(modulus));
  for (std::size_t length = longest_term + 1; length < zero.size(); ++length) {
    const std::size_t sides = length - around;
    double sum = 0;
    for (std::size_t left = 1; left < sides; ++left) {
      const double a = zero[left], b = zero[sides - left];
      const double neither = (1 - a) * (1 - b);
      sum += 2 * (a * b + neither / others) + (1 - neither);  // sum and difference; product
    }
    zero[length] = sum / static_cast<double>(operators) / static_cast<double>(sides - 1);
  }
  return zero;
}

class Brackets final : public SymbolTask {
 public:
  explicit Brackets(const TaskConfig& config)
      : SymbolTask({.symbols = close + 1, .classes = modulus}, config, Supervision::end) {}

 protected:
  std::vector<SymbolStep> draw(Stream& stream, std::int64_t length) const override {
    std::vector<SymbolStep> read;
    const std::int64_t value = write_expression(stream, length, read);
    read.back().answer = value;
    return read;
  }

  std::vector<std::optional<double>> entropies(std::int64_t steps) const override {
    std::vector<std::optional<double>> all;
    const std::vector<double> zero = probabilities_of_zero(steps);
    for (std::size_t length = 1; length < zero.size(); ++length) {
      const double p = zero[length];
      all.push_back(-p * std::log(p) - (1 - p) * std::log((1 - p) / static_cast<double>(modulus - 1)));
    }
    return all;
  }
};

struct ArithmeticVariant {
  std::string_view name;
  std::unique_ptr<Task> (*make)(const TaskConfig& config);
};

constexpr std::array<ArithmeticVariant, 2> arithmetic_variants = {{
    {"no brackets", [](const TaskConfig& config) { return follow(without_brackets(), config, true); }},
    {"brackets",
     [](const TaskConfig& config) -> std::unique_ptr<Task> { return std::make_unique<Brackets>(config); }},
}};

}  // namespace

TaskRow modular_arithmetic_row() {
  return {.name = "modular_arithmetic",
          .summary = "the value of an expression of digits, modulo 5",
          .source = "Delétang et al. 2023, Neural networks and the Chomsky hierarchy, and published code",
          .variants = variant_names(arithmetic_variants),
          .length = LengthRange{3, 40},
          .options = {supervision_option()},
          .make = [](const TaskConfig& config, const ObjectiveList&) {
            return find_variant(arithmetic_variants, config).make(config);
          }};
}

}  // namespace unroll

#include <fmt/format.h>

#include "experiments/train/option_rows.hpp"
#include "experiments/train/options.hpp"
#include "framework/optim/optimizer.hpp"
#include "framework/optim/rules.hpp"

namespace unroll {
namespace {

using namespace rows;

/// The key below which every name is a setting.
constexpr const char* rates_key = "train.rates";

Option rate_row(const std::string& key) {
  const std::string parameter = key.substr(std::string(rates_key).size() + 1);
  return row(key, {unset, at_least(0)}, result, "factor of this parameter's learning rate",
             [parameter](Config& c) -> OptionField {
               return &c.train.rates.try_emplace(parameter, unset).first->second;
             });
}

std::vector<std::string> rate_keys(const Config& config) {
  std::vector<std::string> keys;
  for (const auto& [parameter, rate] : config.train.rates)
    keys.push_back(fmt::format("{}.{}", rates_key, parameter));
  return keys;
}

bool is_adam(const Config& c) { return c.train.optimizer == "adam" || c.train.optimizer == "adamw"; }

}  // namespace

OptionFamily rates_family() {
  return {rates_key, "factor of that parameter's learning rate", rate_row, rate_keys};
}

std::vector<Option> optimizer_option_rows() {
  return {
      called({"optim", "optimiser"},
             row("train.optimizer", name("rmsprop", optimizer_names), result, "the update rule",
                 [](Config& c) -> OptionField { return &c.train.optimizer; })),
      called({"lr", "eta", "step_size"},
             row("train.learning_rate", number(1e-3, above(0)), result, "step size at the start",
                 [](Config& c) -> OptionField { return &c.train.learning_rate; })),
      row(
          "train.momentum", number(0.9, from_to_below(0, 1)), result, "of momentum",
          [](Config& c) -> OptionField { return &c.train.momentum; },
          [](const Config& c) { return c.train.optimizer == "momentum"; }),
      row(
          "train.decay", number(0.0, from_to_below(0, 1)), result,
          "of the mean of squares, of rmsprop; 0: the variant's own (char-rnn 0.95, others 0.9)",
          [](Config& c) -> OptionField { return &c.train.decay; },
          [](const Config& c) { return c.train.optimizer == "rmsprop"; }),
      row(
          "train.epsilon", number(0.0, at_least(0)), result,
          "beside the root in the denominator; 0: 1e-8, of rmsprop the variant's own (urnn none)",
          [](Config& c) -> OptionField { return &c.train.epsilon; },
          [](const Config& c) { return c.train.optimizer == "rmsprop" || is_adam(c); }),
      row(
          "train.rmsprop", name("urnn", rmsprop_variants), result,
          "urnn: mean square starts at 1e-3, no epsilon; tensorflow: epsilon inside the root; char-rnn: "
          "outside",
          [](Config& c) -> OptionField { return &c.train.rmsprop; },
          [](const Config& c) { return c.train.optimizer == "rmsprop"; }),
      row(
          "train.beta1", number(0.9, from_to_below(0, 1)), result, "decay of the mean, of adam and adamw",
          [](Config& c) -> OptionField { return &c.train.beta1; },
          [](const Config& c) { return is_adam(c); }),
      row(
          "train.beta2", number(0.999, from_to_below(0, 1)), result,
          "decay of the mean of squares, of adam and adamw",
          [](Config& c) -> OptionField { return &c.train.beta2; },
          [](const Config& c) { return is_adam(c); }),
      called({"wd", "l2"}, row("train.weight_decay", number(0.0, at_least(0)), result,
                               "0: off; decoupled in adamw, L2 elsewhere",
                               [](Config& c) -> OptionField { return &c.train.weight_decay; })),
  };
}

}  // namespace unroll

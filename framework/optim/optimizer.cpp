#include "framework/optim/optimizer.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <array>
#include <stdexcept>

#include "framework/optim/rule_optimizer.hpp"
#include "framework/optim/rules.hpp"

namespace unroll {
namespace {

constexpr std::array<rules::RmspropVariant, 3> variants = {{
    {"urnn", 0.9, 0, false, 1e-3f, "Arjovsky, Shah, Bengio 2016, published code"},
    {"tensorflow", 0.9, 1e-10, true, 1, "tf.train.RMSPropOptimizer of TensorFlow 1"},
    {"char-rnn", 0.95, 1e-8, false, 0, "Karpathy's char-rnn, after Torch's optim.rmsprop"},
}};

template <class Rule>
std::unique_ptr<Optimizer> make(const OptimizerOptions& options) {
  return std::make_unique<RuleOptimizer<Rule>>(options);
}

constexpr std::array<OptimizerRow, 6> optimizers = {{
    {"sgd", "w <- w - eta g", "Robbins & Monro 1951", make<rules::Sgd>},
    {"momentum", "v <- mu v - eta g; w <- w + v", "Polyak 1964; Sutskever et al. 2013, eq. 1-2",
     make<rules::Momentum>},
    {"rmsprop", "a <- rho a + (1 - rho) g^2; w <- w - eta g / sqrt(a), with epsilon as the variant has it",
     "Tieleman & Hinton 2012, lecture 6.5", make<rules::Rmsprop>},
    {"adagrad", "a <- a + g^2; w <- w - eta g / (sqrt(a) + eps)", "Duchi, Hazan, Singer 2011, fig. 1",
     make<rules::Adagrad>},
    {"adam",
     "m <- b1 m + (1 - b1) g; v <- b2 v + (1 - b2) g^2; "
     "w <- w - eta (m / (1 - b1^t)) / (sqrt(v / (1 - b2^t)) + eps)",
     "Kingma & Ba 2015, algorithm 1", make<rules::Adam>},
    {"adamw", "w <- (1 - eta lambda) w, then Adam", "Loshchilov & Hutter 2019, algorithm 2",
     make<rules::Adamw>},
}};

template <class Rows>
std::vector<std::string> names_of(const Rows& rows) {
  std::vector<std::string> names;
  for (const auto& row : rows) names.emplace_back(row.name);
  return names;
}

void check_share(std::string_view option, double value) {
  if (!(value >= 0 && value < 1))
    throw std::invalid_argument(fmt::format("optimizer: {} must lie in [0, 1), got {}", option, value));
}

void check(const OptimizerOptions& options) {
  check_share("momentum", options.momentum);
  check_share("decay", options.decay.value_or(0));
  check_share("beta1", options.beta1);
  check_share("beta2", options.beta2);
  if (!(options.weight_decay >= 0))
    throw std::invalid_argument(
        fmt::format("optimizer: weight_decay must be at least 0, got {}", options.weight_decay));
}

}  // namespace

namespace rules {

const RmspropVariant& rmsprop_variant(std::string_view name) {
  for (const auto& variant : variants)
    if (variant.name == name) return variant;
  throw std::invalid_argument(fmt::format("unknown variant of rmsprop \"{}\" (known: {})", name,
                                          fmt::join(rmsprop_variants(), ", ")));
}

double epsilon_or(const OptimizerOptions& options, double published) {
  const double epsilon = options.epsilon.value_or(published);
  if (!(epsilon > 0))
    throw std::invalid_argument(
        fmt::format("optimizer: epsilon of {} must be above 0, got {}", options.name, epsilon));
  return epsilon;
}

}  // namespace rules

std::span<const OptimizerRow> optimizer_table() { return optimizers; }
std::vector<std::string> optimizer_names() { return names_of(optimizers); }
std::vector<std::string> rmsprop_variants() { return names_of(variants); }

std::unique_ptr<Optimizer> make_optimizer(const OptimizerOptions& options) {
  check(options);
  for (const OptimizerRow& row : optimizers)
    if (row.name == options.name) return row.make(options);
  throw std::invalid_argument(
      fmt::format("unknown optimizer \"{}\" (known: {})", options.name, fmt::join(optimizer_names(), ", ")));
}

}  // namespace unroll

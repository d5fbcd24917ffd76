#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <string_view>

#include "framework/optim/optimizer.hpp"

namespace unroll::rules {

/// A tensor of a parameter's size that a rule remembers.
struct Slot {
  const char* name;
  float initial;
};

// An update rule says what it remembers (`slots`), prepares the constants of step number t = 1, 2, ...
// (`begin`) and updates one element (`operator()`). g is the gradient, weight decay included where it is L2.

/// w <- w - eta g (Robbins & Monro 1951).
struct Sgd {
  static constexpr int slot_count = 0;
  explicit Sgd(const OptimizerOptions&) {}

  void begin(double learning_rate, std::int64_t) { eta_ = static_cast<float>(learning_rate); }
  void operator()(float& w, float g) const { w -= eta_ * g; }

  float eta_ = 0;
};

/// v <- mu v - eta g, w <- w + v (classical momentum: Polyak 1964; Sutskever et al. 2013, eq. 1-2).
struct Momentum {
  static constexpr int slot_count = 1;
  Slot slots[1] = {{"velocity", 0}};
  explicit Momentum(const OptimizerOptions& options) : mu_(static_cast<float>(options.momentum)) {}

  void begin(double learning_rate, std::int64_t) { eta_ = static_cast<float>(learning_rate); }
  void operator()(float& w, float g, float& v) const {
    v = mu_ * v - eta_ * g;
    w += v;
  }

  float mu_, eta_ = 0;
};

/// The epsilon asked for, or `published`. Throws std::invalid_argument unless it is above 0: without it a
/// parameter whose gradient was always 0 becomes 0 / 0.
double epsilon_or(const OptimizerOptions& options, double published);

/// One published form of RMSProp.
struct RmspropVariant {
  std::string_view name;
  double decay;
  double epsilon;
  bool epsilon_inside_root;
  float initial_mean_square;
  std::string_view source;
};

/// Throws std::invalid_argument naming the known ones.
const RmspropVariant& rmsprop_variant(std::string_view name);

/// a <- rho a + (1 - rho) g^2, w <- w - eta g / (sqrt(a + eps_in) + eps_out) (Tieleman & Hinton 2012, lecture
/// 6.5), of which one eps or both are 0.
struct Rmsprop {
  static constexpr int slot_count = 1;
  Slot slots[1];

  Rmsprop(const OptimizerOptions& options, const RmspropVariant& variant)
      : slots{{"mean_square", variant.initial_mean_square}} {
    const double decay = options.decay.value_or(variant.decay);
    const double epsilon = variant.epsilon == 0 ? 0 : epsilon_or(options, variant.epsilon);
    rho_ = static_cast<float>(decay);
    one_minus_rho_ = static_cast<float>(1 - decay);
    (variant.epsilon_inside_root ? inside_ : outside_) = static_cast<float>(epsilon);
  }
  explicit Rmsprop(const OptimizerOptions& options) : Rmsprop(options, rmsprop_variant(options.rmsprop)) {}

  void begin(double learning_rate, std::int64_t) { eta_ = static_cast<float>(learning_rate); }
  void operator()(float& w, float g, float& a) const {
    // Without an epsilon the mean of a unit that is never active decays to 0, and 0 / 0 would end the run; at
    // the smallest normal float such a step is 0 and no other step changes.
    a = std::max(rho_ * a + one_minus_rho_ * (g * g), std::numeric_limits<float>::min());
    w -= eta_ * g / (std::sqrt(a + inside_) + outside_);
  }

  float rho_ = 0, one_minus_rho_ = 0, inside_ = 0, outside_ = 0, eta_ = 0;
};

/// a <- a + g^2, w <- w - eta g / (sqrt(a) + eps) (Duchi, Hazan, Singer 2011, fig. 1, diagonal form).
struct Adagrad {
  static constexpr int slot_count = 1;
  Slot slots[1] = {{"sum_of_squares", 0}};
  explicit Adagrad(const OptimizerOptions& options)
      : epsilon_(static_cast<float>(epsilon_or(options, 1e-8))) {}

  void begin(double learning_rate, std::int64_t) { eta_ = static_cast<float>(learning_rate); }
  void operator()(float& w, float g, float& a) const {
    a += g * g;
    w -= eta_ * g / (std::sqrt(a) + epsilon_);
  }

  float epsilon_, eta_ = 0;
};

/// m <- beta1 m + (1 - beta1) g, v <- beta2 v + (1 - beta2) g^2,
/// w <- w - eta (m / (1 - beta1^t)) / (sqrt(v / (1 - beta2^t)) + eps) (Kingma & Ba 2015, algorithm 1).
struct Adam {
  static constexpr int slot_count = 2;
  Slot slots[2] = {{"first_moment", 0}, {"second_moment", 0}};
  explicit Adam(const OptimizerOptions& options)
      : beta1_(options.beta1),
        beta2_(options.beta2),
        epsilon_(static_cast<float>(epsilon_or(options, 1e-8))) {
    b1_ = static_cast<float>(beta1_);
    b2_ = static_cast<float>(beta2_);
    one_minus_b1_ = static_cast<float>(1 - beta1_);
    one_minus_b2_ = static_cast<float>(1 - beta2_);
  }

  void begin(double learning_rate, std::int64_t t) {
    const auto steps = static_cast<double>(t);
    first_ = static_cast<float>(learning_rate / (1 - std::pow(beta1_, steps)));
    second_ = static_cast<float>(1 / (1 - std::pow(beta2_, steps)));
  }
  void operator()(float& w, float g, float& m, float& v) const {
    m = b1_ * m + one_minus_b1_ * g;
    v = b2_ * v + one_minus_b2_ * (g * g);
    w -= first_ * m / (std::sqrt(second_ * v) + epsilon_);
  }

  double beta1_, beta2_;
  float b1_, b2_, one_minus_b1_, one_minus_b2_, epsilon_, first_ = 0, second_ = 0;
};

/// Adam with w <- (1 - eta lambda) w beside its step, lambda the weight decay (Loshchilov & Hutter 2019,
/// algorithm 2, with the decay scaled by the learning rate, as in common implementations).
struct Adamw {
  static constexpr int slot_count = 2;
  Slot slots[2] = {{"first_moment", 0}, {"second_moment", 0}};
  explicit Adamw(const OptimizerOptions& options) : adam_(options), lambda_(options.weight_decay) {}

  void begin(double learning_rate, std::int64_t t) {
    adam_.begin(learning_rate, t);
    shrink_ = static_cast<float>(learning_rate * lambda_);
  }
  void operator()(float& w, float g, float& m, float& v) const {
    w -= shrink_ * w;
    adam_(w, g, m, v);
  }

  Adam adam_;
  double lambda_;
  float shrink_ = 0;
};

}  // namespace unroll::rules

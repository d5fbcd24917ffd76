// A cell of your own, checked and trained: the adding problem. Among T random numbers two are marked; their
// sum is asked for at the end. Always answering 1 has a mean squared error of 1/6.
#include <cstdio>
#include <memory>
#include <unroll/framework/optim/optimizer.hpp>
#include <unroll/models/initialiser.hpp>
#include <unroll/unroll.hpp>

#include "recurrent_additive_network.hpp"

using namespace unroll;

namespace {

constexpr std::int64_t steps = 20, hidden = 32, updates = 600;
constexpr double learning_rate = 0.01;
constexpr double learned = 0.02;  ///< mean squared error below which the exit status is 0

struct Batch {
  Tensor<float> inputs;   ///< (T, B, 2): the number, and 1 where it is marked
  Tensor<float> targets;  ///< (B, 1)
};

Batch draw(Stream stream, std::int64_t sequences) {
  Batch batch{Tensor<float>({steps, sequences, 2}), Tensor<float>({sequences, 1})};
  for (std::int64_t b = 0; b < sequences; ++b) {
    const auto at = [&](std::int64_t t) { return batch.inputs.data() + 2 * (t * sequences + b); };
    for (std::int64_t t = 0; t < steps; ++t) at(t)[0] = static_cast<float>(stream.uniform());
    for (const std::int64_t marked : {stream.below(steps / 2), stream.between(steps / 2, steps)}) {
      at(marked)[1] = 1;
      batch.targets[b] += at(marked)[0];
    }
  }
  return batch;
}

std::vector<Tensor<float>> initial_weights(const std::vector<ParameterSpec>& specs) {
  std::vector<Tensor<float>> weights;
  for (std::uint32_t i = 0; i < specs.size(); ++i) {
    Stream stream(1, Purpose::parameters, {i});
    const InitialiserOptions usual = {.name = specs[i].role == Role::bias ? "zeros" : "glorot"};
    weights.push_back(initialise(specs[i].init.value_or(usual), specs[i].shape, stream));
  }
  return weights;
}

}  // namespace

int main() {
  // Recorded once, for every T and B.
  Tape tape;
  const SequenceModel model(std::make_unique<RecurrentAdditiveNetwork>(2, hidden), 1, Readout::last);
  const std::vector<ParameterSpec> specs = model.parameters();
  const Parameters p(tape, specs);
  const Var x = tape.input("x", {sizes::T, sizes::B, 2}), target = tape.input("target", {sizes::B, 1});
  const Var loss = mse(model.record(x, p).outputs, target);

  const GradcheckReport check = gradcheck(loss, p.all());
  std::fputs(check.to_text().c_str(), stdout);
  if (!check.ok()) return 1;

  // Compiled once each. What is bound, by reference, is looked at in every run.
  const std::vector<Var> dp = gradients(loss, p.all());
  Plan<float> training(tape, dp), validation(tape, {loss});
  std::vector<Tensor<float>> weights = initial_weights(specs);
  for (std::size_t i = 0; i < weights.size(); ++i) {
    training.bind(p.all()[i], weights[i]);
    validation.bind(p.all()[i], weights[i]);
  }
  const Batch unseen = draw(Stream(1, Purpose::validation_data), 1000);
  validation.bind(x, unseen.inputs);
  validation.bind(target, unseen.targets);

  const std::unique_ptr<Optimizer> adam = make_optimizer({.name = "adam"});
  for (std::uint32_t update = 1; update <= updates; ++update) {
    const Batch batch = draw(Stream(1, Purpose::training_data, {update}), 32);
    training.bind(x, batch.inputs);
    training.bind(target, batch.targets);
    training.run();
    std::vector<ParameterRef> refs;
    for (std::size_t i = 0; i < weights.size(); ++i)
      refs.push_back({specs[i].name, weights[i].span(), training.value(dp[i])});
    adam->step(learning_rate, refs);

    if (update % 100 != 0) continue;
    validation.run();
    std::printf("after %u updates: mean squared error %.4f\n", update, double(validation.value(loss)[0]));
  }
  return validation.value(loss)[0] < learned ? 0 : 1;
}

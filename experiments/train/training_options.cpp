#include "experiments/train/option_rows.hpp"
#include "experiments/train/options.hpp"
#include "models/omega.hpp"

namespace unroll {
namespace {

using namespace rows;

}  // namespace

std::vector<Option> training_option_rows(const std::function<bool(const Config&)>& reads_feedback) {
  return {
      called({"clip", "clipping", "grad_clip", "max_grad_norm"},
             row("train.clip_norm", number(0.0, at_least(0)), result,
                 "largest norm of all gradients together; 0: off",
                 [](Config& c) -> OptionField { return &c.train.clip_norm; })),
      row("train.clip_value", number(0.0, at_least(0)), result, "largest |element| of a gradient; 0: off",
          [](Config& c) -> OptionField { return &c.train.clip_value; }),
      row("train.clip_state_gradient", number(0.0, at_least(0)), result,
          "largest |element| of the gradient of a sequence's loss with respect to its states that a step "
          "hands "
          "back to the one before it; 0: off",
          [](Config& c) -> OptionField { return &c.train.clip_state_gradient; }),
      row("train.clip_state_norm", number(0.0, at_least(0)), result,
          "largest norm of the same gradient, of one sequence and one state: a longer one keeps its "
          "direction; 0: off",
          [](Config& c) -> OptionField { return &c.train.clip_state_norm; }),
      row("train.omega", number(0.0, at_least(0)), result,
          "factor of the regulariser that keeps gradients as long as they are from step to step (Pascanu et "
          "al. 2013), whose gradient is added before clipping; 0: off",
          [](Config& c) -> OptionField { return &c.train.omega; }),
      row(
          "train.omega_through", name("weights", omega_path_names), result,
          "how the regulariser reaches parameters: weights of the products that a gradient passes on its way "
          "back, all else held, as published; or step: all that makes a step's Jacobian",
          [](Config& c) -> OptionField { return &c.train.omega_through; },
          [](const Config& c) { return c.train.omega > 0; }),
      row("train.flossing", number(0.0, at_least(0)), result,
          "factor of the sum of squared Lyapunov exponents of the states along the sequences, which keeps "
          "gradients from vanishing and exploding (Engelken 2023); 0: off",
          [](Config& c) -> OptionField { return &c.train.flossing; }),
      row(
          "train.flossing_exponents", integer(1, from_to(1, 1e6)), result,
          "how many of them in each layer, the largest ones; no more than a layer's states have numbers",
          [](Config& c) -> OptionField { return &c.train.flossing_exponents; },
          [](const Config& c) { return c.train.flossing > 0; }),
      row(
          "train.flossing_updates", integer(0, from_to(0, most_updates)), result,
          "updates at the start that descend it alone, before those that descend the loss alone; 0: every "
          "update descends the sum of both",
          [](Config& c) -> OptionField { return &c.train.flossing_updates; },
          [](const Config& c) { return c.train.flossing > 0; }),
      row("train.gradient_noise", number(0.0, at_least(0)), result,
          "η of normal numbers of variance η / (1 + n)^γ that are added to the gradients of update n = 0, 1, "
          "..., after clipping (Neelakantan et al. 2015); 0: off",
          [](Config& c) -> OptionField { return &c.train.gradient_noise; }),
      row(
          "train.gradient_noise_decay", number(0.55, at_least(0)), result, "γ of it",
          [](Config& c) -> OptionField { return &c.train.gradient_noise_decay; },
          [](const Config& c) { return c.train.gradient_noise > 0; }),
      row("train.weight_noise", number(0.0, at_least(0)), result,
          "standard deviation of normal numbers that are added to the parameters for the gradient of an "
          "update "
          "alone, drawn anew for each (Graves 2011); 0: off",
          [](Config& c) -> OptionField { return &c.train.weight_noise; }),
      row("train.guess", number(0.0, at_least(0)), result,
          "half-width of the uniform numbers around 0 that all trained parameters are drawn from anew at "
          "every "
          "update, in place of a step: random weight guessing, the rival that Hochreiter & Schmidhuber 1997 "
          "ask "
          "for; 0: off",
          [](Config& c) -> OptionField { return &c.train.guess; }),
      called({"batch_size", "bs", "minibatch"},
             row("train.batch", integer(20, from_to(1, 1e5)), result, "sequences B per update",
                 [](Config& c) -> OptionField { return &c.train.batch; })),
      row("train.batch_shards", integer(1, from_to(1, 4096)), result,
          "fixed parts of a batch that cores work on at the same time, where trials leave some idle; at most "
          "one per sequence",
          [](Config& c) -> OptionField { return &c.train.batch_shards; }),
      row("train.max_memory", amount(0), display,
          "bytes that the values of an update, of a validation and of the states' gradients may take at a "
          "time, "
          "by computing some again; 0: as many as they take",
          [](Config& c) -> OptionField { return &c.train.max_memory; }),
      called({"bptt", "tbptt", "truncation"}, row("train.window", integer(0, from_to(0, 1e7)), result,
                                                  "steps that truncated BPTT goes back, in tasks with a loss "
                                                  "at every step; 0: all, full BPTT, but "
                                                  "50 on a "
                                                  "long series or text",
                                                  [](Config& c) -> OptionField { return &c.train.window; })),
      row(
          "train.stride", integer(0, from_to(0, 1e7)), result,
          "steps per update of truncated BPTT, at most the window, whose loss is their mean; 0: the window",
          [](Config& c) -> OptionField { return &c.train.stride; },
          [](const Config& c) { return c.train.window > 0; }),
      called({"epochs", "steps", "iterations", "iters", "max_steps", "num_steps"},
             row("train.updates", integer(3000, from_to(1, most_updates)), result,
                 "parameter updates at most", [](Config& c) -> OptionField { return &c.train.updates; })),
      called({"eval_every", "val_every"},
             row("train.validate_every", integer(100, from_to(1, most_updates)), result,
                 "updates between validations",
                 [](Config& c) -> OptionField { return &c.train.validate_every; })),
      row("train.training_sequences", integer(0, from_to(0, 1e9)), result,
          "sequences of a fixed set that generated tasks are trained on, again and again in new orders; 0: "
          "new "
          "ones at every update",
          [](Config& c) -> OptionField { return &c.train.training_sequences; }),
      row("train.validation_sequences", integer(500, from_to(1, 1e7)), result,
          "sequences of the fixed set that generated tasks are validated on",
          [](Config& c) -> OptionField { return &c.train.validation_sequences; }),
      row("train.test_sequences", integer(2000, from_to(1, 1e7)), result,
          "the same, of the set that the best model is tested on and success is confirmed on",
          [](Config& c) -> OptionField { return &c.train.test_sequences; }),
      row("train.pack", flag(true), result,
          "sequences of different lengths share rows, so that cost follows their steps; false: padded, "
          "unless only a packing knows their last steps (one answer at the end, bidirectional)",
          [](Config& c) -> OptionField { return &c.train.pack; }),
      called({"early_stopping"},
             row("train.early_stop", flag(true), result,
                 "stop when the task's success rule holds, on the validation set and then on the test set",
                 [](Config& c) -> OptionField { return &c.train.early_stop; })),
      row(
          "train.own_feedback", flag(false), result,
          "of a cell that reads the outputs of the step before: evaluations feed back its own, not the "
          "targets "
          "as training does",
          [](Config& c) -> OptionField { return &c.train.own_feedback; }, reads_feedback),
      row("train.checkpoint_seconds", number(60.0, above(0)), display,
          "seconds after which the state of training is kept again, and a better model; at an interruption "
          "it is kept in any case",
          [](Config& c) -> OptionField { return &c.train.checkpoint_seconds; }),
  };
}

}  // namespace unroll

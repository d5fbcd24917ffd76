#include "experiments/train/option_rows.hpp"
#include "experiments/train/options.hpp"

namespace unroll {
namespace {

using namespace rows;

}  // namespace

std::vector<Option> training_option_rows() {
  return {
      row("train.clip_norm", number(0.0, at_least(0)), result,
          "largest norm of all gradients together; 0: off",
          [](Config& c) -> OptionField { return &c.train.clip_norm; }),
      row("train.clip_value", number(0.0, at_least(0)), result, "largest |element| of a gradient; 0: off",
          [](Config& c) -> OptionField { return &c.train.clip_value; }),
      row("train.batch", integer(20, from_to(1, 1e5)), result, "sequences B per update",
          [](Config& c) -> OptionField { return &c.train.batch; }),
      row("train.batch_shards", integer(1, from_to(1, 4096)), result,
          "fixed parts of a batch that cores work on at the same time, where trials leave some idle; at most "
          "one per sequence",
          [](Config& c) -> OptionField { return &c.train.batch_shards; }),
      row("train.max_memory", amount(0), display,
          "bytes that the values of an update, of a validation and of the states' gradients may take at a "
          "time, "
          "by computing some again; 0: as many as they take",
          [](Config& c) -> OptionField { return &c.train.max_memory; }),
      row("train.window", integer(0, from_to(0, 1e7)), result,
          "steps that truncated BPTT goes back, in tasks with a loss at every step; 0: all, full BPTT, but "
          "50 on a "
          "long series or text",
          [](Config& c) -> OptionField { return &c.train.window; }),
      row(
          "train.stride", integer(0, from_to(0, 1e7)), result,
          "steps per update of truncated BPTT, at most the window, whose loss is their mean; 0: the window",
          [](Config& c) -> OptionField { return &c.train.stride; },
          [](const Config& c) { return c.train.window > 0; }),
      row("train.updates", integer(3000, from_to(1, 1e9)), result, "parameter updates at most",
          [](Config& c) -> OptionField { return &c.train.updates; }),
      row("train.validate_every", integer(100, from_to(1, 1e9)), result, "updates between validations",
          [](Config& c) -> OptionField { return &c.train.validate_every; }),
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
      row("train.early_stop", flag(true), result,
          "stop when the task's success rule holds, on the validation set and then on the test set",
          [](Config& c) -> OptionField { return &c.train.early_stop; }),
      row("train.checkpoint_seconds", number(60.0, above(0)), display,
          "seconds after which the state of training is kept again, and a better model; at an interruption "
          "it is kept in any case",
          [](Config& c) -> OptionField { return &c.train.checkpoint_seconds; }),
  };
}

}  // namespace unroll

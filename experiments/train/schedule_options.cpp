#include "experiments/train/option_rows.hpp"
#include "experiments/train/options.hpp"
#include "framework/optim/schedule.hpp"

namespace unroll {
namespace {

using namespace rows;

}  // namespace

std::vector<Option> schedule_option_rows() {
  return {
      row("train.schedule", name("constant", schedule_names), result,
          "of the learning rate; plateau: times the factor when validation stalls; gain: at every "
          "validation, "
          "once one has gained too little",
          [](Config& c) -> OptionField { return &c.train.schedule; }),
      row(
          "train.schedule_factor", number(0.5, above_to(0, 1)), result, "of every schedule but constant",
          [](Config& c) -> OptionField { return &c.train.schedule_factor; },
          [](const Config& c) { return c.train.schedule != "constant"; }),
      row(
          "train.schedule_every", integer(1000, from_to(1, most_updates)), result,
          "updates per factor, of exponential and step",
          [](Config& c) -> OptionField { return &c.train.schedule_every; },
          [](const Config& c) { return c.train.schedule == "exponential" || c.train.schedule == "step"; }),
      row(
          "train.schedule_patience", integer(1, from_to(1, most_updates)), result,
          "validations without a new best before plateau's factor",
          [](Config& c) -> OptionField { return &c.train.schedule_patience; },
          [](const Config& c) { return c.train.schedule == "plateau"; }),
      row(
          "train.schedule_gain", number(0.003, above(0)), result,
          "what a validation loss must have fallen by, as a part of itself, or gain's factors begin",
          [](Config& c) -> OptionField { return &c.train.schedule_gain; },
          [](const Config& c) { return c.train.schedule == "gain"; }),
  };
}

}  // namespace unroll

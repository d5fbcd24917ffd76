#include "experiments/train/flossing.hpp"

#include <fmt/format.h>

#include <stdexcept>

#include "experiments/train/make_model.hpp"

namespace unroll {
namespace {

[[noreturn]] void refuse(const Config& config, const std::string& why) {
  throw std::invalid_argument(fmt::format("train.flossing is {}, but {}", config.train.flossing, why));
}

}  // namespace

void check_flossing(const CellList& cells, const Config& config, const TaskSpec& spec,
                    const DataSource& training) {
  if (config.train.flossing == 0) return;
  if (training.uneven())
    refuse(
        config,
        fmt::format("the sequences of the task {} differ in length within a batch: a Lyapunov exponent is a "
                    "mean over the steps of one length",
                    config.task.name));
  if (draws_noise(config.model))
    refuse(config,
           "dropout and zoneout draw masks: what a step does to its states is then another map at each step; "
           "set them to 0");
  if (make_model(cells, config, sizes_of(spec)).noisy())
    refuse(config, "the cell draws noise of its own, so that a step is another map each time");
  if (config.train.flossing_updates > 0 && config.train.window > 0)
    refuse(config,
           fmt::format("train.flossing_updates is {} and train.window {}: windows carry on the states of one "
                       "objective; set one of them to 0",
                       config.train.flossing_updates, config.train.window));
}

}  // namespace unroll

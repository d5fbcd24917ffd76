#pragma once

#include "experiments/config/option.hpp"

namespace unroll::data_options {

// Settings of all tasks on data of the user's.
inline const OptionSpec validation_fraction = {"task.validation_fraction", 0.1,
                                               "of the data, to validate on, where there is no file for it",
                                               from_to_below(0, 1)};
inline const OptionSpec test_fraction = {
    "task.test_fraction", 0.0, "of the data, to test the best model on, where there is no file for it",
    from_to_below(0, 1)};
// Of those that look ahead.
inline const OptionSpec horizon = {
    "task.horizon", std::int64_t{0},
    "steps that the target is ahead of the inputs; 0: 1 where what comes next is asked for, else none",
    from_to(0, 1e6)};

}  // namespace unroll::data_options

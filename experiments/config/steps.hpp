#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "experiments/config/option.hpp"

namespace unroll {

/// No sweep has more trials, and no axis more values: nobody waits for them.
inline constexpr std::size_t most_trials = 1'000'000;

/// The values of "10..100:10": from the first number to the second one at most, as far apart as the third
/// says; of seeds also "1..5". Nothing for a text that is not of this form, or a setting that is no number:
/// "3..40" is a range of lengths, one value. Throws ConfigError, which begins with `origin`, for a step of 0
/// and an empty range.
std::optional<std::vector<OptionValue>> parse_steps(const Option& option, std::string_view text,
                                                    const std::string& origin);

}  // namespace unroll

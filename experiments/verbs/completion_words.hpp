#pragma once

#include <string>
#include <vector>

#include "experiments/verbs/verb.hpp"

namespace unroll {

/// What the last of the words behind `unroll` may become: verbs, flags, settings, values, names; words that
/// end with = want a value behind them. Where nothing is known, files are all that can stand there.
std::vector<std::string> completion_words(const Laboratory& laboratory,
                                          const std::vector<std::string>& words);

}  // namespace unroll

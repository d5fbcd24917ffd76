#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "experiments/report/comparison.hpp"

namespace unroll {

/// What came out of a comparison, a row for each configuration and metric, and over all configurations the
/// signs: flat objects with the same members in the same order. A number that is not finite is a text, one
/// that is not known null.
std::vector<nlohmann::ordered_json> comparison_rows(const PairedSets& paired);

/// The trials without a partner, with the reason.
std::vector<nlohmann::ordered_json> unpaired_rows(const PairedSets& paired);

}  // namespace unroll

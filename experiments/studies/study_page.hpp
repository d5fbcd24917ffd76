#pragma once

#include <string>
#include <vector>

#include "experiments/studies/outcome.hpp"

namespace unroll {

/// study.html: what was expected and what came out, and where each part's report is. One page that needs
/// nothing outside itself.
std::string study_html(const Outcome& outcome, const std::vector<PartResult>& parts);

/// experiments/studies/RESULTS.md: all outcomes below each other.
std::string results_markdown(const std::vector<Outcome>& outcomes);

}  // namespace unroll

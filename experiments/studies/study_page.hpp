#pragma once

#include <string>
#include <vector>

#include "experiments/studies/outcome.hpp"

namespace unroll {

/// study.html: what was expected and what came out, and where each part's report is. One page that needs
/// nothing outside itself.
std::string study_html(const Outcome& outcome, const std::vector<PartResult>& parts);

/// The section with the table, of a page with the style of a report; "" where nothing was expected.
std::string expectations_section(const Outcome& outcome);

/// "Budget laptop, 15 trials, 26 min 30 s of one worker's time; program of commit 3e3e31ac3381."
std::string made_by(const Outcome& outcome);
/// What of the command line made it another study; "" for nothing.
std::string overrides_text(const Outcome& outcome);

}  // namespace unroll

#pragma once

#include "experiments/laboratory.hpp"

namespace unroll {

/// Those that come with the program, in the order of the literature.
const StudyList& standard_studies();

/// These, with the laboratory's own behind them.
StudyList all_studies(const Laboratory& laboratory);

}  // namespace unroll

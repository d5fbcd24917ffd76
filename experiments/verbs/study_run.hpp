#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "experiments/verbs/verb.hpp"

namespace unroll {

/// Where studies of the program are kept, each in a folder of its name and in that one for each budget.
std::filesystem::path studies_folder();

/// Trains what is missing of a study (its name, or a file), judges it, writes verdict.json, study.html and
/// the parts' reports anew, and prints the table. Gives the exit status: an expectation that is not met is 1.
/// With --dry-run or --print-config it says what it would train, or the parts' configs, and writes nothing.
int run_study(const Arguments& arguments, const std::string& study,
              const std::vector<std::string>& overrides);

}  // namespace unroll

#pragma once

#include <filesystem>
#include <string>

#include "experiments/sweep/plan.hpp"
#include "experiments/train/non_finite.hpp"
#include "experiments/verbs/verb.hpp"

namespace unroll {

/// Writes `folder`/non_finite.safetensors, and says how it is run again. Throws FileError.
void keep_non_finite(const Laboratory& laboratory, const std::filesystem::path& folder, const Trial& trial,
                     const std::string& build, const NonFiniteBatch& batch);

/// `run --replay FILE`: runs the batch in such a file again, prints what is found, and gives the exit status:
/// good where it is what was found before.
int replay(const Arguments& arguments);

}  // namespace unroll

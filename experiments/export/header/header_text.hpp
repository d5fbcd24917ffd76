#pragma once

#include <string>
#include <string_view>

#include "experiments/saved/saved_model.hpp"

namespace unroll {

/// The first words of every exported header.
inline constexpr std::string_view header_mark = "// Written by `unroll export --to header`";

/// One C++17 header that runs the model step by step, as the struct `name`: the same text for the same model.
/// It needs the standard library alone, and neither allocates, locks nor throws. Throws ModelError, naming
/// what is in the way, for a model that cannot run so: a bidirectional one, one that draws random numbers.
std::string header_text(const SavedModel& model, const std::string& name);

/// The name of the struct in a file: "my_gru.hpp" has MyGru. Throws ModelError where none can be made.
std::string struct_name(const std::string& file_stem);

}  // namespace unroll

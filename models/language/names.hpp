#pragma once

#include <string_view>

namespace unroll {

// The naming rule: what a parameter that nobody declared looks like.

/// Starts with an upper-case letter.
bool is_matrix_name(std::string_view name);
/// b, b_... or w_...
bool is_vector_name(std::string_view name);

/// Means something in every cell: x, hidden, input, ...
/// What the size of a second input or of the feedback is called, in shapes and messages.
std::string size_name(std::string_view given);

bool is_reserved_name(std::string_view name);

}  // namespace unroll

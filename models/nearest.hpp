#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace unroll {

/// Fewest insertions, deletions, substitutions and swaps of neighbours that turn `a` into `b` (optimal string
/// alignment).
std::size_t edit_distance(std::string_view a, std::string_view b);

/// The candidate nearest to a mistyped `name`; none when nothing is near enough to be what was meant.
/// Dotted candidates also match by their last part: "train.lenght" is near "task.length".
std::optional<std::string> nearest(std::string_view name, const std::vector<std::string>& candidates);

/// "; did you mean \"task.length\"?", or nothing.
std::string did_you_mean(std::string_view name, const std::vector<std::string>& candidates);

/// Makes what a user typed fit to be printed inside quotes on one line: control characters become '?', and
/// anything long is cut.
std::string printable(std::string_view text);

}  // namespace unroll

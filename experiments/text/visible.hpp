#pragma once

#include <string>
#include <string_view>

namespace unroll {

/// What a terminal may be given of a text that comes from elsewhere, a file's name or a model's token: what
/// would steer it (control characters, marks that turn the direction of writing) and bytes that are no UTF-8
/// become '?'. Line ends and tabs stay.
std::string fit_for_terminal(std::string_view text);

/// The same for a cell of a table, on one line: line ends and other control characters become the pictures
/// that Unicode has of them, "␊".
std::string fit_for_cell(std::string_view text);

}  // namespace unroll

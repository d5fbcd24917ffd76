#pragma once

#include <functional>
#include <string>
#include <string_view>

namespace unroll {

/// Replaces every {{name}} of a page's template, in one pass: what is put in is not looked at again. Throws
/// std::logic_error for "{{" without "}}".
std::string filled(std::string_view text, const std::function<std::string(std::string_view name)>& value_of);

}  // namespace unroll

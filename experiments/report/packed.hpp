#pragma once

#include <string>
#include <string_view>

namespace unroll {

/// Text for inside a page: deflated (RFC 1950), then in base64. What reads it is web/unpack.js.
std::string packed(std::string_view text);

}  // namespace unroll

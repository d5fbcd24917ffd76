#pragma once

#include "experiments/verbs/verb.hpp"

namespace unroll {

/// --format of verbs that print no table: text, the default, or json.
void add_text_or_json_flag(Flags& flags);

/// Throws UsageError for any other format.
bool wants_json(const Arguments& arguments);

}  // namespace unroll

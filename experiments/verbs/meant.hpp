#pragma once

#include <string>
#include <string_view>

#include "experiments/config/overrides.hpp"
#include "experiments/verbs/verb.hpp"

// What a person may have meant by a word that stands where it says nothing.

namespace unroll {

/// "; did you mean `unroll run`?" of a verb that there is not, or nothing.
std::string meant_by_verb(std::string_view name);

/// The same of a flag: a setting that others write as a flag, or the nearest flag of the verb.
std::string meant_by_flag(const Verb& verb, std::string_view flag, const Laboratory& laboratory);

/// The config file and the overrides among a verb's words. Throws ConfigError where the file is not there: a
/// cell, a task, a study or a setting that stands alone is told how it is written.
ConfigArguments config_arguments(const Arguments& arguments);

}  // namespace unroll

#pragma once

#include "experiments/config/overrides.hpp"
#include "experiments/sweep/axis.hpp"

namespace unroll {

/// An axis as [sweep] has it: a list of values, of which "10..100:10" stands for several; the same alone;
/// seed = { count = N, first = S }; a distribution. `base` gives the first seed of a count. Throws
/// ConfigError on an empty axis and a key that does not affect results; a value may be there twice.
ConfigAxis read_axis(const OptionTable& options, const TomlDocument& document, const Assignment& assignment,
                     const Settings& base);

/// Whether an override makes an axis: a comma list, steps, or a table in braces as in a file.
bool makes_axis(const Override& override_);
ConfigAxis read_axis(const OptionTable& options, const Override& override_, const Settings& base);

/// The value of an override in braces, as a file's, without a place in one.
TomlNode inline_value(const std::string& text, const std::string& origin);

/// `cases`, a list of tables of settings; `zip`, a table of lists of equal length, or a list of such tables.
ConfigAxis read_cases(const OptionTable& options, const TomlDocument& document, const TomlMember& member);
std::vector<ConfigAxis> read_zips(const OptionTable& options, const TomlDocument& document,
                                  const TomlMember& member, const Settings& base);

}  // namespace unroll

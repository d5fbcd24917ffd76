#pragma once

#include <optional>
#include <string>
#include <vector>

#include "experiments/config/option.hpp"

namespace unroll {

/// One "key=value" of the command line, its key known, its value not yet read.
struct Override {
  const Option* option;
  std::string text;                ///< behind the "="
  std::vector<std::string> items;  ///< the parts between commas; one, or more for an axis
  std::string origin;              ///< "override \"key=value\""
};

/// Parses "key=value" tokens (with or without "--" in front) through Boost.Program_options and the options
/// table. Throws ConfigError on an unknown key, a key given twice, a missing "=" or an empty item.
std::vector<Override> parse_overrides(const OptionTable& options, const std::vector<std::string>& tokens);

/// The positional arguments of `run` and `sweep`: at most one config file, and overrides in any order.
struct ConfigArguments {
  std::optional<std::string> file;
  std::vector<std::string> overrides;
};

/// A token with "=" behind a dotted name is an override, any other a file; "key = value" may be three tokens.
/// Throws ConfigError on two files.
ConfigArguments split_arguments(const std::vector<std::string>& tokens);

}  // namespace unroll

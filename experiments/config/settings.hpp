#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "experiments/config/document.hpp"
#include "experiments/config/option.hpp"
#include "experiments/config/value.hpp"

namespace unroll {

/// A value that a file or the command line gives to a key.
struct Setting {
  OptionValue value;
  std::string origin;  ///< "FILE:LINE:COLUMN" or "override \"KEY=VALUE\"", for messages
};

/// Keys and what they are set to; absent keys have their defaults.
using Settings = std::map<std::string, Setting, std::less<>>;

/// A key somewhere in a file with the node it is given.
struct Assignment {
  const Option* option;
  const TomlNode* node;
  std::string origin;  ///< of the key
};

/// The message of every unknown key: names the nearest known one and those of its section.
[[noreturn]] void refuse_unknown_key(const OptionTable& table, std::string_view key,
                                     const std::string& origin);

/// Flattens a table of keys ("task.length" = 1, task.length = 1 and [task] length = 1 are the same) into
/// assignments in the order of the file. Throws ConfigError on unknown keys and keys given twice.
std::vector<Assignment> flatten(const OptionTable& options, const TomlDocument& document,
                                const TomlTable& table);

/// Converts and checks the node given to a key: type, range, known names.
Setting read_setting(const TomlDocument& document, const Option& option, const TomlNode& node);

/// Converts and checks the text given to a key on the command line.
Setting read_setting(const Option& option, std::string_view text, const std::string& origin);

/// The section that a trained model adds to its config. It is no setting: the config can be run again.
inline constexpr std::string_view saved_key = "saved";

/// Reads everything of a file but its [sweep] table, `include`, and what only documents: results_revision and
/// [saved].
Settings read_settings(const OptionTable& options, const TomlDocument& document);

/// The [sweep] table of a file; null when it has none.
const TomlTable* sweep_table(const TomlDocument& document);

/// Copies settings into their fields.
void apply_settings(const OptionTable& options, const Settings& settings, Config& config);

}  // namespace unroll

#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "experiments/config/config.hpp"
#include "experiments/config/value.hpp"

namespace unroll {

/// One row of the options table: everything the program knows about one setting.
struct Option {
  std::string_view key;                 ///< dotted; the part before the dot is the section of the file
  OptionValue default_value;            ///< also gives the type
  OptionRange range;                    ///< of numbers
  std::vector<std::string> (*known)();  ///< of strings: the values there are; null where any text will do
  bool affects_results;  ///< whether it is part of a trial's id, may be swept and is compared on resuming
  std::string_view meaning;
  std::function<OptionField(Config&)> field;
};

/// The table. Defaults, file format, command line, validation, --help, sweep axes, the resolved config on
/// disk and the trial's id all follow from it.
std::span<const Option> options();

/// The row of a key; null when there is none. model.constants.NAME has one for every NAME: which constants
/// there are, the cell's equations say.
const Option* find_option(std::string_view key);

/// The key below which every name is a setting.
inline constexpr std::string_view constants_key = "model.constants";

/// The table's rows, and those of the constants that `config` holds, in the order of a file.
std::vector<const Option*> rows_of(const Config& config);

/// All keys, in the order of the table.
std::vector<std::string> option_keys();

/// "task" for "task.length", "" for "seed".
std::string_view section_of(std::string_view key);

/// The sections in order, without the "" of undotted keys.
std::vector<std::string> sections();

/// Every field set from its row, with defaults that depend on other settings resolved.
Config default_config();

/// Every field as its row has it: "" still stands for the task's first variant.
Config unresolved_defaults();

/// Fills in the defaults that depend on other settings: an empty task.variant becomes the task's first one, a
/// decay or epsilon of 0 what is published for the optimiser, a stride of 0 the window. All names must be
/// known ones.
void resolve_dependent_defaults(Config& config);

/// Whether other settings' defaults depend on this one.
bool governs_defaults(std::string_view key);

/// What a setting may be: "an integer of at least 1", "one of: tanh, relu".
std::string expectation(const Option& option);

/// Why `value` (of the option's type) is not allowed: "expected ..., found ...; did you mean ...?". Empty
/// when it is.
std::string objection(const Option& option, const OptionValue& value);

/// The table as text, grouped by section, for --help.
std::string options_help();

}  // namespace unroll

#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "experiments/config/value.hpp"

namespace unroll {

/// The settings of one trial (experiments/train/config.hpp). This folder only passes them on.
struct Config;

/// What a setting is, as its subject exports it: a task, an optimiser, a schedule, an initialiser.
struct OptionSpec {
  std::string key;            ///< dotted; the part before the dot is the section of the file
  OptionValue default_value;  ///< also gives the type
  std::string meaning;
  OptionRange range = {};  ///< of numbers
  std::function<std::vector<std::string>()> known =
      nullptr;                  ///< of strings, or those in a list: what there is; null: any text
  bool affects_results = true;  ///< whether it is part of a trial's id, may be swept, is compared on resuming
  std::vector<std::string> synonyms = {};  ///< what others call it: a mistyped key is told the right one
};

/// A row of the table: everything the program knows about one setting.
struct Option : OptionSpec {
  std::function<OptionField(Config&)> field;
  /// Whether it can matter beside the other settings; where not, it is no part of a trial's id. Null: always.
  std::function<bool(const Config&)> matters = nullptr;
  /// Why a value of the right type is not allowed, beyond range and known names; "" where it is. Null: never.
  std::function<std::string(const OptionValue&)> objection = nullptr;
  /// The tasks that have it; empty: every trial has.
  std::vector<std::string> owners = {};
  bool of_family = false;  ///< not every case of a sweep need set it
};

/// Settings of which the config says which there are: "model.constants.NAME", one for every NAME.
struct OptionFamily {
  std::string prefix;   ///< "model.constants"
  std::string meaning;  ///< of a member, for --help
  std::function<Option(const std::string& key)> make;
  std::function<std::vector<std::string>(const Config&)> keys;  ///< those that a config holds
};

/// The list of all settings, in the order of a file. File format, command line, validation, --help, sweep
/// axes, the resolved config on disk and the trial's id all follow from it.
class OptionTable {
 public:
  /// A row's section must follow the rows of the same section. Throws std::invalid_argument for a key that is
  /// there twice.
  OptionTable(std::vector<Option> rows, std::vector<OptionFamily> families);
  OptionTable(const OptionTable&) = delete;  // rows are referred to by their addresses
  OptionTable& operator=(const OptionTable&) = delete;

  std::span<const Option> rows() const { return rows_; }
  /// The row of a key, or of a family's; null when there is none. Rows live as long as the table.
  const Option* find(std::string_view key) const;
  /// The rows, and those of families that `config` holds members of, in the order of a file.
  std::vector<const Option*> rows_of(const Config& config) const;

  std::span<const OptionFamily> families() const { return families_; }

  /// All keys, in order.
  std::vector<std::string> keys() const;
  std::vector<std::string> keys_of(std::string_view section) const;
  /// The sections in order, without the "" of undotted keys.
  const std::vector<std::string>& sections() const { return sections_; }
  bool is_section(std::string_view key) const;
  bool is_family(std::string_view prefix) const;

 private:
  std::vector<Option> rows_;
  std::vector<OptionFamily> families_;
  std::vector<std::string> sections_;
  std::map<std::string_view, const Option*> by_key_;
  std::vector<bool> ends_section_;  ///< of each row: whether families may follow it
  /// Made when they are first asked for, from whatever thread.
  mutable std::mutex mutex_;
  mutable std::map<std::string, Option, std::less<>> members_;
};

/// "task" for "task.length", "" for "seed".
std::string_view section_of(std::string_view key);

/// What a setting may be: "an integer of at least 1", "one of: tanh, relu".
std::string expectation(const Option& option);

/// Why `value` (of the option's type) is not allowed: "expected ..., found ...; did you mean ...?". Empty
/// when it is.
std::string objection(const Option& option, const OptionValue& value);

/// The table as text, grouped by section, for --help.
std::string options_help(const OptionTable& table);

/// What --help says of one key, of a section, or of a key without its section; "" where nothing is called so.
std::string option_help(const OptionTable& table, std::string_view key);

/// The key that is meant by what other programs call it: "lr", "train.hidden_size"; none.
std::optional<std::string> key_called(const OptionTable& table, std::string_view synonym);

}  // namespace unroll

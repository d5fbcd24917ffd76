#include "experiments/verbs/meant.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <filesystem>

#include "experiments/config/config_error.hpp"
#include "experiments/studies/study_list.hpp"
#include "models/nearest.hpp"

namespace unroll {
namespace {

struct Synonym {
  std::string_view word, meant;
};

/// Verbs of other programs, and what does it here.
constexpr std::array verb_synonyms = {
    Synonym{"train", "run"},
    Synonym{"fit", "run"},
    Synonym{"start", "run"},
    Synonym{"search", "sweep"},
    Synonym{"tune", "sweep"},
    Synonym{"grid", "sweep"},
    Synonym{"list", "tasks`, `unroll cells` or `unroll study"},
    Synonym{"ls", "tasks`, `unroll cells` or `unroll study"},
    Synonym{"cell", "cells"},
    Synonym{"models", "cells"},
    Synonym{"check", "cells check"},
    Synonym{"gradcheck", "cells check"},
    Synonym{"new", "cells new"},
    Synonym{"datasets", "tasks"},
    Synonym{"test", "evaluate"},
    Synonym{"eval", "evaluate"},
    Synonym{"sample", "generate"},
    Synonym{"infer", "predict"},
    Synonym{"perplexity", "score"},
    Synonym{"load", "import"},
    Synonym{"convert", "import"},
    Synonym{"save", "export"},
    Synonym{"resume", "run"},
    Synonym{"reproduce", "study"},
    Synonym{"paper", "study"},
    Synonym{"benchmark", "bench"},
    Synonym{"info", "doctor"},
    Synonym{"config", "run --print-config"},
    Synonym{"options", "run --help"},
    Synonym{"-v", "--version"},
};

std::string ask(std::string_view command) { return fmt::format("; did you mean `unroll {}`?", command); }

/// "--cell" and "lr" as the setting they are; none.
std::optional<std::string> key_of(const OptionTable& options, std::string_view name) {
  std::string dotted(name);
  std::ranges::replace(dotted, '-', '_');
  const auto is_meant = [&](const Option& option) {
    return option.key == dotted || option.key.ends_with("." + dotted);
  };
  const auto row = std::ranges::find_if(options.rows(), is_meant);
  return row != options.rows().end() ? std::optional(row->key) : key_called(options, dotted);
}

template <class Rows>
bool has_row(const Rows& rows, std::string_view name) {
  return std::ranges::find(rows, name, [](const auto& row) -> std::string_view { return row.name; }) !=
         rows.end();
}

/// What stands alone where a config file was expected.
std::string meant_by_word(std::string_view word, const Laboratory& laboratory) {
  if (has_row(laboratory.cells(), word)) return ask(fmt::format("run model.cell={}", word));
  if (has_row(laboratory.tasks(), word)) return ask(fmt::format("run task.name={}", word));
  if (has_row(all_studies(laboratory), word)) return ask(fmt::format("study {}", word));
  if (has_row(laboratory.instruments(), word)) return ask(fmt::format("run diagnose={}", word));
  if (has_row(verb_table(), word)) return ask(word);
  if (laboratory.options().is_section(word))
    return fmt::format("; it is a section of the settings, whose keys `unroll run --help {}` lists", word);
  if (word.ends_with(".cell")) return ask(fmt::format("run model.cell={}", word));
  if (const auto key = key_of(laboratory.options(), word))
    return fmt::format("; a setting has a value: {}=...", *key);
  return "";
}

}  // namespace

std::string meant_by_verb(std::string_view name) {
  const auto known = std::ranges::find(verb_synonyms, name, &Synonym::word);
  if (known != verb_synonyms.end()) return ask(known->meant);
  std::vector<std::string> names;
  for (const Verb& verb : verb_table()) names.emplace_back(verb.name);
  names.insert(names.end(), {"--version", "--help"});
  const auto guess = nearest(name, names);
  return guess ? ask(*guess) : "";
}

std::string meant_by_flag(const Verb& verb, std::string_view flag, const Laboratory& laboratory) {
  const std::string_view name = flag.substr(0, flag.find('='));
  const std::string_view bare = name.substr(std::min(name.find_first_not_of('-'), name.size()));
  if (const auto key = key_of(laboratory.options(), bare); key && name.starts_with("--"))
    return fmt::format("; a setting is written without --: {}={}", *key,
                       flag.size() > name.size() ? flag.substr(name.size() + 1) : "VALUE");
  std::vector<std::string> names;
  const Flags flags = flags_of(verb);  // named: its options live as long as it does
  for (const auto& known : flags.options()) names.push_back("--" + known->long_name());
  return did_you_mean(name, names);
}

namespace {

/// "learning_rate 0.1" is a setting without its =.
void check_bare_setting(const Arguments& arguments) {
  std::vector<std::string> bare;
  for (const std::string& word : arguments.words)
    if (word.find('=') == std::string::npos) bare.push_back(word);
  if (bare.size() != 2) return;
  if (const auto key = key_of(arguments.laboratory().options(), bare[0]))
    throw ConfigError(
        fmt::format("expected one config file, found \"{0}\" and \"{1}\"; did you mean {2}={1}?",
                    printable(bare[0]), printable(bare[1]), *key));
}

}  // namespace

ConfigArguments config_arguments(const Arguments& arguments) {
  check_bare_setting(arguments);
  ConfigArguments config = split_arguments(arguments.words);
  if (!config.file) return config;
  std::error_code ignored;
  if (std::filesystem::exists(*config.file, ignored)) return config;
  const std::string meant = meant_by_word(*config.file, arguments.laboratory());
  throw ConfigError(fmt::format("{}: this config file does not exist{}", printable(*config.file), meant));
}

}  // namespace unroll

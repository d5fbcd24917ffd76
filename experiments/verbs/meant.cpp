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
    Synonym{"rnn", "run"},
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

/// Flags of other programs that mean nothing here, and why.
struct NoFlag {
  std::string_view flag, why;
};
constexpr std::array no_flags = {
    NoFlag{"gpu", "Unroll trains on CPUs only"},
    NoFlag{"cuda", "Unroll trains on CPUs only"},
    NoFlag{"device", "Unroll trains on CPUs only"},
    NoFlag{"list", "without a word the verb lists what there is"},
    NoFlag{"workers", "trials train at once: --jobs N"},
    NoFlag{"num-workers", "trials train at once: --jobs N"},
    NoFlag{"threads", "trials train at once: --jobs N"},
    NoFlag{"resume", "the same command goes on with what is missing"},
    NoFlag{"continue", "the same command goes on with what is missing"},
    NoFlag{"force", "a folder is never written over: another --out, or --extend for more trials"},
    NoFlag{"overwrite", "a folder is never written over: another --out, or --extend for more trials"},
    NoFlag{"config", "a config file is a word of its own: unroll run FILE.toml"},
    NoFlag{"json", "did you mean --format json?"},
    NoFlag{"csv", "did you mean --format csv?"},
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
  if (row != options.rows().end()) return row->key;
  if (const auto called = key_called(options, dotted)) return called;
  if (dotted.size() < 2 || !dotted.ends_with('s')) return std::nullopt;
  return key_of(options, std::string_view(name).substr(0, name.size() - 1));  // --cells
}

template <class Rows>
bool has_row(const Rows& rows, std::string_view name) {
  return std::ranges::find(rows, name, [](const auto& row) -> std::string_view { return row.name; }) !=
         rows.end();
}

/// Configs in a folder that are called nearly so.
std::optional<std::string> config_near(const std::filesystem::path& folder, const std::string& name) {
  std::vector<std::string> names;
  std::error_code none;
  for (auto entry = std::filesystem::directory_iterator(folder.empty() ? "." : folder, none);
       !none && entry != std::filesystem::directory_iterator(); entry.increment(none))
    if (entry->path().extension() == ".toml") names.push_back(entry->path().stem().string());
  std::ranges::sort(names);
  const auto near = nearest(name, names);
  return near ? std::optional((folder / (*near + ".toml")).string()) : std::nullopt;
}

/// A config beside the one that is not there, or one that comes with the program.
std::string meant_by_file(std::string_view word, std::string_view verb) {
  const std::filesystem::path path(word);
  std::vector<std::filesystem::path> folders = {path.parent_path()};
  if (!path.has_parent_path()) folders.emplace_back("experiments/configs");
  for (const std::filesystem::path& folder : folders)
    if (const auto near = config_near(folder, path.stem().string()))
      return ask(fmt::format("{} {}", verb, *near));
  return "";
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
  const auto none = std::ranges::find(no_flags, bare, &NoFlag::flag);
  if (none != no_flags.end()) return fmt::format("; {}", none->why);
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
  for (std::size_t i = 0; i + 1 < bare.size(); ++i)
    if (const auto key = key_of(arguments.laboratory().options(), bare[i]))
      throw ConfigError(
          fmt::format("expected one config file, found \"{0}\" and \"{1}\"; did you mean {2}={1}?",
                      printable(bare[i]), printable(bare[i + 1]), *key));
}

/// "model.cell=vanilla lstm" are two values of one setting.
void check_second_value(const Arguments& arguments, const ConfigArguments& config) {
  const std::string& word = *config.file;
  if (!has_row(arguments.laboratory().cells(), word) && !has_row(arguments.laboratory().tasks(), word))
    return;
  const std::string key = has_row(arguments.laboratory().cells(), word) ? "model.cell=" : "task.name=";
  for (const std::string& given : config.overrides)
    if (given.starts_with(key))
      throw ConfigError(fmt::format("{}: several values of a setting stand behind one =, with commas: {},{}",
                                    printable(word), printable(given), printable(word)));
}

std::string verb_of(const Arguments& arguments) {
  const std::string& line = arguments.command_line;  // "unroll sweep ..."
  const std::size_t begin = line.find(' ') + 1;
  return line.substr(begin, line.find(' ', begin) - begin);
}

}  // namespace

ConfigArguments config_arguments(const Arguments& arguments) {
  check_bare_setting(arguments);
  ConfigArguments config = split_arguments(arguments.words);
  if (!config.file) return config;
  std::error_code ignored;
  if (std::filesystem::exists(*config.file, ignored)) {
    if (config.file->ends_with(".cell"))
      throw ConfigError(fmt::format("{}: expected a config file, found a cell{}", printable(*config.file),
                                    ask(fmt::format("{} model.cell={}", verb_of(arguments), *config.file))));
    return config;
  }
  check_second_value(arguments, config);
  std::string meant = meant_by_word(*config.file, arguments.laboratory());
  if (meant.empty()) meant = meant_by_file(*config.file, verb_of(arguments));
  throw ConfigError(fmt::format("{}: this config file does not exist{}", printable(*config.file), meant));
}

}  // namespace unroll

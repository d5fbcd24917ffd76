#include "experiments/config/overrides.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/program_options.hpp>
#include <map>
#include <set>

#include "experiments/config/config_error.hpp"
#include "experiments/config/settings.hpp"
#include "models/nearest.hpp"

namespace unroll {

namespace {

namespace po = boost::program_options;

std::string origin_of(const std::string& token) { return fmt::format("override \"{}\"", printable(token)); }

std::string without_dashes(const std::string& token) {
  return token.rfind("--", 0) == 0 ? token.substr(2) : token;
}

/// One registered option per row, and those of families that are named. Abbreviations are not guessed: they
/// would change meaning with a new row.
po::options_description described_options(const OptionTable& options,
                                          const std::vector<std::string>& tokens) {
  po::options_description description;
  std::set<std::string> members;
  for (const std::string& token : tokens) {
    const std::string key = without_dashes(token).substr(0, without_dashes(token).find('='));
    const Option* option = options.find(key);
    if (option && option->of_family && members.insert(key).second)
      description.add_options()(key.c_str(), po::value<std::string>(), "");
  }
  for (const Option& option : options.rows())
    description.add_options()(option.key.c_str(), po::value<std::string>(), option.meaning.c_str());
  return description;
}

/// Only strings that stay out of the results (a path) may hold a comma, and what is a cell or a file as a
/// whole.
std::vector<std::string> split_items(const Option& option, const std::string& text,
                                     const std::string& origin) {
  if (!option.affects_results || text.starts_with('{')) return {text};  // a table as a file has it
  if (std::holds_alternative<CellText>(option.default_value) && objection(option, read_cell(text)).empty())
    return {text};
  if (std::holds_alternative<InputFile>(option.default_value) && read_input_file(text).content) return {text};
  std::vector<std::string> items = split_at_commas(text);
  if (items.size() > 1 && std::count(items.begin(), items.end(), "") > 0) {
    throw ConfigError(
        fmt::format("{}: {}: expected values between the commas, found an empty one", origin, option.key));
  }
  return items;
}

Override parse_override(const OptionTable& options, const po::options_description& description,
                        const std::string& token) {
  const std::string origin = origin_of(token);
  const std::string bare = without_dashes(token);
  const std::size_t equals = bare.find('=');
  if (equals == std::string::npos || equals == 0) {
    throw ConfigError(fmt::format("{}: expected key=value, like train.updates=100", origin));
  }
  if (equals + 1 == bare.size()) {
    if (!options.find(bare.substr(0, equals))) refuse_unknown_key(options, bare.substr(0, equals), origin);
    throw ConfigError(fmt::format("{}: expected a value behind the =", origin));
  }
  const auto style = po::command_line_style::allow_long | po::command_line_style::long_allow_adjacent;
  const po::parsed_options parsed = po::command_line_parser(std::vector<std::string>{"--" + bare})
                                        .options(description)
                                        .style(style)
                                        .allow_unregistered()
                                        .run();
  const po::option& found = parsed.options.at(0);
  const Option* option = found.unregistered ? nullptr : options.find(found.string_key);
  if (!option) refuse_unknown_key(options, bare.substr(0, equals), origin);
  const std::string& text = found.value.at(0);
  return {option, text, split_items(*option, text, origin), origin};
}

bool looks_like_override(const std::string& token) {
  const std::size_t equals = token.find('=');
  const auto is_key_letter = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '_' || c == '-' || static_cast<unsigned char>(c) >= 0x80;
  };
  return equals != std::string::npos &&
         std::all_of(token.begin(), token.begin() + static_cast<std::ptrdiff_t>(equals), is_key_letter);
}

/// "key = value" of three words as one, as a file has it.
std::vector<std::string> joined_at_equals(const std::vector<std::string>& tokens) {
  std::vector<std::string> words;
  bool open = false;  // the last word ends with its =
  for (const std::string& token : tokens) {
    const bool continues = token.starts_with('=') && !words.empty() && !looks_like_override(words.back());
    if ((open && !looks_like_override(token)) || continues)
      words.back() += token;
    else
      words.push_back(token);
    open = looks_like_override(words.back()) && words.back().ends_with('=');
  }
  return words;
}

}  // namespace

std::vector<Override> parse_overrides(const OptionTable& options, const std::vector<std::string>& tokens) {
  const po::options_description description = described_options(options, tokens);
  std::vector<Override> overrides;
  std::map<std::string_view, std::string> seen;
  for (const std::string& token : tokens) {
    try {
      overrides.push_back(parse_override(options, description, token));
    } catch (const po::error& error) {
      throw ConfigError(fmt::format("{}: {}", origin_of(token), error.what()));
    }
    const Override& last = overrides.back();
    const auto [first, fresh] = seen.emplace(last.option->key, last.origin);
    if (fresh) continue;
    throw ConfigError(fmt::format("{}: {} is given twice; first in {} (an axis is a list: {}=A,B)",
                                  last.origin, last.option->key, first->second, last.option->key));
  }
  return overrides;
}

ConfigArguments split_arguments(const std::vector<std::string>& tokens) {
  ConfigArguments arguments;
  for (const std::string& token : joined_at_equals(tokens)) {
    if (looks_like_override(token)) {
      arguments.overrides.push_back(token);
    } else if (!arguments.file) {
      arguments.file = token;
    } else {
      throw ConfigError(fmt::format("expected one config file, found \"{}\" and \"{}\"",
                                    printable(*arguments.file), printable(token)));
    }
  }
  return arguments;
}

}  // namespace unroll

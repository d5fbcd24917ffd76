#include "experiments/verbs/completion_words.hpp"

#include <algorithm>

#include "models/cell_table.hpp"

namespace unroll {
namespace {

std::vector<std::string> verb_words() {
  std::vector<std::string> names = {"help", "--version"};
  for (const Verb& verb : verb_table()) names.emplace_back(verb.name);
  return names;
}

std::vector<std::string> flag_words(const Verb& verb) {
  std::vector<std::string> names;
  const Flags flags = flags_of(verb);  // named: its options live as long as it does
  for (const auto& flag : flags.options()) names.push_back("--" + flag->long_name());
  return names;
}

/// The values of a setting, each behind its key and =.
std::vector<std::string> value_words(const Laboratory& laboratory, const std::string& key) {
  const Option* option = laboratory.options().find(key);
  std::vector<std::string> values;
  if (!option) return values;
  if (option->known) values = option->known();
  if (std::holds_alternative<bool>(option->default_value)) values = {"false", "true"};
  if (std::holds_alternative<CellText>(option->default_value)) values = names_of(laboratory.cells());
  for (std::string& value : values) value.insert(0, key + "=");
  return values;
}

std::vector<std::string> words_behind(const Laboratory& laboratory, const Verb& verb,
                                      const std::string& last) {
  if (last.starts_with('-')) return flag_words(verb);
  if (const std::size_t equals = last.find('='); equals != std::string::npos)
    return value_words(laboratory, last.substr(0, equals));
  return verb.words != nullptr ? verb.words(laboratory) : std::vector<std::string>{};
}

std::vector<std::string> all_words(const Laboratory& laboratory, const std::vector<std::string>& words) {
  if (words.size() == 1) return verb_words();
  const auto is_called = [&](const Verb& verb) { return verb.name == words[0]; };
  const auto verb = std::ranges::find_if(verb_table(), is_called);
  if (verb != verb_table().end()) return words_behind(laboratory, *verb, words.back());
  return words[0] == "help" ? verb_words() : std::vector<std::string>{};
}

}  // namespace

std::vector<std::string> completion_words(const Laboratory& laboratory,
                                          const std::vector<std::string>& words) {
  if (words.empty()) return verb_words();
  std::vector<std::string> all = all_words(laboratory, words);
  std::erase_if(all, [&](const std::string& word) { return !word.starts_with(words.back()); });
  return all;
}

}  // namespace unroll

#include <fmt/format.h>

#include <algorithm>
#include <unordered_set>

#include "experiments/saved/text_model.hpp"
#include "experiments/tasks/text_task.hpp"

namespace unroll {
namespace {

std::vector<std::string_view> tokens_in(const SavedModel& model, std::string_view text) {
  const Tokenisation how = tokenisation_of(model);
  return tokens_of(text, how.level, how.words);
}

EncodedText encoded(const SavedModel& model, const std::vector<std::string_view>& tokens) {
  const Vocabulary& vocabulary = vocabulary_of(model);
  EncodedText text;
  std::unordered_set<std::string_view> named;
  for (const std::string_view token : tokens) {
    if (!vocabulary.contains(token) && named.insert(token).second) text.unknown.emplace_back(token);
    text.ids.push_back(vocabulary.id(token));
  }
  return text;
}

/// Where underscores in a row begin and end.
struct Underscores {
  std::size_t begin, end;
};

/// A text on both sides of its blank.
struct AroundBlank {
  std::string_view before, after;
};

bool nothing_but_space(std::string_view text) {
  return text.find_first_not_of(" \t\n") == std::string_view::npos;
}

/// Two underscores are a blank as three are, unless a text of this model's kind may have them within.
std::vector<Underscores> blanks_in(std::string_view text, bool text_has_underscores) {
  std::vector<Underscores> blanks;
  for (std::size_t begin = text.find("__"); begin != std::string_view::npos;) {
    const std::size_t end = std::min(text.find_first_not_of('_', begin), text.size());
    const bool at_end = nothing_but_space(text.substr(end));
    if (end - begin > 2 || at_end || !text_has_underscores) blanks.push_back({begin, end});
    begin = text.find("__", end);
  }
  return blanks;
}

AroundBlank around_blank(std::string_view prompt, bool text_has_underscores) {
  const std::vector<Underscores> blanks = blanks_in(prompt, text_has_underscores);
  if (blanks.empty()) return {prompt, {}};
  if (blanks.size() > 1)
    throw TextError(
        fmt::format("the text has {} blanks (two underscores or more in a row): expected one at the most",
                    blanks.size()));
  const std::string_view before = prompt.substr(0, blanks[0].begin), after = prompt.substr(blanks[0].end);
  if (!nothing_but_space(after)) return {before, after};
  return {before.substr(0, before.find_last_not_of(" \t") + 1), {}};
}

/// Tokens of a text that goes on, in the same line unless a line end is its last character.
std::vector<std::string_view> tokens_of_part(const SavedModel& model, std::string_view text) {
  if (text.empty()) return {};
  std::vector<std::string_view> tokens = tokens_in(model, text);
  if (tokenisation_of(model).level == Level::words && !text.ends_with('\n')) tokens.pop_back();
  return tokens;
}

}  // namespace

const Vocabulary& vocabulary_of(const SavedModel& model) {
  if (model.vocabulary) return *model.vocabulary;
  throw ModelError("this model was trained on the task " + model.config.task.name +
                   ", whose inputs are vectors: it reads no text");
}

/// A task's own sentences are words with their punctuation apart.
Tokenisation tokenisation_of(const SavedModel& model) {
  vocabulary_of(model);
  const TaskConfig& task = model.config.task;
  const TaskRow* row = find_task(model.laboratory->tasks(), task.name);
  return row && row->carried ? tokenisation_of(task) : Tokenisation{Level::words, Words::punctuation};
}

EncodedText encode(const SavedModel& model, std::string_view text) {
  return encoded(model, tokens_in(model, text));
}

Prompt encode_prompt(const SavedModel& model, std::string_view prompt) {
  const bool has_underscores = std::ranges::any_of(
      vocabulary_of(model).tokens(), [](std::string_view token) { return token.find('_') != token.npos; });
  const AroundBlank around = around_blank(prompt, has_underscores);
  std::vector<std::string_view> tokens = tokens_of_part(model, around.before);
  const std::size_t blank = tokens.size();
  std::ranges::copy(tokens_of_part(model, around.after), std::back_inserter(tokens));
  return {encoded(model, tokens), blank};
}

}  // namespace unroll

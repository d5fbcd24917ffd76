#include "experiments/text/vocabulary.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <stdexcept>

namespace unroll {

namespace {

struct Type {
  std::string_view token;
  std::int64_t count = 0;
};

/// The types of a text in the order of their first appearance.
std::vector<Type> counted(std::span<const std::string_view> tokens) {
  std::vector<Type> types;
  std::unordered_map<std::string_view, std::size_t> place;
  for (const std::string_view token : tokens) {
    const auto [at, is_new] = place.try_emplace(token, types.size());
    if (is_new) types.push_back({token});
    ++types[at->second].count;
  }
  return types;
}

void sort_by_count(std::vector<Type>& types) {
  std::stable_sort(types.begin(), types.end(),
                   [](const Type& a, const Type& b) { return a.count > b.count; });
}

bool never_falls_out(const Type& type) { return type.token == end_of_line || type.token == unknown_token; }

void check(const VocabularyLimits& limits) {
  if (limits.min_count < 1)
    throw TextError(
        fmt::format("the vocabulary's minimum count is {}; expected 1 or more", limits.min_count));
  if (limits.max_size < 0)
    throw TextError(
        fmt::format("the vocabulary's size limit is {}; expected 0 (none) or more", limits.max_size));
}

/// Takes the types beyond the limits out of `types`, which are sorted; gives how many tokens they were.
std::int64_t take_out(std::vector<Type>& types, const VocabularyLimits& limits) {
  const auto reserved = std::count_if(types.begin(), types.end(), never_falls_out);
  std::int64_t room = limits.max_size == 0 ? std::numeric_limits<std::int64_t>::max()
                                           : limits.max_size - static_cast<std::int64_t>(reserved);
  std::int64_t fallen = 0;
  std::erase_if(types, [&](const Type& type) {
    if (never_falls_out(type)) return false;
    if (type.count >= limits.min_count && room-- > 0) return false;
    fallen += type.count;
    return true;
  });
  return fallen;
}

}  // namespace

Vocabulary Vocabulary::from_training(std::span<const std::string_view> tokens,
                                     const VocabularyLimits& limits) {
  check(limits);
  std::vector<Type> types = counted(tokens);
  const auto is_unknown = [](const Type& type) { return type.token == unknown_token; };
  if (std::none_of(types.begin(), types.end(), is_unknown)) types.push_back({unknown_token});
  sort_by_count(types);
  const std::int64_t fallen = take_out(types, limits);
  if (limits.max_size > 0 && static_cast<std::int64_t>(types.size()) > limits.max_size)
    throw TextError(fmt::format("the vocabulary's size limit {} leaves no room beside {} and {}",
                                limits.max_size, unknown_token, end_of_line));
  std::find_if(types.begin(), types.end(), is_unknown)->count += fallen;
  sort_by_count(types);
  std::vector<std::string> names;
  names.reserve(types.size());
  for (const Type& type : types) names.emplace_back(type.token);
  return Vocabulary(std::move(names));
}

Vocabulary::Vocabulary(std::vector<std::string> tokens) : tokens_(std::move(tokens)) {
  if (tokens_.empty()) throw TextError("the vocabulary is empty; expected a list of tokens");
  if (tokens_.size() > static_cast<std::size_t>(std::numeric_limits<std::int32_t>::max()))
    throw TextError(
        fmt::format("the vocabulary has {} types; at most 2^31 - 1 can be numbered", tokens_.size()));
  ids_.reserve(tokens_.size());
  for (std::size_t i = 0; i < tokens_.size(); ++i) {
    if (tokens_[i].empty()) throw TextError(fmt::format("the vocabulary's token {} is empty", i));
    const auto [first, is_new] = ids_.try_emplace(tokens_[i], static_cast<std::int32_t>(i));
    if (!is_new)
      throw TextError(
          fmt::format("the vocabulary lists \"{}\" twice, as {} and {}", tokens_[i], first->second, i));
  }
  unknown_ = id_or(unknown_token, -1);
  line_end_ = id_or(end_of_line, -1);
}

std::int32_t Vocabulary::id_or(std::string_view token, std::int32_t otherwise) const {
  const auto found = ids_.find(token);
  return found == ids_.end() ? otherwise : found->second;
}

std::int32_t Vocabulary::id(std::string_view token) const {
  const std::int32_t id = id_or(token, unknown_);
  if (id < 0)
    throw TextError(
        fmt::format("the vocabulary has neither \"{}\" nor {} to stand for it", token, unknown_token));
  return id;
}

std::vector<std::int32_t> Vocabulary::ids(std::span<const std::string_view> tokens) const {
  std::vector<std::int32_t> ids;
  ids.reserve(tokens.size());
  for (const std::string_view token : tokens) ids.push_back(id(token));
  return ids;
}

const std::string& Vocabulary::token(std::int32_t id) const {
  if (id < 0 || id >= size())
    throw std::out_of_range(
        fmt::format("token {} of a vocabulary of {}: expected 0 to {}", id, size(), size() - 1));
  return tokens_[static_cast<std::size_t>(id)];
}

}  // namespace unroll

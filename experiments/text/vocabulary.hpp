#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "experiments/text/text.hpp"

namespace unroll {

/// Which tokens of a training text get an id of their own.
struct VocabularyLimits {
  std::int64_t min_count = 1;  ///< rarer tokens are unknown
  std::int64_t max_size = 0;   ///< types at most, <unk> and <eos> included; 0: no limit
};

/// The types (different tokens) that a model knows, numbered from 0. Every vocabulary built from a text has
/// "<unk>", so that it can be fed any other text.
class Vocabulary {
 public:
  Vocabulary() = default;

  /// Types by falling count, equal counts by first appearance. "<unk>" counts what it stands for: literal
  /// ones and tokens that fell out; "<eos>" and "<unk>" never fall out.
  /// @throws TextError if the limits are below 1 and 0, or leave no room for a type of the text
  static Vocabulary from_training(std::span<const std::string_view> tokens,
                                  const VocabularyLimits& limits = {});

  /// From the list of a model file; ids in its order.
  /// @throws TextError for an empty list or token, or a token listed twice
  explicit Vocabulary(std::vector<std::string> tokens);

  std::int32_t size() const { return static_cast<std::int32_t>(tokens_.size()); }
  bool contains(std::string_view token) const { return ids_.find(token) != ids_.end(); }

  /// Its id, or that of "<unk>".
  /// @throws TextError if neither is there (a list without "<unk>")
  std::int32_t id(std::string_view token) const;
  std::vector<std::int32_t> ids(std::span<const std::string_view> tokens) const;

  /// @throws std::out_of_range unless 0 <= id < size()
  const std::string& token(std::int32_t id) const;
  const std::vector<std::string>& tokens() const { return tokens_; }

  /// Id of "<unk>" and of "<eos>"; -1 where there is none.
  std::int32_t unknown() const { return unknown_; }
  std::int32_t line_end() const { return line_end_; }

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view s) const { return std::hash<std::string_view>{}(s); }
  };
  std::int32_t id_or(std::string_view token, std::int32_t otherwise) const;

  std::vector<std::string> tokens_;
  std::unordered_map<std::string, std::int32_t, Hash, std::equal_to<>> ids_;
  std::int32_t unknown_ = -1;
  std::int32_t line_end_ = -1;
};

}  // namespace unroll

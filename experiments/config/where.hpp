#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "experiments/config/option.hpp"

namespace unroll {

struct WhereNode;

/// What `where` says of a trial's settings: "task.length <= 100 or model.cell == 'lstm'".
///
///     any        = all or all ...                  lowest
///     all        = negated and negated ...
///     negated    = not negated | (any) | comparison
///     comparison = value (== | != | < | <= | > | >=) value | a key that is true or false
///     value      = key | number | 'text' | "text" | true | false
///
/// A range of lengths compares as all of its lengths do. A cell of one's own is called by its name.
/// A comparison with a setting that a trial does not have is false.
class Where {
 public:
  /// What a setting is in a trial; nothing where the trial has none of that key.
  using Lookup = std::function<std::optional<OptionValue>(const Option&)>;

  /// Throws ConfigError, which begins with `origin`, for what is no condition: an unknown key, values that do
  /// not compare, a name that the setting cannot have, parentheses nested beyond all measure.
  Where(const OptionTable& options, std::string text, std::string origin);

  bool holds(const Lookup& value_of) const;

  const std::string& text() const { return text_; }
  const std::string& origin() const { return origin_; }

 private:
  std::string text_;
  std::string origin_;
  std::shared_ptr<const WhereNode> root_;
};

}  // namespace unroll

#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "experiments/config/config.hpp"

namespace unroll {

class Task;

/// Whether a task's texts must be there: results of training can be looked at without them.
enum class Texts { needed, may_be_gone };

/// Checks what one key alone cannot tell: the task's variant, the length its definition needs, weights per
/// row against units. One object checks all trials of a sweep: a text that several of them share is read
/// once.
class ConfigCheck {
 public:
  explicit ConfigCheck(Texts texts = Texts::needed) : texts_(texts) {}

  /// `origin_of` says where a key was set. What depends on a text that is gone is not checked where it may
  /// be. Throws ConfigError.
  void operator()(const Config& config, const std::function<std::string(std::string_view)>& origin_of);

 private:
  Texts texts_;
  TaskConfig last_;
  std::shared_ptr<const Task> task_;  ///< of last_
};

}  // namespace unroll

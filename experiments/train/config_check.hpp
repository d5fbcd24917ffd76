#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "experiments/laboratory.hpp"

namespace unroll {

/// Checks what one key alone cannot tell: the task's variant, the length its definition needs, whose setting
/// a key is, weights per row against units. One object checks all trials of a sweep: data that several of
/// them share are read once.
class ConfigCheck {
 public:
  explicit ConfigCheck(const Laboratory& laboratory) : laboratory_(laboratory) {}

  /// `origin_of` says where a key was set, "" where nowhere. Throws ConfigError.
  void operator()(const Config& config, const std::function<std::string(std::string_view)>& origin_of);

  /// Of the config that was checked last.
  const std::shared_ptr<const Task>& task() const { return task_; }

 private:
  const Laboratory& laboratory_;
  TaskConfig last_;
  std::shared_ptr<const Task> task_;  ///< of last_
};

}  // namespace unroll

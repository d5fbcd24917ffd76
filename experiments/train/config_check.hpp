#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "experiments/laboratory.hpp"

namespace unroll {

/// Whether the files that a config names must be there: results of training can be looked at without them.
enum class Files { needed, may_be_gone };

/// Checks what one key alone cannot tell: the task's variant, the length its definition needs, whose setting
/// a key is, weights per row against units. One object checks all trials of a sweep: data that several of
/// them share are read once.
class ConfigCheck {
 public:
  explicit ConfigCheck(const Laboratory& laboratory, Files files = Files::needed)
      : laboratory_(laboratory), files_(files) {}

  /// `origin_of` says where a key was set, "" where nowhere. What depends on a file that is gone is not
  /// checked where it may be. Throws ConfigError.
  void operator()(const Config& config, const std::function<std::string(std::string_view)>& origin_of);

 private:
  const Laboratory& laboratory_;
  Files files_;
  TaskConfig last_;
  std::shared_ptr<const Task> task_;  ///< of last_
};

}  // namespace unroll

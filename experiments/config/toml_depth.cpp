#include "experiments/config/toml_depth.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "experiments/config/config_error.hpp"

namespace unroll {
namespace {

constexpr int deepest_toml = 32;

/// Goes over a text once, without a stack: strings and comments are left out, and of what is no TOML nothing
/// needs to be known here.
class Scan {
 public:
  Scan(std::string_view text, std::string_view name) : text_(text), name_(name) {}

  void run() {
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (c == '"' || c == '\'')
        skip_string(c);
      else if (c == '#')
        at_ = std::min(text_.find('\n', at_), text_.size());
      else
        take(c);
    }
  }

 private:
  void take(char c) {
    ++at_;
    if (c == '.') check(++dots_, "a key of so many parts");
    if (c == '[' || c == '{') check(++open_, "lists and tables in each other");
    if ((c == ']' || c == '}') && open_ > 0) --open_;
    // Between these stands one key or one value.
    if (std::string_view("=,[]{}\n").find(c) != std::string_view::npos) dots_ = 0;
  }

  void skip_string(char quote) {
    const std::string three(3, quote);
    const bool many_lines = text_.substr(at_).starts_with(three);
    at_ += many_lines ? 3 : 1;
    for (; at_ < text_.size(); ++at_) {
      if (text_[at_] == '\\' && quote == '"') {
        ++at_;
      } else if (many_lines ? text_.substr(at_).starts_with(three)
                            : text_[at_] == quote || text_[at_] == '\n') {
        at_ += many_lines ? 3 : 1;
        return;
      }
    }
  }

  void check(int depth, std::string_view what) const {
    if (depth <= deepest_toml) return;
    const std::string_view before = text_.substr(0, at_);
    const auto line = 1 + std::count(before.begin(), before.end(), '\n');
    throw ConfigError(fmt::format("{}:{}: {}: expected a depth of at most {}, found more", name_, line, what,
                                  deepest_toml));
  }

  std::string_view text_, name_;
  std::size_t at_ = 0;
  int dots_ = 0, open_ = 0;
};

}  // namespace

void check_toml_depth(std::string_view text, std::string_view name) { Scan(text, name).run(); }

}  // namespace unroll

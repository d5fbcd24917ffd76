#pragma once

#include "experiments/train/config.hpp"

// How option rows are written down, one helper per kind of setting.

namespace unroll::rows {

/// What a row's default and the values allowed look like.
struct Domain {
  OptionValue default_value;
  OptionRange range = {};
  std::function<std::vector<std::string>()> known = nullptr;
};

inline Domain integer(std::int64_t value, OptionRange range) { return {value, range}; }
inline Domain number(double value, OptionRange range) { return {value, range}; }
inline Domain flag(bool value) { return {value}; }
inline Domain name(std::string value, std::function<std::vector<std::string>()> known) {
  return {std::move(value), {}, std::move(known)};
}
inline Domain text(std::string value) { return {std::move(value)}; }
inline Domain file() { return {InputFile{}}; }
inline Domain amount(std::uint64_t bytes) { return {Bytes{bytes}}; }

inline constexpr bool result = true;    // affects results: part of the trial's id
inline constexpr bool display = false;  // does not: same records whatever it is

inline Option row(std::string key, Domain domain, bool affects_results, std::string meaning,
                  std::function<OptionField(Config&)> field,
                  std::function<bool(const Config&)> matters = nullptr) {
  return {{std::move(key), std::move(domain.default_value), std::move(meaning), domain.range,
           std::move(domain.known), affects_results},
          std::move(field),
          std::move(matters)};
}

/// A row, and what other programs call it.
inline Option called(std::vector<std::string> synonyms, Option option) {
  option.synonyms = std::move(synonyms);
  return option;
}

}  // namespace unroll::rows

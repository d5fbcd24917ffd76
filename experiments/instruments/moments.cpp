#include "experiments/instruments/moments.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <stdexcept>
#include <string_view>

namespace unroll {
namespace {

constexpr std::string_view every = "every ";

/// A whole number of at least `least`; none for another text.
std::optional<std::int64_t> whole_number(std::string_view text, std::int64_t least) {
  std::int64_t number = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc{} || stop != end || number < least) return std::nullopt;
  return number;
}

}  // namespace

Moments::Moments(const std::vector<std::string>& items) {
  for (const std::string& item : resolved_moments(items)) {
    const std::string_view text = item;
    if (text == "end")
      end_ = true;
    else if (const auto update = whole_number(text, 0))
      updates_.push_back(*update);
    else if (const auto period =
                 text.starts_with(every) ? whole_number(text.substr(every.size()), 1) : std::nullopt)
      periods_.push_back(*period);
    else
      throw std::invalid_argument(fmt::format(
          "diagnose_at: expected \"start\", \"end\", a number of updates, or \"every N\" with N of "
          "at least 1, found \"{}\"",
          item));
  }
}

std::optional<std::string> Moments::at(std::int64_t update, std::int64_t planned) const {
  if (update > 0 && update == planned && end_) return std::nullopt;
  const bool listed = std::ranges::find(updates_, update) != updates_.end();
  const bool due =
      update > 0 && std::ranges::any_of(periods_, [&](std::int64_t n) { return update % n == 0; });
  if (!listed && !due) return std::nullopt;
  return update == 0 ? "start" : fmt::format("update {}", update);
}

std::int64_t Moments::count(std::int64_t updates) const {
  std::int64_t count = end_ + std::ranges::count_if(updates_, [&](std::int64_t n) { return n <= updates; });
  for (const std::int64_t period : periods_) count += updates / period;
  return count;
}

std::vector<std::string> resolved_moments(std::vector<std::string> items) {
  std::ranges::replace(items, "start", "0");
  return items;
}

std::optional<std::int64_t> loss_step(const std::string& text) {
  if (text == "all") return std::nullopt;
  if (text == "last") return -1;
  if (const auto step = whole_number(text, 1)) return *step - 1;
  throw std::invalid_argument(
      fmt::format("diagnose_loss_step: expected last, all, or a step from 1 on, found \"{}\"", text));
}

}  // namespace unroll

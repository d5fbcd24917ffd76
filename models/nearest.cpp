#include "models/nearest.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace unroll {

namespace {

// Nothing a user meant to type is longer; it bounds the quadratic comparison.
constexpr std::size_t longest_name = 64;

std::string_view last_part(std::string_view key) { return key.substr(key.rfind('.') + 1); }

/// Distance of the whole names, or of their last parts with one more for the wrong section.
std::size_t key_distance(std::string_view name, std::string_view candidate) {
  return std::min(edit_distance(name, candidate), edit_distance(last_part(name), last_part(candidate)) + 1);
}

/// One letter of a name without its section may be wrong, however short it is: "nam".
bool is_slip_of_last_part(std::string_view name, std::string_view candidate) {
  constexpr std::size_t least = 3;
  return name.size() >= least && name.find('.') == name.npos && candidate.find('.') != candidate.npos &&
         edit_distance(name, last_part(candidate)) <= 1;
}

/// A third of what was typed may be wrong, two letters of a short name, and one of a very short one.
std::size_t tolerance(std::string_view name) {
  const std::size_t length = last_part(name).size();
  return length < 5 ? 1 : std::max<std::size_t>(2, length / 3);
}

std::string in_small_letters(std::string_view name) {
  std::string small(name);
  for (char& c : small)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return small;
}

/// The one candidate of which this holds.
template <class Holds>
std::optional<std::string> only_one(const std::vector<std::string>& candidates, Holds holds) {
  const auto found = std::ranges::find_if(candidates, holds);
  if (std::ranges::count_if(candidates, holds) != 1) return std::nullopt;
  return *found;
}

/// The one candidate that begins so, or else has it in it: "add" of adding and copy, "gradients" of
/// state_gradients and lyapunov.
std::optional<std::string> only_longer(std::string_view name, const std::vector<std::string>& candidates) {
  constexpr std::size_t least_begin = 2, least_part = 4;
  std::optional<std::string> found;
  if (name.size() >= least_begin)
    found = only_one(candidates, [&](const std::string& one) { return one.starts_with(name); });
  if (!found && name.size() >= least_part)
    found = only_one(candidates, [&](const std::string& one) { return one.find(name) != one.npos; });
  return found;
}

}  // namespace

std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before(b.size() + 1), last(b.size() + 1), row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) last[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + (a[i - 1] != b[j - 1])});
      const bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
      if (swapped) row[j] = std::min(row[j], before[j - 2] + 1);
    }
    before.swap(last);
    last.swap(row);
  }
  return last[b.size()];
}

std::optional<std::string> nearest(std::string_view name, const std::vector<std::string>& candidates) {
  if (name.empty() || name.size() > longest_name) return std::nullopt;
  const std::string small = in_small_letters(name);
  const auto distance = [&](const std::string& candidate) {
    return std::min(key_distance(name, candidate), key_distance(small, in_small_letters(candidate)));
  };
  const auto best =
      std::min_element(candidates.begin(), candidates.end(),
                       [&](const std::string& a, const std::string& b) { return distance(a) < distance(b); });
  if (best != candidates.end() && (distance(*best) <= tolerance(name) || is_slip_of_last_part(name, *best)))
    return *best;
  return only_longer(name, candidates);
}

std::string did_you_mean(std::string_view name, const std::vector<std::string>& candidates) {
  const std::optional<std::string> guess = nearest(name, candidates);
  return guess ? fmt::format("; did you mean \"{}\"?", *guess) : "";
}

std::string printable(std::string_view text) {
  const bool cut = text.size() > longest_name;
  std::string shown(text.substr(0, longest_name));
  // A cut inside a UTF-8 sequence would leave half a character.
  while (cut && !shown.empty() && (static_cast<unsigned char>(text[shown.size()]) & 0xC0) == 0x80) {
    shown.pop_back();
  }
  for (char& c : shown) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7F) c = '?';
  }
  return cut ? shown + "..." : shown;
}

}  // namespace unroll

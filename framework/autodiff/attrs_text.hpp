#pragma once

#include <bit>
#include <cstdint>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "framework/autodiff/dim.hpp"

/// How the members of attribute structs are compared, written and read: one set of functions for each type
/// that a member may have. Those that read throw std::invalid_argument, saying what was expected.
namespace unroll::attrs_detail {

template <class M>
bool same_attr(const M& a, const M& b) {
  return a == b;
}
/// 0 and -0 differ, and a NaN is itself.
inline bool same_attr(double a, double b) {
  return std::bit_cast<std::uint64_t>(a) == std::bit_cast<std::uint64_t>(b);
}

std::string attr_text(bool value);
std::string attr_text(std::int64_t value);
std::string attr_text(std::uint64_t value);
std::string attr_text(double value);  ///< as many digits as give the same bits again
std::string attr_text(Dim value);
std::string attr_text(const Dims& value);
std::string attr_text(const std::vector<std::int64_t>& value);
std::string attr_text(const std::string& value);  ///< quoted

void read_attr(std::string_view text, bool& value);
void read_attr(std::string_view text, std::int64_t& value);
void read_attr(std::string_view text, std::uint64_t& value);
void read_attr(std::string_view text, double& value);
void read_attr(std::string_view text, Dim& value);
void read_attr(std::string_view text, Dims& value);
void read_attr(std::string_view text, std::vector<std::int64_t>& value);
void read_attr(std::string_view text, std::string& value);

/// What is shared has no text.
template <class M>
std::string attr_text(const std::shared_ptr<M>&) {
  return "...";
}
template <class M>
void read_attr(std::string_view, std::shared_ptr<M>&) {}

template <class M>
constexpr bool has_text(const M&) {
  return true;
}
template <class M>
constexpr bool has_text(const std::shared_ptr<M>&) {
  return false;
}

template <class M>
void add_extents(const M&, Dims&) {}
inline void add_extents(Dim value, Dims& all) { all.push_back(value); }
inline void add_extents(const Dims& value, Dims& all) { all.insert(all.end(), value.begin(), value.end()); }

/// A number in T's place, in members that have one.
template <class M>
void set_time(M&, std::int64_t) {}
inline void set_time(Dim& value, std::int64_t steps) { value = value.at_time(steps); }
inline void set_time(Dims& value, std::int64_t steps) { value = at_time(std::move(value), steps); }

/// "name=text", or the name alone for what is true.
std::string member_text(std::string_view name, const std::string& text);
/// "{a, b=1}", or nothing.
std::string joined(const std::vector<std::string>& members);

struct MemberText {
  std::string_view name;
  std::string_view text;
};
std::vector<MemberText> split_members(std::string_view op, std::string_view text);

[[noreturn]] void no_text(std::string_view op, std::string_view member);
[[noreturn]] void unknown_member(std::string_view op, std::string_view member, const std::string& names);
[[noreturn]] void unreadable(std::string_view op, std::string_view member, const std::string& reason);

template <class M>
void read_member(std::string_view op, const MemberText& member, M& value) {
  try {
    read_attr(member.text, value);
  } catch (const std::invalid_argument& e) {
    unreadable(op, member.name, e.what());
  }
}

}  // namespace unroll::attrs_detail

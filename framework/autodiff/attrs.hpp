#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "framework/autodiff/attrs_text.hpp"
#include "framework/autodiff/dim.hpp"

namespace unroll {

class Attrs;
struct Op;

/// A member of an attribute struct and its name in texts.
template <class S, class M>
struct Field {
  std::string_view name;
  M S::*member;
};
template <class S, class M>
constexpr Field<S, M> field(std::string_view name, M S::*member) {
  return {name, member};
}

/// A struct whose members fix an op beside its operands. It lists them in `fields`, from which equality and
/// text follow:
///
///     struct MatmulAttrs {
///       bool transpose_a = false, transpose_b = false;
///       static constexpr auto fields = std::tuple(field("transpose_a", &MatmulAttrs::transpose_a),
///                                                 field("transpose_b", &MatmulAttrs::transpose_b));
///     };
template <class S>
concept AttrStruct = requires {
  S::fields;
};

/// What can be done with the values of one attribute struct by who does not know it.
struct AttrsType {
  bool (*equal)(const void* a, const void* b);
  std::string (*text)(const void* value);
  Dims (*extents)(const void* value);
  Attrs (*at_time)(const void* value, std::int64_t steps);
  Attrs (*defaults)();
  Attrs (*parse)(std::string_view op, std::string_view text);
};
namespace attrs_detail {
template <class S>
bool equal(const void* a, const void* b);
template <class S>
std::string text(const void* value);
template <class S>
Dims extents(const void* value);
template <class S>
Attrs at_time(const void* value, std::int64_t steps);
template <class S>
Attrs defaults();
template <class S>
Attrs parse(std::string_view op, std::string_view text);
}  // namespace attrs_detail

template <AttrStruct S>
inline constexpr AttrsType attrs_type = {attrs_detail::equal<S>,    attrs_detail::text<S>,
                                         attrs_detail::extents<S>,  attrs_detail::at_time<S>,
                                         attrs_detail::defaults<S>, attrs_detail::parse<S>};

/// What fixes an op beside its operands: a value of the op's own attribute struct, shared between copies, or
/// nothing, which reads as the defaults of any. Equal ops on equal operands with equal attributes are one
/// value to the planner; numbers are equal when their bits are.
class Attrs {
 public:
  Attrs() = default;
  template <AttrStruct S>
  Attrs(S value)  // NOLINT: a struct is its attributes
      : type_(&attrs_type<S>), value_(std::make_shared<const S>(std::move(value))) {}

  /// nullptr where it holds another struct, or nothing.
  template <AttrStruct S>
  const S* get_if() const {
    return type_ == &attrs_type<S> ? static_cast<const S*>(value_.get()) : nullptr;
  }
  /// Throws std::logic_error where it holds another struct.
  template <AttrStruct S>
  const S& as() const {
    if (type_ == &attrs_type<S>) return *static_cast<const S*>(value_.get());
    if (type_) refuse();
    static const S defaults{};
    return defaults;
  }
  const AttrsType* type() const { return type_; }

  /// Every extent that it names: what tells whether T or B must be known.
  Dims extents() const { return type_ ? type_->extents(value_.get()) : Dims{}; }
  /// With a number in T's place.
  Attrs at_time(std::int64_t steps) const { return type_ ? type_->at_time(value_.get(), steps) : Attrs(); }

  bool operator==(const Attrs& other) const {
    return type_ == other.type_ && (!type_ || type_->equal(value_.get(), other.value_.get()));
  }

  /// "{axis=1, transpose_b, dims=(B, 3)}": the members that differ from their defaults; "" where none does.
  friend std::string to_text(const Attrs& attrs) {
    return attrs.type_ ? attrs.type_->text(attrs.value_.get()) : "";
  }

 private:
  [[noreturn]] void refuse() const;

  const AttrsType* type_ = nullptr;
  std::shared_ptr<const void> value_;
};

std::string to_text(const Attrs& attrs);

/// The inverse of to_text, for attributes of `op`. Throws std::invalid_argument naming op, member and what
/// was expected; also where the op has members without a text (the tensor of a constant, the step of a scan).
Attrs parse_attrs(const Op& op, std::string_view text);

namespace attrs_detail {

template <class S, class F>
void each_field(F f) {
  std::apply([&](const auto&... fields) { (f(fields), ...); }, S::fields);
}

template <class S>
bool equal(const void* a, const void* b) {
  bool same = true;
  each_field<S>([&](const auto& f) {
    same = same && same_attr(static_cast<const S*>(a)->*f.member, static_cast<const S*>(b)->*f.member);
  });
  return same;
}

template <class S>
std::string text(const void* value) {
  const S defaults{};
  std::vector<std::string> members;
  each_field<S>([&](const auto& f) {
    const auto& member = static_cast<const S*>(value)->*f.member;
    if (!same_attr(member, defaults.*f.member)) members.push_back(member_text(f.name, attr_text(member)));
  });
  return joined(members);
}

template <class S>
Dims extents(const void* value) {
  Dims all;
  each_field<S>([&](const auto& f) { add_extents(static_cast<const S*>(value)->*f.member, all); });
  return all;
}

template <class S>
Attrs at_time(const void* value, std::int64_t steps) {
  S changed = *static_cast<const S*>(value);
  each_field<S>([&](const auto& f) { set_time(changed.*f.member, steps); });
  return changed;
}

template <class S>
Attrs defaults() {
  return S{};
}

template <class S>
Attrs parse(std::string_view op, std::string_view text) {
  S value;
  std::string names;
  each_field<S>([&](const auto& f) {
    if (!has_text(value.*f.member)) no_text(op, f.name);
    names += (names.empty() ? "" : ", ") + std::string(f.name);
  });
  for (const MemberText& member : split_members(op, text)) {
    bool known = false;
    each_field<S>([&](const auto& f) {
      if (f.name != member.name) return;
      read_member(op, member, value.*f.member);
      known = true;
    });
    if (!known) unknown_member(op, member.name, names);
  }
  return value;
}

}  // namespace attrs_detail

}  // namespace unroll

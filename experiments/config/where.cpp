#include "experiments/config/where.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <tao/pegtl/contrib/parse_tree.hpp>
#include <variant>
#include <vector>

#include "experiments/config/config_error.hpp"
#include "experiments/config/settings.hpp"
#include "experiments/config/where_grammar.hpp"
#include "models/nearest.hpp"

namespace unroll {

namespace {

namespace g = where_grammar;
using ParseNode = tao::pegtl::parse_tree::node;

/// Nesting is followed by recursive functions: this keeps their stack small.
constexpr std::size_t deepest_where = 100;

enum class Comparator { equal, unequal, less, at_most, greater, at_least };

/// Numbers as an interval: a range of lengths has two ends.
struct Span {
  double least, most;
};

using Operand = std::variant<const Option*, Span, bool, std::string>;

}  // namespace

struct WhereNode {
  enum class Form { any, all, negation, comparison } form;
  std::vector<WhereNode> parts = {};
  std::vector<Operand> sides = {};  ///< of a comparison: two
  Comparator comparator = Comparator::equal;
};

namespace {

// ---- what a message says where a rule does not match

template <class>
inline constexpr const char* expected = "this does not fit here";
template <>
inline constexpr const char* expected<g::value> = "expected a key, a number, a text in quotes, true or false";
template <>
inline constexpr const char* expected<g::any> = "expected a comparison like task.length <= 100";
template <>
inline constexpr const char* expected<g::all> = "expected a comparison after `or`";
template <>
inline constexpr const char* expected<g::negated> = "expected a comparison after `and`";
template <>
inline constexpr const char* expected<g::inner> = "expected a comparison after (";
template <>
inline constexpr const char* expected<g::close> = "expected ), and or or";
template <>
inline constexpr const char* expected<g::closing_single> = "this text is never closed: expected '";
template <>
inline constexpr const char* expected<g::closing_double> = "this text is never closed: expected \"";
template <>
inline constexpr const char* expected<g::end> =
    "expected and, or, a comparison (== != < <= > >=), or the end";

struct Messages {
  template <class Rule>
  static constexpr const char* message = expected<Rule>;
  template <class>
  static constexpr bool raise_on_failure = false;
};
template <class Rule>
using Control = tao::pegtl::must_if<Messages>::control<Rule>;

template <class Rule>
using Selected = tao::pegtl::parse_tree::selector<
    Rule, tao::pegtl::parse_tree::store_content::on<g::any, g::all, g::negated, g::negation, g::comparison,
                                                    g::comparator, g::number, g::single_text, g::double_text,
                                                    g::truth, g::key>>;

// ---- values

/// What the values of a setting can be compared with; "" where with nothing.
std::string_view kind_of(const OptionValue& type) {
  if (std::holds_alternative<bool>(type)) return "true or false";
  if (std::holds_alternative<std::string>(type) || std::holds_alternative<CellText>(type)) return "a text";
  const bool other = std::holds_alternative<InputFile>(type) ||
                     std::holds_alternative<std::vector<std::int64_t>>(type) ||
                     std::holds_alternative<std::vector<std::string>>(type);
  return other ? "" : "a number";
}

std::string_view kind_of(const Operand& operand) {
  if (const auto* option = std::get_if<const Option*>(&operand)) return kind_of((*option)->default_value);
  if (std::holds_alternative<Span>(operand)) return "a number";
  return std::holds_alternative<bool>(operand) ? "true or false" : "a text";
}

Operand operand_of(const OptionValue& value) {
  if (const auto* flag = std::get_if<bool>(&value)) return *flag;
  if (const auto* text = std::get_if<std::string>(&value)) return *text;
  if (const auto* cell = std::get_if<CellText>(&value)) {
    const std::string label = label_of(*cell);
    return label.substr(0, label.find('@'));  // of equations the name alone
  }
  const auto one = [](double x) { return Operand(Span{x, x}); };
  if (const auto* x = std::get_if<std::int64_t>(&value)) return one(static_cast<double>(*x));
  if (const auto* x = std::get_if<std::uint64_t>(&value)) return one(static_cast<double>(*x));
  if (const auto* x = std::get_if<Bytes>(&value)) return one(static_cast<double>(x->count));
  if (const auto* x = std::get_if<LengthRange>(&value))
    return Span{static_cast<double>(x->least), static_cast<double>(x->most)};
  return one(std::get<double>(value));
}

/// Nothing where the trial has no such setting.
std::optional<Operand> resolved(const Operand& operand, const Where::Lookup& value_of) {
  const auto* option = std::get_if<const Option*>(&operand);
  if (!option) return operand;
  const std::optional<OptionValue> value = value_of(**option);
  return value ? std::optional<Operand>(operand_of(*value)) : std::nullopt;
}

bool compare(const Span& a, Comparator comparator, const Span& b) {
  const bool equal = a.least == b.least && a.most == b.most;
  switch (comparator) {
    case Comparator::equal:
      return equal;
    case Comparator::unequal:
      return !equal;
    case Comparator::less:
      return a.most < b.least;
    case Comparator::at_most:
      return a.most <= b.least || (equal && a.least == a.most);
    case Comparator::greater:
      return a.least > b.most;
    default:
      return a.least >= b.most;
  }
}

bool compare(const Operand& a, Comparator comparator, const Operand& b) {
  if (const auto* span = std::get_if<Span>(&a)) return compare(*span, comparator, std::get<Span>(b));
  if (const auto* flag = std::get_if<bool>(&a))
    return (*flag == std::get<bool>(b)) == (comparator == Comparator::equal);
  return (std::get<std::string>(a) == std::get<std::string>(b)) == (comparator == Comparator::equal);
}

bool holds(const WhereNode& node, const Where::Lookup& value_of) {
  const auto part = [&](const WhereNode& inner) { return holds(inner, value_of); };
  switch (node.form) {
    case WhereNode::Form::any:
      return std::ranges::any_of(node.parts, part);
    case WhereNode::Form::all:
      return std::ranges::all_of(node.parts, part);
    case WhereNode::Form::negation:
      return !part(node.parts.front());
    default:
      break;
  }
  const auto left = resolved(node.sides[0], value_of), right = resolved(node.sides[1], value_of);
  return left && right && compare(*left, node.comparator, *right);
}

// ---- from the parse tree to ours

Comparator comparator_of(std::string_view text) {
  constexpr std::array<std::string_view, 6> signs = {"==", "!=", "<", "<=", ">", ">="};
  return static_cast<Comparator>(std::ranges::find(signs, text) - signs.begin());
}

class Builder {
 public:
  Builder(const OptionTable& options, std::string_view origin) : options_(options), origin_(origin) {}

  WhereNode build(const ParseNode& node) const {
    if (node.is_type<g::comparison>()) return comparison(node);
    if (node.is_type<g::negated>()) return negated(node);
    if (node.children.size() == 1) return build(*node.children.front());
    using Form = WhereNode::Form;
    WhereNode all{node.is_type<g::any>() ? Form::any : Form::all};
    for (const auto& child : node.children) all.parts.push_back(build(*child));
    return all;
  }

 private:
  template <class... Values>
  [[noreturn]] void refuse(fmt::format_string<Values...> text, Values&&... values) const {
    throw ConfigError(
        fmt::format("{}: where: {}", origin_, fmt::format(text, std::forward<Values>(values)...)));
  }

  WhereNode negated(const ParseNode& node) const {
    WhereNode inner = build(*node.children.back());
    if (node.children.size() % 2 == 1) return inner;  // `not not` is nothing
    WhereNode outer{WhereNode::Form::negation};
    outer.parts.push_back(std::move(inner));
    return outer;
  }

  WhereNode comparison(const ParseNode& node) const {
    WhereNode made{WhereNode::Form::comparison};
    made.sides.push_back(operand(*node.children[0]));
    if (node.children.size() == 1) {
      if (kind_of(made.sides[0]) != "true or false")
        refuse("{}: expected a comparison (== != < <= > >=), found it alone: it is not true or false",
               printable(node.children[0]->string_view()));
      made.sides.emplace_back(true);
      return made;
    }
    made.comparator = comparator_of(node.children[1]->string_view());
    made.sides.push_back(operand(*node.children[2]));
    check(made, printable(node.string_view()));
    return made;
  }

  void check(const WhereNode& made, const std::string& text) const {
    const std::string_view left = kind_of(made.sides[0]), right = kind_of(made.sides[1]);
    if (left != right) refuse("{}: expected two values of a kind, found {} and {}", text, left, right);
    const bool ordered = made.comparator != Comparator::equal && made.comparator != Comparator::unequal;
    if (ordered && left != "a number") refuse("{}: only numbers are smaller or larger; use == or !=", text);
    check_name(made.sides[0], made.sides[1]);
    check_name(made.sides[1], made.sides[0]);
  }

  /// A mistyped name would leave out everything, or nothing.
  void check_name(const Operand& key, const Operand& name) const {
    const auto* option = std::get_if<const Option*>(&key);
    const auto* text = std::get_if<std::string>(&name);
    if (!option || !text || !(*option)->known) return;
    if (const std::string why = objection(**option, *text); !why.empty())
      refuse("{}: {}", (*option)->key, why);
  }

  Operand operand(const ParseNode& node) const {
    const std::string text = node.string();
    if (node.is_type<g::single_text>() || node.is_type<g::double_text>()) return text;
    if (node.is_type<g::truth>()) return text == "true";
    if (node.is_type<g::number>()) return number(text);
    const Option* option = options_.find(text);
    if (!option) refuse_unknown_key(options_, text, fmt::format("{}: where", origin_));
    if (kind_of(option->default_value).empty())
      refuse("{}: {} cannot be compared; numbers, texts and what is true or false can", text,
             type_name(option->default_value));
    return option;
  }

  Operand number(std::string_view text) const {
    const std::string_view bare = text.starts_with('+') ? text.substr(1) : text;
    double x = 0;
    const auto [end, error] = std::from_chars(bare.data(), bare.data() + bare.size(), x);
    if (error != std::errc{} || end != bare.data() + bare.size())
      refuse("{}: expected a number that 64 bits can hold", printable(text));
    return Span{x, x};
  }

  const OptionTable& options_;
  std::string_view origin_;
};

void refuse_deep_nesting(std::string_view text, const std::string& origin) {
  std::size_t depth = 0;
  for (const char c : text) {
    if (c == '(' && ++depth > deepest_where)
      throw ConfigError(fmt::format("{}: where: parentheses are nested too deeply: at most {} levels", origin,
                                    deepest_where));
    if (c == ')' && depth > 0) --depth;
  }
}

WhereNode parse(const OptionTable& options, const std::string& text, const std::string& origin) {
  refuse_deep_nesting(text, origin);
  tao::pegtl::memory_input<> in(text, "where");
  try {
    const auto root = tao::pegtl::parse_tree::parse<g::whole, Selected, tao::pegtl::nothing, Control>(in);
    return Builder(options, origin).build(*root->children.front());
  } catch (const tao::pegtl::parse_error& error) {
    const std::size_t at = error.positions().front().byte;
    const std::string rest = text.substr(std::min(text.find_first_not_of(" \t\n", at), text.size()));
    throw ConfigError(fmt::format("{}: where: {}, found {}{}", origin, error.message(),
                                  rest.empty() ? "the end" : fmt::format("\"{}\"", printable(rest)),
                                  rest.starts_with('=') ? " (== compares)" : ""));
  }
}

}  // namespace

Where::Where(const OptionTable& options, std::string text, std::string origin)
    : text_(std::move(text)),
      origin_(std::move(origin)),
      root_(std::make_shared<const WhereNode>(parse(options, text_, origin_))) {}

bool Where::holds(const Lookup& value_of) const { return unroll::holds(*root_, value_of); }

}  // namespace unroll

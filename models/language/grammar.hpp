#pragma once

#include <utf8proc.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <tao/pegtl.hpp>
#include <tao/pegtl/contrib/parse_tree.hpp>
#include <vector>

#include "models/language/functions/function.hpp"

// The grammar of a cell's text, as PEGTL rules (a parsing expression grammar: the first alternative that fits
// is taken). Line breaks inside parentheses and comments are blanks by the time it is read.
//
//     cell NAME
//     const NAME [: SHAPE] = EXPRESSION | file("NAME")
//     input NAME
//     feedback NAME
//     def NAME(NAME, ...) = EXPRESSION
//     state NAME, ... [: SHAPE] [= EXPRESSION | = learned]
//     param NAME, ... [: SHAPE] [diagonal | skew | orthogonal | orthogonal_exp | low_rank(R) | heads(N)]
//           [init NAME(...) | init file("NAME")] [in [LOW, HIGH]] [rate R] [fixed]
//     pytorch NAME = PARAMETER | 0, ...
//     NAME = EXPRESSION
//     NAME' = EXPRESSION
//     repeat COUNT {
//       equations, one in each line
//     }
//
//     expression = sum [(<|<=|>|>=|==|!=) sum]     lowest: 1 where it holds, else 0
//     sum        = term (+|-) ...
//     term       = factor (*|/) ...                elementwise
//     factor     = - factor | product
//     product    = power power ...                 to the right: A B x is A (B x)
//     power      = part [^ part]
//     part       = atom [[range, ...]]             highest: h[0:k], A[:, 2]

namespace unroll::grammar {

namespace pegtl = tao::pegtl;
using pegtl::eof;
using pegtl::if_must;
using pegtl::list_must;
using pegtl::must;
using pegtl::not_at;
using pegtl::one;
using pegtl::opt;
using pegtl::plus;
using pegtl::seq;
using pegtl::sor;
using pegtl::star;

using Node = pegtl::parse_tree::node;

/// A letter, mark, digit or underscore; at the start of a name no digit and no mark.
template <bool start>
struct name_character {
  using rule_t = name_character;
  using subs_t = pegtl::empty_list;

  static bool fits(utf8proc_int32_t c) {
    switch (utf8proc_category(c)) {
      case UTF8PROC_CATEGORY_LU:
      case UTF8PROC_CATEGORY_LL:
      case UTF8PROC_CATEGORY_LT:
      case UTF8PROC_CATEGORY_LO:
        return true;
      case UTF8PROC_CATEGORY_LM:
      case UTF8PROC_CATEGORY_MN:
      case UTF8PROC_CATEGORY_ND:
      case UTF8PROC_CATEGORY_NO:
        return !start;
      default:
        return c == '_';
    }
  }

  template <class Input>
  static bool match(Input& in) {
    utf8proc_int32_t c = 0;
    const auto length = utf8proc_iterate(reinterpret_cast<const utf8proc_uint8_t*>(in.current()),
                                         static_cast<utf8proc_ssize_t>(in.size()), &c);
    if (length <= 0 || !fits(c)) return false;
    in.bump_in_this_line(static_cast<std::size_t>(length));
    return true;
  }
};

struct identifier : seq<name_character<true>, star<name_character<false>>> {};

/// What NAME( may call.
struct CallNames {
  const FunctionTable& functions;
  std::vector<std::string> definitions;  ///< of lines `def`

  bool has(std::string_view name) const {
    return name == "act" || functions.find(name) || std::ranges::find(definitions, name) != definitions.end();
  }
};

/// An identifier that can be called.
struct function_name {
  using rule_t = function_name;
  using subs_t = pegtl::empty_list;

  template <pegtl::apply_mode A, pegtl::rewind_mode M, template <class...> class Action,
            template <class...> class Control, class Input, class... States>
  static bool match(Input& in, const CallNames& callable, States&&... states) {
    auto marker = in.template mark<pegtl::rewind_mode::required>();
    const char* begin = in.current();
    if (!pegtl::match<identifier, A, pegtl::rewind_mode::active, Action, pegtl::normal>(in, callable,
                                                                                        states...))
      return marker(false);
    const std::string_view name(begin, static_cast<std::size_t>(in.current() - begin));
    return marker(callable.has(name));
  }
};

struct ws : star<pegtl::blank> {};
template <class R>
struct token : seq<ws, R> {};

struct comma : one<','> {};
struct close_parenthesis : one<')'> {};
struct close_bracket : one<']'> {};
struct equals : seq<one<'='>, not_at<one<'='>>> {};
struct comparison_sign : sor<pegtl::string<'<', '='>, pegtl::string<'>', '='>, pegtl::string<'=', '='>,
                             pegtl::string<'!', '='>, one<'<', '>'>> {};
struct minus_sign : sor<one<'-'>, pegtl::utf8::one<0x2212>> {};
struct plus_or_minus : sor<one<'+'>, minus_sign> {};
struct times_or_over : sor<one<'*', '/'>, pegtl::utf8::one<0x2299>> {};
struct prime : sor<one<'\''>, pegtl::utf8::one<0x2032>> {};

struct exponent : seq<one<'e', 'E'>, opt<one<'+', '-'>>, plus<pegtl::digit>> {};
struct fraction : seq<one<'.'>, star<pegtl::digit>> {};
struct number
    : seq<sor<seq<plus<pegtl::digit>, opt<fraction>>, seq<one<'.'>, plus<pegtl::digit>>>, opt<exponent>> {};

struct expression;
struct parenthesis : if_must<one<'('>, token<expression>, token<close_parenthesis>> {};
struct axis_number : seq<opt<minus_sign>, pegtl::digit> {};
struct axis : if_must<seq<pegtl::string<'a', 'x', 'i', 's'>, ws, equals>, token<axis_number>> {};
struct argument : sor<axis, expression> {};
struct arguments : list_must<argument, comma, pegtl::blank> {};
struct call : seq<function_name, ws, if_must<one<'('>, ws, arguments, token<close_parenthesis>>> {};
struct reference : seq<identifier, opt<prime>> {};
struct atom : sor<call, number, reference, parenthesis> {};
struct negation : minus_sign {};
struct colon : one<':'> {};
struct range_end : seq<expression> {};
struct range : sor<seq<colon, ws, opt<range_end>>, seq<expression, opt<ws, colon, ws, opt<range_end>>>> {};
struct ranges : list_must<range, comma, pegtl::blank> {};
struct subscript : if_must<one<'['>, ws, ranges, token<close_bracket>> {};
struct part : seq<atom, opt<subscript>> {};
struct power_operand : seq<star<negation, ws>, part> {};
struct power : seq<part, opt<token<if_must<one<'^'>, token<power_operand>>>>> {};
struct product : seq<power, star<ws, power>> {};
struct factor : seq<star<negation, ws>, product> {};
struct term : seq<factor, star<ws, times_or_over, ws, must<factor>>> {};
struct sum : seq<term, star<ws, plus_or_minus, ws, must<term>>> {};
struct expression : seq<sum, opt<ws, comparison_sign, ws, must<sum>>> {};

template <char... letters>
struct keyword : seq<pegtl::string<letters...>, not_at<name_character<false>>> {};

struct defined_name : identifier {};
struct names : list_must<defined_name, comma, pegtl::blank> {};
/// No juxtaposition: what follows an extent is another part of the statement.
struct extent_factor : sor<number, reference, parenthesis> {};
struct extent_term : seq<extent_factor, star<ws, times_or_over, ws, must<extent_factor>>> {};
struct extent : seq<extent_term, star<ws, plus_or_minus, ws, must<extent_term>>> {};
struct extents : list_must<extent, comma, pegtl::blank> {};
struct tuple : if_must<one<'('>, ws, opt<extents>, token<close_parenthesis>> {};
struct shape : sor<tuple, extent> {};
struct shape_part : if_must<one<':'>, token<shape>> {};

/// What stands between quotation marks has no other marks and no line break in it.
struct file_name : plus<pegtl::not_one<'"', '\n'>> {};
struct closing_quote : one<'"'> {};
struct file_call : if_must<seq<keyword<'f', 'i', 'l', 'e'>, ws, one<'('>, ws, one<'"'>>, file_name,
                           closing_quote, token<close_parenthesis>> {};

struct cell_name : identifier {};
struct cell_line : if_must<keyword<'c', 'e', 'l', 'l'>, token<cell_name>> {};

struct const_value : sor<file_call, expression> {};
struct const_line : if_must<keyword<'c', 'o', 'n', 's', 't'>, token<defined_name>, ws, opt<shape_part>,
                            token<equals>, token<const_value>> {};

/// `input`, a size, cannot be defined: what begins with it and goes on with a name is this line.
struct input_line : if_must<seq<keyword<'i', 'n', 'p', 'u', 't'>, plus<pegtl::blank>, pegtl::at<identifier>>,
                            defined_name> {};
struct feedback_line
    : if_must<seq<keyword<'f', 'e', 'e', 'd', 'b', 'a', 'c', 'k'>, plus<pegtl::blank>, pegtl::at<identifier>>,
              defined_name> {};

struct parameter_names : if_must<one<'('>, token<names>, token<close_parenthesis>> {};
struct def_line : if_must<keyword<'d', 'e', 'f'>, token<identifier>, token<parameter_names>, token<equals>,
                          token<expression>> {};

struct state_start : if_must<equals, token<expression>> {};
struct state_line
    : if_must<keyword<'s', 't', 'a', 't', 'e'>, token<names>, ws, opt<shape_part>, ws, opt<state_start>> {};

struct diagonal : keyword<'d', 'i', 'a', 'g', 'o', 'n', 'a', 'l'> {};
struct skew : keyword<'s', 'k', 'e', 'w'> {};
struct orthogonal : keyword<'o', 'r', 't', 'h', 'o', 'g', 'o', 'n', 'a', 'l'> {};
struct orthogonal_exp : keyword<'o', 'r', 't', 'h', 'o', 'g', 'o', 'n', 'a', 'l', '_', 'e', 'x', 'p'> {};
struct heads : if_must<keyword<'h', 'e', 'a', 'd', 's'>, token<parenthesis>> {};
struct low_rank : if_must<keyword<'l', 'o', 'w', '_', 'r', 'a', 'n', 'k'>, token<parenthesis>> {};
struct init_name : identifier {};
struct init_arguments : if_must<one<'('>, ws, opt<arguments>, token<close_parenthesis>> {};
struct init_value : sor<file_call, seq<init_name, ws, opt<init_arguments>>> {};
struct init : if_must<keyword<'i', 'n', 'i', 't'>, token<init_value>> {};
struct bounds : if_must<keyword<'i', 'n'>, token<one<'['>>, token<expression>, token<comma>,
                        token<expression>, token<close_bracket>> {};
struct fixed : keyword<'f', 'i', 'x', 'e', 'd'> {};
struct rate_value : sor<number, reference, parenthesis> {};  // no juxtaposition: options follow
struct rate : if_must<keyword<'r', 'a', 't', 'e'>, token<rate_value>> {};
struct parameter_option
    : sor<diagonal, skew, orthogonal, orthogonal_exp, low_rank, heads, init, bounds, rate, fixed> {};
struct param_line : if_must<keyword<'p', 'a', 'r', 'a', 'm'>, token<names>, ws, opt<shape_part>,
                            star<ws, parameter_option>> {};

struct nothing : one<'0'> {};
struct stacked_part : sor<nothing, identifier> {};
struct stacked_parts : list_must<stacked_part, comma, pegtl::blank> {};
struct end_of_parts : seq<ws, pegtl::at<sor<pegtl::eol, eof>>> {};
struct pytorch_line : if_must<keyword<'p', 'y', 't', 'o', 'r', 'c', 'h'>, token<defined_name>, token<equals>,
                              token<stacked_parts>, end_of_parts> {};

struct left_side : reference {};
struct equation : if_must<seq<left_side, ws, equals>, token<expression>> {};

struct end_of_statement : sor<pegtl::eol, eof> {};
struct open_brace : one<'{'> {};
struct close_brace : one<'}'> {};
struct inner_line : sor<seq<ws, pegtl::eol>, seq<ws, equation, ws, must<end_of_statement>>> {};
struct repeat_line : if_must<keyword<'r', 'e', 'p', 'e', 'a', 't'>, token<expression>, token<open_brace>, ws,
                             must<pegtl::eol>, star<inner_line>, token<close_brace>> {};

struct statement : sor<cell_line, const_line, input_line, feedback_line, def_line, state_line, param_line,
                       pytorch_line, repeat_line, equation> {};
struct line : sor<seq<ws, pegtl::eol>, seq<ws, must<statement>, ws, must<end_of_statement>>> {};
struct file : pegtl::until<seq<ws, eof>, line> {};

}  // namespace unroll::grammar

#pragma once

#include <utf8proc.h>

#include <string_view>
#include <tao/pegtl.hpp>

#include "models/language/functions.hpp"

// The grammar of a cell's text, as PEGTL rules (a parsing expression grammar: the first alternative that fits
// is taken). Line breaks inside parentheses and comments are blanks by the time it is read.
//
//     cell NAME
//     const NAME = EXPRESSION
//     state NAME, ... [: SHAPE] [= EXPRESSION | = learned]
//     param NAME, ... [: SHAPE] [diagonal | skew | orthogonal | low_rank(R)] [init NAME(...)]
//           [in [LOW, HIGH]] [fixed]
//     pytorch NAME = PARAMETER | 0, ...
//     NAME = EXPRESSION
//     NAME' = EXPRESSION
//
//     expression = term (+|-) ...          lowest
//     term       = factor (*|/) ...        elementwise
//     factor     = - factor | product
//     product    = power power ...         to the right: A B x is A (B x)
//     power      = atom [^ atom]           highest

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

/// An identifier that the function table has.
struct function_name {
  using rule_t = function_name;
  using subs_t = pegtl::empty_list;

  template <pegtl::apply_mode A, pegtl::rewind_mode M, template <class...> class Action,
            template <class...> class Control, class Input, class... States>
  static bool match(Input& in, const FunctionTable& functions, States&&... states) {
    auto marker = in.template mark<pegtl::rewind_mode::required>();
    const char* begin = in.current();
    if (!pegtl::match<identifier, A, pegtl::rewind_mode::active, Action, pegtl::normal>(in, functions,
                                                                                        states...))
      return marker(false);
    const std::string_view name(begin, static_cast<std::size_t>(in.current() - begin));
    return marker(functions.find(name) != nullptr || name == "act");
  }
};

struct ws : star<pegtl::blank> {};
template <class R>
struct token : seq<ws, R> {};

struct comma : one<','> {};
struct close_parenthesis : one<')'> {};
struct close_bracket : one<']'> {};
struct equals : one<'='> {};
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
struct arguments : list_must<expression, comma, pegtl::blank> {};
struct call : seq<function_name, ws, if_must<one<'('>, ws, arguments, token<close_parenthesis>>> {};
struct reference : seq<identifier, opt<prime>> {};
struct atom : sor<call, number, reference, parenthesis> {};
struct negation : minus_sign {};
struct power_operand : seq<star<negation, ws>, atom> {};
struct power : seq<atom, opt<token<if_must<one<'^'>, token<power_operand>>>>> {};
struct product : seq<power, star<ws, power>> {};
struct factor : seq<star<negation, ws>, product> {};
struct term : seq<factor, star<ws, times_or_over, ws, must<factor>>> {};
struct expression : seq<term, star<ws, plus_or_minus, ws, must<term>>> {};

template <char... letters>
struct keyword : seq<pegtl::string<letters...>, not_at<name_character<false>>> {};

struct defined_name : identifier {};
struct names : list_must<defined_name, comma, pegtl::blank> {};
/// No juxtaposition: what follows an extent is another part of the statement.
struct extent_term : seq<sor<number, reference>, star<ws, times_or_over, ws, must<sor<number, reference>>>> {
};
struct extent : seq<extent_term, star<ws, plus_or_minus, ws, must<extent_term>>> {};
struct extents : list_must<extent, comma, pegtl::blank> {};
struct tuple : if_must<one<'('>, ws, opt<extents>, token<close_parenthesis>> {};
struct shape : sor<tuple, extent> {};
struct shape_part : if_must<one<':'>, token<shape>> {};

struct cell_name : identifier {};
struct cell_line : if_must<keyword<'c', 'e', 'l', 'l'>, token<cell_name>> {};

struct const_line
    : if_must<keyword<'c', 'o', 'n', 's', 't'>, token<defined_name>, token<equals>, token<expression>> {};

struct state_start : if_must<equals, token<expression>> {};
struct state_line
    : if_must<keyword<'s', 't', 'a', 't', 'e'>, token<names>, ws, opt<shape_part>, ws, opt<state_start>> {};

struct diagonal : keyword<'d', 'i', 'a', 'g', 'o', 'n', 'a', 'l'> {};
struct skew : keyword<'s', 'k', 'e', 'w'> {};
struct orthogonal : keyword<'o', 'r', 't', 'h', 'o', 'g', 'o', 'n', 'a', 'l'> {};
struct low_rank : if_must<keyword<'l', 'o', 'w', '_', 'r', 'a', 'n', 'k'>, token<parenthesis>> {};
struct init_name : identifier {};
struct init_arguments : if_must<one<'('>, ws, opt<arguments>, token<close_parenthesis>> {};
struct init : if_must<keyword<'i', 'n', 'i', 't'>, token<init_name>, ws, opt<init_arguments>> {};
struct bounds : if_must<keyword<'i', 'n'>, token<one<'['>>, token<expression>, token<comma>,
                        token<expression>, token<close_bracket>> {};
struct fixed : keyword<'f', 'i', 'x', 'e', 'd'> {};
struct parameter_option : sor<diagonal, skew, orthogonal, low_rank, init, bounds, fixed> {};
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

struct statement : sor<cell_line, const_line, state_line, param_line, pytorch_line, equation> {};
struct end_of_statement : sor<pegtl::eol, eof> {};
struct line : sor<seq<ws, pegtl::eol>, seq<ws, must<statement>, ws, must<end_of_statement>>> {};
struct file : pegtl::until<seq<ws, eof>, line> {};

}  // namespace unroll::grammar

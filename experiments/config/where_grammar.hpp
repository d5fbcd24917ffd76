#pragma once

#include <tao/pegtl.hpp>

// The grammar of `where` as PEGTL rules; experiments/config/where.hpp says it in words.

namespace unroll::where_grammar {

namespace pegtl = tao::pegtl;
using pegtl::if_must;
using pegtl::must;
using pegtl::not_at;
using pegtl::one;
using pegtl::opt;
using pegtl::plus;
using pegtl::seq;
using pegtl::sor;
using pegtl::star;

struct ws : star<pegtl::space> {};

/// Keys are dotted; bytes of UTF-8 may be in the name of a cell's constant.
struct name_start : sor<pegtl::identifier_first, pegtl::ranges<'\x80', '\xff'>> {};
struct name_character : sor<pegtl::identifier_other, pegtl::ranges<'\x80', '\xff', '.'>> {};
template <char... letters>
struct keyword : seq<pegtl::string<letters...>, not_at<name_character>> {};
struct and_word : keyword<'a', 'n', 'd'> {};
struct or_word : keyword<'o', 'r'> {};
struct not_word : keyword<'n', 'o', 't'> {};
struct truth : sor<keyword<'t', 'r', 'u', 'e'>, keyword<'f', 'a', 'l', 's', 'e'>> {};
struct key : seq<not_at<sor<and_word, or_word, not_word>>, name_start, star<name_character>> {};

struct exponent : seq<one<'e', 'E'>, opt<one<'+', '-'>>, plus<pegtl::digit>> {};
struct digits
    : sor<seq<plus<pegtl::digit>, opt<one<'.'>, star<pegtl::digit>>>, seq<one<'.'>, plus<pegtl::digit>>> {};
struct number : seq<opt<one<'-', '+'>>, digits, opt<exponent>, not_at<name_character>> {};

struct single_text : star<pegtl::not_one<'\''>> {};
struct double_text : star<pegtl::not_one<'"'>> {};
struct closing_single : one<'\''> {};
struct closing_double : one<'"'> {};
struct text
    : sor<if_must<one<'\''>, single_text, closing_single>, if_must<one<'"'>, double_text, closing_double>> {};

struct value : sor<number, text, truth, key> {};
struct comparator : sor<pegtl::string<'=', '='>, pegtl::string<'!', '='>, pegtl::string<'<', '='>,
                        pegtl::string<'>', '='>, one<'<', '>'>> {};
struct comparison : seq<value, opt<ws, comparator, ws, must<value>>> {};

struct any;
struct close : one<')'> {};
struct inner : seq<ws, any, ws> {};
struct parenthesis : if_must<one<'('>, inner, close> {};
struct negation : not_word {};
/// `not` again and again is a loop: only parentheses nest.
struct negated : seq<star<negation, ws>, sor<parenthesis, comparison>> {};
struct all : seq<negated, star<ws, and_word, ws, must<negated>>> {};
struct any : seq<all, star<ws, or_word, ws, must<all>>> {};
struct end : pegtl::eof {};
struct whole : seq<ws, must<any>, ws, must<end>> {};

}  // namespace unroll::where_grammar

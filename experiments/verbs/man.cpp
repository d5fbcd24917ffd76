#include <fmt/format.h>

#include <sstream>

#include "experiments/verbs/build.hpp"
#include "experiments/verbs/verb.hpp"
#include "models/nearest.hpp"

namespace unroll {
namespace {

/// Text in which roff finds no requests and no escapes.
std::string escaped(std::string_view text) {
  std::string out;
  bool line_begins = true;
  for (const char c : text) {
    if (line_begins && (c == '.' || c == '\'')) out += "\\&";
    if (c == '\\')
      out += "\\e";
    else if (c == '-')
      out += "\\-";
    else
      out += c;
    line_begins = c == '\n';
  }
  return out;
}

/// As it stands, line by line.
std::string verbatim(std::string_view text) { return fmt::format(".nf\n{}\n.fi\n", escaped(text)); }

std::string verb_section(const Verb& verb) {
  std::ostringstream flags;
  flags << flags_of(verb);
  return fmt::format(".SS \"unroll {}\"\n{}\n.PP\n{}.PP\n{}", verb.name, escaped(verb.summary),
                     verbatim(fmt::format("unroll {} {}", verb.name, verb.usage)),
                     verbatim(fmt::format("{}\n{}", flags.str(), verb.examples)));
}

int man(const Arguments& arguments) {
  if (!arguments.words.empty())
    throw UsageError(
        fmt::format("`unroll man` prints all verbs and takes no words; `unroll help {}` is of one",
                    printable(arguments.words.front())));
  fmt::print(".TH UNROLL 1 \"\" \"unroll {}\"\n", program_version());
  fmt::print(".SH NAME\nunroll \\- recurrent networks, differentiated and trained on this machine\n");
  fmt::print(".SH SYNOPSIS\n.B unroll\nVERB ...\n.SH VERBS\n");
  for (const Verb& verb : verb_table()) fmt::print("{}", verb_section(verb));
  fmt::print(".SH SETTINGS\n{}", verbatim(options_help(arguments.laboratory().options())));
  fmt::print(".SH EXIT STATUS\n{}\n", escaped(exit_statuses));
  return exit_good;
}

}  // namespace

const Verb& man_verb() {
  static const Verb verb{
      .name = "man",
      .summary = "the manual page: every verb, flag and setting",
      .usage = "",
      .examples = "  unroll man | man -l -",
      .add_flags = [](Flags&) {},
      .run = man,
      .trains = false,
  };
  return verb;
}

}  // namespace unroll

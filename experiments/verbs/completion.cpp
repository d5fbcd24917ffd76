#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>

#include "experiments/verbs/completion_words.hpp"
#include "models/nearest.hpp"

namespace unroll {
namespace {

// Each script asks the program itself, so that cells, tasks and settings of one's own are completed as well.

/// Words are told apart by blanks alone: bash would also break them at = and :.
constexpr std::string_view bash_script = R"script(# bash: source <(unroll completion bash)
_unroll() {
  local line=${COMP_LINE:0:COMP_POINT} word before
  local -a words
  read -ra words <<<"$line"
  [[ $line == *[[:space:]] ]] && words+=("")
  word=${words[-1]}
  mapfile -t COMPREPLY < <("${words[0]}" completion words -- "${words[@]:1}" 2>/dev/null)
  if ((${#COMPREPLY[@]} == 0)); then
    before=
    [[ $word == *=* ]] && before=${word%%=*}= word=${word#*=}
    mapfile -t COMPREPLY < <(compgen -f -- "$word")
    COMPREPLY=("${COMPREPLY[@]/#/$before}")
    compopt -o filenames 2>/dev/null
    word=$before$word
  fi
  # What stands before the last break of bash's own is on the line already.
  if [[ $word == *=* && $COMP_WORDBREAKS == *=* ]]; then
    COMPREPLY=("${COMPREPLY[@]#"${word%"${word##*=}"}"}")
  fi
  [[ ${#COMPREPLY[@]} == 1 && ${COMPREPLY[0]} == *= ]] && compopt -o nospace 2>/dev/null
  return 0
}
complete -F _unroll unroll
)script";

constexpr std::string_view zsh_script = R"script(#compdef unroll
# zsh: unroll completion zsh > a folder of $fpath/_unroll
_unroll() {
  local -a found open
  found=(${(f)"$(${words[1]} completion words -- ${words[2,CURRENT]} 2>/dev/null)"})
  if (( ! ${#found} )); then
    compset -P '*='
    _files
    return
  fi
  open=(${(M)found:#*=})
  compadd -S '' -- $open
  compadd -- ${found:|open}
}
if [[ ${funcstack[1]} == _unroll ]]; then _unroll "$@"; else compdef _unroll unroll; fi
)script";

constexpr std::string_view fish_script =
    R"script(# fish: unroll completion fish > ~/.config/fish/completions/unroll.fish
function __unroll_words
  set -l words (commandline -opc) (commandline -ct)
  $words[1] completion words -- $words[2..-1] 2>/dev/null
end
complete -c unroll -f -a '(__unroll_words)'
complete -c unroll -n 'test -z "$(__unroll_words)"' -F
)script";

struct Shell {
  std::string_view name, script;
};
constexpr std::array shells = {Shell{"bash", bash_script}, Shell{"zsh", zsh_script},
                               Shell{"fish", fish_script}};

std::vector<std::string> shell_names(const Laboratory&) {
  std::vector<std::string> names;
  for (const Shell& shell : shells) names.emplace_back(shell.name);
  return names;
}

int completion(const Arguments& arguments) {
  const std::vector<std::string>& words = arguments.words;
  if (!words.empty() && words[0] == "words") {
    for (const std::string& word : completion_words(arguments.laboratory(), {words.begin() + 1, words.end()}))
      fmt::print("{}\n", word);
    return exit_good;
  }
  const auto shell = words.size() == 1 ? std::ranges::find(shells, words[0], &Shell::name) : shells.end();
  if (shell == shells.end())
    throw UsageError(fmt::format("`unroll completion` takes the shell, one of {}; found \"{}\"",
                                 fmt::join(shell_names(arguments.laboratory()), ", "),
                                 printable(fmt::format("{}", fmt::join(words, " ")))));
  fmt::print("{}", shell->script);
  return exit_good;
}

}  // namespace

const Verb& completion_verb() {
  static const Verb verb{
      .name = "completion",
      .summary = "a shell's completion of verbs, flags, settings, values and files",
      .usage = "bash|zsh|fish",
      .examples =
          "  source <(unroll completion bash)\n"
          "  unroll completion fish > ~/.config/fish/completions/unroll.fish\n"
          "  unroll completion words -- run model.ce       what the scripts ask: one word a line",
      .add_flags = [](Flags&) {},
      .run = completion,
      .trains = false,
      .words = shell_names,
  };
  return verb;
}

}  // namespace unroll

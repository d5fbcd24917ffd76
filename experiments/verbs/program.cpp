#include "experiments/verbs/program.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <boost/program_options/parsers.hpp>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <new>
#include <sstream>
#include <system_error>

#include "experiments/cluster/sbatch.hpp"
#include "experiments/config/config_error.hpp"
#include "experiments/config/settings.hpp"
#include "experiments/data/data_error.hpp"
#include "experiments/saved/saved_model.hpp"
#include "experiments/sweep/folder.hpp"
#include "experiments/sweep/say.hpp"
#include "experiments/verbs/build.hpp"
#include "experiments/verbs/kernels.hpp"
#include "experiments/verbs/meant.hpp"
#include "experiments/verbs/verb.hpp"
#include "framework/tensor/safetensors.hpp"
#include "models/interchange.hpp"
#include "models/nearest.hpp"

namespace unroll {

namespace po = boost::program_options;

std::span<const Verb> verb_table() {
  static const std::array table = {
      run_verb(),        sweep_verb(),    study_verb(),  plan_verb(),        status_verb(),   retry_verb(),
      report_verb(),     plot_verb(),     export_verb(), compare_verb(),     evaluate_verb(), predict_verb(),
      states_verb(),     generate_verb(), score_verb(),  transcribe_verb(),  forecast_verb(), backtest_verb(),
      import_verb(),     tasks_verb(),    cells_verb(),  instruments_verb(), bench_verb(),    doctor_verb(),
      completion_verb(), man_verb()};
  return table;
}

Flags flags_of(const Verb& verb) {
  Flags flags("flags");
  verb.add_flags(flags);
  flags.add_options()("help,h", "show this help; behind it a key or a section of the settings: only that");
  return flags;
}

std::string help_of(const Verb& verb, const Laboratory& laboratory) {
  std::ostringstream flags;
  flags << flags_of(verb);
  std::string text = fmt::format("unroll {0}: {1}\n\nusage: unroll {0} {2}\n\n{3}\nexamples:\n{4}\n",
                                 verb.name, verb.summary, verb.usage, flags.str(), verb.examples);
  if (verb.more_help != nullptr) text += "\n" + verb.more_help(laboratory);
  return text;
}

std::vector<std::string> setting_words(const Laboratory& laboratory) {
  std::vector<std::string> words;
  for (const Option& option : laboratory.options().rows()) words.push_back(option.key + "=");
  return words;
}

namespace {

void print_overview(std::FILE* out) {
  fmt::print(out,
             "unroll {}: recurrent networks, differentiated and trained on this machine\n\nusage: unroll "
             "VERB ...\n\n",
             program_version());
  for (const Verb& verb : verb_table()) fmt::print(out, "  {:<12}{}\n", verb.name, verb.summary);
  fmt::print(out,
             "\n`unroll VERB --help` shows what a verb takes, with examples.\n"
             "exit status: {}\n",
             exit_statuses);
}

const Verb& find_verb(const std::string& name) {
  std::vector<std::string_view> names;
  for (const Verb& verb : verb_table()) {
    if (verb.name == name) return verb;
    names.push_back(verb.name);
  }
  throw UsageError(fmt::format("unknown verb \"{}\"{}; the verbs are {}", printable(name),
                               meant_by_verb(name), fmt::join(names, ", ")));
}

/// Throws as any use of an unknown key does.
void print_option_help(const std::string& key, const Laboratory& laboratory) {
  const std::string bare = key.substr(0, key.find('='));
  const std::string help = option_help(laboratory.options(), bare);
  if (help.empty()) refuse_unknown_key(laboratory.options(), bare, "--help");
  fmt::print("{}", help);
}

/// Of a verb, or of a setting.
void print_help_of(const std::string& word, const Laboratory& laboratory) {
  const auto is_named = [&](const Verb& verb) { return verb.name == word; };
  if (std::ranges::any_of(verb_table(), is_named))
    fmt::print("{}", help_of(find_verb(word), laboratory));
  else if (const std::string help = option_help(laboratory.options(), word); !help.empty())
    fmt::print("{}", help);
  else if (word.find('.') != std::string::npos)
    refuse_unknown_key(laboratory.options(), word, "help");
  else
    find_verb(word);  // refuses it
}

/// "--task.length=10" is an override of the config, not a flag.
bool is_override(const std::string& token) {
  const auto equals = token.find('=');
  return token.starts_with("--") && equals != std::string::npos &&
         token.substr(0, equals).find('.') != std::string::npos;
}

Arguments parse(const Verb& verb, const std::vector<std::string>& tokens, const Laboratory& laboratory) {
  Arguments arguments;
  const Flags flags = flags_of(verb);
  namespace style = po::command_line_style;
  auto parsed = po::command_line_parser(tokens)
                    .options(flags)
                    .style(style::unix_style & ~style::allow_guessing)
                    .allow_unregistered()
                    .run();
  for (const auto& option : parsed.options) {
    if (option.unregistered) {
      const std::string& token = option.original_tokens.front();
      if (!is_override(token))
        throw UsageError(fmt::format("`unroll {}` has no flag {}{}", verb.name, printable(token),
                                     meant_by_flag(verb, token, laboratory)));
      arguments.words.push_back(token.substr(2));
    } else if (option.position_key != -1) {
      arguments.words.insert(arguments.words.end(), option.value.begin(), option.value.end());
    }
  }
  std::erase_if(parsed.options,
                [](const auto& option) { return option.unregistered || option.position_key != -1; });
  po::store(parsed, arguments.flags);
  po::notify(arguments.flags);
  return arguments;
}

int dispatch(const std::vector<std::string>& tokens, char** argv, const Laboratory& laboratory) {
  if (tokens.empty()) {
    print_overview(stderr);
    return exit_usage;
  }
  if (tokens[0] == "--help" || tokens[0] == "-h" || tokens[0] == "help") {
    if (tokens.size() > 1)
      print_help_of(tokens[1], laboratory);
    else
      print_overview(stdout);
    return exit_good;
  }
  if (tokens[0] == "--version" || tokens[0] == "-V" || tokens[0] == "version") {
    fmt::print("unroll {} (commit {})\n", program_version(), source_commit());
    return exit_good;
  }
  const Verb& verb = find_verb(tokens[0]);
  Arguments arguments = parse(verb, {tokens.begin() + 1, tokens.end()}, laboratory);
  if (arguments.has("help")) {
    if (verb.words == setting_words && !arguments.words.empty())
      print_option_help(arguments.words[0], laboratory);
    else
      fmt::print("{}", help_of(verb, laboratory));
    return exit_good;
  }
  arguments.in = &laboratory;
  arguments.command_line = fmt::format("unroll {}", fmt::join(tokens, " "));
  if (verb.trains) choose_kernels(argv);
  return verb.run(arguments);
}

/// Where the caller closed a standard stream, the next file opened would take its place, and messages would
/// be written into a journal. What is printed into a closed stdout is lost, and must not seem written.
void open_standard_streams() {
  for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (::fcntl(fd, F_GETFD) == -1) ::open("/dev/null", fd == STDOUT_FILENO ? O_RDONLY : O_RDWR);
  }
}

/// Whether stdout is a pipe that nobody reads any more: `unroll status DIR | head -1`.
bool reader_is_gone() {
  pollfd pipe{STDOUT_FILENO, POLLOUT, 0};
  return ::poll(&pipe, 1, 0) == 1 && (pipe.revents & POLLERR) != 0;
}

int complain(std::string_view message, int status) {
  say("unroll: {}\n", message);
  return status;
}

/// Whether an error is of one of these types: those that say what is wrong with what the user gave.
template <class... Errors>
bool is_any(const std::exception& error) {
  return (dynamic_cast<const Errors*>(&error) || ...);
}

/// The exit status once everything printed has arrived: one other than `status` where it did not, and
/// `status` was good. `error`: errno of the write that failed, 0 where none has so far.
int delivered(int status, int error) {
  if (std::fflush(stdout) != 0 && error == 0) error = errno;
  if (error == 0 && std::ferror(stdout) == 0) return status;
  if (reader_is_gone()) return status == exit_good ? exit_broken_pipe : status;
  return complain(fmt::format("cannot write to standard output{}{}: what was printed is not complete",
                              error == 0 ? "" : ": ", error == 0 ? "" : std::strerror(error)),
                  status == exit_good ? exit_trial_failed : status);
}

/// Runs the verb and turns errors into a message and an exit status.
int guarded_dispatch(const std::vector<std::string>& tokens, char** argv, const Laboratory& laboratory) {
  const std::string verb = tokens.empty() ? "" : " " + printable(tokens[0]);
  try {
    return dispatch(tokens, argv, laboratory);
  } catch (const UsageError& error) {
    return complain(
        fmt::format("{}\n`unroll --help` lists the verbs, `unroll VERB --help` their flags.", error.what()),
        exit_usage);
  } catch (const po::error& error) {
    return complain(fmt::format("{}\n`unroll{} --help` shows the flags.", error.what(), verb), exit_usage);
  } catch (const std::filesystem::filesystem_error& error) {
    return complain(error.path1().empty()
                        ? std::string(error.what())
                        : fmt::format("cannot use {}: {}", error.path1().string(), error.code().message()),
                    exit_usage);
  } catch (const std::bad_alloc&) {
    return complain(
        "out of memory: more is needed than the system gives; take a smaller model, fewer jobs or "
        "less data",
        exit_trial_failed);
  } catch (const std::exception& error) {
    if (is_any<ConfigError, SweepRefused, TextError, ModelError, ModelMismatch, SafeTensorsError, FileError,
               DataError, SlurmRefused>(error))
      return complain(error.what(), exit_usage);
    if (is_any<std::system_error>(error) && std::ferror(stdout) != 0) throw;  // of fmt::print
    return complain(fmt::format("unexpected error: {}", error.what()), exit_trial_failed);
  }
}

}  // namespace

int run_program(int argc, char** argv, const Laboratory& laboratory) {
  open_standard_streams();
  // A reader that is gone is an error of a write like any other: it must not kill a sweep in its midst.
  std::signal(SIGPIPE, SIG_IGN);
  const std::vector<std::string> tokens(argv + (argc > 0), argv + argc);
  try {
    return delivered(guarded_dispatch(tokens, argv, laboratory), 0);
  } catch (const std::system_error& error) {
    return delivered(exit_good, error.code().value());
  }
}

}  // namespace unroll

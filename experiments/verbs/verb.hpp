#pragma once

#include <boost/program_options/options_description.hpp>
#include <boost/program_options/variables_map.hpp>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "experiments/laboratory.hpp"

namespace unroll {

/// Exit statuses of the program.
inline constexpr int exit_good = 0;
inline constexpr int exit_trial_failed = 1;
inline constexpr int exit_usage = 2;
inline constexpr int exit_interrupted = 130;
inline constexpr int exit_broken_pipe = 141;  ///< as a shell shows one that SIGPIPE ended

/// What they mean, for people.
inline constexpr std::string_view exit_statuses =
    "0 good, 1 a trial failed, an expectation was not met or output could not be written, 2 wrong usage, "
    "config "
    "or input, 75 stopped by a scheduler's signal, 130 interrupted, 141 nobody reads the output";

/// A command line that cannot be understood; ends with exit_usage.
class UsageError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// What follows the verb on the command line.
struct Arguments {
  boost::program_options::variables_map flags;
  std::vector<std::string> words;  ///< what is no flag, in order
  std::string command_line;        ///< the whole of it, for people
  const Laboratory* in = nullptr;  ///< the laboratory that the program was started with

  const Laboratory& laboratory() const { return *in; }

  bool has(const char* flag) const { return flags.count(flag) != 0; }
};

using Flags = boost::program_options::options_description;

/// One thing that the program can do.
struct Verb {
  std::string_view name;
  std::string_view summary;   ///< one line
  std::string_view usage;     ///< what follows the verb
  std::string_view examples;  ///< whole command lines
  void (*add_flags)(Flags&);
  int (*run)(const Arguments&);                           ///< gives the exit status
  bool trains;                                            ///< computes products: wants the right kernels
  std::string (*more_help)(const Laboratory&) = nullptr;  ///< below the flags in --help
  /// What may stand as a word behind it, besides files; null: only files. Names that end with = are settings.
  std::vector<std::string> (*words)(const Laboratory&) = nullptr;
};

/// The list of all verbs, in the order of --help.
std::span<const Verb> verb_table();

/// The flags that a verb takes, --help among them.
Flags flags_of(const Verb& verb);

const Verb& run_verb();
const Verb& sweep_verb();
const Verb& study_verb();
const Verb& plan_verb();
const Verb& status_verb();
const Verb& retry_verb();
const Verb& report_verb();
const Verb& plot_verb();
const Verb& export_verb();
const Verb& compare_verb();
const Verb& evaluate_verb();
const Verb& predict_verb();
const Verb& states_verb();
const Verb& generate_verb();
const Verb& score_verb();
const Verb& transcribe_verb();
const Verb& forecast_verb();
const Verb& backtest_verb();
const Verb& import_verb();
const Verb& tasks_verb();
const Verb& cells_verb();
const Verb& instruments_verb();
const Verb& bench_verb();
const Verb& doctor_verb();
const Verb& completion_verb();
const Verb& man_verb();

/// What --help says of a verb.
std::string help_of(const Verb& verb, const Laboratory& laboratory);

/// Every setting with its =, as the words of verbs that take a config.
std::vector<std::string> setting_words(const Laboratory& laboratory);

}  // namespace unroll

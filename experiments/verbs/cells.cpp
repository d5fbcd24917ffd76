#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <boost/program_options/value_semantic.hpp>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <sstream>

#include "experiments/bench/cell_bench.hpp"
#include "experiments/config/cell_text.hpp"
#include "experiments/config/config_error.hpp"
#include "experiments/config/text.hpp"
#include "experiments/laboratory.hpp"
#include "experiments/verbs/graphviz.hpp"
#include "experiments/verbs/listing.hpp"
#include "experiments/verbs/number_flag.hpp"
#include "framework/tensor/file.hpp"
#include "models/cell_check.hpp"
#include "models/cell_facts.hpp"
#include "models/cell_passes.hpp"
#include "models/cell_table.hpp"
#include "models/language/equation_cell.hpp"
#include "models/language/reference.hpp"
#include "models/nearest.hpp"

namespace unroll {

namespace {

namespace po = boost::program_options;

CellOptions options_of(const Arguments& arguments) {
  CellOptions options{arguments.flags["input"].as<std::int64_t>(),
                      arguments.flags["hidden"].as<std::int64_t>(),
                      arguments.flags["activation"].as<std::string>()};
  if (options.input_size < 1 || options.hidden_size < 1)
    throw UsageError("--input and --hidden must be at least 1");
  return options;
}

/// A name or the path of a file, as a cell that is one.
CellText wanted_cell(const std::string& word, const CellList& cells) {
  const CellText cell = read_cell(word);
  const std::string why = objection_to(cell, cells);
  if (!why.empty()) throw ConfigError(why);
  return cell;
}

std::string size_text(const Shape& shape) { return to_string(shape); }

/// "1, 0.5, -0.25, ...".
std::string first_numbers(const Tensor<double>& array) {
  constexpr std::size_t shown = 6;
  const std::span<const double> all = array.span();
  const std::string text = fmt::format("{:.6g}", fmt::join(all.first(std::min(shown, all.size())), ", "));
  return all.size() > shown ? text + ", ..." : text;
}

std::string states_text(const Cell& cell) {
  std::vector<std::string> parts;
  for (const StateSpec& s : cell.states()) parts.push_back(fmt::format("{} {}", s.name, size_text(s.shape)));
  return fmt::format("{}", fmt::join(parts, ", "));
}

int list(const Arguments& arguments) {
  const CellOptions options = options_of(arguments);
  Listing rows;
  for (const CellRow& row : arguments.laboratory().cells()) {
    const auto cell = row.make(options);
    nlohmann::ordered_json line;
    line["cell"] = row.name;
    line["states"] = states_text(*cell);
    line["parameters"] = count_parameters(*cell);
    line["flops_per_step"] = flops_per_step(*cell, options.input_size);
    line["source"] = row.source;
    rows.push_back(std::move(line));
  }
  print_listing(rows, arguments);
  return exit_good;
}

std::string start_text(const ParameterSpec& spec) {
  std::string text = spec.init ? "init " + spec.init->name : "";
  if (!spec.trained) text += text.empty() ? "not trained" : ", not trained";
  return text;
}

/// A gradient that does not follow from the equations is said wherever the cell is.
std::string declared_text(const CellList& cells, const CellText& text) {
  const auto definition = cell_definition(cells, text);
  if (!definition || !definition->declares_gradients()) return "";
  return fmt::format("; {}", definition->gradient_note());
}

/// Without the lines of its files' numbers, which are long.
void print_equations(const CellDefinition& cell) {
  const std::string& text = cell.source.text();
  fmt::print("{}\n", text.substr(0, text.find_last_not_of('\n') + 1));
}

std::string start_text(const StateSpec& state) {
  if (state.learned) return "start learned";
  return state.start != 0 ? fmt::format("start {}", state.start) : "";
}

/// What a cell is made of at some sizes.
Listing parts_of(const Cell& cell, const CellDefinition* definition) {
  Listing rows;
  const auto add = [&](std::string_view kind, std::string_view name, const std::string& size,
                       const std::string& value) {
    rows.push_back({{"kind", kind}, {"name", name}, {"size", size}, {"value", value}});
  };
  for (const StateSpec& s : cell.states()) add("state", s.name, size_text(s.shape), start_text(s));
  for (const ParameterSpec& spec : cell.parameters())
    add("parameter", spec.name, size_text(spec.shape), start_text(spec));
  if (!definition) return rows;
  for (const auto& c : definition->constants)
    add("constant", c.name, "", std::string(definition->source.text(c.value.at)));
  for (const auto& [name, array] : definition->files)
    add("file", name, size_text(array->shape()), first_numbers(*array));
  return rows;
}

void print_part(const nlohmann::ordered_json& part) {
  const auto field = [&](const char* name) { return part.at(name).get<std::string>(); };
  const std::string size = field("size").empty() ? "" : fmt::format("{:<12} ", field("size"));
  fmt::print("  {:<10} {:<12} {}{}\n", field("kind"), field("name"), size, field("value"));
}

int show(const CellText& text, const Arguments& arguments) {
  const CellOptions options = options_of(arguments);
  const CellList& cells = arguments.laboratory().cells();
  const auto cell = make_cell(cells, text, options);
  const auto definition = cell_definition(cells, text);
  const Listing parts = parts_of(*cell, definition.get());
  if (!is_table(arguments)) {
    print_listing(parts, arguments);
    return exit_good;
  }
  if (definition) print_equations(*definition);
  fmt::print("\nat input {} and hidden {}:\n", options.input_size, options.hidden_size);
  for (const auto& part : parts) print_part(part);
  fmt::print("  {} parameters in all, {:.0f} floating-point operations per step{}\n", count_parameters(*cell),
             flops_per_step(*cell, options.input_size), declared_text(cells, text));
  return exit_good;
}

/// Small sizes, for central differences visit every element, unless others are asked for.
CellOptions check_options(const CellText& text, const Arguments& arguments) {
  const CellOptions given = options_of(arguments);
  const auto make = [&](CellOptions options) {
    if (!arguments.flags["input"].defaulted()) options.input_size = given.input_size;
    if (!arguments.flags["hidden"].defaulted()) options.hidden_size = given.hidden_size;
    return make_cell(arguments.laboratory().cells(), text, options);
  };
  constexpr std::int64_t inputs = 3;
  CellOptions small = small_sizes(make, {inputs, given.hidden_size, given.activation});
  if (!arguments.flags["input"].defaulted()) small.input_size = given.input_size;
  if (!arguments.flags["hidden"].defaulted()) small.hidden_size = given.hidden_size;
  return small;
}

double largest_error(const std::vector<CellCheck>& checks) {
  double worst = 0;
  for (const CellCheck& c : checks) worst = std::max(worst, c.worst);
  return worst;
}

void print_checks(const CellText& text, const std::vector<CellCheck>& checks, const CellOptions& options,
                  const CellList& cells) {
  if (all_ok(checks))
    fmt::print("{:<20} {} checks agree, largest error {:.1e}, at input {} and hidden {}{}\n", label_of(text),
               checks.size(), largest_error(checks), options.input_size, options.hidden_size,
               declared_text(cells, text));
  else
    fmt::print("{}", to_text(checks, label_of(text)));
  std::fflush(stdout);
}

/// Of one cell: a row a check.
void add_checks(const CellText& text, const std::vector<CellCheck>& checks, const CellOptions& options,
                Listing& rows) {
  for (const CellCheck& c : checks)
    rows.push_back({{"cell", label_of(text)},
                    {"input", options.input_size},
                    {"hidden", options.hidden_size},
                    {"check", c.what},
                    {"agrees", c.ok},
                    {"largest_error", std::isfinite(c.worst) ? nlohmann::ordered_json(c.worst)
                                                             : nlohmann::ordered_json(exact_number(c.worst))},
                    {"details", c.details}});
}

/// For people a line a cell, as soon as it is known.
int check(const std::vector<CellText>& texts, const Arguments& arguments) {
  const CellList& cells = arguments.laboratory().cells();
  bool good = true;
  Listing rows;
  for (const CellText& text : texts) {
    const CellOptions options = check_options(text, arguments);
    const std::vector<CellCheck> checks = check_cell(*make_cell(cells, text, options), options.input_size);
    if (is_table(arguments))
      print_checks(text, checks, options, cells);
    else
      add_checks(text, checks, options, rows);
    good = good && all_ok(checks);
  }
  if (!is_table(arguments)) print_listing(rows, arguments);
  return good ? exit_good : exit_trial_failed;
}

int graph(const CellText& text, const Arguments& arguments) {
  const CellOptions options = options_of(arguments);
  std::ostringstream dot;
  write_cell_dot(dot, *make_cell(arguments.laboratory().cells(), text, options), options.input_size);
  const std::string format = format_of(arguments);
  if (format == "svg")
    fmt::print("{}", svg_of(dot.str()));
  else if (format == "dot" || format == "table")
    fmt::print("{}", dot.str());
  else
    throw UsageError(fmt::format("`unroll cells graph` writes --format dot or svg, not {}", format));
  return exit_good;
}

/// Of an action that prints no table.
void refuse_format(const Arguments& arguments) {
  if (!is_table(arguments))
    throw UsageError(fmt::format("`unroll cells {}` prints no table: leave --format {} out",
                                 arguments.words.front(), format_of(arguments)));
}

int passes(const CellText& text, const Arguments& arguments) {
  refuse_format(arguments);
  const CellOptions options = options_of(arguments);
  const auto cell = make_cell(arguments.laboratory().cells(), text, options);
  fmt::print("{}", cell_passes(*cell, options.input_size));
  return exit_good;
}

/// A count of what the benchmark lays out in memory.
std::int64_t count_of(const Arguments& arguments, const char* flag) {
  constexpr std::int64_t most = 10'000'000;
  const std::int64_t count = arguments.flags[flag].as<std::int64_t>();
  if (count >= 1 && count <= most) return count;
  throw UsageError(fmt::format("--{} must be from 1 to {}, but is {}", flag, most, count));
}

int bench(const CellText& text, const Arguments& arguments) {
  const CellOptions options = options_of(arguments);
  const std::int64_t steps = count_of(arguments, "steps"), rows = count_of(arguments, "rows");
  constexpr double most = 1e9;  // 4 GB for one value of every step
  const double numbers = static_cast<double>(steps) * static_cast<double>(rows) *
                         static_cast<double>(std::max(options.input_size, options.hidden_size));
  if (numbers > most)
    throw UsageError(
        fmt::format("--steps {} times --rows {} of vectors of --input {} or --hidden {} are {:.3g} numbers, "
                    "expected at most {:.0e}",
                    steps, rows, options.input_size, options.hidden_size, numbers, most));
  print_listing(bench_cell(text, options, steps, rows), arguments);
  return exit_good;
}

/// The one cell that an action is about.
CellText only_cell(const Arguments& arguments) {
  if (arguments.words.size() == 2) return wanted_cell(arguments.words[1], arguments.laboratory().cells());
  throw UsageError(fmt::format("`unroll cells {}` takes one cell: a name or a file", arguments.words[0]));
}

std::vector<CellText> cells_to_check(const Arguments& arguments) {
  std::vector<CellText> cells;
  for (std::size_t i = 1; i < arguments.words.size(); ++i)
    cells.push_back(wanted_cell(arguments.words[i], arguments.laboratory().cells()));
  if (cells.empty())
    for (const CellRow& row : arguments.laboratory().cells()) cells.push_back(row.name);
  return cells;
}

/// All functions, then the initialisers.
int functions(const Arguments& arguments) {
  Listing rows;
  const auto add = [&](std::string_view kind, std::string_view form, std::string_view summary,
                       std::string_view example) {
    rows.push_back({{"kind", kind}, {"form", form}, {"what it is", summary}, {"example", example}});
  };
  for (const Function& f : standard_functions().all()) add("function", f.signature, f.summary, f.example);
  for (const InitialiserRow& row : initialiser_table())
    add("init",
        row.arguments.empty() ? std::string(row.name) : fmt::format("{}({})", row.name, row.arguments),
        row.summary, row.source);
  for (const DerivedInitialiserRow& row : derived_initialiser_table())
    add("init", fmt::format("{}(PARAMETER)", row.name), row.summary, row.source);
  print_listing(rows, arguments);
  return exit_good;
}

int language(const Arguments& arguments) {
  Listing rows;
  for (const LanguageRow& row : language_table())
    rows.push_back(
        {{"kind", row.kind}, {"form", row.form}, {"what it is", row.summary}, {"example", row.example}});
  print_listing(rows, arguments);
  return exit_good;
}

/// What may stand behind `cell` in a file: other characters as _, without the end of a file's name.
std::string as_name(std::string text) {
  if (text.ends_with(".cell")) text.resize(text.size() - 5);
  const auto fits = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  };
  const std::size_t begin = text.find_first_not_of("0123456789");
  text.erase(0, begin == text.npos ? text.size() : begin);
  for (char& c : text)
    if (!fits(c)) c = '_';
  return text;
}

int write_new(const Arguments& arguments) {
  refuse_format(arguments);
  if (arguments.words.size() != 2) throw UsageError("`unroll cells new` takes the name of the cell: my_cell");
  const std::string& name = arguments.words[1];
  if (const std::string fit = as_name(name); fit != name)
    throw UsageError(
        fmt::format("\"{}\": expected the cell's name, a letter or _ and then digits as well, as {}",
                    printable(name), fit.empty() ? "my_cell" : fit));
  const std::string text = new_cell_text(name);
  define_cell("cells new", text);  // a name that is one
  const std::filesystem::path file = name + ".cell";
  if (std::filesystem::exists(file)) throw ConfigError(fmt::format("{} is there already", file.string()));
  write_file(file, text);
  fmt::print("{0} is written; `unroll cells check {0}` checks it, `unroll run model.cell={0}` trains it\n",
             file.string());
  return exit_good;
}

struct Action {
  std::string_view name;
  int (*run)(const Arguments&);
};
constexpr Action actions[] = {
    {"show", [](const Arguments& a) { return show(only_cell(a), a); }},
    {"check", [](const Arguments& a) { return check(cells_to_check(a), a); }},
    {"graph", [](const Arguments& a) { return graph(only_cell(a), a); }},
    {"passes", [](const Arguments& a) { return passes(only_cell(a), a); }},
    {"bench", [](const Arguments& a) { return bench(only_cell(a), a); }},
    {"functions", functions},
    {"language", language},
    {"new", write_new},
};

std::vector<std::string> words(const Laboratory& laboratory) {
  std::vector<std::string> all = names_of(laboratory.cells());
  for (const Action& action : actions) all.emplace_back(action.name);
  return all;
}

int act(const Arguments& arguments) {
  if (arguments.words.empty()) return list(arguments);
  const std::string& action = arguments.words[0];
  std::vector<std::string> names;
  for (const Action& known : actions) {
    if (action == known.name) return known.run(arguments);
    names.emplace_back(known.name);
  }
  if (arguments.words.size() == 1 &&
      (find_cell(arguments.laboratory().cells(), action) || action.ends_with(".cell")))
    return show(wanted_cell(action, arguments.laboratory().cells()), arguments);
  if (action == "list") throw UsageError("`unroll cells` lists the cells without a word behind it");
  if (find_cell(arguments.laboratory().cells(), action))
    throw UsageError(
        fmt::format("`unroll cells` takes what to do before the cell: unroll cells show {}", action));
  throw UsageError(fmt::format("`unroll cells` does not know \"{}\"{}; it does {}", printable(action),
                               did_you_mean(action, words(arguments.laboratory())), fmt::join(names, ", ")));
}

int cells(const Arguments& arguments) {
  try {
    return act(arguments);
  } catch (const std::invalid_argument& error) {  // sizes, constants and activations that make no cell
    throw ConfigError(error.what());
  }
}

void add_cells_flags(Flags& flags) {
  add_format_flag(flags, {"dot", "svg"}, "table, json or csv; of `cells graph` dot or svg");
  flags.add_options()("input", number_flag<std::int64_t>()->default_value(2), "size of x")(
      "hidden", number_flag<std::int64_t>()->default_value(128), "units of a state")(
      "activation", po::value<std::string>()->default_value("tanh"), "act(...)")(
      "steps", number_flag<std::int64_t>()->default_value(100), "bench: T, then one answer")(
      "rows", number_flag<std::int64_t>()->default_value(20), "bench: sequences side by side");
}

}  // namespace

const Verb& cells_verb() {
  static const Verb verb{
      .name = "cells",
      .summary = "the cells: equations, shapes, gradient checks, the step as a graph, speed",
      .usage =
          "[[show] CELL | check [CELL...] | graph CELL | passes CELL | bench CELL | functions | language | "
          "new NAME] "
          "[flags]\n\n"
          "`check` takes small sizes that the cell allows unless --input and --hidden say others. "
          "CELL is a name of the list that `unroll cells` prints, or the path of a .cell file; "
          "models/README.md "
          "is about writing one.",
      .examples =
          "  unroll cells\n"
          "  unroll cells show lstm --hidden 64\n"
          "  unroll cells new my_cell\n"
          "  unroll cells functions\n"
          "  unroll cells check my.cell\n"
          "  unroll cells graph my.cell --format svg > my.svg\n"
          "  unroll cells passes my.cell      what each pass of the planner makes of it\n"
          "  unroll cells bench my.cell",
      .add_flags = add_cells_flags,
      .run = cells,
      .trains = true,
      .words = words,
  };
  return verb;
}

}  // namespace unroll

#include <fmt/format.h>

#include <algorithm>
#include <boost/program_options/value_semantic.hpp>
#include <cmath>
#include <nlohmann/json.hpp>

#include "experiments/config/config_error.hpp"
#include "experiments/config/text.hpp"
#include "experiments/report/cell_numbers.hpp"
#include "experiments/report/figure_list.hpp"
#include "experiments/report/report.hpp"
#include "experiments/sweep/say.hpp"
#include "experiments/verbs/browser.hpp"
#include "experiments/verbs/folder_argument.hpp"
#include "experiments/verbs/listing.hpp"
#include "experiments/verbs/number_flag.hpp"
#include "framework/tensor/file.hpp"
#include "models/nearest.hpp"

namespace unroll {

namespace {

namespace po = boost::program_options;
using Json = nlohmann::ordered_json;

constexpr double kPixelsPerMillimetre = 96 / 25.4;  // of CSS
constexpr int kPngScale = 4;                        // 384 dots per inch

/// A sweep and what there is to plot of it.
struct Plotted {
  StoredSweep sweep;
  std::vector<TrialRecord> records;
  std::vector<SweepAxis> axes;
  std::vector<SweepCell> cells;
  std::vector<SeriesSummary> series;
  std::vector<Figure> figures;
};

/// Fills what refers to the sweep in place.
void read_plotted(const Arguments& arguments, Plotted& all) {
  all.records = sweep_state(all.sweep.plan, all.sweep.journals).records;
  all.axes = sweep_axes(all.sweep.plan);
  all.cells = sweep_cells(all.sweep.plan, all.axes, all.records);
  all.series = series_list(all.sweep.plan, all.records);
  all.figures = figure_list(all.axes, all.cells, all.series);
  if (all.figures.empty())
    throw ConfigError(fmt::format("{}: no trial has a result yet: there is nothing to plot",
                                  folder_argument(arguments).string()));
}

std::string flag(const Arguments& arguments, const char* name) {
  return arguments.has(name) ? arguments.flags[name].as<std::string>() : "";
}

/// The one of a list that has this name. Throws UsageError naming all.
std::size_t find_name(const char* what, const std::string& wanted, const std::vector<std::string>& names) {
  const auto found = std::ranges::find(names, wanted);
  if (found != names.end()) return static_cast<std::size_t>(found - names.begin());
  throw UsageError(fmt::format("--{}: there is no \"{}\"{}; there are {}", what, printable(wanted),
                               did_you_mean(wanted, names), names.empty() ? "none" : joined(names, ", ")));
}

const Figure& find_figure(const Plotted& all, const std::string& wanted) {
  std::vector<std::string> ids;
  for (const Figure& figure : all.figures) ids.push_back(figure.id);
  return all.figures[find_name("figure", wanted, ids)];
}

/// An axis by the name that the report has for it, or by its key.
std::size_t find_axis(const Plotted& all, const char* what, const std::string& wanted) {
  std::vector<std::string> names;
  for (std::size_t i = 0; i < all.axes.size(); ++i) {
    if (all.axes[i].keys == std::vector<std::string>{wanted}) return i;
    names.push_back(all.axes[i].name);
  }
  return find_name(what, wanted, names);
}

/// What a figure can show, by names: series, or numbers of cells.
std::vector<std::string> shown_by(const Plotted& all, const Figure& figure) {
  std::vector<std::string> names;
  for (const std::size_t i : figure.series) names.push_back(all.series[i].name);
  if (figure.kind == FigureKind::numbers)
    for (const CellNumber& number : cell_numbers(all.cells)) names.push_back(number.name);
  return names;
}

Json show_of(const Plotted& all, const Figure& figure, const std::string& wanted) {
  if (wanted.empty()) return nullptr;
  if (figure.kind == FigureKind::heat_map)
    throw UsageError(fmt::format("--show: {} shows the success rate and nothing else", figure.id));
  const std::vector<std::string> names = shown_by(all, figure);
  const std::size_t index = find_name("show", wanted, names);
  return figure.kind == FigureKind::numbers ? Json(names[index]) : Json(figure.series[index]);
}

/// {"series": index of the axis or -1 for none}, of those that were asked for.
Json roles_of(const Plotted& all, const Arguments& arguments) {
  Json roles = Json::object();
  for (const auto& [name, role] :
       {std::pair("colour", "series"), std::pair("panel", "panel"), std::pair("line", "line")})
    if (const std::string wanted = flag(arguments, name); !wanted.empty())
      roles[role] = wanted == "none" ? Json(-1) : Json(find_axis(all, name, wanted));
  return roles;
}

/// "length=60": [[axis, value]], both as indices.
Json held_of(const Plotted& all, const Arguments& arguments) {
  Json held = Json::array();
  if (!arguments.has("hold")) return held;
  for (const std::string& word : arguments.flags["hold"].as<std::vector<std::string>>()) {
    const std::size_t equals = word.find('=');
    if (equals == std::string::npos)
      throw UsageError(fmt::format("--hold takes AXIS=VALUE, as length=60, but got \"{}\"", printable(word)));
    const std::size_t axis = find_axis(all, "hold", word.substr(0, equals));
    held.push_back({axis, find_name("hold", word.substr(equals + 1), all.axes[axis].labels)});
  }
  return held;
}

/// A length in millimetres as pixels of CSS; null where none was asked for.
Json pixels(const Arguments& arguments, const char* name) {
  if (!arguments.has(name)) return nullptr;
  const auto millimetres = arguments.flags[name].as<double>();
  constexpr double least = 20, most = 2000;
  if (!(millimetres >= least && millimetres <= most))
    throw UsageError(
        fmt::format("--{} is in millimetres, {} to {}, but is {}", name, least, most, millimetres));
  return std::lround(millimetres * kPixelsPerMillimetre);
}

/// As --format says, or the end of the file's name.
std::string format_of(const Arguments& arguments, const std::filesystem::path& out) {
  const std::vector<std::string> formats{"svg", "pdf", "png", "csv"};
  std::string format = flag(arguments, "format");
  if (format.empty() && out.has_extension()) format = out.extension().string().substr(1);
  if (format.empty()) return "svg";
  if (std::ranges::find(formats, format) != formats.end()) return format;
  throw UsageError(fmt::format("unknown format \"{}\"{}; a figure's formats are {}", printable(format),
                               did_you_mean(format, formats), joined(formats, ", ")));
}

Json request_of(const Plotted& all, const Arguments& arguments, const std::string& format) {
  const Figure& figure = find_figure(all, flag(arguments, "figure"));
  const std::string over = flag(arguments, "over");
  if (!over.empty() && figure.kind != FigureKind::numbers)
    throw UsageError(fmt::format("--over is of the figure numbers; {} has an axis of its own", figure.id));
  if (arguments.has("linear") && arguments.has("log")) throw UsageError("either --log or --linear");
  Json request{{"figure", figure.id}, {"format", format}};
  request["show"] = show_of(all, figure, flag(arguments, "show"));
  request["over"] = over.empty() ? Json(nullptr) : Json(find_axis(all, "over", over));
  request["roles"] = roles_of(all, arguments);
  request["held"] = held_of(all, arguments);
  request["log"] = arguments.has("log") ? Json(true) : arguments.has("linear") ? Json(false) : Json(nullptr);
  request["runs"] = arguments.has("runs");
  request["width"] = pixels(arguments, "width");
  request["height"] = pixels(arguments, "height");
  request["scale"] = kPngScale;
  return request;
}

/// The bytes between <pre id="result" hidden=""> and </pre>, which are written as hex digits.
std::string result_in(const std::string& document) {
  const auto digits = [&](const std::string& id) -> std::string {
    const std::size_t at = document.find(fmt::format("<pre id=\"{}\"", id));
    if (at == std::string::npos) return "";
    const std::size_t begin = document.find('>', at) + 1;
    return document.substr(begin, document.find('<', begin) - begin);
  };
  const auto bytes = [](const std::string& hex) {
    std::string out;
    for (std::size_t i = 0; i + 1 < hex.size(); i += 2)
      out += static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16));
    return out;
  };
  if (const std::string why = bytes(digits("error")); !why.empty())
    throw ConfigError(fmt::format("the figure cannot be drawn: {}", why));
  std::string result = bytes(digits("result"));
  if (result.empty()) throw ConfigError("the figure cannot be drawn: the browser left nothing of it");
  return result;
}

int list_figures(const Plotted& all, const Arguments& arguments) {
  Listing rows;
  for (const Figure& figure : all.figures)
    rows.push_back({{"figure", figure.id},
                    {"title", figure.title},
                    {"kind", kind_name(figure.kind)},
                    {"shows", figure.kind == FigureKind::heat_map ? "success rate"
                                                                  : joined(shown_by(all, figure), ", ")}});
  const std::string format = flag(arguments, "format");
  print_listing(rows, format.empty() ? "table" : format);
  return exit_good;
}

int plot(const Arguments& arguments) {
  Plotted all{.sweep = read_sweep(arguments.laboratory(), folder_argument(arguments)),
              .records = {},
              .axes = {},
              .cells = {},
              .series = {},
              .figures = {}};
  say_ignored(all.sweep);
  read_plotted(arguments, all);
  if (!arguments.has("figure")) return list_figures(all, arguments);
  const std::filesystem::path out = flag(arguments, "out");
  const std::string format = format_of(arguments, out);
  const Json request = request_of(all, arguments, format);
  const std::string page =
      figure_html(all.sweep.plan, all.records, read_published(all.sweep.folder), request.dump());
  const std::string figure = format == "pdf" ? pdf_of(page) : result_in(document_of(page));
  if (out.empty()) {
    fmt::print("{}", figure);
    return exit_good;
  }
  write_file(out, figure);
  say("{} is written\n", message_text(out.string()));
  return exit_good;
}

void add_plot_flags(Flags& flags) {
  flags.add_options()("figure", po::value<std::string>(), "which one; without it they are listed")(
      "show", po::value<std::string>(), "which of the series or numbers that the figure can show")(
      "over", po::value<std::string>(), "the axis that the figure `numbers` is over")(
      "colour", po::value<std::string>(), "the axis that gives the colours, or none")(
      "panel", po::value<std::string>(), "the axis that gives the panels, or none")(
      "line", po::value<std::string>(), "the axis that gives the strokes of lines, or none")(
      "hold", po::value<std::vector<std::string>>(),
      "AXIS=VALUE: where an axis without a part is held; any number of times")(
      "runs", "single runs as thin lines")("log", "a logarithmic scale of values")("linear", "a linear one")(
      "width", number_flag<double>(), "in millimetres")("height", number_flag<double>(), "in millimetres")(
      "format", po::value<std::string>(),
      "svg, pdf, png or csv (the numbers shown); of the list table, json or csv")(
      "out", po::value<std::string>(),
      "the file to write, whose end may say the format; standard output by default");
}

}  // namespace

const Verb& plot_verb() {
  static const Verb verb{
      .name = "plot",
      .summary = "a figure of a sweep's report as a file for a paper: SVG, PDF or PNG",
      .usage = "DIR [--figure NAME] [--out FILE] [flags]",
      .examples =
          "  unroll plot out/long_range\n"
          "  unroll plot out/long_range --figure survival --out survival.pdf --width 85 --height 60\n"
          "  unroll plot out/long_range --figure numbers --show test_loss --over task.length --format svg\n"
          "  unroll plot out/long_range --figure learning --colour activation --panel length --runs --out "
          "curves.png\n\n"
          "Without a figure it lists those that the report has. They are drawn by Chromium without a window, "
          "as\n"
          "the report draws them; the same sweep gives the same bytes with one version of it.",
      .add_flags = add_plot_flags,
      .run = plot,
      .trains = false,
  };
  return verb;
}

}  // namespace unroll

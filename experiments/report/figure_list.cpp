#include "experiments/report/figure_list.hpp"

#include <algorithm>
#include <array>
#include <cctype>

#include "experiments/report/statistics.hpp"
#include "experiments/report/survival.hpp"

namespace unroll {
namespace {

std::string capitalised(std::string text) {
  if (!text.empty()) text[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(text[0])));
  return text;
}

/// "time-step": what is no letter or digit becomes one dash.
std::string slug(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (std::isalnum(static_cast<unsigned char>(c)))
      out += c;
    else if (!out.ends_with('-'))
      out += '-';
  }
  return out;
}

bool is_gradient(const SeriesSummary& series) {
  return series.descriptor.unit.find("∂L") != std::string::npos;
}

std::string title_of(const std::vector<SeriesSummary>& list, const std::vector<std::size_t>& chosen) {
  const SeriesSummary& first = list[chosen.front()];
  if (std::ranges::all_of(chosen, [&](std::size_t i) { return is_gradient(list[i]); }))
    return "The vanishing gradient";
  if (std::ranges::find(list, first.name, &SeriesSummary::over) != list.end()) return "What was heard";
  if (first.kind == SeriesKind::plane) return capitalised(first.axis + " and " + first.descriptor.unit);
  return capitalised(chosen.size() == 1 ? first.name : "over " + first.axis);
}

template <class Test>
std::vector<std::size_t> which(const std::vector<SeriesSummary>& list, const Test& test) {
  std::vector<std::size_t> found;
  for (std::size_t i = 0; i < list.size(); ++i)
    if (test(list[i])) found.push_back(i);
  return found;
}

void add_curves(const std::vector<SeriesSummary>& list, std::vector<Figure>& figures) {
  const auto curves = [&](auto test) {
    return which(list, [&](const SeriesSummary& one) { return one.kind == SeriesKind::curve && test(one); });
  };
  figures.push_back({"learning", "Learning curves", FigureKind::series,
                     curves([](const auto& one) { return one.leads && !is_survival(one); })});
  figures.push_back({"metrics", "Other metrics", FigureKind::series,
                     curves([](const auto& one) { return !one.leads && !is_survival(one); })});
  figures.push_back({"survival", "How long it takes", FigureKind::series, curves(is_survival)});
}

void add_others(const std::vector<SeriesSummary>& list, std::vector<Figure>& figures) {
  for (const SeriesKind kind : {SeriesKind::points, SeriesKind::profile, SeriesKind::plane}) {
    std::vector<std::string> axes;
    for (const SeriesSummary& one : list)
      if (one.kind == kind && one.over.empty() && std::ranges::find(axes, one.axis) == axes.end())
        axes.push_back(one.axis);
    for (const std::string& axis : axes) {
      const auto chosen = which(list, [&](const SeriesSummary& one) {
        return one.kind == kind && one.over.empty() && one.axis == axis;
      });
      figures.push_back({std::string(kind_name(kind)) + '-' + slug(axis), title_of(list, chosen),
                         FigureKind::series, chosen});
    }
  }
}

}  // namespace

std::string_view kind_name(FigureKind kind) {
  constexpr std::array<std::string_view, 3> names{"heat map", "numbers", "series"};
  return names[static_cast<std::size_t>(kind)];
}

std::vector<Figure> figure_list(const std::vector<SweepAxis>& axes, std::span<const SweepCell> cells,
                                const std::vector<SeriesSummary>& list) {
  std::vector<Figure> figures;
  const bool varied = std::ranges::any_of(axes, [](const SweepAxis& axis) { return axis.labels.size() > 1; });
  const bool any_result = std::ranges::any_of(
      cells, [](const SweepCell& cell) { return std::ranges::any_of(cell.runs, has_result); });
  if (varied && any_result) {
    figures.push_back({"success", "How often it succeeds", FigureKind::heat_map, {}});
    figures.push_back({"numbers", "Over what was swept", FigureKind::numbers, {}});
  }
  add_curves(list, figures);
  add_others(list, figures);
  std::erase_if(figures,
                [](const Figure& one) { return one.kind == FigureKind::series && one.series.empty(); });
  return figures;
}

}  // namespace unroll

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>

#include "experiments/instruments/passage.hpp"
#include "experiments/instruments/rows.hpp"
#include "experiments/instruments/watched_cell.hpp"
#include "experiments/train/trial_models.hpp"

namespace unroll {
namespace {

constexpr double margin = 0.05;

/// A value that the watched cell names: "layer2.sigmoid of f".
struct Watched {
  std::string name;  ///< "layer2.f"
  const Batch& batch;
  const Tensor<double>& values;  ///< (T, B, ...)
};

RecordedSeries over_time(const std::string& name, const std::string& moment, const std::string& unit) {
  return {
      .name = name, .moment = moment, .axis = "time step", .descriptor = {.unit = unit}, .x = {}, .y = {}};
}

/// The share of elements of which `is` holds, at every step and, as a number, at all of them together.
void add_share(const Watched& watched, const std::string& what, bool (*is)(double), const Subject& subject,
               Findings& findings) {
  const std::int64_t rows = watched.batch.rows(), steps = watched.batch.steps();
  const std::int64_t width = watched.values.numel() / (rows * steps);
  RecordedSeries series =
      over_time(fmt::format("{} {}", what, watched.name), subject.moment, "share of elements");
  double hits = 0, elements = 0;
  for (std::int64_t t = 0; t < steps; ++t) {
    double hits_here = 0, elements_here = 0;
    for (std::int64_t b = 0; b < rows; ++b) {
      if (t >= watched.batch.lengths[static_cast<std::size_t>(b)]) continue;
      const auto row = watched.values.span().subspan(static_cast<std::size_t>((t * rows + b) * width),
                                                     static_cast<std::size_t>(width));
      hits_here += static_cast<double>(std::ranges::count_if(row, is));
      elements_here += static_cast<double>(width);
    }
    series.x.push_back(static_cast<double>(t + 1));
    series.y.push_back(hits_here / elements_here);
    hits += hits_here;
    elements += elements_here;
  }
  findings.series.push_back(std::move(series));
  findings.numbers.push_back(
      {fmt::format("{}_{}", what, watched.name), hits / elements, {.unit = "share of elements"}});
}

void look_at_tanh(const Watched& watched, const Subject& subject, Findings& findings) {
  add_share(
      watched, "saturated", [](double h) { return std::abs(h) > 1 - margin; }, subject, findings);
}

void look_at_sigmoid(const Watched& watched, const Subject& subject, Findings& findings) {
  add_share(
      watched, "closed", [](double g) { return g < margin; }, subject, findings);
  add_share(
      watched, "open", [](double g) { return g > 1 - margin; }, subject, findings);
}

/// Units that are on at no step of no sequence.
void look_at_relu(const Watched& watched, const Subject&, Findings& findings) {
  const Tensor<double> rows = rows_in_use(watched.values, watched.batch);
  const std::int64_t samples = rows.shape()[0], units = rows.shape()[1];
  std::int64_t dead = 0;
  for (std::int64_t i = 0; i < units; ++i) {
    bool on = false;
    for (std::int64_t s = 0; s < samples && !on; ++s) on = rows[s * units + i] > 0;
    dead += !on;
  }
  findings.numbers.push_back({fmt::format("dead_{}", watched.name),
                              static_cast<double>(dead) / static_cast<double>(units),
                              {.unit = "share of units"}});
}

/// 1 / (1 - f) of each unit, f its mean, sorted.
void look_at_kept(const Watched& watched, const Subject& subject, Findings& findings) {
  const Tensor<double> rows = rows_in_use(watched.values, watched.batch);
  const std::int64_t samples = rows.shape()[0], units = rows.shape()[1];
  RecordedSeries series{.name = fmt::format("time scale of {}", watched.name),
                        .moment = subject.moment,
                        .axis = "unit",
                        .descriptor = {.unit = "steps", .logarithmic = true},
                        .x = {},
                        .y = {}};
  for (std::int64_t i = 0; i < units; ++i) {
    double sum = 0;
    for (std::int64_t s = 0; s < samples; ++s) sum += rows[s * units + i];
    series.x.push_back(static_cast<double>(i + 1));
    series.y.push_back(1 / (1 - sum / static_cast<double>(samples)));
  }
  std::ranges::sort(series.y);
  std::string number = fmt::format("time_scale_{}", watched.name);
  std::ranges::replace(number, ' ', '_');
  findings.numbers.push_back({std::move(number), series.y[series.y.size() / 2], {.unit = "steps"}});
  findings.series.push_back(std::move(series));
}

struct Kind {
  std::string_view word;
  void (*look)(const Watched&, const Subject&, Findings&);
};
constexpr Kind kinds[] = {{"tanh of ", look_at_tanh},
                          {"sigmoid of ", look_at_sigmoid},
                          {"relu of ", look_at_relu},
                          {"kept of ", look_at_kept}};

/// The kind of a value of the watched cell, by its name in its layer; null for the cell's own values.
const Kind* kind_of(std::string_view name) {
  const std::string_view own = name.substr(name.rfind('.') + 1);
  const auto kind = std::ranges::find_if(kinds, [&](const Kind& k) { return own.starts_with(k.word); });
  return kind == std::end(kinds) ? nullptr : kind;
}

/// "layer2.f" for "layer2.sigmoid of f".
std::string shown_name(const std::string& name, const Kind& kind) {
  const std::size_t own = name.rfind('.') + 1;
  return name.substr(0, own) + name.substr(own + kind.word.size());
}

void look_at_saturation(const Subject& subject, Findings& findings) {
  const TaskSpec& spec = subject.models.spec();
  const SequenceModel model =
      make_model(subject.laboratory.cells(), subject.config, sizes_of(spec), [](std::unique_ptr<Cell> cell) {
        return std::unique_ptr<Cell>(std::make_unique<WatchedCell>(std::move(cell)));
      });
  std::vector<std::string> names = model.value_names(spec.input_size);
  std::erase_if(names, [](const std::string& name) { return kind_of(name) == nullptr; });
  if (names.empty()) return;
  const Passage seen = passage(subject, model, names);
  for (std::size_t i = 0; i < names.size(); ++i) {
    const Kind& kind = *kind_of(names[i]);
    kind.look({shown_name(names[i], kind), seen.batch, seen.values[i]}, subject, findings);
  }
}

}  // namespace

Instrument saturation_row() {
  return {.name = "saturation",
          .shows =
              "Of each tanh the share of outputs beyond ±0.95, of each sigmoid below 0.05 and above "
              "0.95, of each relu the units that are never on; of gates that keep a state the time scale "
              "1 / (1 − f).",
          .needs = "a cell with one of these functions",
          .source = "Karpathy, Johnson & Fei-Fei 2015; Tallec & Ollivier 2018",
          .look = look_at_saturation};
}

}  // namespace unroll

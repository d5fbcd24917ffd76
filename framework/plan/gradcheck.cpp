#include "framework/plan/gradcheck.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "framework/autodiff/gradients.hpp"
#include "framework/autodiff/ops/sources.hpp"
#include "framework/plan/plan.hpp"
#include "framework/random/stream.hpp"

namespace unroll {
namespace {

struct Estimate {
  double value;
  double uncertainty;
};

/// A slope, and by how much it jumps at the point: 0 unless there is a kink.
struct Slope {
  Estimate slope;
  Estimate jump;
};

/// Ridders' method: row k halves the step and extrapolates the errors away, h², h⁴, ... for the slope
/// (f(h) - f(-h)) / 2h, and h, h³, ... for the jump (f(h) - 2 f(0) + f(-h)) / h. `sample(h)` returns the
/// slopes and then the jumps of several functions at once.
template <class Sample>
std::vector<Slope> ridders(const Sample& sample, std::size_t functions, double first_step) {
  constexpr int rows = 11;
  std::vector<Estimate> best(2 * functions, {0, std::numeric_limits<double>::infinity()});
  std::vector<std::vector<double>> previous, current;
  double h = first_step;
  for (int row = 0; row < rows; ++row, h /= 2) {
    current.assign(1, sample(h));
    double power = 1;
    for (int column = 1; column <= std::min(row, 4); ++column) {
      power *= 4;
      std::vector<double> finer(2 * functions);
      for (std::size_t f = 0; f < finer.size(); ++f) {
        const double p = f < functions ? power : power / 2;
        finer[f] = (p * current[column - 1][f] - previous[column - 1][f]) / (p - 1);
        const double spread = std::max(std::abs(finer[f] - current[column - 1][f]),
                                       std::abs(finer[f] - previous[column - 1][f]));
        if (spread <= best[f].uncertainty) best[f] = {finer[f], spread};
      }
      current.push_back(std::move(finer));
    }
    previous = current;
  }
  std::vector<Slope> slopes;
  for (std::size_t f = 0; f < functions; ++f) slopes.push_back({best[f], best[functions + f]});
  return slopes;
}

Shape unravel(std::int64_t flat, const Shape& shape) {
  Shape index = shape;
  for (std::size_t axis = shape.rank(); axis-- > 0;) {
    index[axis] = flat % shape[axis];
    flat /= shape[axis];
  }
  return index;
}

std::string element(const std::string& name, std::int64_t flat, const Shape& shape) {
  if (shape.rank() == 0) return name;
  const std::string index = to_string(unravel(flat, shape));
  return fmt::format("{}[{}]", name, index.substr(1, index.size() - 2));
}

void read_sizes(const Dims& dims, const Shape& shape, Sizes& sizes) {
  for (std::size_t axis = 0; axis < dims.size() && axis < shape.rank(); ++axis) {
    if (dims[axis] == Dim::time()) sizes.time = shape[axis];
    if (dims[axis] == Dim::batch()) sizes.batch = shape[axis];
  }
}

/// T and B of the values that are given, else the defaults.
Sizes sizes_of(const GradcheckPoint& at, Sizes sizes) {
  for (const auto& [v, value] : at.real) read_sizes(v.dims(), value.shape(), sizes);
  for (const auto& [v, value] : at.index) read_sizes(v.dims(), value.shape(), sizes);
  return sizes;
}

/// The function under test at a movable point, with its reverse pass.
class Subject {
 public:
  Subject(Var output, const std::vector<Var>& wrt, const GradcheckPoint& at, const GradcheckOptions& options)
      : output_(output),
        wrt_(wrt),
        cotangent_(output.tape().input("cotangent", output.dims())),
        gradients_(gradients(output, wrt, cotangent_)),
        values_(output.tape(), {output}),
        reverse_(output.tape(), gradients_) {
    Stream stream(options.seed, Purpose::check);
    const Sizes sizes = sizes_of(at, options.sizes);
    for (const Node& node : output.tape().nodes()) place_input(node, at, sizes, stream);
    values_.run();
    result_shape_ = values_.tensor(output).shape();
    set_cotangent(Tensor<double>(result_shape_));
    reverse_.run();
  }

  Tensor<double>& point(std::size_t i) { return real_.at(wrt_[i]); }
  const Shape& result_shape() const { return result_shape_; }

  std::span<const double> evaluate() {
    values_.run();
    return values_.value(output_);
  }

  /// vᵀJ, one tensor per variable.
  std::span<const double> pull_back(const Tensor<double>& v, std::size_t i) {
    std::copy(v.span().begin(), v.span().end(), real_.at(cotangent_).data());
    reverse_.run();
    return reverse_.value(gradients_[i]);
  }

  /// d output / d(variable i along `direction`), by central differences.
  std::vector<Slope> differences(std::size_t i, const Tensor<double>& direction, double first_step) {
    Tensor<double>& x = point(i);
    const Tensor<double> origin = x;
    const auto at = [&](double h) {
      for (std::int64_t j = 0; j < x.numel(); ++j) x[j] = origin[j] + h * direction[j];
      const auto y = evaluate();
      return std::vector<double>(y.begin(), y.end());
    };
    const std::vector<double> here = at(0);
    const std::size_t n = here.size();
    const auto sample = [&](double h) {
      const std::vector<double> after = at(h), before = at(-h);
      std::vector<double> both(2 * n);
      for (std::size_t k = 0; k < n; ++k) {
        both[k] = (after[k] - before[k]) / (2 * h);
        both[n + k] = ((after[k] - here[k]) - (here[k] - before[k])) / h;
      }
      return both;
    };
    std::vector<Slope> result = ridders(sample, n, first_step);
    std::copy(origin.span().begin(), origin.span().end(), x.data());
    return result;
  }

 private:
  void place_input(const Node& node, const GradcheckPoint& at, Sizes sizes, Stream& stream) {
    if (node.op != &input_op && node.op != &index_input_op) return;
    const Var v(output_.tape(), node.outputs[0]);
    const bool wanted = std::find(wrt_.begin(), wrt_.end(), v) != wrt_.end();
    if (v == cotangent_ || (!wanted && !values_.reads(v) && !reverse_.reads(v))) return;
    if (node.op == &index_input_op) {
      const auto given = at.index.find(v);
      if (given == at.index.end())
        throw std::invalid_argument(
            fmt::format("[gradcheck] index input '{}' needs a value", input_name(node.attrs)));
      place(v, given->second, index_);
      return;
    }
    const auto given = at.real.find(v);
    Tensor<double> value = given != at.real.end() ? given->second : Tensor<double>(resolve(v.dims(), sizes));
    if (given == at.real.end())
      for (double& x : value.span()) x = stream.normal();
    place(v, std::move(value), real_);
  }

  template <class V>
  void place(Var v, Tensor<V> value, std::map<Var, Tensor<V>>& values) {
    const Tensor<V>& stored = values[v] = std::move(value);
    values_.bind(v, stored);
    reverse_.bind(v, stored);
  }

  void set_cotangent(Tensor<double> zeros) {
    reverse_.bind(cotangent_, real_[cotangent_] = std::move(zeros));
  }

  Var output_;
  std::vector<Var> wrt_;
  Var cotangent_;
  std::vector<Var> gradients_;
  Plan<double> values_, reverse_;
  std::map<Var, Tensor<double>> real_;
  std::map<Var, Tensor<std::int64_t>> index_;
  Shape result_shape_;
};

GradcheckEntry judge(std::string variable, std::string output, double reverse, Slope difference,
                     const GradcheckOptions& options) {
  const auto [value, uncertainty] = difference.slope;
  const double scale = std::max({std::abs(reverse), std::abs(value), options.floor});
  const double error = std::abs(reverse - value) / scale;
  // At a kink central differences settle on the mean of two slopes, which proves nothing: the jump between
  // the two counts as uncertainty. Below a thousandth it may be rounding.
  const double jump = std::abs(difference.jump.value);
  const double doubt = jump > 1e-3 * scale ? std::max(uncertainty, jump) : uncertainty;
  const bool settled = doubt <= 10 * options.tolerance * scale;
  return {std::move(variable),
          std::move(output),
          reverse,
          value,
          doubt,
          error,
          error <= options.tolerance && settled};
}

std::string name_of(Var v) {
  const std::string name = input_name(v.tape().producer(v.id()).attrs);
  return name.empty() ? fmt::format("%{}", v.id()) : name;
}

void check_jacobian(Subject& subject, std::size_t i, const std::string& name, const GradcheckOptions& options,
                    GradcheckReport& report) {
  const Shape shape = subject.point(i).shape();
  const std::int64_t outputs = subject.result_shape().numel(), inputs = shape.numel();
  std::vector<std::vector<double>> rows;
  for (std::int64_t o = 0; o < outputs; ++o) {
    Tensor<double> v(subject.result_shape());
    v[o] = 1;
    const auto row = subject.pull_back(v, i);
    rows.emplace_back(row.begin(), row.end());
  }
  for (std::int64_t j = 0; j < inputs; ++j) {
    Tensor<double> direction(shape);
    direction[j] = 1;
    const std::vector<Slope> column = subject.differences(i, direction, options.first_step);
    for (std::int64_t o = 0; o < outputs; ++o)
      report.entries.push_back(judge(element(name, j, shape), element("output", o, subject.result_shape()),
                                     rows[o][j], column[o], options));
  }
}

/// <v, J u> against <Jᵀ v, u>, u and v normal: signs and transposes can't cancel.
void check_projection(Subject& subject, std::size_t i, const std::string& name,
                      const GradcheckOptions& options, Stream& stream, GradcheckReport& report) {
  Tensor<double> u(subject.point(i).shape()), v(subject.result_shape());
  for (double& x : u.span()) x = stream.normal() / std::sqrt(static_cast<double>(u.numel()));
  for (double& x : v.span()) x = stream.normal();
  const auto pulled = subject.pull_back(v, i);
  double reverse = 0;
  for (std::int64_t j = 0; j < u.numel(); ++j) reverse += pulled[j] * u[j];
  const std::vector<Slope> slopes = subject.differences(i, u, options.first_step);
  Slope difference{};
  for (std::int64_t o = 0; o < v.numel(); ++o) {
    difference.slope.value += v[o] * slopes[o].slope.value;
    difference.slope.uncertainty += std::abs(v[o]) * slopes[o].slope.uncertainty;
    difference.jump.value += std::abs(v[o] * slopes[o].jump.value);
  }
  report.entries.push_back(
      judge(name + " along a random direction", "a random projection", reverse, difference, options));
}

/// For sorting: NaN is worse than any number.
double severity(const GradcheckEntry& e) {
  return std::isnan(e.error) ? std::numeric_limits<double>::infinity() : e.error;
}

}  // namespace

bool GradcheckReport::ok() const {
  return std::all_of(entries.begin(), entries.end(), [](const GradcheckEntry& e) { return e.ok; });
}

double GradcheckReport::worst() const {
  double worst = 0;
  for (const GradcheckEntry& e : entries) worst = std::isnan(e.error) ? e.error : std::max(worst, e.error);
  return worst;
}

std::string GradcheckReport::to_text() const {
  std::vector<GradcheckEntry> bad;
  for (const GradcheckEntry& e : entries)
    if (!e.ok) bad.push_back(e);
  if (bad.empty())
    return fmt::format(
        "gradients agree with central differences: {} derivatives, worst relative error {:.1e}\n",
        entries.size(), worst());
  std::stable_sort(bad.begin(), bad.end(),
                   [](const auto& a, const auto& b) { return severity(a) > severity(b); });
  std::string text =
      fmt::format("{} of {} derivatives disagree with central differences, worst relative error {:.1e}\n",
                  bad.size(), entries.size(), bad.front().error);
  text += fmt::format("{:>32} {:>20} {:>16} {:>16} {:>10} {:>10}\n", "variable", "of", "reverse",
                      "difference", "+-", "error");
  constexpr std::size_t shown = 20;
  for (std::size_t i = 0; i < std::min(shown, bad.size()); ++i)
    text += fmt::format("{:>32} {:>20} {:>16.9g} {:>16.9g} {:>10.1e} {:>10.1e}\n", bad[i].variable,
                        bad[i].output, bad[i].reverse, bad[i].difference, bad[i].uncertainty, bad[i].error);
  if (bad.size() > shown) text += fmt::format("... and {} more\n", bad.size() - shown);
  return text;
}

GradcheckReport gradcheck(Var output, const std::vector<Var>& wrt, const GradcheckPoint& at,
                          const GradcheckOptions& options) {
  for (const Var& v : wrt)
    if (v.tape().producer(v.id()).op != &input_op)
      throw std::invalid_argument(
          "[gradcheck] only real inputs of the tape can be moved; a variable is a computed value");
  Subject subject(output, wrt, at, options);
  GradcheckReport report;
  Stream stream(options.seed, Purpose::check, {1});
  for (std::size_t i = 0; i < wrt.size(); ++i) {
    const std::string name = name_of(wrt[i]);
    if (subject.point(i).numel() * subject.result_shape().numel() <= options.jacobian_elements)
      check_jacobian(subject, i, name, options, report);
    if (subject.point(i).numel() == 0 || subject.result_shape().numel() == 0) continue;
    for (int p = 0; p < options.projections; ++p) check_projection(subject, i, name, options, stream, report);
  }
  return report;
}

}  // namespace unroll

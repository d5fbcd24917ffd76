#include "models/initialiser.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <numeric>
#include <stdexcept>
#include <utility>

#include "framework/tensor/linalg.hpp"
#include "models/nearest.hpp"

namespace unroll {
namespace {

void require_matrix(std::string_view initialiser, const Shape& shape) {
  if (shape.rank() == 2) return;
  throw std::invalid_argument(fmt::format("initialiser {}: needs a matrix (out, in), got the shape {}",
                                          initialiser, to_string(shape)));
}

void require_square(std::string_view initialiser, const Shape& shape) {
  if (shape.rank() == 2 && shape[0] == shape[1]) return;
  throw std::invalid_argument(fmt::format(
      "initialiser {}: needs a square matrix, as a recurrent one is, got the shape {} (is it meant for "
      "model.init, not model.input_init?)",
      initialiser, to_string(shape)));
}

Tensor<double> zeros(const InitialiserOptions&, const Shape& shape, Stream&) { return Tensor<double>(shape); }

Tensor<double> normal_of(double std, const Shape& shape, Stream& stream) {
  Tensor<double> w(shape);
  for (double& x : w.span()) x = std * stream.normal();
  return w;
}

Tensor<double> uniform_of(double bound, const Shape& shape, Stream& stream) {
  Tensor<double> w(shape);
  for (double& x : w.span()) x = stream.uniform(-bound, bound);
  return w;
}

Tensor<double> normal(const InitialiserOptions& options, const Shape& shape, Stream& stream) {
  return normal_of(options.scale, shape, stream);
}

Tensor<double> uniform(const InitialiserOptions& options, const Shape& shape, Stream& stream) {
  return uniform_of(options.scale, shape, stream);
}

Tensor<double> glorot(const InitialiserOptions&, const Shape& shape, Stream& stream) {
  require_matrix("glorot", shape);
  return uniform_of(std::sqrt(6.0 / static_cast<double>(shape[0] + shape[1])), shape, stream);
}

Tensor<double> transposed(const Tensor<double>& a) {
  const std::int64_t rows = a.shape()[0], columns = a.shape()[1];
  Tensor<double> t({columns, rows});
  for (std::int64_t i = 0; i < rows; ++i)
    for (std::int64_t j = 0; j < columns; ++j) t[j * rows + i] = a[i * columns + j];
  return t;
}

// With a positive diagonal of R the Q of a Gaussian matrix is uniform over the orthogonal matrices (Mezzadri
// 2007); with LAPACK's signs it is not.
Tensor<double> orthogonal(const InitialiserOptions& options, const Shape& shape, Stream& stream) {
  require_matrix("orthogonal", shape);
  const bool wide = shape[1] > shape[0];
  const Shape tall = wide ? Shape{shape[1], shape[0]} : shape;
  Tensor<double> q = qr(normal_of(1, tall, stream)).q;
  for (double& x : q.span()) x *= options.scale;
  return wide ? transposed(q) : q;
}

Tensor<double> identity(const InitialiserOptions& options, const Shape& shape, Stream&) {
  require_square("identity", shape);
  Tensor<double> w(shape);
  for (std::int64_t i = 0; i < shape[0]; ++i) w[i * shape[0] + i] = options.scale;
  return w;
}

/// Puts `count` standard normal numbers into different places of `row`, all choices equally likely.
void fill_sparse_row(std::span<double> row, std::vector<std::size_t>& places, std::int64_t count,
                     Stream& stream) {
  const auto size = static_cast<std::int64_t>(places.size());
  for (std::int64_t k = 0; k < count; ++k) {  // the first steps of a shuffle
    std::swap(places[static_cast<std::size_t>(k)], places[static_cast<std::size_t>(stream.between(k, size))]);
    row[places[static_cast<std::size_t>(k)]] = stream.normal();
  }
}

Tensor<double> sparse(const InitialiserOptions& options, const Shape& shape, Stream& stream) {
  require_square("sparse", shape);
  if (options.nonzeros < 1)
    throw std::invalid_argument(
        fmt::format("initialiser sparse: nonzeros must be at least 1, got {}", options.nonzeros));
  if (!(options.spectral_radius > 0 && std::isfinite(options.spectral_radius)))
    throw std::invalid_argument(fmt::format(
        "initialiser sparse: spectral_radius must be above 0 and finite, got {}", options.spectral_radius));
  const std::int64_t n = shape[0];
  Tensor<double> w(shape);
  std::vector<std::size_t> places(static_cast<std::size_t>(n));
  std::iota(places.begin(), places.end(), std::size_t{0});
  for (std::int64_t i = 0; i < n; ++i)
    fill_sparse_row({w.data() + i * n, static_cast<std::size_t>(n)}, places, std::min(options.nonzeros, n),
                    stream);
  if (n == 0) return w;
  // Never 0: from row to column the entries of any matrix without an empty row close a cycle.
  const double factor = options.spectral_radius / spectral_radius(w);
  for (double& x : w.span()) x *= factor;
  return w;
}

Tensor<double> constant(const InitialiserOptions& options, const Shape& shape, Stream&) {
  return Tensor<double>(shape, options.scale);
}

Tensor<double> range(const InitialiserOptions& options, const Shape& shape, Stream& stream) {
  if (!(options.low <= options.high))
    throw std::invalid_argument(
        fmt::format("initialiser range: low must be at most high, got {} and {}", options.low, options.high));
  Tensor<double> w(shape);
  for (double& x : w.span()) x = stream.uniform(options.low, options.high);
  return w;
}

Tensor<double> chrono(const InitialiserOptions& options, const Shape& shape, Stream& stream) {
  if (!(options.steps > 2 && std::isfinite(options.steps)))
    throw std::invalid_argument(
        fmt::format("initialiser chrono: the longest memory must be above 2 steps, got {}", options.steps));
  Tensor<double> b(shape);
  for (double& x : b.span()) x = std::log(stream.uniform(1, options.steps - 1));
  return b;
}

Tensor<double> ring(const InitialiserOptions& options, const Shape& shape, Stream& stream) {
  const double low = options.low, high = options.high;
  if (!(low >= 0 && low <= high && high <= 1))
    throw std::invalid_argument(
        fmt::format("initialiser ring: radii must be 0 <= low <= high <= 1, got {} and {}", low, high));
  Tensor<double> nu(shape);
  // Uniform over the area of the ring. 1e-12 keeps the logarithm of a radius 0 finite.
  for (double& x : nu.span())
    x = std::log(-0.5 * std::log(std::max(1e-12, stream.uniform(low * low, high * high))));
  return nu;
}

Tensor<double> phase(const InitialiserOptions& options, const Shape& shape, Stream& stream) {
  if (!(options.high > 0 && std::isfinite(options.high)))
    throw std::invalid_argument(
        fmt::format("initialiser phase: the largest angle must be above 0, got {}", options.high));
  Tensor<double> theta(shape);
  for (double& x : theta.span()) x = std::log(options.high * (1 - stream.uniform(0, 1)));
  return theta;
}

/// A whose A - A^T has 2x2 blocks (0 a; -a 0) along its diagonal.
template <class F>
Tensor<double> skew_blocks(std::string_view name, const Shape& shape, F entry) {
  require_square(name, shape);
  Tensor<double> w(shape);
  const std::int64_t n = shape[0];
  for (std::int64_t i = 0; i + 1 < n; i += 2) w[i * n + i + 1] = entry();
  return w;
}

Tensor<double> henaff(const InitialiserOptions&, const Shape& shape, Stream& stream) {
  return skew_blocks("henaff", shape, [&] { return stream.uniform(-std::numbers::pi, std::numbers::pi); });
}

Tensor<double> cayley(const InitialiserOptions&, const Shape& shape, Stream& stream) {
  return skew_blocks("cayley", shape, [&] {
    const double t = stream.uniform(0, std::numbers::pi / 2);
    return std::sqrt((1 - std::cos(t)) / (1 + std::cos(t)));
  });
}

Tensor<double> signs(const InitialiserOptions& options, const Shape& shape, Stream&) {
  const double n = static_cast<double>(shape.numel());
  if (!(options.count >= 0 && options.count <= n))
    throw std::invalid_argument(fmt::format("initialiser signs: of {} elements, {} cannot be negative",
                                            shape.numel(), options.count));
  Tensor<double> d(shape, 1);
  for (std::int64_t i = 0; i < static_cast<std::int64_t>(options.count); ++i) d[i] = -1;
  return d;
}

/// N(0, 1 / n), rescaled.
Tensor<double> radius(const InitialiserOptions& options, const Shape& shape, Stream& stream) {
  require_square("radius", shape);
  const double n = static_cast<double>(shape[0]);
  Tensor<double> w = normal_of(1 / std::sqrt(n), shape, stream);
  const double factor = options.scale / spectral_radius(w);
  for (double& x : w.span()) x *= factor;
  return w;
}

/// `count` numbers at equal distances, the first `low`, the last `high`.
template <class F>
Tensor<double> spaced(const InitialiserOptions& options, const Shape& shape, F map) {
  Tensor<double> w(shape);
  const auto last = static_cast<double>(shape.numel() - 1);
  for (std::int64_t i = 0; i < shape.numel(); ++i) {
    const double part = last > 0 ? static_cast<double>(i) / last : 0;
    w[i] = map(options.low + part * (options.high - options.low));
  }
  return w;
}

Tensor<double> linspace(const InitialiserOptions& options, const Shape& shape, Stream&) {
  return spaced(options, shape, [](double x) { return x; });
}

Tensor<double> logspace(const InitialiserOptions& options, const Shape& shape, Stream&) {
  if (!(options.low > 0 && options.high > 0))
    throw std::invalid_argument(fmt::format("initialiser logspace: both ends must be above 0, got {} and {}",
                                            options.low, options.high));
  InitialiserOptions logarithms = options;
  logarithms.low = std::log(options.low);
  logarithms.high = std::log(options.high);
  return spaced(logarithms, shape, [](double x) { return std::exp(x); });
}

Tensor<double> permutation(const InitialiserOptions&, const Shape& shape, Stream& stream) {
  require_square("permutation", shape);
  const std::int64_t n = shape[0];
  std::vector<std::int64_t> columns(static_cast<std::size_t>(n));
  std::iota(columns.begin(), columns.end(), std::int64_t{0});
  for (std::int64_t i = n - 1; i > 0; --i)
    std::swap(columns[static_cast<std::size_t>(i)], columns[static_cast<std::size_t>(stream.below(i + 1))]);
  Tensor<double> w(shape);
  for (std::int64_t i = 0; i < n; ++i) w[i * n + columns[static_cast<std::size_t>(i)]] = 1;
  return w;
}

using Arguments = std::span<const double>;

void take_scale(InitialiserOptions& o, Arguments a) { o.scale = a[0]; }
void take_range(InitialiserOptions& o, Arguments a) {
  o.low = a[0];
  if (a.size() > 1) o.high = a[1];
}
void take_high(InitialiserOptions& o, Arguments a) { o.high = a[0]; }
void take_count(InitialiserOptions& o, Arguments a) { o.count = a[0]; }
void take_steps(InitialiserOptions& o, Arguments a) { o.steps = a[0]; }
void take_sparse(InitialiserOptions& o, Arguments a) {
  o.nonzeros = static_cast<std::int64_t>(std::clamp(a[0], 0.0, 1e9));
  if (a.size() > 1) o.spectral_radius = a[1];
}

constexpr auto table = std::to_array<InitialiserRow>({
    {"normal", "N(0, scale^2)", "Pascanu et al. 2013: std 0.01 or 0.1; Le et al. 2015: std 0.001", normal,
     "std", take_scale},
    {"uniform", "U(-scale, scale)", "Hochreiter & Schmidhuber 1997: bound 0.1 or 0.2", uniform, "bound",
     take_scale},
    {"glorot", "U(-b, b), b = sqrt(6 / (fan_in + fan_out))", "Glorot & Bengio 2010, eq. 16", glorot},
    {"orthogonal", "scale * Q of a Gaussian matrix, uniform over the orthogonal ones", "Saxe et al. 2014",
     orthogonal, "gain", take_scale},
    {"identity", "scale * I", "Le, Jaitly, Hinton 2015", identity, "gain", take_scale},
    {"sparse", "nonzeros normal entries per row, rescaled to the spectral radius",
     "Jaeger 2001; Martens & Sutskever 2011; smart tanh of Pascanu et al. 2013", sparse, "nonzeros, radius",
     take_sparse},
    {"zeros", "0", "usual start of biases", zeros},
    {"constant", "every element the same", "forget bias: Gers et al. 2000; Jozefowicz et al. 2015", constant,
     "value", take_scale},
    {"range", "U(low, high)", "IndRNN: Li et al. 2018", range, "low, high", take_range},
    {"chrono", "log U(1, steps - 1): a gate's bias, for memories up to that long",
     "Tallec & Ollivier 2018, eq. 16", chrono, "steps", take_steps},
    {"henaff", "A - A^T has the eigenvalues ±i U(-pi, pi)", "Henaff, Szlam, LeCun 2016", henaff},
    {"cayley", "the Cayley transform of A - A^T rotates by U(0, pi/2)", "Helfrich, Willmott, Ye 2018",
     cayley},
    {"ring", "log(-log r), with r exp(i phase) uniform over the ring of radii low to high",
     "Orvieto et al. 2023, lemma 3.2", ring, "low, high", take_range},
    {"phase", "log U(0, high)", "Orvieto et al. 2023, section 3.4", phase, "high", take_high},
    {"radius", "N(0, 1), rescaled to this spectral radius", "Jaeger 2001; Sompolinsky et al. 1988", radius,
     "radius", take_scale},
    {"linspace", "from low to high at equal distances", "decay rates", linspace, "low, high", take_range},
    {"logspace", "from low to high at equal ratios", "decay rates", logspace, "low, high", take_range},
    {"permutation", "a random permutation matrix", "Arjovsky, Shah, Bengio 2016", permutation},
    {"signs", "-1 for the first elements, as many as asked for, and 1 for the rest",
     "Helfrich, Willmott, Ye 2018", signs, "negatives", take_count},
});

constexpr auto derived_table = std::to_array<DerivedInitialiserRow>({
    {"negative", "-v", "Tallec & Ollivier 2018, eq. 16", [](double v) { return -v; }},
    {"ring_gain", "log sqrt(1 - r^2), r = exp(-exp(v)): keeps a state of that radius as large as its input",
     "Orvieto et al. 2023, section 3.4",
     [](double v) { return 0.5 * std::log(-std::expm1(-2 * std::exp(v))); }},
});

}  // namespace

std::span<const InitialiserRow> initialiser_table() { return table; }

std::vector<std::string> initialiser_names() {
  std::vector<std::string> names;
  for (const InitialiserRow& row : table) names.emplace_back(row.name);
  return names;
}

std::span<const DerivedInitialiserRow> derived_initialiser_table() { return derived_table; }

const DerivedInitialiserRow* find_derived_initialiser(std::string_view name) {
  const auto found = std::ranges::find(derived_table, name, &DerivedInitialiserRow::name);
  return found == derived_table.end() ? nullptr : &*found;
}

InitialiserOptions initialiser_options(std::string_view name, std::span<const double> arguments) {
  for (const InitialiserRow& row : table) {
    if (row.name != name) continue;
    const auto most = row.arguments.empty() ? 0 : 1 + std::ranges::count(row.arguments, ',');
    if (std::ssize(arguments) > most)
      throw std::invalid_argument(fmt::format("{} takes {} number{}{}{}, not {}", name,
                                              most == 0 ? "no" : std::to_string(most), most == 1 ? "" : "s",
                                              most == 0 ? "" : ": ", row.arguments, arguments.size()));
    InitialiserOptions options{.name = std::string(name)};
    if (!arguments.empty()) row.take(options, arguments);
    return options;
  }
  throw std::invalid_argument(fmt::format("unknown initialiser \"{}\"{} (known: {})", name,
                                          did_you_mean(name, initialiser_names()),
                                          fmt::join(initialiser_names(), ", ")));
}

Tensor<float> initialise(const InitialiserOptions& options, const Shape& shape, Stream& stream) {
  if (options.values && options.values->shape() != shape)
    throw std::invalid_argument(fmt::format("a start of {} is given for a parameter of {}",
                                            to_string(options.values->shape()), to_string(shape)));
  if (options.values) return convert<float>(*options.values);
  if (options.name != "constant" && !(options.scale >= 0 && std::isfinite(options.scale)))
    throw std::invalid_argument(fmt::format("initialiser {}: scale must be at least 0 and finite, got {}",
                                            options.name, options.scale));
  for (const InitialiserRow& row : table)
    if (row.name == options.name) return convert<float>(row.make(options, shape, stream));
  throw std::invalid_argument(fmt::format("unknown initialiser \"{}\" (known: {})", options.name,
                                          fmt::join(initialiser_names(), ", ")));
}

Tensor<float> derive(const InitialiserOptions& options, const Tensor<float>& start) {
  const DerivedInitialiserRow* row = find_derived_initialiser(options.name);
  if (!row)
    throw std::invalid_argument(
        fmt::format("no initialiser \"{}\" follows from another parameter", options.name));
  Tensor<float> result(start.shape());
  std::ranges::transform(start.span(), result.span().begin(),
                         [&](float v) { return static_cast<float>(row->value(v)); });
  return result;
}

}  // namespace unroll

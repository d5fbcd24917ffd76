#include "experiments/data/audio/features.hpp"

#include <fftw3.h>
#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <complex>
#include <mutex>
#include <new>
#include <numbers>
#include <stdexcept>
#include <utility>
#include <vector>

namespace unroll {
namespace {

double mel(double hertz) { return 2595 * std::log10(1 + hertz / 700); }
double hertz(double mels) { return 700 * (std::pow(10, mels / 2595) - 1); }

/// Plans are made one at a time: only running them is safe from several threads (FFTW's manual, section 5.4).
std::mutex& planner() {
  static std::mutex one;
  return one;
}

/// The power spectrum of so many real samples.
class Spectrum {
 public:
  explicit Spectrum(std::int64_t points) : points_(points) {
    std::vector<float> in(static_cast<std::size_t>(points));
    std::vector<std::complex<float>> out(bins());
    const std::lock_guard lock(planner());
    // Measuring would make the choice, and with it bits, depend on the day; arrays may lie anywhere.
    plan_ =
        fftwf_plan_dft_r2c_1d(static_cast<int>(points), in.data(),
                              reinterpret_cast<fftwf_complex*>(out.data()), FFTW_ESTIMATE | FFTW_UNALIGNED);
    if (plan_ == nullptr) throw std::bad_alloc();
  }
  Spectrum(const Spectrum&) = delete;
  Spectrum& operator=(const Spectrum&) = delete;
  ~Spectrum() {
    const std::lock_guard lock(planner());
    fftwf_destroy_plan(plan_);
  }

  std::int64_t points() const { return points_; }
  std::size_t bins() const { return static_cast<std::size_t>(points_ / 2 + 1); }

  /// `samples` may be overwritten.
  void power(std::vector<float>& samples, std::vector<std::complex<float>>& transformed,
             std::vector<double>& result) const {
    fftwf_execute_dft_r2c(plan_, samples.data(), reinterpret_cast<fftwf_complex*>(transformed.data()));
    for (std::size_t k = 0; k < result.size(); ++k) {
      const double re = static_cast<double>(transformed[k].real()),
                   im = static_cast<double>(transformed[k].imag());
      result[k] = re * re + im * im;
    }
  }

 private:
  std::int64_t points_;
  fftwf_plan plan_ = nullptr;
};

/// The weights of a band, from a bin on.
struct Band {
  std::size_t first = 0;
  std::vector<double> weights;
};

/// Where bands begin and end: each reaches from one edge to the next but one.
class Edges {
 public:
  explicit Edges(const FeatureSettings& settings) {
    const double half = static_cast<double>(settings.rate) / 2;
    const double low = settings.mel_low, high = settings.mel_high > 0 ? settings.mel_high : half;
    if (!(low >= 0 && low < high && high <= half))
      throw std::invalid_argument(fmt::format(
          "task.mel_low is {} and task.mel_high {} Hz; expected 0 <= low < high <= {}, half the sample rate",
          low, high, half));
    low_ = mel(low);
    step_ = (mel(high) - low_) / static_cast<double>(settings.mels + 1);
  }
  double at(std::int64_t i) const { return hertz(low_ + step_ * static_cast<double>(i)); }

 private:
  double low_, step_;  ///< mel
};

std::vector<Band> bands_of(const FeatureSettings& settings, std::int64_t points) {
  const Edges edges(settings);
  const double rate = static_cast<double>(settings.rate);
  std::vector<Band> bands;
  for (std::int64_t m = 0; m < settings.mels; ++m) {
    const double left = edges.at(m), centre = edges.at(m + 1), right = edges.at(m + 2);
    Band band;
    for (std::int64_t k = 0; k <= points / 2; ++k) {
      const double f = static_cast<double>(k) * rate / static_cast<double>(points);
      const double weight = std::min((f - left) / (centre - left), (right - f) / (right - centre));
      if (weight <= 0) continue;
      if (band.weights.empty()) band.first = static_cast<std::size_t>(k);
      band.weights.push_back(weight);
    }
    if (band.weights.empty())
      throw std::invalid_argument(
          fmt::format("task.mels is {}: band {}, {:.0f} to {:.0f} Hz, lies between two of the spectrum's "
                      "frequencies, which are {:.1f} Hz apart: take fewer bands, or a longer task.frame_ms",
                      settings.mels, m + 1, left, right, rate / static_cast<double>(points)));
    bands.push_back(std::move(band));
  }
  return bands;
}

std::vector<double> hann(std::int64_t points) {
  std::vector<double> window(static_cast<std::size_t>(points));
  for (std::size_t n = 0; n < window.size(); ++n)
    window[n] =
        0.5 - 0.5 * std::cos(2 * std::numbers::pi * static_cast<double>(n) / static_cast<double>(points));
  return window;
}

/// (coefficients, bands), orthonormal.
std::vector<double> cosines(std::int64_t coefficients, std::int64_t bands) {
  std::vector<double> all;
  const double m = static_cast<double>(bands);
  for (std::int64_t k = 0; k < coefficients; ++k)
    for (std::int64_t b = 0; b < bands; ++b)
      all.push_back(std::sqrt((k == 0 ? 1 : 2) / m) *
                    std::cos(std::numbers::pi * static_cast<double>(k) * (static_cast<double>(b) + 0.5) / m));
  return all;
}

std::int64_t samples_in(double ms, std::int64_t rate, const char* key) {
  const auto samples = static_cast<std::int64_t>(std::llround(ms / 1000 * static_cast<double>(rate)));
  if (samples >= 1) return samples;
  throw std::invalid_argument(
      fmt::format("{} is {} ms, less than a sample at {} Hz; 10 to 25 are usual", key, ms, rate));
}

std::int64_t power_of_two(std::int64_t least) {
  return static_cast<std::int64_t>(std::bit_ceil(static_cast<std::uint64_t>(least)));
}

/// (frames, width) -> (frames, width): the slope of a straight line through each value and those around it.
std::vector<double> slopes(const std::vector<double>& values, std::int64_t width, std::int64_t reach) {
  const std::int64_t frames = std::ssize(values) / width;
  double norm = 0;
  for (std::int64_t n = 1; n <= reach; ++n) norm += 2.0 * static_cast<double>(n * n);
  std::vector<double> all(values.size());
  for (std::int64_t t = 0; t < frames; ++t)
    for (std::int64_t n = 1; n <= reach; ++n) {
      const std::int64_t after = std::min(t + n, frames - 1), before = std::max<std::int64_t>(t - n, 0);
      for (std::int64_t i = 0; i < width; ++i)
        all[static_cast<std::size_t>(t * width + i)] +=
            static_cast<double>(n) / norm *
            (values[static_cast<std::size_t>(after * width + i)] -
             values[static_cast<std::size_t>(before * width + i)]);
    }
  return all;
}

}  // namespace

class Features::Made {
 public:
  explicit Made(const FeatureSettings& settings)
      : settings_(settings),
        frame_(samples_in(settings.frame_ms, settings.rate, "task.frame_ms")),
        hop_(samples_in(settings.hop_ms, settings.rate, "task.hop_ms")),
        spectrum_(power_of_two(frame_)),
        window_(hann(frame_)),
        bands_(bands_of(settings, spectrum_.points())),
        cosines_(settings.kind == FeatureKind::mfcc ? cosines(settings.mfcc, settings.mels)
                                                    : std::vector<double>()) {
    if (settings.kind == FeatureKind::mfcc && settings.mfcc > settings.mels)
      throw std::invalid_argument(
          fmt::format("task.mfcc is {}, but there are {} bands (task.mels) to make so "
                      "many coefficients of",
                      settings.mfcc, settings.mels));
  }

  std::int64_t coefficients() const {
    return settings_.kind == FeatureKind::mfcc ? settings_.mfcc : settings_.mels;
  }
  std::int64_t frame_width() const { return coefficients() * (1 + settings_.deltas); }
  std::int64_t width() const { return frame_width() * settings_.stack; }
  std::int64_t frames(std::int64_t samples) const {
    return samples <= frame_ ? 1 : 1 + (samples - frame_) / hop_;
  }
  std::int64_t steps(std::int64_t samples) const {
    return (frames(samples) + settings_.stack - 1) / settings_.stack;
  }
  double step_seconds() const {
    return static_cast<double>(hop_ * settings_.stack) / static_cast<double>(settings_.rate);
  }

  Tensor<float> of(std::span<const float> samples) const {
    std::vector<std::vector<double>> orders = {coefficients_of(samples)};
    for (std::int64_t order = 0; order < settings_.deltas; ++order)
      orders.push_back(slopes(orders.back(), coefficients(), settings_.delta_width));
    const auto count = static_cast<std::int64_t>(samples.size());
    const std::int64_t last = frames(count) - 1, c = coefficients();
    Tensor<float> all({steps(count), width()});
    for (std::int64_t frame = 0; frame < steps(count) * settings_.stack; ++frame)
      for (std::size_t order = 0; order < orders.size(); ++order)
        for (std::int64_t i = 0; i < c; ++i)
          all[frame * frame_width() + static_cast<std::int64_t>(order) * c + i] =
              static_cast<float>(orders[order][static_cast<std::size_t>(std::min(frame, last) * c + i)]);
    return all;
  }

 private:
  /// (frames, coefficients).
  std::vector<double> coefficients_of(std::span<const float> samples) const {
    std::vector<float> in(static_cast<std::size_t>(spectrum_.points()));
    std::vector<std::complex<float>> transformed(spectrum_.bins());
    std::vector<double> power(spectrum_.bins()), logarithms(bands_.size()), all;
    for (std::int64_t t = 0; t < frames(std::ssize(samples)); ++t) {
      take_frame(samples, static_cast<std::size_t>(t * hop_), in);
      spectrum_.power(in, transformed, power);
      for (std::size_t m = 0; m < bands_.size(); ++m) logarithms[m] = log_energy(bands_[m], power);
      append(logarithms, all);
    }
    return all;
  }

  void take_frame(std::span<const float> samples, std::size_t first, std::vector<float>& in) const {
    std::ranges::fill(in, 0.f);
    for (std::size_t n = 0; n < window_.size() && first + n < samples.size(); ++n) {
      const double before = first + n == 0 ? 0 : static_cast<double>(samples[first + n - 1]);
      const double emphasised = static_cast<double>(samples[first + n]) - settings_.pre_emphasis * before;
      in[n] = static_cast<float>(window_[n] * emphasised);
    }
  }

  double log_energy(const Band& band, const std::vector<double>& power) const {
    double energy = 0;
    for (std::size_t k = 0; k < band.weights.size(); ++k) energy += band.weights[k] * power[band.first + k];
    return std::log(std::max(energy, settings_.log_floor));
  }

  void append(const std::vector<double>& logarithms, std::vector<double>& all) const {
    if (cosines_.empty()) {
      all.insert(all.end(), logarithms.begin(), logarithms.end());
      return;
    }
    for (std::size_t k = 0; k < cosines_.size(); k += logarithms.size()) {
      double sum = 0;
      for (std::size_t m = 0; m < logarithms.size(); ++m) sum += cosines_[k + m] * logarithms[m];
      all.push_back(sum);
    }
  }

  FeatureSettings settings_;
  std::int64_t frame_, hop_;  ///< samples
  Spectrum spectrum_;
  std::vector<double> window_;
  std::vector<Band> bands_;
  std::vector<double> cosines_;  ///< none: the logarithms themselves
};

double middle_of_band(const FeatureSettings& settings, std::int64_t band) {
  return Edges(settings).at(band + 1);
}

Features::Features(const FeatureSettings& settings) : made_(std::make_unique<const Made>(settings)) {}
Features::Features(Features&&) noexcept = default;
Features::~Features() = default;
Tensor<float> Features::of(std::span<const float> samples) const { return made_->of(samples); }
std::int64_t Features::width() const { return made_->width(); }
std::int64_t Features::steps(std::int64_t samples) const { return made_->steps(samples); }
double Features::step_seconds() const { return made_->step_seconds(); }

}  // namespace unroll

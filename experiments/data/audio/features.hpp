#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "framework/tensor/tensor.hpp"

namespace unroll {

enum class FeatureKind {
  log_mel,  ///< logarithms of energies in bands that are equally wide in mel
  mfcc      ///< their cosine transform (Davis & Mermelstein 1980)
};

/// How sound becomes features.
struct FeatureSettings {
  FeatureKind kind = FeatureKind::log_mel;
  std::int64_t rate = 8000;    ///< of the samples, in Hz
  double frame_ms = 25;        ///< a frame, under a periodic Hann window
  double hop_ms = 10;          ///< from one frame's beginning to the next one's
  double pre_emphasis = 0.97;  ///< a of x[n] - a x[n - 1]; 0: none
  std::int64_t mels = 40;
  double mel_low = 20, mel_high = 0;  ///< Hz; a high end of 0: half the rate
  double log_floor = 1e-10;           ///< least energy, so that silence has a logarithm
  std::int64_t mfcc = 13;             ///< coefficients, from the 0th on
  std::int64_t deltas = 0;            ///< derivatives over time beside them: 0, 1 or 2 orders
  std::int64_t delta_width = 2;       ///< frames to each side that a derivative is fitted to
  std::int64_t stack = 1;             ///< frames that make a step together
};

/// Hz in the middle of a band, from the 0th on.
double middle_of_band(const FeatureSettings& settings, std::int64_t band);

/// Makes features of samples. Safe to use from several threads at once; what it makes depends on the samples
/// alone.
class Features {
 public:
  /// Throws std::invalid_argument naming the setting of the task speech, what it is and what was expected:
  /// frames of less than a sample, a mel range outside 0 to half the rate, bands that are narrower than the
  /// spectrum resolves, more coefficients than bands.
  explicit Features(const FeatureSettings& settings);
  Features(Features&&) noexcept;
  ~Features();

  /// (steps, width). Frames begin at sample 0 and lie within the samples, of which fewer than a frame are
  /// filled up with zeros; the last step is filled up with the last frame. Energies of |X|^2, X of the next
  /// power of two samples; bands are triangles of height 1 between points that are equally far from each
  /// other in mel, 2595 log10(1 + f / 700). Cosine transforms are orthonormal (DCT-II).
  Tensor<float> of(std::span<const float> samples) const;

  std::int64_t width() const;                      ///< numbers of a step
  std::int64_t steps(std::int64_t samples) const;  ///< that so many samples make
  double step_seconds() const;                     ///< from one step to the next

 private:
  class Made;
  std::unique_ptr<const Made> made_;
};

}  // namespace unroll

#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "experiments/config/length_range.hpp"
#include "experiments/data/sequence.hpp"
#include "framework/random/stream.hpp"

namespace unroll {

/// Where batches come from: a generator without end, a finite set of sequences, or one long series that runs
/// through in streams. Batches are functions of their number, so that any of them can be made again.
class DataSource {
 public:
  virtual ~DataSource() = default;

  /// How many sequences there are; none: without end.
  virtual std::optional<std::int64_t> size() const { return std::nullopt; }
  /// Batch number `n` = 0, 1, ... when each has `sequences`; a finite set's last one has what is left.
  virtual Batch batch(std::int64_t n, std::int64_t sequences) const = 0;
  /// Steps of the longest sequence that a batch of so many can hold.
  virtual std::int64_t max_steps(std::int64_t sequences) const = 0;
  /// Whether sequences of one batch may have different lengths.
  virtual bool uneven() const { return false; }
  /// Whether steps may have weights of their own.
  virtual bool weighted() const { return false; }
  /// Whether a batch is parts of one series, too long to go through at once: read window by window, the
  /// states carried on.
  virtual bool carried() const { return false; }
};

/// Lengths of generated sequences.
struct Lengths {
  enum class Drawn { per_batch, per_sequence };

  LengthRange range;
  Drawn drawn = Drawn::per_batch;
  /// How often each length of the range is drawn, in any unit; empty: one as often as another.
  std::vector<double> shares = {};

  /// One of them. Where there is nothing to draw no number of the stream is used.
  std::int64_t draw(Stream& stream) const;
};

/// Makes one sequence of a length; pure in the stream.
using Generate = std::function<Sequence(Stream&, std::int64_t length)>;

/// What all of a generated task's sequences have in common.
struct Generator {
  Generate generate;
  Lengths lengths;
  /// Steps of the sequence for a length, where the task counts otherwise.
  std::function<std::int64_t(std::int64_t)> steps = [](std::int64_t length) { return length; };
  bool every_step = false;  ///< targets are those of every step
  bool weighted = false;
};

/// The sequences of one purpose and seed, without end, or the first `size` of them: a fixed set.
std::unique_ptr<DataSource> generated(Generator generator, std::uint64_t seed, Purpose purpose,
                                      std::optional<std::int64_t> size = std::nullopt);

/// The first `size` of them again and again, in an order drawn anew for every pass: to train on. Each has its
/// own length, also where those of a batch would share one.
std::unique_ptr<DataSource> generated_set(Generator generator, std::uint64_t seed, Purpose purpose,
                                          std::int64_t size);

/// A finite set of sequences.
class Dataset {
 public:
  virtual ~Dataset() = default;

  virtual std::int64_t size() const = 0;
  virtual Sequence get(std::int64_t i) const = 0;
  virtual std::int64_t length(std::int64_t i) const = 0;
  virtual bool every_step() const = 0;
  virtual bool weighted() const = 0;
};

/// The sequences of `indices` in their order, once: to evaluate on.
std::unique_ptr<DataSource> in_order(std::shared_ptr<const Dataset> data, std::vector<std::int64_t> indices);
/// The same again and again, in an order drawn anew for every pass: to train on. A batch may end one pass and
/// begin the next.
std::unique_ptr<DataSource> shuffled(std::shared_ptr<const Dataset> data, std::vector<std::int64_t> indices,
                                     std::uint64_t seed);

/// One long series with a target at every step.
struct LongSeries {
  Values inputs;                              ///< (N, inputs), or (N) tokens
  Values target;                              ///< (N, outputs), or (N) classes
  std::optional<Tensor<float>> weights = {};  ///< (N)

  std::int64_t steps() const { return shape_of(inputs)[0]; }
};

/// Training: cut into as many parts of equal length as a batch has sequences, side by side (up to one step
/// less than parts is left out at the end); each batch is one pass over all of it.
std::unique_ptr<DataSource> streams(std::shared_ptr<const LongSeries> series);
/// Evaluation: the same in a fixed number of parts, once.
std::unique_ptr<DataSource> streams(std::shared_ptr<const LongSeries> series, std::int64_t parts);

}  // namespace unroll

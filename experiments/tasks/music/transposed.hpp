#pragma once

#include <cstdint>
#include <memory>

#include "experiments/data/source.hpp"

namespace unroll {

/// The batches of a source of music, frames or melodies, each sequence moved up or down by a whole number of
/// semitones: uniform in -most to most as far as all of its notes stay on the piano. Drawn from the seed, the
/// number of the batch and the place in it alone.
std::unique_ptr<DataSource> transposed(std::unique_ptr<DataSource> source, std::int64_t most,
                                       std::uint64_t seed);

}  // namespace unroll

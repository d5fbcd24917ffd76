#pragma once

#include <cstdint>

#include "experiments/data/audio/sound_file.hpp"

namespace unroll {

/// The same sound at `rate` samples per second, band-limited (libsoxr, "high quality"). Throws
/// std::runtime_error where the library has no memory.
Sound at_rate(Sound sound, std::int64_t rate);

}  // namespace unroll

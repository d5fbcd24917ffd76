#pragma once

#include <string>
#include <vector>

#include "experiments/data/audio/heard.hpp"

namespace unroll {

/// A page by itself with a spectrogram of each recording and the probabilities of the labels over it.
std::string spectrogram_page(const std::string& title, const std::vector<Heard>& recordings);

}  // namespace unroll

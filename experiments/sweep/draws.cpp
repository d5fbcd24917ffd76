#include "experiments/sweep/draws.hpp"

#include <xxhash.h>

#include "framework/random/stream.hpp"

namespace unroll {
namespace {

double share_of(std::uint64_t bits) { return static_cast<double>(bits >> 11) * 0x1p-53; }

std::uint64_t shift_of(std::uint64_t seed, std::uint32_t stream) {
  Stream bits(seed, Purpose::sampling, {stream});
  const std::uint64_t low = bits.bits();
  return std::uint64_t{bits.bits()} << 32 | low;
}

}  // namespace

Draws::Draws(const Sampler& sampler, std::vector<std::string> keys) : seed_(sampler.seed) {
  for (const std::string& key : keys) {
    streams_.push_back(XXH32(key.data(), key.size(), 0));
    shifts_.push_back(shift_of(seed_, streams_.back()));
  }
  if (sampler.kind == Sampler::Kind::sobol && !keys.empty()) sequence_.emplace(keys.size());
}

std::vector<double> Draws::at(std::size_t point) { return sequence_ ? sobol(point) : random(point); }

std::vector<double> Draws::random(std::size_t point) const {
  std::vector<double> shares;
  for (const std::uint32_t stream : streams_)
    shares.push_back(Stream(seed_, Purpose::sampling, {stream, static_cast<std::uint32_t>(point)}).uniform());
  return shares;
}

/// Boost's sequence begins behind the point 0, which belongs to it.
std::vector<double> Draws::sobol(std::size_t point) {
  std::vector<double> shares;
  if (point > 0) sequence_->seed(point - 1);
  for (const std::uint64_t shift : shifts_)
    shares.push_back(share_of((point > 0 ? (*sequence_)() : 0) ^ shift));
  return shares;
}

}  // namespace unroll

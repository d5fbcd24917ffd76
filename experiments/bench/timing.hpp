#pragma once

#include <functional>
#include <string>
#include <vector>

namespace unroll {

/// How long one run takes, over the samples of a contest, in seconds.
struct Timing {
  double median;
  double low, high;  ///< the quartiles
  std::size_t samples;
};

/// `seconds` must not be empty.
Timing timing_of(std::vector<double> seconds);

/// Who takes part: gives the seconds of CPU time that `runs` runs one after the other took, on the calling
/// thread or in another process. Throws std::exception where it cannot go on; the contest goes on without it.
struct Contestant {
  std::string key;
  std::function<double(int runs)> seconds;
};

/// A contestant in this process, which must do nothing else meanwhile.
Contestant timed(std::string key, std::function<void()> run);

/// How long a contest goes on: rounds until both `seconds` and `least_rounds` are spent.
struct Effort {
  double seconds;
  int least_rounds;
  double sample_seconds;  ///< a sample holds as many runs as this takes, at least one
};

/// One contestant's result.
struct Measured {
  std::string key;
  Timing timing{};
  std::string problem;  ///< why there is no timing; empty when there is one
};

/// Times all contestants interleaved (A B C A B C ...), so that whatever else the machine does meets all of
/// them alike. Each warms up with one run that does not count. Subnormals are flushed. Results are in the
/// order of `contestants`.
std::vector<Measured> contest(const std::vector<Contestant>& contestants, const Effort& effort);

}  // namespace unroll

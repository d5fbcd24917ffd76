#include "experiments/train/compose.hpp"

#include <utility>

#include "models/carried_run.hpp"

namespace unroll {

void compose(SequenceModel model, const std::vector<Tensor<float>>& parameters, std::int64_t steps,
             Composition& music, const std::atomic<bool>* stop) {
  const bool tokens = std::holds_alternative<Tensor<std::int64_t>>(music.start());
  const std::int64_t width = tokens ? melody_tokens : piano_keys;
  CarriedRun run(std::move(model), width, tokens, parameters);
  run.start(1);
  const auto read = [&](const Values& values) {
    std::visit([&](const auto& tensor) { run.run(tensor); }, values);
  };
  read(music.start());
  for (std::int64_t t = 0; t < steps && !(stop && *stop); ++t) {
    const Values& drawn = music.next(run.outputs().last(static_cast<std::size_t>(width)));
    if (t + 1 < steps) read(drawn);
  }
}

}  // namespace unroll

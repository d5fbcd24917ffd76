#include "experiments/train/free_run.hpp"

#include <algorithm>
#include <utility>

#include "models/carried_run.hpp"

namespace unroll {

Tensor<float> run_freely(SequenceModel model, const std::vector<Tensor<float>>& parameters,
                         const FreeRun& how) {
  const Shape& given = how.warm_up.shape();
  const std::int64_t feedback = model.feedback_size(), size = feedback > 0 ? feedback : given[2];
  CarriedRun run(std::move(model), given[2], false, parameters);
  run.start(given[1]);
  run.run(how.warm_up);
  const std::int64_t of_a_step = given[1] * size;
  Tensor<float> answers({how.steps, given[1], size}), read({1, given[1], given[2]});
  for (std::int64_t t = 0; t < how.steps; ++t) {
    const std::span<const float> last = run.outputs().last(static_cast<std::size_t>(of_a_step));
    std::ranges::copy(last, answers.data() + t * of_a_step);
    for (std::int64_t b = 0; b < given[1]; ++b)
      for (std::int64_t i = 0; i < given[2]; ++i)
        read[b * given[2] + i] = last[static_cast<std::size_t>(b * size + i % size)];
    if (t + 1 < how.steps) run.run(read);
  }
  return answers;
}

}  // namespace unroll

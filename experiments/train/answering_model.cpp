#include "experiments/train/answering_model.hpp"

namespace unroll {

Tensor<float> AnsweringModel::answer(const Tensor<float>& inputs, bool go_on) {
  const std::int64_t steps = inputs.shape()[0], rows = inputs.shape()[1];
  if (!go_on) run_.start(rows);
  run_.run(inputs);
  const bool last = sizes_.readout == Readout::last;
  return Tensor<float>(last ? Shape{rows, sizes_.outputs} : Shape{steps, rows, sizes_.outputs},
                       run_.outputs());
}

}  // namespace unroll

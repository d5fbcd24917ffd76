#pragma once

namespace unroll {

/// Where a linear readout looks at the hidden state: after the last step, or after every step.
enum class Readout { last, every_step };

}  // namespace unroll

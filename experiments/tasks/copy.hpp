#pragma once

#include "experiments/tasks/task.hpp"

namespace unroll {

/// Copy memory: S symbols, T - 1 blanks, a marker, S blanks; after the marker repeat the symbols in order.
///
/// Inputs (T + 2S, V + 2), one-hot: channel 0 is the blank, 1 to V are the symbols, V + 1 is the marker.
/// Classes (T + 2S): 0 (blank) for T + S steps, then the symbols. Cross-entropy averaged over all T + 2S
/// steps, with V + 1 outputs. A sequence is wrong when any of its steps is. The trivial loss is that of the
/// memoryless strategy, blanks and then a uniform guess: S ln V / (T + 2S).
///
/// - urnn: V = 8, S = 10 (Arjovsky, Shah, Bengio 2016, section 5.1 and published code). The paper gives no
///   threshold; half of the trivial loss is ours.
/// - 5-bit: V = 2, S = 5, 20-bit: V = 5, S = 10 (noiseless memorisation: Martens & Sutskever 2011; Pascanu et
///   al. 2013, published code, where the channels stand in another order). The marker is read at the very
///   step that the first symbol is asked for, behind T blanks.
TaskRow copy_row();

}  // namespace unroll

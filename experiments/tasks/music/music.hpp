#pragma once

#include "experiments/tasks/task.hpp"

namespace unroll {

/// Polyphonic music of the user's, as piano rolls: at every step the next frame, 88 yes-or-no answers, from
/// all before it (Boulanger-Lewandowski, Bengio, Vincent 2012). Inputs are frames (T, 88) of zeros and ones,
/// the first of which is silence, targets the frames (T, 88); frame_cross_entropy, in nats per frame. In
/// training a piece's first frame is predicted as well, from the silence before; validation and test count
/// from the second one on, as published figures do, which are means over the frames of all pieces (Bai et al.
/// 2018).
TaskRow music_row();

/// The melodies of the same files, their highest notes: at every step one token, a rest, a note that goes on
/// or one that begins. Inputs are the tokens before (T), the first of which is a rest; cross-entropy in nats
/// per step, counted as above.
TaskRow melody_row();

}  // namespace unroll

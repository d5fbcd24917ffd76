#pragma once

namespace unroll {

/// Before anything else is asked of libxsmm, once or more often. By itself it would open /tmp/.libxsmm.UID,
/// whoever made that and wherever it leads: a pipe of that name would make the program wait for ever.
void start_libxsmm();

}  // namespace unroll

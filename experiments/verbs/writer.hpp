#pragma once

#include <span>
#include <string_view>

#include "experiments/saved/saved_model.hpp"
#include "experiments/verbs/verb.hpp"

namespace unroll {

/// What `unroll generate` does with the models of one kind of task.
struct Writer {
  std::string_view writes;  ///< "text", "music"
  bool (*can_use)(const SavedModel&);
  void (*add_flags)(Flags&);                ///< those that no writer before it in the list has
  std::span<const std::string_view> flags;  ///< all that it reads
  int (*run)(const Arguments&, const SavedModel&);
};

// Each in a file of its name.
const Writer& music_writer();
const Writer& text_writer();

}  // namespace unroll

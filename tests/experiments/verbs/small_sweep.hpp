#pragma once

#include "tests/experiments/sweep/fake_sweep.hpp"

namespace unroll::test {

/// A config in `folder` of four trials of a fraction of a second each.
inline std::string small_sweep(const std::filesystem::path& folder) {
  const auto config = folder / "small.toml";
  write_text(config,
             "[model]\nhidden = 8\n[train]\nbatch = 4\nupdates = 40\nvalidate_every = 20\n"
             "validation_sequences = 20\n[sweep]\nseed = { count = 2 }\n\"task.length\" = [5, 6]\n");
  return config.string();
}

}  // namespace unroll::test

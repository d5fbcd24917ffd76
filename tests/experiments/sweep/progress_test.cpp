#include "experiments/sweep/progress.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdlib>
#include <string>
#include <thread>
#include <vector>

#include "experiments/config/text.hpp"
#include "tests/support/contains.hpp"

using namespace unroll;

namespace {

ProgressState half_way() {
  ProgressState state;
  state.total = 60;
  state.finished = 37;
  state.running = 2;
  state.diverged = 3;
  state.failed = 1;
  state.cost_worked = 5e9;
  state.cost_remaining = 5e9;
  state.updates = 100'000;
  state.seconds = 200;
  return state;
}

/// A file in memory-backed storage whose whole content can be asked for.
struct Capture {
  std::FILE* file = std::tmpfile();
  ~Capture() { std::fclose(file); }
  std::string text() const {
    std::fflush(file);
    std::string out(static_cast<std::size_t>(std::ftell(file)), '\0');
    std::rewind(file);
    const std::size_t read = std::fread(out.data(), 1, out.size(), file);
    out.resize(read);
    return out;
  }
};

/// The lines that are left of a text with "\r" and the sequences to go up, and to clear a line or all below.
std::vector<std::string> shown_by_a_terminal(const std::string& text) {
  std::vector<std::string> screen{""};
  std::size_t row = 0, column = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\r') {
      column = 0;
    } else if (text[i] == '\n') {
      column = 0;
      if (++row == screen.size()) screen.emplace_back();
    } else if (text.compare(i, 3, "\x1b[K") == 0) {
      screen[row].resize(column);
      i += 2;
    } else if (text.compare(i, 3, "\x1b[J") == 0) {
      screen[row].resize(column);
      screen.resize(row + 1);
      i += 2;
    } else if (text[i] == '\x1b') {
      row -= static_cast<std::size_t>(text[i + 2] - '0');
      i += 3;
    } else {
      screen[row].resize(std::max(screen[row].size(), column + 1));
      screen[row][column++] = text[i];
    }
  }
  return screen;
}

}  // namespace

TEST_CASE("[progress] a wide line says everything") {
  const std::string line = render(half_way(), 200, false);
  for (const char* part : {"37/60 trials", "2 running", "3 diverged", "1 failed", "500 updates/s", " 62 %",
                           "ETA 3 min 20 s", "[##############----------]"})
    CHECK_MESSAGE(contains(line, part), part << " in: " << line);
}

TEST_CASE("[progress] a line is never wider than it may be") {
  for (std::size_t width = 0; width < 140; ++width) {
    CAPTURE(width);
    CHECK(columns_of(render(half_way(), width, false)) <= width);
    CHECK(render(half_way(), width, false).find('\n') == std::string::npos);
  }
}

TEST_CASE("[progress] a narrow line keeps the trials and the failures") {
  const std::string line = render(half_way(), 40, false);
  CHECK(contains(line, "37/60 trials"));
  CHECK(contains(line, "1 failed"));
  CHECK(contains(line, "ETA"));
  CHECK_FALSE(contains(line, "[#"));
}

TEST_CASE("[progress] colour adds escapes and nothing else") {
  const std::string plain = render(half_way(), 200, false);
  std::string colored = render(half_way(), 200, true);
  CHECK_FALSE(contains(plain, "\x1b"));
  CHECK(contains(colored, "\x1b[31m1 failed\x1b[0m"));
  for (const std::string code : {"\x1b[36m", "\x1b[33m", "\x1b[31m", "\x1b[0m"})
    for (std::size_t at; (at = colored.find(code)) != std::string::npos;) colored.erase(at, code.size());
  CHECK(colored == plain);
}

TEST_CASE("[progress] the time left is weighted by cost, not by the number of trials") {
  ProgressState state = half_way();
  state.total = 10;
  state.finished = 9;  // nine cheap ones, the dear one is left
  state.cost_worked = 1;
  state.cost_remaining = 9;
  state.seconds = 60;
  CHECK(contains(render(state, 200, false), "ETA 9 min 00 s"));
}

TEST_CASE("[progress] an empty and a finished sweep are complete") {
  ProgressState empty;
  CHECK(contains(render(empty, 200, false), "100 %"));
  ProgressState all = half_way();
  all.finished = all.total;
  all.running = 0;
  all.cost_remaining = 0;
  CHECK(contains(render(all, 200, false), "100 %"));
  CHECK(contains(render(all, 200, false), "took 3 min 20 s"));
}

TEST_CASE("[progress] durations are rounded, carried and never absurd") {
  CHECK(render_duration(0) == "0 s");
  CHECK(render_duration(59.4) == "59 s");
  CHECK(render_duration(59.6) == "1 min 00 s");
  CHECK(render_duration(3599.7) == "1 h 00 min");
  CHECK(render_duration(7800) == "2 h 10 min");
  CHECK(render_duration(-1) == "?");
  CHECK(render_duration(1.0 / 0.0) == "?");
}

TEST_CASE("[progress] without a terminal there is one plain line per finished trial") {
  const Capture out;
  Progress progress(out.file, {false, false}, {1, 1, 1}, 7);
  progress.trial_started(0, "relu, length 10");
  progress.trial_started(1, "tanh, length 10");
  progress.trial_started(2, "relu, length 30");
  progress.trial_updates(0, {50, 100});
  progress.trial_finished(1, TrialStatus::done, "best 0.0123");
  progress.trial_finished(0, TrialStatus::diverged, "loss is NaN\nat update 51");
  progress.trial_finished(2, TrialStatus::failed, "out of memory");
  progress.close();
  progress.close();
  CHECK(out.text() ==
        "[ 8/10] tanh, length 10: done, best 0.0123\n"
        "[ 9/10] relu, length 10: diverged, loss is NaN at update 51\n"
        "[10/10] relu, length 30: failed, out of memory\n");
}

TEST_CASE("[progress] on a terminal one line is redrawn, and trials that went wrong keep theirs") {
  const Capture out;
  {
    Progress progress(out.file, {true, false}, {1, 1});
    progress.trial_started(0, "tanh");
    progress.trial_started(1, "relu");
    progress.trial_finished(0, TrialStatus::done, "best 0.01");
    progress.trial_finished(1, TrialStatus::failed, "no memory");
  }  // the destructor ends the line
  const std::string text = out.text();
  CHECK(contains(text, "\r\x1b[J[2/2] relu: failed, no memory\n"));
  CHECK_FALSE(contains(text, "best 0.01"));
  CHECK(contains(text, "2/2 trials"));
  CHECK(text.back() == '\n');
}

TEST_CASE("[progress] many threads may report at once") {
  const Capture out;
  Progress progress(out.file, {false, false}, std::vector<double>(80, 1.0));
  std::vector<std::thread> threads;
  for (std::size_t first = 0; first < 4; ++first)
    threads.emplace_back([&progress, first] {
      for (std::size_t trial = first; trial < 80; trial += 4) {
        progress.trial_started(trial, "trial");
        for (int done = 1; done <= 100; ++done) progress.trial_updates(trial, {done, 100});
        progress.trial_finished(trial, TrialStatus::done, "solved");
      }
    });
  for (std::thread& thread : threads) thread.join();
  progress.close();
  const std::string text = out.text();
  CHECK(occurrences(text, "\n") == 80);
  CHECK(occurrences(text, ": done, solved\n") == 80);
  CHECK(contains(text, "[80/80]"));
}

TEST_CASE("[progress] a file is no terminal") {
  const Capture out;
  CHECK_FALSE(progress_style(out.file).animated);
  CHECK_FALSE(progress_style(out.file).color);
}

TEST_CASE("[progress] a running trial says how far it is, how fast, and its losses") {
  const RunningTrial trial{"seed=1", {1200, 3000, 200, 1, 0.5, 0.25}, 2};
  CHECK(render(trial, 200) == "  seed=1  1200/3000  500 updates/s  train 0.5000  valid 0.2500");
  CHECK(render(RunningTrial{"seed=1"}, 200) == "  seed=1");
  for (std::size_t width = 0; width < 70; ++width) CHECK(columns_of(render(trial, width)) <= width);
  CHECK(columns_of(render(RunningTrial{"\xC3\xA4\xC3\xA4\xC3\xA4"}, 4)) == 4);
}

TEST_CASE("[progress] what is drawn in place ends as one line, whatever ran") {
  const Capture out;
  {
    Progress progress(out.file, {true, false}, {1, 1, 1});
    for (std::size_t trial = 0; trial < 3; ++trial)
      progress.trial_started(trial, "trial " + std::to_string(trial));
    progress.trial_finished(2, TrialStatus::diverged, "NaN");
    progress.trial_finished(0, TrialStatus::done, "fine");
  }
  const std::vector<std::string> screen = shown_by_a_terminal(out.text());
  REQUIRE(screen.size() == 3);
  CHECK(screen[0] == "[1/3] trial 2: diverged, NaN");
  CHECK(contains(screen[1], "2/3 trials"));
  CHECK(screen[2].empty());
}

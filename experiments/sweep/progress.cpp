#include "experiments/sweep/progress.hpp"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <utility>

#include "experiments/config/text.hpp"
#include "experiments/text/visible.hpp"

namespace unroll {
namespace {

std::string loss_text(double loss) {
  return std::isfinite(loss) ? fmt::format("{:.4f}", loss) : exact_number(loss);  // without the sign of a NaN
}

constexpr std::size_t kBarWidth = 24;
constexpr std::chrono::milliseconds kRedrawEvery{100};
constexpr std::chrono::seconds kPlainEvery{60};
constexpr std::size_t kPlainWidth = 200;
constexpr std::size_t kMostShown = 8;  // running trials

std::string bar(double fraction, std::size_t cells) {
  const auto full = static_cast<std::size_t>(fraction * static_cast<double>(cells));
  return "[" + std::string(full, '#') + std::string(cells - full, '-') + "]";
}

/// Share of the sweep's work that is done; counted in trials before the first cost is known.
double fraction_done(const ProgressState& state) {
  if (state.total == 0) return 1;
  const double known = state.cost_worked + state.cost_remaining;
  const double trials = static_cast<double>(state.finished) / static_cast<double>(state.total);
  if (known <= 0) return trials;
  return std::clamp(std::max(trials, state.cost_worked / known), 0.0, 1.0);
}

/// "950", "12.4k", "1.3M".
std::string thousands(double number) {
  if (number < 1e4) return fmt::format("{:.0f}", number);
  if (number < 1e6) return fmt::format("{:.1f}k", number / 1e3);
  return fmt::format("{:.1f}M", number / 1e6);
}

std::string beginning(const std::string& text, std::size_t width) {
  std::string out = text;
  while (columns_of(out) > width) {
    while (out.size() > 1 && (static_cast<unsigned char>(out.back()) & 0xC0) == 0x80) out.pop_back();
    out.pop_back();
  }
  return out;
}

std::string eta(const ProgressState& state) {
  if (state.finished == state.total) return fmt::format("took {}", render_duration(state.seconds));
  // A guess from less than a second or a thousandth of the work would only jump about.
  if (state.seconds < 1 || state.cost_worked <= 1e-3 * state.cost_remaining) return "ETA …";
  return fmt::format("ETA {}", render_duration(state.seconds * state.cost_remaining / state.cost_worked));
}

std::string colored(const std::string& text, std::string_view code, bool color) {
  return color ? fmt::format("\x1b[{}m{}\x1b[0m", code, text) : text;
}

/// A part of the line and how early it is given up when the line is too long (higher goes first).
struct Part {
  std::string text;
  std::string_view color;
  int rank;
};

std::vector<Part> parts_of(const ProgressState& state) {
  std::vector<Part> parts;
  const double fraction = fraction_done(state);
  parts.push_back({bar(fraction, kBarWidth), "36", 5});
  parts.push_back({fmt::format("{:3.0f} %", 100 * fraction), "", 2});
  parts.push_back({fmt::format("{}/{} trials", state.finished, state.total), "", 0});
  if (state.running > 0) parts.push_back({fmt::format("{} running", state.running), "", 4});
  if (state.diverged > 0) parts.push_back({fmt::format("{} diverged", state.diverged), "33", 3});
  if (state.failed > 0) parts.push_back({fmt::format("{} failed", state.failed), "31", 1});
  if (state.seconds > 0 && state.updates > 0)
    parts.push_back(
        {fmt::format("{:.3g} updates/s", static_cast<double>(state.updates) / state.seconds), "", 6});
  if (state.seconds > 0 && state.tokens > 0)
    parts.push_back(
        {fmt::format("{} tokens/s", thousands(static_cast<double>(state.tokens) / state.seconds)), "", 7});
  if (state.train_loss) parts.push_back({fmt::format("train {}", loss_text(*state.train_loss)), "", 4});
  if (state.validation_loss)
    parts.push_back({fmt::format("valid {}", loss_text(*state.validation_loss)), "", 3});
  parts.push_back({eta(state), "", 1});
  return parts;
}

std::size_t width_of(const std::vector<Part>& parts) {
  std::size_t width = 0;
  for (const Part& part : parts) width += columns_of(part.text) + 2;
  return parts.empty() ? 0 : width - 2;
}

std::size_t terminal_width(std::FILE* out) {
  winsize size{};
  if (ioctl(fileno(out), TIOCGWINSZ, &size) == 0 && size.ws_col > 0) return size.ws_col;
  return 80;
}

bool is_set(const char* variable) {
  const char* value = std::getenv(variable);
  return value != nullptr && *value != '\0';
}

}  // namespace

std::string render_duration(double seconds) {
  if (!std::isfinite(seconds) || seconds < 0) return "?";
  const auto whole =
      static_cast<std::int64_t>(std::min(std::llround(std::min(seconds, 1e12)), 1'000'000'000'000LL));
  if (whole < 60) return fmt::format("{} s", whole);
  if (whole < 3600) return fmt::format("{} min {:02} s", whole / 60, whole % 60);
  return fmt::format("{} h {:02} min", whole / 3600, whole % 3600 / 60);
}

std::string render(const ProgressState& state, std::size_t width, bool color) {
  std::vector<Part> parts = parts_of(state);
  const auto by_rank = [](const Part& a, const Part& b) { return a.rank < b.rank; };
  while (parts.size() > 1 && width_of(parts) > width)
    parts.erase(std::max_element(parts.begin(), parts.end(), by_rank));
  if (width_of(parts) > width) return parts.front().text.substr(0, width);
  std::string line;
  for (const Part& part : parts)
    line += (line.empty() ? "" : "  ") + colored(part.text, part.color, color && !part.color.empty());
  return line;
}

std::string render(const RunningTrial& trial, std::size_t width) {
  const TrialProgress& p = trial.progress;
  std::vector<std::string> parts;
  if (p.updates_done > 0) {
    parts.push_back(fmt::format("{}/{}", p.updates_done, p.updates_planned));
    if (trial.seconds > 0)
      parts.push_back(fmt::format("{:.3g} updates/s",
                                  static_cast<double>(p.updates_done - p.updates_before) / trial.seconds));
    parts.push_back(fmt::format("train {}", loss_text(p.train_loss)));
    parts.push_back(fmt::format("valid {}", loss_text(p.validation_loss)));
  }
  std::string line = "  " + trial.label;
  for (const std::string& part : parts) line += "  " + part;
  return beginning(line, width);
}

ProgressStyle progress_style(std::FILE* out) {
  const char* term = std::getenv("TERM");
  const bool dumb = term == nullptr || std::string_view(term) == "dumb";
  const bool animated = isatty(fileno(out)) == 1 && !dumb && !is_set("CI");
  return {animated, animated && !is_set("NO_COLOR")};
}

Progress::Progress(std::FILE* out, ProgressStyle style, std::vector<double> costs,
                   std::size_t finished_before)
    : out_(out), style_(style), begin_(Clock::now()), drawn_(begin_ - kRedrawEvery) {
  for (const double cost : costs) trials_.push_back({cost});
  state_.total = costs.size() + finished_before;
  state_.finished = finished_before;
}

Progress::~Progress() { close(); }

void Progress::trial_started(std::size_t trial, std::string_view label) {
  const std::scoped_lock lock(mutex_);
  Running& begun = trials_.at(trial);
  begun.fraction = 0;
  begun.label = fit_for_terminal(label);
  begun.began = Clock::now();
  running_.push_back(trial);
  ++state_.running;
  redraw(false);
}

void Progress::trial_updates(std::size_t trial, const TrialProgress& progress) {
  const std::scoped_lock lock(mutex_);
  Running& running = trials_.at(trial);
  const std::int64_t before = std::max(running.progress.updates_done, progress.updates_before);
  state_.updates += progress.updates_done - before;
  state_.tokens += (progress.updates_done - before) * progress.tokens;
  running.progress = progress;
  running.fraction = progress.updates_planned > 0
                         ? std::min(1.0, static_cast<double>(progress.updates_done) /
                                             static_cast<double>(progress.updates_planned))
                         : 0;
  redraw(false);
}

void Progress::trial_finished(std::size_t trial, TrialStatus status, std::string_view text) {
  const std::scoped_lock lock(mutex_);
  trials_.at(trial).finished = true;
  std::erase(running_, trial);
  --state_.running;
  ++state_.finished;
  if (status == TrialStatus::diverged) ++state_.diverged;
  if (status == TrialStatus::failed) ++state_.failed;
  const bool keep = !style_.animated || status != TrialStatus::done;
  if (keep)
    say(fmt::format("[{:>{}}/{}] {}: {}, {}", state_.finished, fmt::formatted_size("{}", state_.total),
                    state_.total, trials_.at(trial).label, status_name(status), text));
  redraw(keep);
}

void Progress::close() {
  const std::scoped_lock lock(mutex_);
  if (closed_) return;
  running_.clear();
  redraw(true);
  closed_ = true;
  if (!style_.animated) return;
  std::fputc('\n', out_);
  std::fflush(out_);
}

/// Back to where the lines begin that are redrawn.
std::string Progress::to_first_line() const { return below_ > 0 ? fmt::format("\r\x1b[{}A", below_) : "\r"; }

/// A line that stays, above those that are redrawn.
void Progress::say(std::string_view line) {
  if (closed_) return;
  std::string one_line = fit_for_terminal(line);  // a reason may quote anything
  std::replace_if(
      one_line.begin(), one_line.end(), [](char c) { return c == '\n' || c == '\t'; }, ' ');
  fmt::print(out_, "{}{}\n", style_.animated ? to_first_line() + "\x1b[J" : "", one_line);
  below_ = 0;
  std::fflush(out_);
}

/// The whole, and where several trials run each of them.
std::vector<std::string> Progress::lines(std::size_t width) const {
  std::vector<std::string> lines{render(current(), width, style_.color)};
  if (running_.size() < 2) return lines;
  for (std::size_t i = 0; i < std::min(running_.size(), kMostShown); ++i) {
    const Running& trial = trials_[running_[i]];
    const std::chrono::duration<double> spent = Clock::now() - trial.began;
    lines.push_back(render({trial.label, trial.progress, spent.count()}, width));
  }
  return lines;
}

void Progress::redraw(bool now) {
  if (closed_) return;
  const Clock::time_point time = Clock::now();
  if (!style_.animated) return redraw_plain(time);
  if (!now && time - drawn_ < kRedrawEvery) return;
  drawn_ = time;
  // One column is left free: a full line would wrap on some terminals and then no longer be redrawn in place.
  std::string text = to_first_line();
  const std::vector<std::string> all = lines(terminal_width(out_) - 1);
  for (std::size_t i = 0; i < all.size(); ++i) text += fmt::format("{}{}\x1b[K", i > 0 ? "\n" : "", all[i]);
  fmt::print(out_, "{}\x1b[J", text);  // and what stood below
  below_ = all.size() - 1;
  std::fflush(out_);
}

/// Where nothing can be redrawn a line now and then, so that who looks into a log sees how far a long run is.
void Progress::redraw_plain(Clock::time_point time) {
  if (time - begin_ < kPlainEvery || time - drawn_ < kPlainEvery) return;
  drawn_ = time;
  say(render(current(), kPlainWidth, false));
}

ProgressState Progress::current() const {
  ProgressState state = state_;
  state.seconds = std::chrono::duration<double>(Clock::now() - begin_).count();
  for (const Running& trial : trials_) {
    // An early stop or a divergence leaves the rest of a trial's cost undone: it was not worked, nor remains.
    const double planned = static_cast<double>(std::max<std::int64_t>(1, trial.progress.updates_planned));
    state.cost_worked +=
        trial.cost * (trial.fraction - static_cast<double>(trial.progress.updates_before) / planned);
    if (!trial.finished) state.cost_remaining += trial.cost * (1 - trial.fraction);
    const bool runs = !trial.finished && trial.progress.updates_done > 0;
    if (!runs || state_.running != 1) continue;
    state.train_loss = trial.progress.train_loss;
    state.validation_loss = trial.progress.validation_loss;
  }
  return state;
}

}  // namespace unroll

#include "experiments/sweep/outlook.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <map>
#include <set>

#include "experiments/sweep/build_class.hpp"
#include "experiments/sweep/calibration.hpp"
#include "experiments/sweep/journal.hpp"
#include "experiments/sweep/machine.hpp"
#include "experiments/sweep/plan_file.hpp"
#include "experiments/train/config.hpp"

namespace unroll {
namespace {

/// More shapes than these are not costed one by one: a plan is to be there at once.
constexpr std::size_t most_costed = 200;
/// Beside training: a record written and made to stay.
constexpr double seconds_per_record = 1e-3;

/// Trials of one shape.
struct ShapeCount {
  std::size_t point = 0;  ///< of the first one
  std::size_t trials = 0, to_run = 0;
};

class Observer {
 public:
  Observer(const Laboratory& laboratory, Space& space, const OutlookOptions& options)
      : laboratory_(laboratory), space_(space), options_(options), journals_(options.folder) {
    outlook_.folder = options.folder;
    outlook_.at_once = options.at_once;
  }

  Outlook observe() {
    journals_.refresh();
    known_ = stored_ids(options_.folder);
    outlook_.points = space_.points();
    outlook_.omitted = expand(
        space_, [&](Space::PointTrial&& made, std::size_t point) { take(made, point); },
        [&](const ConfigError& error, std::size_t point) { refuse(error.what(), 1, point); });
    ask_folder();
    ask_search();
    cost();
    check_memory();
    predict();
    std::ranges::stable_sort(outlook_.refusals, std::greater{}, &Refusal::trials);
    return std::move(outlook_);
  }

 private:
  void take(const Space::PointTrial& made, std::size_t point) {
    ++outlook_.trials;
    new_ += !known_.contains(made.trial.id);
    const auto found = journals_.records().find(made.trial.id);
    const bool finished = found != journals_.records().end();
    if (finished) {
      outlook_.done += found->second.status == TrialStatus::done;
      outlook_.stopped += found->second.status == TrialStatus::stopped;
      outlook_.diverged += found->second.status == TrialStatus::diverged;
      outlook_.failed += found->second.status == TrialStatus::failed;
      if (program_of(found->second.build) != program_of(options_.build)) other_build_ = found->second.build;
    }
    outlook_.to_run += !finished;
    if (shapes_.size() <= made.shape) shapes_.resize(made.shape + 1);
    ShapeCount& shape = shapes_[made.shape];
    if (shape.trials++ == 0) shape.point = point;
    shape.to_run += !finished;
  }

  void refuse(const std::string& reason, std::size_t trials, std::size_t point) {
    const auto [at, fresh] = refusals_.emplace(reason, outlook_.refusals.size());
    if (fresh) outlook_.refusals.push_back({reason, 0, space_.name_of(point)});
    outlook_.refusals[at->second].trials += trials;
  }

  void ask_folder() {
    if (!known_.empty() && new_ > 0 && !options_.extend)
      outlook_.folder_refuses.push_back(
          fmt::format("{} holds a sweep with another config, and {} of these trials are new to it; choose "
                      "another --out, or "
                      "add them with --extend",
                      options_.folder.string(), new_));
    if (!other_build_.empty() && outlook_.to_run > 0 && !options_.build.empty())
      outlook_.folder_refuses.push_back(refusal_of_build(other_build_, options_.build));
  }

  void ask_search() {
    const std::optional<Halving>& halving = space_.source().sweep.halving;
    if (!halving) return;
    const std::size_t points = outlook_.trials / seeds();
    const std::int64_t updates = space_.base().train.updates;
    outlook_.rungs = rungs_of(*halving, points, updates);
    outlook_.share = share_of_updates(*halving, points, updates);
  }

  std::size_t seeds() const {
    for (const ConfigAxis& axis : space_.source().sweep.axes)
      if (axis.keys.size() == 1 && axis.keys.front()->key == "seed")
        return std::max<std::size_t>(axis.points.size(), 1);
    return 1;
  }

  /// A sample where there are many: evenly over the order in which they appear, each for its neighbours.
  void cost() {
    std::erase_if(shapes_, [](const ShapeCount& shape) { return shape.trials == 0; });
    outlook_.shapes = shapes_.size();
    const std::size_t parts = std::min(shapes_.size(), most_costed);
    for (std::size_t part = 0; part < parts; ++part) {
      const std::size_t begin = part * shapes_.size() / parts, end = (part + 1) * shapes_.size() / parts;
      ShapeCount all = shapes_[(begin + end) / 2];
      all.trials = all.to_run = 0;
      for (std::size_t i = begin; i < end; ++i) {
        all.trials += shapes_[i].trials;
        all.to_run += shapes_[i].to_run;
      }
      cost(all);
    }
    outlook_.costed = parts;
  }

  void cost(const ShapeCount& shape) {
    Config config = space_.trial(shape.point)->trial.config;
    try {
      const TrialCost cost = trial_cost(laboratory_, config);
      outlook_.flops += cost.flops * static_cast<double>(shape.trials);
      outlook_.flops_to_run += outlook_.share * cost.flops * static_cast<double>(shape.to_run);
      outlook_.may_end_early |= shape.to_run > 0 && config.train.early_stop &&
                                laboratory_.make_task(config.task)->ends_when_solved();
      costed_.push_back({std::move(config), cost, static_cast<double>(shape.to_run)});
      points_.push_back(shape.point);
    } catch (const std::exception& error) {
      refuse(error.what(), shape.trials, shape.point);
    }
  }

  /// Of the largest that may run at once.
  void check_memory() {
    std::vector<std::pair<double, std::size_t>> largest;
    for (std::size_t i = 0; i < costed_.size(); ++i) {
      const auto most = std::min(costed_[i].trials, static_cast<double>(options_.at_once));
      for (double n = 0; n < most; ++n) largest.emplace_back(static_cast<double>(costed_[i].cost.bytes), i);
    }
    std::ranges::sort(largest, std::greater{});
    largest.resize(std::min(largest.size(), static_cast<std::size_t>(options_.at_once)));
    for (const auto& [bytes, i] : largest) outlook_.bytes += bytes;
    outlook_.bytes_available = static_cast<double>(machine_limits().usable_memory());
    if (largest.empty() || largest.front().first <= outlook_.bytes_available) return;
    const CostedShape& first = costed_[largest.front().second];
    refuse(fmt::format("not enough memory: a trial needs {}, but {} are available",
                       in_bytes(largest.front().first), in_bytes(outlook_.bytes_available)),
           static_cast<std::size_t>(first.trials), points_[largest.front().second]);
  }

  void predict() {
    std::erase_if(costed_, [](const CostedShape& shape) { return shape.trials == 0; });
    outlook_.seconds = costed_.empty() ? 0 : std::numeric_limits<double>::quiet_NaN();
    if (costed_.empty() || outlook_.refused()) return;
    const int at_once =
        static_cast<int>(std::min<std::size_t>(static_cast<std::size_t>(options_.at_once), outlook_.to_run));
    const Calibration calibration(laboratory_, costed_, at_once, options_.calibration_seconds);
    outlook_.measured = calibration.measured();
    outlook_.seconds = seconds_of_all(calibration, at_once);
    if (options_.budget_seconds > 0) fit_budget(calibration, at_once);
  }

  double seconds_of_all(const Calibration& calibration, int at_once) const {
    std::vector<double> seconds;
    for (const CostedShape& shape : costed_)
      seconds.insert(seconds.end(), static_cast<std::size_t>(shape.trials),
                     outlook_.share * calibration.seconds_of(shape) + seconds_per_record);
    return makespan(std::move(seconds), at_once);
  }

  /// The most updates with which all trials fit, by bisection: validations and tests take time as well.
  void fit_budget(const Calibration& calibration, int at_once) {
    std::int64_t fits = 0, too_many = most_updates;
    while (too_many - fits > 1) {
      const std::int64_t updates = fits + (too_many - fits) / 2;
      for (CostedShape& shape : costed_) {
        shape.cost.flops *= static_cast<double>(updates) / static_cast<double>(shape.config.train.updates);
        shape.config.train.updates = updates;
      }
      (seconds_of_all(calibration, at_once) <= options_.budget_seconds ? fits : too_many) = updates;
    }
    outlook_.updates_in_budget = fits;
  }

  const Laboratory& laboratory_;
  Space& space_;
  const OutlookOptions& options_;
  JournalReader journals_;
  std::set<std::string> known_;  ///< ids that the folder plans
  std::size_t new_ = 0;
  std::string other_build_;
  std::vector<ShapeCount> shapes_;
  std::vector<CostedShape> costed_;
  std::vector<std::size_t> points_;  ///< of the costed shapes
  std::map<std::string, std::size_t> refusals_;
  Outlook outlook_;
};

}  // namespace

Outlook outlook_of(const Laboratory& laboratory, Space& space, const OutlookOptions& options) {
  return Observer(laboratory, space, options).observe();
}

}  // namespace unroll

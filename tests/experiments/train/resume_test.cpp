#include <doctest/doctest.h>
#include <fmt/format.h>
#include <sys/resource.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <csignal>
#include <map>
#include <utility>

#include "experiments/train/checkpoint.hpp"
#include "experiments/train/trial.hpp"
#include "framework/optim/optimizer.hpp"
#include "framework/tensor/file.hpp"
#include "models/cell_table.hpp"
#include "tests/experiments/sweep/fake_sweep.hpp"
#include "tests/experiments/train/stoppable.hpp"
#include "tests/support/any_task.hpp"
#include "tests/support/contains.hpp"
#include "tests/support/error_of.hpp"
#include "tests/support/laboratory.hpp"

using namespace unroll;
using unroll::test::never;
using unroll::test::Stoppable;
using Result = unroll::test::TrialResult;

namespace {

Result uninterrupted(const Config& config) {
  Stoppable trial(config);
  CHECK(trial.run());
  return trial.result();
}

/// The trial stopped after each of `stops`, by as many processes.
Result stopped_at(const Config& config, const std::vector<std::int64_t>& stops) {
  const TemporaryFolder folder;
  const auto checkpoint = folder.path() / "trials" / "t" / "checkpoint.safetensors";
  for (const std::int64_t stop : stops) {
    Stoppable trial(config, checkpoint);
    CHECK_FALSE(trial.run(stop));
    CHECK(trial.updates == stop);
    CHECK(std::filesystem::exists(checkpoint));
  }
  Stoppable trial(config, checkpoint);
  CHECK(trial.run());
  CHECK(trial.before == stops.back());
  CHECK(trial.attempts == static_cast<std::int64_t>(stops.size()) + 1);
  CHECK(trial.warnings.empty());
  CHECK_FALSE(std::filesystem::exists(folder.path() / "trials"));
  return trial.result();
}

Config resumable_config(const TaskConfig& task) {
  Config config = laboratory().default_config();
  config.task = task;
  config.model.hidden = 8;
  config.train.batch = 4;
  config.train.updates = 24;
  config.train.validate_every = 7;
  config.train.validation_sequences = 30;
  config.train.early_stop = false;
  config.train.learning_rate = 0.02;
  config.diagnose = {"state_gradients", "gradient_norm", "recurrent_matrix"};
  config.diagnose_at = {"0", "every 5", "end"};
  laboratory().resolve(config);
  return config;
}

Config noisy_text(const char* optimizer) {
  Config config = resumable_config(any_task("words", "punctuation", 0));
  config.model.layers = 2;
  config.model.dropout_input = 0.1;
  config.model.dropout_output = 0.2;
  config.model.dropout_recurrent = 0.1;
  config.model.zoneout = 0.1;
  config.model.initial_state = "learned";
  config.train.optimizer = optimizer;
  config.train.schedule = "plateau";
  config.train.batch_shards = 2;
  config.train.window = 12;
  config.train.stride = 12;
  return config;
}

/// By what is special about going on with them.
std::map<std::string, Config> trials() {
  std::map<std::string, Config> all;
  all["full BPTT, adding"] = resumable_config({"adding", "pascanu", 10});
  all["full BPTT, the cat"] = resumable_config({"cat", "sentence", 6});
  all["ends when solved"] = resumable_config({"cat", "place", 3});
  all["ends when solved"].train.early_stop = true;
  Config windowed = resumable_config({"copy", "5-bit", 3});  // 13 steps
  windowed.train.window = 5;
  windowed.train.stride = 5;
  all["windows"] = windowed;
  windowed.train.window = 7;
  windowed.train.stride = 2;
  all["overlapping windows"] = windowed;
  windowed.model.cell = "ctrnn";
  all["noise of the cell's own"] = windowed;
  windowed.model.cell = "slstm";
  all["a count of steps"] = windowed;
  windowed.model.cell = "lstm";
  windowed.model.zoneout = 0.2;
  windowed.model.dropout_recurrent = 0.2;
  windowed.model.initial_state = "learned";
  all["overlapping windows with noise"] = windowed;
  all["text with momentum"] = noisy_text("momentum");
  all["text with adam"] = noisy_text("adam");
  Config overlapping = noisy_text("adamw");
  overlapping.train.stride = 5;
  overlapping.train.weight_decay = 0.01;
  overlapping.model.cell = "lstm";
  overlapping.model.dropout_mask = "step";
  overlapping.task.values[data_options::test_fraction.key] = 0.1;
  all["text in overlapping windows, tested"] = overlapping;
  Config passes = resumable_config(any_task("characters", "code points", 0));
  passes.task.values[text_options::text.key] = text_value(counting_text(8));
  passes.train.window = passes.train.stride = 20;  // four windows a pass
  passes.model.tied = true;
  all["many passes over a text"] = passes;
  Config exponential = resumable_config({"adding", "hs97", 12});
  exponential.train.schedule = "exponential";
  exponential.train.schedule_every = 3;
  exponential.train.optimizer = "sgd";
  all["exponential schedule"] = exponential;
  Config noisy = resumable_config({"temporal_order", "2-symbol", 10});
  noisy.train.gradient_noise = 0.1;
  noisy.train.weight_noise = 0.05;
  noisy.train.training_sequences = 30;  // more than three passes
  noisy.train.rates["W_hh"] = 0.1;
  noisy.train.schedule = "gain";
  noisy.train.schedule_gain = 0.1;
  all["a fixed set with noise and the gain schedule"] = noisy;
  Config regularised = resumable_config({"temporal_order", "2-symbol", 10});
  regularised.train.omega = 2;
  regularised.train.clip_state_gradient = 0.1;
  regularised.train.batch_shards = 2;
  all["regularised, with clipped gradients of states"] = regularised;
  return all;
}

/// A number in the JSON of a checkpoint's metadata, replaced by `text`.
void set_number(SafeTensors& state, const char* key, const std::string& member, const std::string& text) {
  std::string& json = state.metadata.at(key);
  const std::size_t at = json.find("\"" + member + "\":") + member.size() + 3;
  json.replace(at, json.find_first_of(",}", at) - at, text);
}

/// What a trial says that begins anew, from a checkpoint that it cannot go on from.
std::string warning_of(const Config& config, const std::filesystem::path& checkpoint) {
  Stoppable trial(config, checkpoint);
  CHECK_FALSE(trial.run(2));
  CHECK(trial.before == 0);
  CHECK(trial.warnings.size() == 1);
  return trial.warnings.empty() ? "(no warning)" : trial.warnings[0];
}

std::string resume_error(Stoppable& trial) {
  return error_of<CheckpointError>([&] { trial.run(); });
}

/// A checkpoint after 9 updates, in a folder of its own.
struct Checkpoint {
  Checkpoint() {
    Stoppable trial(config, path);
    REQUIRE_FALSE(trial.run(9));
  }
  void rewrite(const std::function<void(SafeTensors&)>& change) const {
    SafeTensors state = load_safetensors(path);
    change(state);
    save_checkpoint(path, state, {"this trial", "this build"});
  }
  /// Where a file stands until the trial ends that could not go on from it.
  std::filesystem::path aside() const {
    return path.parent_path() / ("." + path.filename().string() + ".damaged");
  }

  TemporaryFolder folder;
  std::filesystem::path path = folder.path() / "trials" / "t" / "checkpoint.safetensors";
  Config config = noisy_text("adam");
};

/// While it lives no file can grow beyond so many bytes: a write fails in its middle, as on a full disk.
class FullDisk {
 public:
  explicit FullDisk(rlim_t bytes) : before_(std::signal(SIGXFSZ, SIG_IGN)) {
    getrlimit(RLIMIT_FSIZE, &limit_);
    const rlimit resumable_config{bytes, limit_.rlim_max};
    setrlimit(RLIMIT_FSIZE, &resumable_config);
  }
  ~FullDisk() {
    setrlimit(RLIMIT_FSIZE, &limit_);
    std::signal(SIGXFSZ, before_);
  }

 private:
  void (*before_)(int);
  rlimit limit_;
};

}  // namespace

TEST_CASE("[resume] a trial stopped after any update ends with the bits of one that was not") {
  for (const auto& [name, config] : trials()) {
    const Result whole = uninterrupted(config);
    const auto last = record_from_json(whole.record).updates;
    REQUIRE(record_from_json(whole.record).status == TrialStatus::done);
    REQUIRE(last > 3);
    for (const std::int64_t stop : {std::int64_t{0}, std::int64_t{1}, std::int64_t{2}, std::int64_t{6},
                                    std::int64_t{7}, std::int64_t{8}, last - 1}) {
      if (stop >= last) continue;
      INFO(name, ", stopped after ", stop);
      const Result parts = stopped_at(config, {stop});
      CHECK(parts.record == whole.record);
      CHECK(parts.model == whole.model);
      CHECK(parts.update == whole.update);
    }
  }
}

TEST_CASE("[resume] stopped twice, three times, and at once again, it ends with the same bits") {
  for (const char* name : {"overlapping windows with noise", "text with adam", "many passes over a text"}) {
    const Config config = trials().at(name);
    const Result whole = uninterrupted(config);
    INFO(std::string(name));
    CHECK(stopped_at(config, {3, 11}) == whole);
    CHECK(stopped_at(config, {7, 14, 21}) == whole);
    const TemporaryFolder folder;
    const auto checkpoint = folder.path() / "checkpoint.safetensors";
    CHECK_FALSE(Stoppable(config, checkpoint).run(5));
    CHECK_FALSE(Stoppable(config, checkpoint).run(0));  // stopped before it does anything
    Stoppable trial(config, checkpoint);
    CHECK(trial.run());
    CHECK(trial.result() == whole);
  }
}

TEST_CASE("[resume] the time of all earlier calls is kept, and no time is invented") {
  const Config config = noisy_text("adam");
  const TemporaryFolder folder;
  const auto checkpoint = folder.path() / "checkpoint.safetensors";
  const auto begin = std::chrono::steady_clock::now();
  CHECK_FALSE(Stoppable(config, checkpoint).run(5));
  const double first = record_from_json(load_safetensors(checkpoint).metadata.at("record")).seconds;
  CHECK_FALSE(Stoppable(config, checkpoint).run(11));
  const double both = record_from_json(load_safetensors(checkpoint).metadata.at("record")).seconds;
  const std::chrono::duration<double> passed = std::chrono::steady_clock::now() - begin;
  CHECK(first > 0);
  CHECK(both > first);
  CHECK(both < passed.count());
  Stoppable last(config, checkpoint);
  CHECK(last.run());
  CHECK(last.earlier_seconds == both);
  Stoppable whole(config);
  CHECK(whole.run());
  CHECK(whole.earlier_seconds == 0);
}

TEST_CASE("[resume] every optimiser and every cell goes on with the same bits") {
  for (const std::string& optimizer : optimizer_names())
    for (const CellRow& cell : cell_table()) {
      if (optimizer != "adam" && cell.name != "lstm") continue;
      Config config = resumable_config({"adding", "pascanu", 10});
      config.model.cell = cell.name;
      config.train.optimizer = optimizer;
      config.train.updates = 5;
      config.train.validate_every = 2;
      laboratory().resolve(config);
      INFO(optimizer, " ", cell.name);
      CHECK(stopped_at(config, {3}) == uninterrupted(config));
    }
}

TEST_CASE("[resume] the other state is what makes the difference: without it the bits differ") {
  const Config config = noisy_text("adam");
  const Result whole = uninterrupted(config);
  const Checkpoint checkpoint;
  checkpoint.rewrite([](SafeTensors& state) {
    for (auto& [name, value] : state.tensors)
      if (name.starts_with("optimizer/")) std::ranges::fill(value.span(), 0.0f);
  });
  Stoppable trial(checkpoint.config, checkpoint.path);
  CHECK(trial.run());
  CHECK(trial.result().record != whole.record);
}

TEST_CASE("[resume] a trial that diverges or ends early does so when it was stopped before, too") {
  Config config = resumable_config({"adding", "pascanu", 10});
  config.model.activation = "identity";
  config.train.optimizer = "sgd";
  config.train.learning_rate = 0.4;
  config.train.updates = 1000;
  const Result whole = uninterrupted(config);
  const TrialRecord record = record_from_json(whole.record);
  REQUIRE(record.status == TrialStatus::diverged);
  REQUIRE(record.updates > 1);
  CHECK(stopped_at(config, {1}) == whole);
}

TEST_CASE("[resume] a trial whose checkpoint is damaged begins anew, says so, and ends with the same bits") {
  const Checkpoint checkpoint;
  const Result whole = uninterrupted(checkpoint.config);
  const std::string bytes = read_file(checkpoint.path);
  for (const std::size_t kept : {std::size_t{0}, std::size_t{5}, bytes.size() / 2, bytes.size() - 1}) {
    std::filesystem::create_directories(checkpoint.path.parent_path());
    write_file(checkpoint.path, std::string_view(bytes).substr(0, kept));
    Stoppable stopped(checkpoint.config, checkpoint.path);
    CHECK_FALSE(stopped.run(2));
    REQUIRE(stopped.warnings.size() == 1);
    INFO(stopped.warnings[0]);
    CHECK(contains(stopped.warnings[0], checkpoint.path.string()));
    CHECK(contains(stopped.warnings[0], "delete it to start that trial anew"));
    CHECK(contains(stopped.warnings[0], "begins anew"));
    CHECK(read_file(checkpoint.aside()).size() == kept);
    Stoppable trial(checkpoint.config, checkpoint.path);
    CHECK(trial.run());
    CHECK(trial.before == 2);
    CHECK(trial.result() == whole);
    CHECK_FALSE(std::filesystem::exists(checkpoint.path.parent_path()));
  }
}

TEST_CASE("[resume] no flipped bit of a checkpoint goes unseen") {
  const Checkpoint checkpoint;
  const CheckpointOrigin origin{"this trial", "this build"};
  const std::string bytes = read_file(checkpoint.path);
  REQUIRE(load_checkpoint(checkpoint.path, origin));
  for (std::size_t i = 0; i < 400; ++i) {
    const std::size_t at =
        i < 100 ? i : bytes.size() / 400 * i + i % 7;  // the header's start, and everywhere
    INFO("byte ", at);
    std::string damaged = bytes;
    damaged[at] = static_cast<char>(damaged[at] ^ (1 << i % 8));
    write_file(checkpoint.path, damaged);
    CHECK_THROWS_AS(load_checkpoint(checkpoint.path, origin), DamagedCheckpoint);
  }
}

TEST_CASE("[resume] a checkpoint names both checksums, one without any is of an earlier version") {
  const Checkpoint checkpoint;
  std::string bytes = read_file(checkpoint.path);
  bytes.back() = static_cast<char>(bytes.back() ^ 1);
  write_file(checkpoint.path, bytes);
  const std::string sum = load_safetensors(checkpoint.path).metadata.at("checksum");
  const std::string message = warning_of(checkpoint.config, checkpoint.path);
  CHECK_MESSAGE(contains(message, "but " + sum + " was written with it"), message);

  const Checkpoint old;
  SafeTensors state = load_safetensors(old.path);
  state.metadata.erase("checksum");
  save_safetensors(old.path, state);
  const std::string missing = warning_of(old.config, old.path);
  CHECK_MESSAGE(contains(missing, "it has no checksum"), missing);
}

TEST_CASE("[resume] a state that no trial can have is refused, its name and the range said") {
  struct Wrong {
    const char *key, *member, *text, *part;
  };
  const std::vector<Wrong> all = {
      {"record", "updates", "1000000000", "record.updates is 1000000000, expected from 0 to 24"},
      {"record", "updates", "-5", "record.updates is -5"},
      {"record", "updates", "\"nan\"", "'updates' must be an integer"},
      {"record", "updates", "1e300", "'updates' must be an integer"},
      {"record", "best_update", "10", "record.best_update is 10, expected from 0 to 9"},
      {"record", "solved_at", "12", "record.solved_at is 12, expected from 0 to 9"},
      {"record", "seconds", "\"nan\"", "record.seconds is nan"},
      {"record", "seconds", "-1", "record.seconds is -1"},
      {"record", "attempts", "-1", "record.attempts is -1, expected from 0 to"},
      {"record", "status", "\"failed\"", "a failed trial"},
      {"trainer", "steps", "-1", "steps is -1, expected from 0 to 24"},
      {"trainer", "steps", "1e300", "steps is 1e+300, expected a whole number"},
      {"trainer", "batches", "25", "batches is 25, expected from 0 to 24"},
      {"trainer", "batches", "0", "no batch"},
      {"trainer", "stalled", "-2", "stalled is -2"},
      {"trainer", "cuts", "1e9", "cuts is 1000000000.0, expected a whole number"},
      {"trainer", "done", "-1", "done is -1"},
      {"trainer", "entered", "[-3]", "entered is -3"},
      {"trainer", "best", "\"nan\"", "json"}};
  for (const Wrong& wrong : all) {
    const Checkpoint checkpoint;
    checkpoint.rewrite([&](SafeTensors& s) { set_number(s, wrong.key, wrong.member, wrong.text); });
    const std::string message = warning_of(checkpoint.config, checkpoint.path);
    CHECK_MESSAGE(contains(message, wrong.part), message);
  }
  for (const char* losses : {"[null,2]", "[0.5,-1]", "[0.5,10]", "[0.5,2.5]"}) {
    const Checkpoint checkpoint;
    checkpoint.rewrite([&](SafeTensors& s) { s.metadata["losses"] = losses; });
    const std::string message = warning_of(checkpoint.config, checkpoint.path);
    CHECK_MESSAGE(contains(message, "training cannot go on from here"), message);
  }
}

TEST_CASE("[resume] a checkpoint that lacks something, or has it in another shape, says what") {
  const std::vector<std::pair<std::string, std::function<void(SafeTensors&)>>> damages = {
      {"no state of a trainer", [](SafeTensors& s) { s.metadata.erase("trainer"); }},
      {"no record", [](SafeTensors& s) { s.metadata.erase("record"); }},
      {"no losses", [](SafeTensors& s) { s.metadata.erase("losses"); }},
      {"trial record", [](SafeTensors& s) { s.metadata["record"] = "{}"; }},
      {"json", [](SafeTensors& s) { s.metadata["trainer"] = "{\"windows\": 3}"; }},
      {"json", [](SafeTensors& s) { s.metadata["losses"] = "nothing"; }},
      {"parameter/W_hh",
       [](SafeTensors& s) {
         std::erase_if(s.tensors, [](const auto& t) { return t.first == "parameter/W_hh"; });
       }},
      {"optimizer/",
       [](SafeTensors& s) {
         std::erase_if(s.tensors, [](const auto& t) { return t.first.starts_with("optimizer/"); });
       }},
      {"state/",
       [](SafeTensors& s) {
         std::erase_if(s.tensors, [](const auto& t) { return t.first.starts_with("state/"); });
       }},
      {"state/",
       [](SafeTensors& s) {
         for (auto& [name, value] : s.tensors)
           if (name.starts_with("state/")) value = Tensor<float>(Shape{1, 1});
       }},
      {"best/embedding.E", [](SafeTensors& s) {
         for (auto& [name, value] : s.tensors)
           if (name == "best/embedding.E") value = Tensor<float>(Shape{3});
       }}};
  for (const auto& [part, change] : damages) {
    const Checkpoint checkpoint;
    checkpoint.rewrite(change);
    const std::string message = warning_of(checkpoint.config, checkpoint.path);
    CHECK_MESSAGE(contains(message, part), message);
    CHECK_MESSAGE(contains(message, checkpoint.path.string()), message);
    CHECK_MESSAGE(contains(message, "delete the file to start the trial anew"), message);
  }
}

TEST_CASE("[resume] a checkpoint of another trial is refused, one of another build unless that is allowed") {
  const Checkpoint checkpoint;
  Stoppable other(checkpoint.config, checkpoint.path);
  other.hooks.origin.trial = "that trial";
  const std::string message = resume_error(other);
  CHECK_MESSAGE(contains(message, "a checkpoint of the trial \"this trial\", not of \"that trial\""),
                message);

  Stoppable built(checkpoint.config, checkpoint.path);
  built.hooks.origin.build = "that build";
  const std::string builds = resume_error(built);
  CHECK_MESSAGE(contains(builds, "there: this build\n  here:  that build"), builds);
  CHECK_MESSAGE(contains(builds, "--allow-other-build"), builds);
  built.hooks.any_build = true;
  CHECK(built.run());
  CHECK(built.before == 9);
}

TEST_CASE(
    "[resume] a disk that fills leaves the last checkpoint whole, and training goes on with one warning") {
  const Checkpoint checkpoint;
  const std::string bytes = read_file(checkpoint.path);
  Stoppable trial(checkpoint.config, checkpoint.path);
  trial.hooks.checkpoint_seconds = 1e-9;  // after every update
  {
    const FullDisk full(bytes.size() / 2);
    CHECK_FALSE(trial.run(15));
  }
  CHECK(trial.updates == 15);
  REQUIRE(trial.warnings.size() == 2);
  CHECK_MESSAGE(contains(trial.warnings[0], "training goes on"), trial.warnings[0]);
  CHECK_MESSAGE(contains(trial.warnings[0], "checkpoint.safetensors"), trial.warnings[0]);
  CHECK_MESSAGE(contains(trial.warnings[1], "training stops after update 15"), trial.warnings[1]);
  CHECK(read_file(checkpoint.path) == bytes);

  Stoppable again(checkpoint.config, checkpoint.path);
  CHECK(again.run());
  CHECK(again.before == 9);
  CHECK(again.result() == uninterrupted(checkpoint.config));
}

TEST_CASE("[resume] a model that cannot be kept is a warning in training and an error at its end") {
  const TemporaryFolder folder;
  const auto checkpoint = folder.path() / "checkpoint.safetensors";
  const Config config = noisy_text("adam");
  const Result whole = uninterrupted(config);
  Stoppable trial(config, checkpoint);
  trial.hooks.checkpoint_seconds = 1e-9;
  trial.hooks.keep_model = [](const KeptModel&) { throw FileError("cannot write", "model", ENOSPC); };
  CHECK_THROWS_AS(trial.run(), FileError);
  CHECK(trial.updates == config.train.updates);
  REQUIRE(trial.warnings.size() == 1);
  CHECK(contains(trial.warnings[0], "model"));
  // Once there is room it goes on from the end.
  Stoppable again(config, checkpoint);
  CHECK(again.run());
  CHECK(again.updates == 0);
  CHECK(again.result() == whole);
}

TEST_CASE("[resume] what a process left that was killed while it wrote a checkpoint goes with it") {
  const Checkpoint checkpoint;
  const auto trials = checkpoint.path.parent_path().parent_path();
  write_file(checkpoint.path.parent_path() / ".checkpoint.safetensors.0123456789abcdef", "half a check");
  Stoppable trial(checkpoint.config, checkpoint.path);
  CHECK(trial.run());
  CHECK_FALSE(std::filesystem::exists(trials));

  const Checkpoint beside;  // a model is kept there
  write_file(beside.path.parent_path() / "model.toml", "a model");
  Stoppable again(beside.config, beside.path);
  CHECK(again.run());
  CHECK(read_file(beside.path.parent_path() / "model.toml") == "a model");
  CHECK_FALSE(std::filesystem::exists(beside.path));
}

TEST_CASE("[resume] a folder that cannot be made is a warning, not the end of training") {
  const TemporaryFolder folder;
  write_file(folder.path() / "trials", "a file");
  const Config config = resumable_config({"adding", "pascanu", 10});
  Stoppable trial(config, folder.path() / "trials" / "t" / "checkpoint.safetensors");
  trial.hooks.checkpoint_seconds = 1e-9;
  CHECK(trial.run());
  CHECK(trial.warnings.size() == 1);
  CHECK(trial.result() == uninterrupted(config));
}

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "tests/experiments/verbs/trained.hpp"
#include "tests/support/contains.hpp"
#include "tests/support/sounds.hpp"

// `unroll transcribe` from the outside, on models that a second of training makes.

using namespace unroll;
using namespace unroll::test;

namespace {

std::vector<std::string> tones_run(const std::filesystem::path& tar_file, const std::filesystem::path& out,
                                   std::vector<std::string> more) {
  std::vector<std::string> words = {"run",
                                    "task.name=speech",
                                    "task.recordings=" + tar_file.string(),
                                    R"(task.label_pattern=(\d)_.*)",
                                    R"(task.group_pattern=\d_([a-z]+)_\d+.wav)",
                                    "task.test_pattern=.*_0.wav",
                                    "task.mels=12",
                                    "model.cell=gru",
                                    "model.hidden=16",
                                    "train.optimizer=adam",
                                    "train.learning_rate=0.01",
                                    "train.batch=16",
                                    "train.validate_every=50",
                                    "diagnose=[]",
                                    "--out",
                                    out.string()};
  words.insert(words.end(), more.begin(), more.end());
  return words;
}

/// A low tone and a high one, spliced.
std::vector<double> low_high() {
  std::vector<double> samples = tone(400, 0.12, 77);
  const std::vector<double> high = tone(1500, 0.12, 78);
  samples.insert(samples.end(), high.begin(), high.end());
  return samples;
}

struct Trained {
  TemporaryFolder folder;

  Trained(const std::vector<std::string>& more) {
    const InputFile recordings = small_recordings();
    write_text(folder.path() / "tones.tar", *recordings.content);
    const CommandOutcome run = call(folder.path(), tones_run(folder.path() / "tones.tar", model(), more));
    REQUIRE_MESSAGE(run.status == 0, run.err);
    said = run.out + run.err;
    write_text(folder.path() / "low.wav", wav(tone(400, 0.1, 91)));
    write_text(folder.path() / "high.wav", wav(tone(1500, 0.1, 92, 16000), {.rate = 16000}));
    write_text(folder.path() / "both.wav", wav(low_high()));
    write_text(folder.path() / "cut.wav", wav(tone(400, 0.1)).substr(0, 700));
  }

  std::filesystem::path model() const { return folder.path() / "model"; }
  std::string file(const std::string& name) const { return (folder.path() / name).string(); }
  CommandOutcome transcribe(std::vector<std::string> words) const {
    words.insert(words.begin(), {"transcribe", model().string()});
    return call(folder.path(), words);
  }

  std::string said;
};

nlohmann::json parsed(const CommandOutcome& outcome) {
  REQUIRE_MESSAGE(outcome.status == 0, outcome.err);
  return nlohmann::json::parse(outcome.out);
}

}  // namespace

TEST_CASE("[transcribe] one label for each recording, at any rate, as a table and as JSON") {
  const Trained trained({"train.updates=150"});
  CHECK_MESSAGE(
      contains(trained.said, "33 recordings to train on, 3 to validate on, 4 to test on; 2 labels: 0, 1"),
      trained.said);
  const nlohmann::json record = record_in(trained.model());
  for (const std::string name : {"test_accuracy", "test_accuracy ann", "test_accuracy bob"})
    CHECK_MESSAGE(contains(record["scalars"].dump(), "\"" + name + "\""), record["scalars"].dump());
  const nlohmann::json heard =
      parsed(trained.transcribe({trained.file("low.wav"), trained.file("high.wav"), "--format", "json"}));
  REQUIRE(heard.size() == 2);
  CHECK(heard[0]["label"] == "0");
  CHECK(heard[1]["label"] == "1");
  CHECK(heard[0]["probability"] > 0.6);
  CHECK(heard[0]["start"] == 0);
  CHECK(heard[0]["end"] == doctest::Approx(0.1));
  CHECK(heard[1]["end"] == doctest::Approx(0.1));
  const CommandOutcome table = trained.transcribe({trained.file("high.wav")});
  CHECK_MESSAGE(contains(table.out, "label  probability"), table.out);

  SUBCASE("standard input is one recording") {
    const CommandOutcome piped = shell(
        trained.folder.path(), fmt::format("'{}' transcribe '{}' - --format json <'{}'", program().string(),
                                           trained.model().string(), trained.file("high.wav")));
    const nlohmann::json one = parsed(piped);
    REQUIRE(one.size() == 1);
    CHECK(one[0]["file"] == "-");
    CHECK(one[0]["label"] == "1");
  }
  SUBCASE("a bad file is named, the others are heard, and the status is 2") {
    const CommandOutcome outcome = trained.transcribe(
        {trained.file("cut.wav"), trained.file("low.wav"), trained.file("none.wav"), "--format", "json"});
    CHECK(outcome.status == 2);
    CHECK(nlohmann::json::parse(outcome.out).size() == 1);
    CHECK_MESSAGE(contains(outcome.err, "cut.wav: byte 36: cut short"), outcome.err);
    CHECK_MESSAGE(contains(outcome.err, "none.wav"), outcome.err);
  }
  SUBCASE("a page shows what was heard") {
    const CommandOutcome outcome =
        trained.transcribe({trained.file("low.wav"), "--picture", trained.file("heard.html")});
    CHECK(outcome.status == 0);
    const std::string page = read_file(trained.folder.path() / "heard.html");
    CHECK(contains(page, "<script id=\"packed-recordings\""));
    CHECK_FALSE(contains(page, "{{"));
  }
  SUBCASE("the model is judged again on the recordings that it learned from") {
    const CommandOutcome outcome = call(trained.folder.path(), {"evaluate", trained.model().string()});
    CHECK_MESSAGE(outcome.status == 0, outcome.err);
    CHECK_MESSAGE(contains(outcome.out, "accuracy"), outcome.out);
  }
}

TEST_CASE("[transcribe] labels in their order, with times") {
  const Trained trained({"task.variant=ctc", "task.splice=1..3", "train.updates=300",
                         "train.validation_sequences=50", "train.test_sequences=50"});
  for (const std::string beam : {"1", "8"}) {
    const nlohmann::json heard =
        parsed(trained.transcribe({trained.file("both.wav"), "--format", "json", "--beam", beam}));
    REQUIRE_MESSAGE(heard.size() == 2, heard.dump());
    CHECK(heard[0]["label"] == "0");
    CHECK(heard[1]["label"] == "1");
    CHECK(heard[0]["end"] <= heard[1]["start"]);
    CHECK(heard[1]["end"] <= 0.24);
  }
  CHECK(contains(record_in(trained.model())["scalars"].dump(), "test_label_error_rate"));
}

TEST_CASE("[transcribe] what cannot be is refused with status 2") {
  const TemporaryFolder folder;
  const auto out = folder.path() / "adding";
  REQUIRE(call(folder.path(), adding_run(out)).status == 0);
  write_text(folder.path() / "low.wav", wav(tone(400, 0.1)));
  const CommandOutcome other =
      call(folder.path(), {"transcribe", out.string(), (folder.path() / "low.wav").string()});
  CHECK(other.status == 2);
  CHECK_MESSAGE(contains(other.err, "the model learned the task adding, expected speech"), other.err);
  const CommandOutcome few = call(folder.path(), {"transcribe", out.string()});
  CHECK(few.status == 2);
  CHECK_MESSAGE(contains(few.err, "expected a model's folder and recordings"), few.err);
}

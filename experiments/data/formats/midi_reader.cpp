#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <tuple>
#include <utility>

#include <portSMF/mfmidi.h>

#include "experiments/data/data_error.hpp"
#include "experiments/data/formats/midi.hpp"

namespace unroll {
namespace {

constexpr std::size_t chunk_head = 8, header_size = 6;
/// Longer than any that stands for something; the library's buffer grows by 128 bytes at a time.
constexpr std::size_t longest_message = 1 << 20;

std::int64_t number_at(std::string_view bytes, std::size_t at, std::size_t count) {
  std::int64_t number = 0;
  for (const char byte : bytes.substr(at, count)) number = number << 8 | static_cast<unsigned char>(byte);
  return number;
}

/// A track's chunk, its head included.
struct Chunk {
  std::size_t first;
  std::string_view bytes;
};

struct Layout {
  std::int64_t ticks_per_quarter;
  std::vector<Chunk> tracks;
};

// ---- The file's chunks ----
// The library takes what it is told of lengths on trust; here they are compared with the file.

std::int64_t checked_division(std::int64_t division, const std::string& file) {
  if (division >= 0x8000)
    throw DataError(fmt::format(
        "{}: byte 12: expected ticks in a quarter note, found a division of 0x{:04x}, time in SMPTE "
        "frames: such a file has no quarter notes; save it with musical time",
        file, division));
  if (division == 0)
    throw DataError(fmt::format(
        "{}: byte 12: expected at least 1 tick in a quarter note, found 0: the file is damaged", file));
  return division;
}

void check_format(std::int64_t format, const std::string& file) {
  if (format <= 1) return;
  if (format == 2)
    throw DataError(fmt::format(
        "{}: byte 8: expected a MIDI file of format 0 or 1, found format 2, whose tracks are pieces of "
        "their own: save each as a file",
        file));
  throw DataError(
      fmt::format("{}: byte 8: expected a MIDI file of format 0 or 1, found format {}", file, format));
}

void check_start(std::string_view bytes, const std::string& file) {
  if (!bytes.starts_with("MThd"))
    throw DataError(fmt::format("{}: byte 0: expected \"MThd\", with which a MIDI file begins, found {}",
                                file,
                                bytes.empty() ? "an empty file" : "something else: this is no MIDI file"));
  if (bytes.size() < chunk_head + header_size || number_at(bytes, 4, 4) < std::int64_t{header_size})
    throw DataError(fmt::format("{}: byte {}: expected a header of {} bytes, found {}: the file was cut",
                                file, 4, header_size,
                                std::min(number_at(bytes, 4, 4), std::ssize(bytes) - 8)));
}

Layout layout_of(std::string_view bytes, const std::string& file) {
  check_start(bytes, file);
  check_format(number_at(bytes, 8, 2), file);
  const std::int64_t count = number_at(bytes, 10, 2);
  Layout layout{checked_division(number_at(bytes, 12, 2), file), {}};
  if (count == 0) throw DataError(fmt::format("{}: byte 10: expected at least 1 track, found 0", file));
  std::size_t at = chunk_head + static_cast<std::size_t>(number_at(bytes, 4, 4));
  while (std::ssize(layout.tracks) < count) {
    const std::size_t track = layout.tracks.size() + 1;
    if (at > bytes.size() || bytes.size() - at < chunk_head)
      throw DataError(
          fmt::format("{}: byte {}: expected track {} of {}, found the file's end: the file was cut", file,
                      bytes.size(), track, count));
    const auto size = static_cast<std::size_t>(number_at(bytes, at + 4, 4)),
               left = bytes.size() - at - chunk_head;
    if (size > left)
      throw DataError(fmt::format(
          "{}: track {}, byte {}: the track should have {} bytes, but {} are left: the file was cut", file,
          track, at + 4, size, left));
    if (bytes.substr(at, 4) == "MTrk") layout.tracks.push_back({at, bytes.substr(at, chunk_head + size)});
    at += chunk_head + size;
  }
  return layout;
}

// ---- The events of a track ----

/// A file of one track, up to it.
constexpr std::string_view lone_header{"MThd\0\0\0\6\0\0\0\1\0\1", 14};
/// A track with a message of one byte: without one before it the library reads the first bytes of a message
/// that has none from a null pointer.
constexpr std::string_view first_message{"MTrk\0\0\0\5\0\xff\x7f\1\0", 13};

/// Notes that sound, by channel and pitch, with the ticks at which they began.
using Sounding = std::map<std::pair<int, int>, std::vector<std::int64_t>>;

class TrackReader final : private Midifile_reader {
 public:
  TrackReader(const std::string& file, HangingNotes hanging) : file_(file), hanging_(hanging) {
    track_ = {0, first_message};
    midifile();
  }
  TrackReader(const TrackReader&) = delete;  // its library's buffer has one owner
  TrackReader& operator=(const TrackReader&) = delete;
  virtual ~TrackReader() { finalize(); }

  void read(const Chunk& track, std::size_t number, MidiFile& to) {
    track_ = track;
    number_ = number;
    at_ = 0;
    to_ = &to;
    sounding_.clear();
    latest_ = 0;
    midifile();
    end_track();
  }

 private:
  [[noreturn]] void refuse(std::string_view what) const {
    const std::size_t read = at_ - std::min(at_, lone_header.size());
    throw DataError(fmt::format("{}: track {}, byte {}: {}", file_, number_,
                                track_.first + (read == 0 ? 0 : read - 1), what));
  }

  /// The library adds up whatever a delta time says; one of more than four bytes, which the format does not
  /// have, may lead back.
  std::int64_t now() {
    if (Mf_currtime > most_ticks)
      refuse(fmt::format("the time is more than {} ticks from the start: the file is damaged", most_ticks));
    if (Mf_currtime < latest_)
      refuse(fmt::format("an event at tick {} follows one at tick {}: the file is damaged", Mf_currtime,
                         latest_));
    return latest_ = Mf_currtime;
  }

  void begin(int channel, int pitch) { sounding_[{channel, pitch}].push_back(now()); }

  /// One that does not sound is left alone: some programs end notes twice.
  void end(int channel, int pitch) {
    const auto found = sounding_.find({channel, pitch});
    if (found == sounding_.end()) return;
    to_->notes.push_back({found->second.front(), now(), pitch, channel});
    found->second.erase(found->second.begin());
    if (found->second.empty()) sounding_.erase(found);
  }

  void end_track() {
    to_->end = std::max(to_->end, now());
    for (const auto& [key, begun] : sounding_) {
      if (hanging_ == HangingNotes::refused)
        refuse(
            fmt::format("note {} on channel {} begins at tick {} and never ends: the track was cut, or "
                        "task.hanging_notes=end ends such notes with their track",
                        key.second, key.first + 1, begun.front()));
      for (const std::int64_t on : begun) to_->notes.push_back({on, now(), key.second, key.first});
    }
  }

  void check_data(int a, int b) const {
    if (a < 0x80 && b < 0x80) return;
    refuse(
        fmt::format("expected data, bytes below 0x80, found 0x{:02x}: the track is damaged", std::max(a, b)));
  }

  /// Messages that must have a length of their own: the library does not look at it.
  void check_length(std::size_t expected) const {
    const std::string_view read = track_.bytes.substr(0, at_ - lone_header.size());
    if (read.size() > expected + 3 && read[read.size() - expected - 1] == static_cast<char>(expected) &&
        read[read.size() - expected - 3] == '\xff')
      return;
    refuse(fmt::format("expected a tempo of {} bytes, found one of another length: the track is damaged",
                       expected));
  }

  // ---- What the library calls ----

  void* Mf_malloc(std::size_t size) override {
    if (size > longest_message) refuse("a message is longer than 1 MiB: the track is damaged");
    return std::malloc(size);
  }
  void Mf_free(void* memory, std::size_t) override { std::free(memory); }

  int Mf_getc() override {
    const std::size_t at = at_ - std::min(at_, lone_header.size());
    const bool in_header = at_ < lone_header.size();
    if (!in_header && at >= track_.bytes.size()) return EOF;
    const char byte = in_header ? lone_header[at_] : track_.bytes[at];
    ++at_;
    return static_cast<unsigned char>(byte);
  }
  void Mf_error(char* what) override {
    if (at_ >= lone_header.size() + track_.bytes.size())
      refuse("an event goes on behind the track's end: the track was cut");
    refuse(fmt::format("{}: the track is damaged", what));
  }

  void Mf_on(int channel, int pitch, int velocity) override {
    check_data(pitch, velocity);
    velocity == 0 ? end(channel, pitch) : begin(channel, pitch);
  }
  void Mf_off(int channel, int pitch, int velocity) override {
    check_data(pitch, velocity);
    end(channel, pitch);
  }
  void Mf_tempo(int microseconds) override {
    check_length(3);
    if (microseconds == 0) refuse("a tempo of 0 microseconds in a quarter note: time would stand still");
    to_->tempi.push_back({now(), microseconds});
  }

  // What else there may be in a track has no part in which notes sound but in when.
  void Mf_starttrack() override {}
  void Mf_endtrack() override {}
  void Mf_header(int, int, int) override {}
  void Mf_chanprefix(int) override { now(); }
  void Mf_portprefix(int) override { now(); }
  void Mf_eot() override { now(); }
  void Mf_pressure(int, int, int) override { now(); }
  void Mf_controller(int, int, int) override { now(); }
  void Mf_pitchbend(int, int, int) override { now(); }
  void Mf_program(int, int) override { now(); }
  void Mf_chanpressure(int, int) override { now(); }
  void Mf_sysex(int, unsigned char*) override { now(); }
  void Mf_arbitrary(int, unsigned char*) override { now(); }
  void Mf_metamisc(int, int, unsigned char*) override { now(); }
  void Mf_seqnum(int) override { now(); }
  void Mf_smpte(int, int, int, int, int) override { now(); }
  void Mf_timesig(int, int, int, int) override { now(); }
  void Mf_keysig(int, int) override { now(); }
  void Mf_sqspecific(int, unsigned char*) override { now(); }
  void Mf_text(int, int, unsigned char*) override { now(); }

  /// Beyond any file; sums of them stay far from overflow.
  static constexpr std::int64_t most_ticks = std::int64_t{1} << 40;

  const std::string& file_;
  HangingNotes hanging_;
  Chunk track_;
  std::size_t number_ = 0, at_ = 0;
  std::int64_t latest_ = 0;  ///< tick of this track
  MidiFile* to_ = nullptr;
  Sounding sounding_;
};

void sort(MidiFile& music) {
  std::ranges::sort(music.notes, {},
                    [](const MidiNote& n) { return std::tuple(n.on, n.pitch, n.channel, n.off); });
  std::ranges::stable_sort(music.tempi, {}, &TempoChange::tick);
  // unique() keeps the first of its kind: seen from the end, the last one.
  const auto twice = std::unique(music.tempi.rbegin(), music.tempi.rend(),
                                 [](const TempoChange& a, const TempoChange& b) { return a.tick == b.tick; });
  music.tempi.erase(music.tempi.begin(), twice.base());
}

}  // namespace

TempoMap::TempoMap(const MidiFile& music) {
  const auto begin = [&](std::int64_t tick, std::int64_t microseconds) {
    const double per_tick =
        static_cast<double>(microseconds) / (1e6 * static_cast<double>(music.ticks_per_quarter));
    stretches_.push_back({tick, stretches_.empty() ? 0.0 : seconds_at(tick), per_tick});
  };
  begin(0, default_tempo);
  for (const TempoChange& change : music.tempi) begin(change.tick, change.microseconds);
}

double TempoMap::seconds_at(std::int64_t tick) const {
  const auto next = std::ranges::upper_bound(stretches_, tick, {}, &Stretch::tick);
  const Stretch& here = *(next == stretches_.begin() ? next : std::prev(next));
  return here.seconds + static_cast<double>(tick - here.tick) * here.seconds_per_tick;
}

MidiFile read_midi(std::string_view bytes, const std::string& file, HangingNotes hanging) {
  const Layout layout = layout_of(bytes, file);
  MidiFile music{.ticks_per_quarter = layout.ticks_per_quarter};
  TrackReader reader(file, hanging);
  for (std::size_t i = 0; i < layout.tracks.size(); ++i) reader.read(layout.tracks[i], i + 1, music);
  sort(music);
  return music;
}

}  // namespace unroll

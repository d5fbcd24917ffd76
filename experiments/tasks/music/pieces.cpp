#include "experiments/tasks/music/pieces.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <tuple>

#include "experiments/config/input_file.hpp"
#include "experiments/data/data_error.hpp"
#include "experiments/data/formats/archive.hpp"
#include "experiments/data/splits.hpp"
#include "experiments/tasks/data_options.hpp"

namespace unroll {
namespace {

namespace options = music_options;

/// Of the order in which pieces are split: the same in every trial, so that all are judged on the same ones.
constexpr std::uint64_t split_seed = 1;
/// Hours at any sensible grid.
constexpr std::int64_t most_steps = 200'000;
constexpr std::int64_t least_steps = 2;  // the next one is what there is to predict

bool has_end(std::string_view path, std::string_view end) {
  return path.size() >= end.size() &&
         std::ranges::equal(path.substr(path.size() - end.size()), end,
                            [](char a, char b) { return (a >= 'A' && a <= 'Z' ? a - 'A' + 'a' : a) == b; });
}

bool is_midi_name(std::string_view path) { return has_end(path, ".mid") || has_end(path, ".midi"); }

bool looks_like_json(std::string_view bytes) {
  const std::size_t at = bytes.find_first_not_of(" \t\r\n");
  return at != std::string_view::npos && (bytes[at] == '{' || bytes[at] == '[');
}

/// The error begins with the setting: it says where the file was named.
template <class Read>
auto read_as(const OptionSpec& setting, const Read& read) {
  try {
    return read();
  } catch (const DataError& error) {
    throw DataError(fmt::format("{}: {}", setting.key, error.what()));
  }
}

HangingNotes hanging_of(const TaskConfig& config) {
  return config.get<std::string>(options::hanging_notes) == "end" ? HangingNotes::ended_with_track
                                                                  : HangingNotes::refused;
}

std::vector<MusicPiece> pieces_of(const std::vector<PianoRoll>& rolls, const std::string& file,
                                  std::string_view part) {
  std::vector<MusicPiece> pieces;
  for (std::size_t i = 0; i < rolls.size(); ++i)
    pieces.push_back({fmt::format("{}: {}[{}]", file, part, i), notes_of(rolls[i]), std::ssize(rolls[i])});
  return pieces;
}

/// One of the files that a setting names, by a path that says where it is.
struct NamedBytes {
  std::string path, bytes;
};

std::string path_below(const InputFile& folder, std::string_view name) {
  return fmt::format("{}{}{}", folder.path, folder.path.ends_with('/') ? "" : "/", name);
}

/// The MIDI files that a setting names.
std::vector<NamedBytes> midi_files(const InputFile& file, MusicParts& parts) {
  if (!file.folder) return {{file.path, content_of(file)}};
  std::vector<NamedBytes> files;
  for_each_member(archive_of(file), file.path, [&](const std::string& name, std::string bytes) {
    files.push_back({path_below(file, name), std::move(bytes)});
  });
  parts.other_files += std::erase_if(files, [](const NamedBytes& one) { return !is_midi_name(one.path); });
  if (files.empty())
    throw DataError(fmt::format("{}: expected MIDI files (.mid, .midi) in this folder, found {}", file.path,
                                parts.other_files == 0 ? "nothing" : "other files only"));
  return files;
}

std::vector<MusicPiece> read_pieces(const std::vector<NamedBytes>& files, const TaskConfig& config,
                                    MusicParts& parts) {
  const Grid grid = grid_of(config);
  std::vector<MusicPiece> pieces;
  for (const NamedBytes& file : files)
    pieces.push_back(
        piece_from(read_midi(file.bytes, file.path, hanging_of(config)), file.path, grid, parts));
  return pieces;
}

std::vector<MusicPiece> read_part(const TaskConfig& config, const OptionSpec& setting, MusicParts& parts) {
  const InputFile& file = config.get<InputFile>(setting);
  if (file.empty()) return {};
  return read_as(setting, [&] { return read_pieces(midi_files(file, parts), config, parts); });
}

/// Of a folder's files those in one folder of it, such as "train/".
std::vector<NamedBytes> files_below(const std::vector<NamedBytes>& files, const std::string& folder) {
  std::vector<NamedBytes> below;
  for (const NamedBytes& file : files)
    if (file.path.starts_with(folder)) below.push_back(file);
  return below;
}

/// Whether all files of a folder are in folders of it called train, valid and test.
bool are_in_parts(const std::vector<NamedBytes>& files, const std::string& folder) {
  const std::array<std::string, 3> parts = {folder + "train/", folder + "valid/", folder + "test/"};
  const auto in_part = [&](const NamedBytes& file) {
    return std::ranges::any_of(parts, [&](const std::string& part) { return file.path.starts_with(part); });
  };
  return std::ranges::all_of(files, in_part) && !files_below(files, parts[0]).empty() &&
         !files_below(files, parts[1]).empty();
}

/// Fractions are of parts that have no files.
void split(std::vector<MusicPiece> pieces, const TaskConfig& config, MusicParts& parts) {
  const auto fraction = [&](const OptionSpec& setting, const std::vector<MusicPiece>& given) {
    return given.empty() ? config.get<double>(setting) : 0;
  };
  const PartSizes sizes =
      part_sizes(std::ssize(pieces), fraction(data_options::validation_fraction, parts.validation),
                 fraction(data_options::test_fraction, parts.test));
  if (sizes.training < 1)
    throw DataError(
        fmt::format("task.music: nothing is left to train on: of {} pieces, {} are to validate on and {} to "
                    "test on; take more "
                    "music, or give task.validation_music",
                    pieces.size(), sizes.validation, sizes.test));
  const std::vector<std::int64_t> order = random_order(std::ssize(pieces), split_seed);
  for (std::size_t i = 0; i < order.size(); ++i) {
    const auto at = static_cast<std::int64_t>(i);
    std::vector<MusicPiece>& part = at < sizes.training                      ? parts.training
                                    : at < sizes.training + sizes.validation ? parts.validation
                                                                             : parts.test;
    part.push_back(std::move(pieces[static_cast<std::size_t>(order[i])]));
  }
}

void refuse_other_parts(const TaskConfig& config, const std::string& file, std::string_view why) {
  for (const OptionSpec* setting : {&options::validation_music, &options::test_music})
    if (!config.get<InputFile>(*setting).empty())
      throw DataError(fmt::format("{}: {} has {} already: leave this setting away", setting->key, file, why));
}

void read_json(const InputFile& file, const TaskConfig& config, MusicParts& parts) {
  refuse_other_parts(config, file.path, "the parts train, valid and test");
  const PianoRollParts rolls =
      read_as(options::music, [&] { return read_piano_rolls(content_of(file), file.path); });
  parts.training = pieces_of(rolls.train, file.path, "train");
  parts.validation = pieces_of(rolls.valid, file.path, "valid");
  parts.test = pieces_of(rolls.test, file.path, "test");
}

void read_folders(const std::vector<NamedBytes>& files, const InputFile& file, const TaskConfig& config,
                  MusicParts& parts) {
  refuse_other_parts(config, file.path, "the folders train, valid and test");
  const auto read = [&](const char* folder) {
    return read_as(options::music,
                   [&] { return read_pieces(files_below(files, path_below(file, folder)), config, parts); });
  };
  parts.training = read("train/");
  parts.validation = read("valid/");
  parts.test = read("test/");
}

void read_midi_parts(const InputFile& file, const TaskConfig& config, MusicParts& parts) {
  const std::vector<NamedBytes> files = read_as(options::music, [&] { return midi_files(file, parts); });
  if (file.folder && are_in_parts(files, path_below(file, "")))
    return read_folders(files, file, config, parts);
  parts.validation = read_part(config, options::validation_music, parts);
  parts.test = read_part(config, options::test_music, parts);
  split(read_as(options::music, [&] { return read_pieces(files, config, parts); }), config, parts);
  if (parts.validation.empty())
    throw DataError(
        "task.validation_fraction: nothing to validate on: give task.validation_music, or a fraction above "
        "0");
}

/// The nearest step; of halves the later one.
std::int64_t nearest_step(std::int64_t tick, std::int64_t steps, std::int64_t ticks) {
  return (2 * tick * steps + ticks) / (2 * ticks);
}

}  // namespace

MusicParts read_music(const TaskConfig& config) {
  const InputFile& file = config.get<InputFile>(options::music);
  if (file.empty())
    throw DataError(
        fmt::format("task.music: the task {} learns from music: give a folder of MIDI files, or a JSON file "
                    "of piano rolls",
                    config.name));
  MusicParts parts;
  if (!file.folder && looks_like_json(content_of(file)))
    read_json(file, config, parts);
  else
    read_midi_parts(file, config, parts);
  return parts;
}

MusicPiece piece_from(const MidiFile& music, std::string name, const Grid& grid, MusicParts& left_out) {
  const TempoMap tempo(music);
  const auto step_at = [&](std::int64_t tick) {
    if (!grid.seconds) return nearest_step(tick, grid.steps, music.ticks_per_quarter);
    return static_cast<std::int64_t>(std::llround(tempo.seconds_at(tick) * static_cast<double>(grid.steps)));
  };
  MusicPiece piece{std::move(name), {}, step_at(music.end)};
  for (const MidiNote& note : music.notes) {
    const std::int64_t first = step_at(note.on), end = std::max<std::int64_t>(first + 1, step_at(note.off));
    const bool on_piano = note.pitch >= lowest_note && note.pitch <= highest_note;
    if (note.channel == percussion_channel)
      ++left_out.percussion;
    else if (!on_piano)
      ++left_out.off_piano;
    else
      piece.notes.push_back({note.pitch, first, end - first});
    piece.steps = std::max(piece.steps, end);
  }
  if (piece.notes.empty())
    throw DataError(
        fmt::format("{}: expected notes of a piano ({} to {}), found none beside {} of percussion",
                    piece.name, lowest_note, highest_note, left_out.percussion));
  if (piece.steps > most_steps || piece.steps < least_steps)
    throw DataError(
        fmt::format("{}: expected a piece of {} to {} steps, found {}: is task.{} = {} what is meant?",
                    piece.name, least_steps, most_steps, piece.steps,
                    grid.seconds ? "steps_per_second" : "steps_per_quarter", grid.steps));
  std::ranges::sort(piece.notes, {}, [](const GridNote& n) { return std::tuple(n.first, n.pitch, n.steps); });
  return piece;
}

MidiFile midi_of(const std::vector<GridNote>& notes, std::int64_t steps, const Grid& grid,
                 double quarters_per_minute) {
  constexpr std::int64_t ticks_per_step = 120;  // a sixteenth at 480 in a quarter note, as most programs have
  const double microseconds = grid.seconds ? 1e6 : 6e7 / quarters_per_minute;
  MidiFile music{.ticks_per_quarter = grid.steps * ticks_per_step,
                 .tempi = {{0, std::llround(microseconds)}},
                 .end = steps * ticks_per_step};
  for (const GridNote& note : notes)
    music.notes.push_back({note.first * ticks_per_step, note.end() * ticks_per_step, note.pitch, 0});
  return music;
}

}  // namespace unroll

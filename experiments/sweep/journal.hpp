#pragma once

#include <filesystem>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "experiments/records/record.hpp"
#include "experiments/sweep/set_aside.hpp"
#include "framework/tensor/file.hpp"

namespace unroll {

/// The finished trials of one process, in an append-only file of its own: journal-<16 random hex>.jsonl, one
/// record per line: a JSON object whose last member, xxh3_64, is the checksum (16 hex digits) of the object
/// without it. The file appears with the first record and is never opened for writing again, so that no file
/// has two writers.
class Journal {
 public:
  explicit Journal(std::filesystem::path folder) : folder_(std::move(folder)) {}

  /// The record is in the file when this returns, whatever becomes of the process, and after sync() on the
  /// disk. Throws FileError (disk full, quota) and then leaves the file ending with the last whole record.
  /// May be called from any thread, as sync() may.
  void append(const TrialRecord& record);
  void sync();

  /// Empty before the first record.
  const std::filesystem::path& path() const { return path_; }

 private:
  void create();

  std::mutex mutex_;
  std::filesystem::path folder_;
  std::filesystem::path path_;
  Descriptor file_;
  off_t whole_ = 0;  ///< bytes of whole records
};

/// A record with its checksum as it stands in a journal, without the newline.
std::string journal_line(const TrialRecord& record);

/// Reads every journal of a folder, again and again while others write. Records of one trial must agree
/// bitwise in all but `seconds`, `build`, `host` and `attempts` and count once; only a failed trial, or one
/// that the search stopped, may have been run again, and then the record that says more counts. Where they
/// disagree the trial is marked, and one of them counts, whatever the order in which they are read. Those
/// that were set aside do not count.
class JournalReader {
 public:
  explicit JournalReader(std::filesystem::path folder) : folder_(std::move(folder)) {}

  /// Reads what was appended since the last call; false where that is no whole line. A folder that does not
  /// exist holds nothing.
  bool refresh();

  /// By trial id.
  const std::map<std::string, TrialRecord>& records() const { return records_; }

  /// By trial id: a sentence that names both files, the first difference and the way out.
  const std::map<std::string, std::string>& conflicts() const { return conflicts_; }

  /// The lines of a trial's records with that status (none: with any) that are not set aside, to be.
  std::vector<SetAside> lines_of(const std::string& id, std::optional<TrialStatus> status = {}) const;
  /// How often a trial was started for records that were set aside.
  std::int64_t starts_before(const std::string& id) const;

  /// One sentence for each line that is torn or corrupt: a run was killed while it wrote. Its trial counts as
  /// not yet run.
  std::vector<std::string> ignored() const;

 private:
  struct File {
    std::size_t read = 0;  ///< bytes, up to the end of the last whole line
    std::size_t lines = 0;
    bool torn = false;  ///< something follows
  };

  bool take_set_aside(const std::set<std::filesystem::path>& files);
  bool take_file(const std::filesystem::path& path, File& file);
  void take_line(const std::filesystem::path& path, std::size_t number, std::string_view line);
  void take_record(const std::filesystem::path& path, TrialRecord record);

  std::filesystem::path folder_;
  std::map<std::filesystem::path, File> files_;
  std::map<std::string, TrialRecord> records_;
  std::map<std::string, std::filesystem::path> origin_;  ///< of each record, for the message of a conflict
  std::map<std::string, std::string> conflicts_;
  struct Line {
    std::string checksum;
    TrialStatus status;
  };
  std::map<std::string, std::vector<Line>> lines_;  ///< by trial
  std::set<std::filesystem::path> set_aside_files_;
  std::set<std::string> set_aside_;  ///< checksums
  std::map<std::string, std::int64_t> starts_before_;
  std::vector<std::string> corrupt_;
};

}  // namespace unroll

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cctype>
#include <map>
#include <set>

#include "experiments/export/database.hpp"
#include "experiments/export/export_format.hpp"
#include "experiments/report/axes.hpp"
#include "experiments/report/statistics.hpp"
#include "framework/tensor/file.hpp"

namespace unroll {
namespace {

using Json = nlohmann::ordered_json;

/// In the file's head, by which its kind is known (https://www.sqlite.org/fileformat2.html): "Unrl".
constexpr std::uint32_t application_id = 0x556E726C;
constexpr std::size_t application_id_at = 68;
constexpr std::string_view magic("SQLite format 3\0", 16);

/// Of a curve the points stand apart, in the order of their primary key; `series` shows both as series.csv
/// does.
constexpr const char* series_tables = R"(
CREATE TABLE curves (curve INTEGER PRIMARY KEY, id TEXT NOT NULL REFERENCES trials (id), series TEXT NOT NULL,
  moment TEXT NOT NULL, axis TEXT NOT NULL, unit TEXT NOT NULL, direction TEXT NOT NULL, logarithmic INTEGER NOT NULL);
CREATE TABLE points (curve INTEGER NOT NULL REFERENCES curves, point INTEGER NOT NULL, x REAL, y REAL,
  PRIMARY KEY (curve, point)) WITHOUT ROWID;
CREATE VIEW series AS SELECT id, series, moment, axis, x, y FROM curves JOIN points USING (curve);
CREATE TABLE scalars (scalar TEXT PRIMARY KEY, unit TEXT NOT NULL, direction TEXT NOT NULL,
  logarithmic INTEGER NOT NULL);
CREATE TABLE sweep (property TEXT PRIMARY KEY, value TEXT NOT NULL);
)";
constexpr const char* timing_table =
    "CREATE TABLE timing (id TEXT PRIMARY KEY REFERENCES trials (id), seconds REAL, attempts INTEGER, host "
    "TEXT, "
    "build TEXT);";
constexpr const char* indices =
    "CREATE INDEX curves_of_trial ON curves (id, series); CREATE INDEX curves_by_name ON curves (series, "
    "moment);";

/// INTEGER where all values fit, else REAL, else TEXT.
enum class ColumnType { none, integer, real, text };

std::string_view name_of(ColumnType type) {
  return type == ColumnType::integer ? "INTEGER" : type == ColumnType::real ? "REAL" : "TEXT";
}

ColumnType type_of(const Json& value) {
  if (value.is_null()) return ColumnType::none;
  if (value.is_boolean() || value.is_number_integer()) return ColumnType::integer;
  return value.is_number() ? ColumnType::real : ColumnType::text;
}

DatabaseValue value_of(const Json& value, ColumnType type) {
  if (value.is_null()) return {};
  if (type == ColumnType::text) return value.is_string() ? value.get<std::string>() : value.dump();
  if (value.is_boolean()) return std::int64_t{value.get<bool>()};
  if (type == ColumnType::integer) return value.get<std::int64_t>();
  return value.get<double>();
}

/// The table of trials as it will be: columns that every trial has, scalars, settings.
class TrialTable {
 public:
  explicit TrialTable(const ExportedSweep& sweep) : sweep_(sweep), runs_(runs_of(sweep.plan, sweep.records)) {
    for (const Trial& trial : sweep.plan.trials) look_at(settings_as_json(sweep.laboratory, trial));
    for (const TrialRecord* run : runs_)
      if (has_result(run)) look_at(run->scalars);
  }

  std::string create_statement() const {
    std::vector<std::string> columns = own_columns();
    std::set<std::string> taken;
    for (const std::string& column : columns) taken.insert(column.substr(0, column.find(' ')));
    for (const Scalar& scalar : scalars_) columns.push_back(column(scalar.name, "REAL", taken));
    for (const std::string& key : keys_) columns.push_back(column(key, name_of(types_.at(key)), taken));
    return fmt::format("CREATE TABLE trials ({});", fmt::join(columns, ", "));
  }

  void fill(Database& database) const {
    Insertion insertion(database, "trials", own_columns().size() + scalars_.size() + keys_.size());
    for (std::size_t i = 0; i < runs_.size(); ++i) {
      add_own(insertion, i);
      for (const Scalar& scalar : scalars_) insertion.add(scalar_of(runs_[i], scalar.name));
      const Json settings = settings_as_json(sweep_.laboratory, sweep_.plan.trials[i]);
      for (const std::string& key : keys_) insertion.add(setting_of(settings, key));
      insertion.end_row();
    }
    Insertion meanings(database, "scalars", 4);
    for (const Scalar& scalar : scalars_) {
      const FigureDescriptor& figure = scalar.descriptor;
      meanings.add(scalar.name).add(figure.unit).add(figure.direction);
      meanings.add(std::int64_t{figure.logarithmic}).end_row();
    }
  }

 private:
  static std::vector<std::string> own_columns() {
    return {"number INTEGER PRIMARY KEY",
            "id TEXT NOT NULL UNIQUE",
            "status TEXT NOT NULL",
            "reason TEXT",
            "success INTEGER",
            "solved_at INTEGER",
            "updates INTEGER",
            "best_update INTEGER"};
  }

  void look_at(const Json& settings) {
    for (const auto& [key, value] : settings.items()) {
      const auto [at, is_new] = types_.try_emplace(key, ColumnType::none);
      if (is_new) keys_.push_back(key);
      at->second = std::max(at->second, type_of(value));
    }
  }

  void look_at(const std::vector<Scalar>& scalars) {
    for (const Scalar& scalar : scalars)
      if (known_.insert(scalar.name).second) scalars_.push_back(scalar);
  }

  /// SQLite does not tell "A" from "a": of two names that are the same to it the later one has a number.
  static std::string column(const std::string& name, std::string_view type, std::set<std::string>& taken) {
    const auto folded = [](std::string text) {
      std::ranges::transform(text, text.begin(), [](unsigned char c) { return std::tolower(c); });
      return text;
    };
    std::string free = name;
    for (int n = 2; !taken.insert(folded(free)).second; ++n) free = fmt::format("{} ({})", name, n);
    return fmt::format("{} {}", quoted_name(free), type);
  }

  void add_own(Insertion& insertion, std::size_t i) const {
    const TrialRecord* run = runs_[i];
    insertion.add(static_cast<std::int64_t>(i)).add(sweep_.plan.trials[i].id);
    insertion.add(run ? std::string(status_name(run->status)) : "missing");
    insertion.add(run ? run->reason : "");
    if (!has_result(run)) {
      for (int column = 0; column < 4; ++column) insertion.add({});
      return;
    }
    insertion.add(std::int64_t{run->success});
    insertion.add(run->solved_at ? DatabaseValue(*run->solved_at) : DatabaseValue());
    insertion.add(run->updates).add(run->best_update);
  }

  static DatabaseValue scalar_of(const TrialRecord* run, const std::string& name) {
    const std::optional<double> value = has_result(run) ? run->scalar(name) : std::nullopt;
    return value ? DatabaseValue(*value) : DatabaseValue();
  }

  DatabaseValue setting_of(const Json& settings, const std::string& key) const {
    const auto found = settings.find(key);
    return found == settings.end() ? DatabaseValue() : value_of(*found, types_.at(key));
  }

  const ExportedSweep& sweep_;
  std::vector<const TrialRecord*> runs_;
  std::vector<std::string> keys_;  ///< of settings, in order of appearance
  std::map<std::string, ColumnType> types_;
  std::vector<Scalar> scalars_;  ///< the first of each name
  std::set<std::string> known_;
};

void fill_series(Database& database, const ExportedSweep& sweep) {
  Insertion curves(database, "curves", 8), points(database, "points", 4);
  std::int64_t curve = 0;
  for (const TrialRecord* run : runs_of(sweep.plan, sweep.records)) {
    if (!has_result(run)) continue;
    for (const RecordedSeries& series : run->series) {
      const FigureDescriptor& figure = series.descriptor;
      curves.add(curve).add(run->id).add(series.name).add(series.moment).add(series.axis);
      curves.add(figure.unit).add(figure.direction).add(std::int64_t{figure.logarithmic}).end_row();
      for (std::size_t i = 0; i < series.x.size(); ++i)
        points.add(curve).add(static_cast<std::int64_t>(i)).add(series.x[i]).add(series.y[i]).end_row();
      ++curve;
    }
  }
}

void fill_timing(Database& database, const ExportedSweep& sweep) {
  Insertion timing(database, "timing", 5);
  for (const TrialRecord* run : runs_of(sweep.plan, sweep.records)) {
    if (run == nullptr) continue;
    timing.add(run->id).add(run->seconds).add(run->attempts).add(run->host).add(run->build).end_row();
  }
}

void fill_properties(Database& database, const ExportedSweep& sweep) {
  Insertion properties(database, "sweep", 2);
  properties.add("config").add(sweep.plan.resolved).end_row();
  if (sweep.timing) properties.add("made by").add(sweep.plan.header).end_row();
}

bool wrote_sqlite(const std::filesystem::path& path) {
  std::error_code error;
  if (!std::filesystem::is_regular_file(path, error)) return false;
  const std::string head = first_bytes(path, application_id_at + 4);
  if (head.empty()) return true;
  if (head.size() < application_id_at + 4 || !head.starts_with(magic)) return false;
  std::uint32_t id = 0;
  for (std::size_t i = 0; i < 4; ++i) id = id << 8 | static_cast<unsigned char>(head[application_id_at + i]);
  return id == application_id;
}

void write_sqlite(const ExportedSweep& sweep, const std::filesystem::path& target) {
  Database database;
  database.execute(
      fmt::format("PRAGMA encoding='UTF-8'; PRAGMA page_size=4096; PRAGMA application_id={}; "
                  "PRAGMA user_version=1; BEGIN;",
                  application_id));
  const TrialTable trials(sweep);
  database.execute(trials.create_statement() + series_tables + (sweep.timing ? timing_table : ""));
  trials.fill(database);
  fill_series(database, sweep);
  if (sweep.timing) fill_timing(database, sweep);
  fill_properties(database, sweep);
  database.execute(std::string(indices) + "COMMIT;");
  write_file(target, database.bytes());
}

}  // namespace

const ExportFormat& sqlite_format() {
  static const ExportFormat format{
      "sqlite", "sweep.sqlite", "a SQLite file: trials, series and what scalars mean",
      true,     wrote_sqlite,   write_sqlite};
  return format;
}

}  // namespace unroll

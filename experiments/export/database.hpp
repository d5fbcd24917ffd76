#pragma once

#include <sqlite3.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <variant>

namespace unroll {

/// NULL, INTEGER, REAL (a NaN is NULL there), TEXT.
using DatabaseValue = std::variant<std::monostate, std::int64_t, double, std::string>;

/// A SQLite database in memory, whose bytes depend on what is done to it alone. Methods throw
/// std::runtime_error with what SQLite says.
class Database {
 public:
  Database();

  void execute(const std::string& statements);
  /// The content of a file that holds it.
  std::string bytes();

 private:
  friend class Insertion;

  struct Close {
    void operator()(sqlite3* database) const { sqlite3_close(database); }
  };
  std::unique_ptr<sqlite3, Close> database_;
};

/// Adds rows to a table.
class Insertion {
 public:
  Insertion(Database& database, std::string_view table, std::size_t columns);

  Insertion& add(const DatabaseValue& value);  ///< to the row that is being made
  void end_row();

 private:
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
  };
  sqlite3* database_;
  std::unique_ptr<sqlite3_stmt, Finalize> statement_;
  int bound_ = 0;
};

/// As SQL quotes a name, whatever is in it.
std::string quoted_name(std::string_view name);

}  // namespace unroll

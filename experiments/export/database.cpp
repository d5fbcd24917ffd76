#include "experiments/export/database.hpp"

#include <fmt/format.h>

#include <new>
#include <stdexcept>

namespace unroll {
namespace {

void check(sqlite3* database, int result, int expected) {
  if (result == expected) return;
  if (result == SQLITE_NOMEM) throw std::bad_alloc();
  throw std::runtime_error(fmt::format("SQLite: {}", sqlite3_errmsg(database)));
}

int bind(sqlite3_stmt* statement, int at, const DatabaseValue& value) {
  if (const auto* number = std::get_if<std::int64_t>(&value))
    return sqlite3_bind_int64(statement, at, *number);
  if (const auto* number = std::get_if<double>(&value)) return sqlite3_bind_double(statement, at, *number);
  if (const auto* text = std::get_if<std::string>(&value))
    return sqlite3_bind_text64(statement, at, text->data(), text->size(), SQLITE_TRANSIENT, SQLITE_UTF8);
  return sqlite3_bind_null(statement, at);
}

}  // namespace

Database::Database() {
  sqlite3* database = nullptr;
  const int result = sqlite3_open(":memory:", &database);
  database_.reset(database);
  check(database, result, SQLITE_OK);
}

void Database::execute(const std::string& statements) {
  check(database_.get(), sqlite3_exec(database_.get(), statements.c_str(), nullptr, nullptr, nullptr),
        SQLITE_OK);
}

std::string Database::bytes() {
  sqlite3_int64 size = 0;
  const std::unique_ptr<unsigned char, decltype(&sqlite3_free)> content(
      sqlite3_serialize(database_.get(), "main", &size, 0), sqlite3_free);
  if (!content) throw std::bad_alloc();
  return {reinterpret_cast<const char*>(content.get()), static_cast<std::size_t>(size)};
}

Insertion::Insertion(Database& database, std::string_view table, std::size_t columns)
    : database_(database.database_.get()) {
  std::string marks;
  for (std::size_t i = 0; i < columns; ++i) marks += i == 0 ? "?" : ", ?";
  const std::string text = fmt::format("INSERT INTO {} VALUES ({})", quoted_name(table), marks);
  sqlite3_stmt* statement = nullptr;
  const int result = sqlite3_prepare_v2(database_, text.c_str(), -1, &statement, nullptr);
  statement_.reset(statement);
  check(database_, result, SQLITE_OK);
}

Insertion& Insertion::add(const DatabaseValue& value) {
  check(database_, bind(statement_.get(), ++bound_, value), SQLITE_OK);
  return *this;
}

void Insertion::end_row() {
  check(database_, sqlite3_step(statement_.get()), SQLITE_DONE);
  check(database_, sqlite3_reset(statement_.get()), SQLITE_OK);
  bound_ = 0;
}

std::string quoted_name(std::string_view name) {
  std::string quoted = "\"";
  for (const char c : name) quoted.append(c == '"' ? 2 : 1, c);
  return quoted + '"';
}

}  // namespace unroll

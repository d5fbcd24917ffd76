#include "experiments/data/formats/csv_table.hpp"

#include <csv.h>
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <new>

#include "experiments/data/data_error.hpp"
#include "experiments/data/formats/gzip.hpp"
#include "experiments/text/text.hpp"
#include "models/nearest.hpp"

// Quotes and separators are libcsv's to understand: it is small, in Debian, and strict where asked to be, so
// that a stray quote is an error and does not swallow rows. It is given one line at a time, since it does not
// say on which line a row begins.

namespace unroll {

namespace {

/// libcsv's state, which frees itself.
class Parser {
 public:
  explicit Parser(char separator) {
    if (csv_init(&state, CSV_STRICT | CSV_STRICT_FINI) != 0) throw std::bad_alloc();
    csv_set_delim(&state, static_cast<unsigned char>(separator));
    csv_set_blk_size(&state, 1 << 16);  // its buffer grows by so much
  }
  ~Parser() { csv_free(&state); }
  Parser(const Parser&) = delete;
  Parser& operator=(const Parser&) = delete;

  csv_parser state = {};
};

/// Takes a line, with its end, off the front.
std::string_view take_line(std::string_view& text) {
  const std::string_view line = text.substr(0, text.find_first_of("\r\n"));
  const std::string_view with_end = text.substr(0, line.size() + 1);
  text.remove_prefix(with_end.size());
  return with_end;
}

/// The separator that the first line shows outside of quotes.
char separator_of(std::string_view text) {
  const std::string_view line = take_line(text);
  bool quoted = false, semicolon = false, tab = false;
  for (const char c : line) {
    if (c == '"') quoted = !quoted;
    if (quoted) continue;
    if (c == ',') return ',';
    semicolon = semicolon || c == ';';
    tab = tab || c == '\t';
  }
  return semicolon ? ';' : tab ? '\t' : ',';
}

class Reader {
 public:
  Reader(char separator, const std::string& name) : separator_(separator), parser_(separator) {
    table_.file = name;
  }

  CsvTable read(std::string_view text) {
    while (!text.empty()) read_line(take_line(text));
    if (csv_fini(&parser_.state, add_field, end_row, this) != 0)
      fail(row_line_, "a quoted field begins in this row and does not end: is a closing quote missing?");
    if (!at_row_start_) take_row();
    if (table_.names.empty()) fail(1, "the file holds spaces and empty lines only");
    if (table_.rows() == 0) fail(1, "the table has names of columns, but no rows");
    return std::move(table_);
  }

 private:
  void read_line(std::string_view line) {
    ++line_;
    if (at_row_start_ && is_blank(line)) {
      if (blank_line_ == 0) blank_line_ = line_;
      return;
    }
    if (blank_line_ != 0)
      fail(blank_line_,
           fmt::format("the line is empty, but on line {} the table goes on: remove it, or write NA for "
                       "values that are missing",
                       line_));
    if (at_row_start_) row_line_ = line_;
    at_row_start_ = false;
    const std::size_t parsed = csv_parse(&parser_.state, line.data(), line.size(), add_field, end_row, this);
    if (parsed != line.size()) stray_quote(line, parsed);
    if (row_ended_) take_row();
  }

  bool is_blank(std::string_view line) const {
    return std::all_of(line.begin(), line.end(), [&](char c) {
      return c == ' ' || c == '\n' || c == '\r' || (c == '\t' && separator_ != '\t');
    });
  }

  /// What libcsv calls. Whether a row fits is looked at later: an error should not be thrown through C code.
  static void add_field(void* text, std::size_t size, void* reader) {
    auto& self = *static_cast<Reader*>(reader);
    self.row_.append(static_cast<const char*>(text), size);
    self.row_ends_.push_back(self.row_.size());
  }
  static void end_row(int, void* reader) { static_cast<Reader*>(reader)->row_ended_ = true; }

  void take_row() {
    if (table_.names.empty()) {
      take_first_row();
    } else {
      if (row_ends_.size() != table_.names.size())
        fail(row_line_,
             fmt::format("expected {} fields, as the first line has, but found {}: is a separator or a "
                         "quote missing, or one too many?",
                         table_.names.size(), row_ends_.size()));
      add_row();
    }
    row_.clear();
    row_ends_.clear();
    row_ended_ = false;
    at_row_start_ = true;
  }

  void add_row() {
    for (const std::size_t end : row_ends_) table_.ends.push_back(table_.characters.size() + end);
    table_.characters += row_;
    table_.lines.push_back(row_line_);
  }

  void take_first_row() {
    std::vector<std::string> fields;
    std::size_t begin = 0;
    for (const std::size_t end : row_ends_) {
      fields.push_back(row_.substr(begin, end - begin));
      begin = end;
    }
    const bool is_data = std::all_of(fields.begin(), fields.end(), is_csv_number);
    std::map<std::string, std::size_t> position;
    for (std::size_t i = 0; i < fields.size(); ++i) {
      const std::string& name =
          table_.names.emplace_back(is_data || fields[i].empty() ? std::to_string(i + 1) : fields[i]);
      const auto [known, is_new] = position.emplace(name, i + 1);
      if (!is_new)
        fail(row_line_, fmt::format("the columns {} and {} are both called \"{}\": rename one of them",
                                    known->second, i + 1, printable(name)));
    }
    if (is_data) add_row();
  }

  [[noreturn]] void stray_quote(std::string_view line, std::size_t at) {
    if (csv_error(&parser_.state) != CSV_EPARSE) throw std::bad_alloc();
    fail(line_,
         fmt::format("at byte {} of the line, near \"{}\", a quote stands inside a field, or text behind a "
                     "quoted one: a field with a quote is written \"...\"\"...\"",
                     at + 1, printable(line.substr(at - std::min<std::size_t>(at, 10), 20))));
  }

  [[noreturn]] void fail(std::size_t line, const std::string& what) const {
    throw DataError(fmt::format("[csv] {}, line {}: {}", table_.file, line, what));
  }

  char separator_;
  Parser parser_;
  CsvTable table_;
  std::size_t line_ = 0, row_line_ = 1, blank_line_ = 0;
  bool at_row_start_ = true, row_ended_ = false;
  std::string row_;  ///< the fields of the row that is being read
  std::vector<std::size_t> row_ends_;
};

std::string text_of(std::string_view bytes, const std::string& name) {
  try {
    return checked_text(is_gzip(bytes) ? unpack_gzip(bytes, name) : std::string(bytes), name);
  } catch (const TextError& error) {
    throw DataError(fmt::format("[csv] {}", error.what()));
  }
}

}  // namespace

std::string_view CsvTable::field(std::size_t row, std::size_t column) const {
  const std::size_t i = row * names.size() + column, begin = i == 0 ? 0 : ends[i - 1];
  return std::string_view(characters).substr(begin, ends[i] - begin);
}

CsvTable read_csv(std::string_view bytes, const std::string& name) {
  const std::string text = text_of(bytes, name);
  return Reader(separator_of(text), name).read(text);
}

}  // namespace unroll

#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "experiments/verbs/verb.hpp"

namespace unroll {

/// Rows for people and for other programs: flat objects with the same members in the same order. Numbers that
/// are not finite are strings.
using Listing = std::vector<nlohmann::ordered_json>;

/// Adds --format to the flags of a verb. One that is unknown is refused while flags are read, before anything
/// is done.
void add_format_flag(Flags& flags);
/// The same for a verb that writes other things as well, in formats of their own.
void add_format_flag(Flags& flags, const std::vector<std::string>& more, const char* meaning);

std::string format_of(const Arguments& arguments);
/// Whether --format asks for what people read.
bool is_table(const Arguments& arguments);

/// Prints to stdout, with two blanks a level; bytes that are no UTF-8 are replaced.
void print_json(const nlohmann::ordered_json& json);

/// Prints to stdout as --format says: an aligned table, a JSON array or CSV (RFC 4180, line feeds). Throws
/// UsageError for any other format.
void print_listing(const Listing& rows, const Arguments& arguments);

/// The same in a format of that name.
void print_listing(const Listing& rows, const std::string& format);

/// The same as text; in a table for people a cell of one's own goes by its name where that says which one it
/// is.
std::string as_table(const Listing& rows);
std::string as_csv(const Listing& rows);

}  // namespace unroll

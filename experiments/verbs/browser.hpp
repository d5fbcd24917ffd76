#pragma once

#include <string>

namespace unroll {

/// What a page in a browser without a window leaves as its document, when its scripts are done: HTML. The
/// browser is Chromium or one of its kin, $CHROMIUM or found in PATH by its usual names; it is given a folder
/// of its own and no network. Throws ConfigError where there is none, or where it fails.
std::string document_of(const std::string& html);

/// The page as it prints: a PDF file, without the date of its making.
std::string pdf_of(const std::string& html);

}  // namespace unroll

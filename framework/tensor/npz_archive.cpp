#include "framework/tensor/npz_archive.hpp"

#include <fmt/format.h>

#include "framework/tensor/stored_array.hpp"

namespace unroll {

namespace {

std::string message(zip_error_t& error) {
  const std::string text = zip_error_strerror(&error);
  zip_error_fini(&error);
  return text;
}

}  // namespace

void npz_fail(const std::string& origin, const std::string& what) {
  throw ArrayFileError(fmt::format("[npz] {}: {}", origin, what));
}

ZipSource source_over(std::string_view bytes, const std::string& origin) {
  zip_error_t error;
  zip_error_init(&error);
  ZipSource source(zip_source_buffer_create(bytes.data(), bytes.size(), 0, &error));
  if (!source) npz_fail(origin, message(error));
  return source;
}

ZipArchive open_archive(const ZipSource& source, int flags, const std::string& origin) {
  zip_error_t error;
  zip_error_init(&error);
  zip_source_keep(source.get());
  ZipArchive archive(zip_open_from_source(source.get(), flags, &error));
  if (archive) return archive;
  zip_source_free(source.get());
  npz_fail(origin, fmt::format("it is no .npz file, or a damaged one: {}", message(error)));
}

}  // namespace unroll

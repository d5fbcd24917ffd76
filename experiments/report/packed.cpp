#include "experiments/report/packed.hpp"

#include <zlib.h>

#include <boost/archive/iterators/base64_from_binary.hpp>
#include <boost/archive/iterators/transform_width.hpp>
#include <new>

namespace unroll {
namespace {

std::string deflated(std::string_view text) {
  uLongf size = compressBound(text.size());
  std::string out(size, '\0');
  // Digits of measurements hardly repeat: to look harder takes six times as long and saves a tenth.
  if (compress2(reinterpret_cast<Bytef*>(out.data()), &size, reinterpret_cast<const Bytef*>(text.data()),
                text.size(), Z_BEST_SPEED) != Z_OK)
    throw std::bad_alloc();  // there is room for the largest output, so that nothing else can fail
  out.resize(size);
  return out;
}

std::string base64(std::string bytes) {
  using namespace boost::archive::iterators;
  using Digits = base64_from_binary<transform_width<std::string::const_iterator, 6, 8>>;
  const std::size_t padding = (3 - bytes.size() % 3) % 3;
  bytes.append(padding, '\0');
  std::string text(Digits(bytes.cbegin()), Digits(bytes.cend()));
  return text.replace(text.size() - padding, padding, padding, '=');
}

}  // namespace

std::string packed(std::string_view text) { return base64(deflated(text)); }

}  // namespace unroll

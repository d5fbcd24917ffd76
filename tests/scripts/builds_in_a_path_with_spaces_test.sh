#!/bin/bash
# The real CMake files, in a folder with a space in its name: embedded files, kernels and the include folder.
set -eu
place=$(mktemp -d "${TMPDIR:-/tmp}/unroll with spaces.XXXXXX")
trap 'rm -rf "$place"' EXIT
for part in framework models experiments scripts tests CMakeLists.txt; do
  ln -s "$UNROLL_SOURCE_DIR/$part" "$place/$part"
done
cd "$place"
cmake -S . -B build -G Ninja -DCMAKE_BUILD_TYPE=Release -DCMAKE_CXX_FLAGS_RELEASE=-O0 >log 2>&1 || { cat log; exit 1; }
ninja -C build CMakeFiles/unroll_laboratory.dir/embedded_web_files.cpp.o \
  CMakeFiles/unroll.dir/Unity/unity_framework_random_0_cxx.cxx.o \
  >log 2>&1 || { cat log; exit 1; }

cat >use.cpp <<'SOURCE'
#include <cstdio>
#include <span>
#include <unroll/framework/tensor/embedded_file.hpp>
#include <unroll/framework/tensor/shape.hpp>
namespace unroll {
std::span<const EmbeddedFile> embedded_web_files();
}
int main() {
  for (const unroll::EmbeddedFile& file : unroll::embedded_web_files())
    if (file.name == "plotly-cartesian.min.js") std::fwrite(file.content.data(), 1, file.content.size(), stdout);
}
SOURCE
g++ -std=c++20 -Ibuild/include -I. use.cpp build/CMakeFiles/unroll_laboratory.dir/embedded_web_files.cpp.o -o use
./use | cmp - scripts/node_modules/plotly.js-cartesian-dist-min/plotly-cartesian.min.js

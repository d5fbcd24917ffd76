#!/bin/bash
# An inline function that is emitted for two instruction sets is kept once by the linker: on an older CPU the
# baseline would then run wide instructions. So wide kernel objects may define no shared symbol at all, but for
# those whose names carry the instruction set.
set -u
found=0
for isa in avx2 avx512; do
  for object in "$UNROLL_BINARY_DIR/CMakeFiles/unroll_kernels_$isa.dir/framework/tensor/kernels"/*.o; do
    [[ -e $object ]] || continue
    found=1
    shared=$(nm --demangle --defined-only "$object" | grep -E ' [WVu] ' | grep -vE "$isa|DW\.ref\.")
    if [[ -n $shared ]]; then
      printf '%s shares with other objects:\n%s\n' "${object##*/} ($isa)" "$shared"
      exit 1
    fi
  done
done
[[ $(uname -m) != x86_64 || $found == 1 ]] || { echo "no kernel objects in $UNROLL_BINARY_DIR"; exit 1; }

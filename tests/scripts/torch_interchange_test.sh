#!/bin/bash
# Models as files go both ways between PyTorch and this project, in all that PyTorch has a layer for. Skipped
# where there is no PyTorch (Debian: python3-torch).
set -eu
/usr/bin/python3 -c 'import torch' 2>/dev/null || {
  echo "SKIP: /usr/bin/python3 has no torch"
  exit 77
}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$UNROLL_SOURCE_DIR"

g++ -std=c++20 -O1 -I. tests/interchange/run_model.cpp "$UNROLL_BINARY_DIR/libunroll.a" -lutf8proc -lxsmm \
  -lopenblas -ldnnl -lgomp -lfmt -lzip -lxxhash -ltbb -ldl -lpthread -o "$work/run_model"
/usr/bin/python3 tests/interchange/torch_interchange.py "$work/run_model" "$work"
/usr/bin/python3 tests/interchange/torch_import.py "$UNROLL_PROGRAM" "$work"

/// Defaults of the sanitizers, which look for these functions by name.

extern "C" {

/// Threads that libgomp (inside oneDNN) and TBB start synchronise in ways ThreadSanitizer cannot see, because
/// their builds are not instrumented. Nothing of Unroll's own may be listed here. OpenBLAS cannot be: its
/// code is in two segments, which ThreadSanitizer takes for two libraries of one name and refuses; that it
/// ignores what code without instrumentation does (below) has to do for it.
const char* __tsan_default_suppressions() {
  return "called_from_lib:libgomp.so\n"
         "called_from_lib:libtbb.so\n"
         "called_from_lib:libdnnl.so\n";
}

const char* __tsan_default_options() { return "ignore_noninstrumented_modules=1"; }

/// The tests count allocations by an operator new of their own, which AddressSanitizer takes for malloc:
/// where a library asks for a form of new that is not replaced, the two do not pair.
const char* __asan_default_options() { return "alloc_dealloc_mismatch=0"; }

/// TBB keeps a proxy of 40 bytes for an observer that ends while a worker still holds it.
const char* __lsan_default_suppressions() { return "leak:tbb::detail::r1::observe\n"; }

const char* __ubsan_default_options() { return "print_stacktrace=1"; }

}  // extern "C"

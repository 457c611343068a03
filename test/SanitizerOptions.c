/*===- SanitizerOptions.c - Defaults of instrumented programs -------------===*\
|*                                                                            *|
|* LLVM's allocators poison what they have not handed out, in inline code:    *|
|* instrumented callers poison, and libMLIR, which is not instrumented, hands *|
|* out the same memory without unpoisoning it. So poisoning is off; it takes  *|
|* nothing from the checks of heap, stack and globals. A finding is a crash,  *|
|* which `not` in lit's tests does not take for an error that was expected.   *|
|*                                                                            *|
\*===----------------------------------------------------------------------===*/

__attribute__((visibility("default"))) const char *
__asan_default_options(void) {
  return "allow_user_poisoning=0:abort_on_error=1";
}

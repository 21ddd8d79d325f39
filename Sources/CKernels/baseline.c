// What every CPU of the architecture runs: SSE2 on x86-64, where there is no fused multiply-add, NEON on aarch64.
#include "CKernels.h"
#define TAG _baseline
#define NAME "baseline"
#define VL 4
#if defined(__aarch64__)
#define MR 4
#define FUSED 1
#else
#define MR 2
#define FUSED 0
#endif
#include "kernels.inc"

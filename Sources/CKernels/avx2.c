#include "CKernels.h"
#if defined(__x86_64__)
#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#define TAG _avx2
#define NAME "avx2"
#define VL 8
#define MR 2
#define FUSED 1
#include "kernels.inc"
#pragma clang attribute pop
#endif

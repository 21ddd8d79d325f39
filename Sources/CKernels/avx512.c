#include "CKernels.h"
#if defined(__x86_64__)
#pragma clang attribute push(__attribute__((target("avx512f,avx512vl,avx512dq,avx512bw,avx2,fma"), min_vector_width(512))), apply_to = function)
#define TAG _avx512
#define NAME "avx512"
#define VL 16
#define MR 4
#define FUSED 1
#include "kernels.inc"
#pragma clang attribute pop
#endif

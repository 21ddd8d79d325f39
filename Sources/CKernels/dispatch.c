// Chooses a build of the kernels for this machine.
#include "CKernels.h"

extern const mk_kernels mk_table_baseline, mk_table_exact;

static int same(const char *a, const char *b) {
  while (*a && *a == *b) { a++; b++; }
  return *a == *b;
}

#if defined(__x86_64__)
extern const mk_kernels mk_table_avx512, mk_table_avx512_unfused, mk_table_avx2, mk_table_avx2_unfused;

static int has_avx512(void) {
  __builtin_cpu_init();
  return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq") &&
         __builtin_cpu_supports("avx512bw");
}

static int has_avx2(void) {
  __builtin_cpu_init();
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
}
#endif

const mk_kernels *mk_kernels_best(void) {
#if defined(__x86_64__)
  if (has_avx512()) return &mk_table_avx512;
  if (has_avx2()) return &mk_table_avx2;
#endif
  return &mk_table_baseline;
}

const mk_kernels *mk_kernels_named(const char *name) {
#if defined(__x86_64__)
  if (same(name, "avx512")) return has_avx512() ? &mk_table_avx512 : 0;
  if (same(name, "avx512-unfused")) return has_avx512() ? &mk_table_avx512_unfused : 0;
  if (same(name, "avx2")) return has_avx2() ? &mk_table_avx2 : 0;
  if (same(name, "avx2-unfused")) return has_avx2() ? &mk_table_avx2_unfused : 0;
#endif
  if (same(name, "baseline")) return &mk_table_baseline;
  if (same(name, "exact")) return &mk_table_exact;
  return 0;
}

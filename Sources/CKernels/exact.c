// The fused class on any CPU, slowly: for checking a replay on a machine without fused multiply-add.
#include "CKernels.h"
#define TAG _exact
#define NAME "exact"
#define VL 4
#define MR 2
#define FUSED 2
#include "kernels.inc"

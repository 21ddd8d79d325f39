// cells: what a step of the recurrent layers costs, LSTM and GRU in turn; see cells.sh.
#include "CKernels.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { LSTM, GRU, CELLS };
enum { H = 32, T = 16, B = 4, ROUNDS = 201, REPEATS = 200 };

static double seconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return now.tv_sec + 1e-9 * now.tv_nsec;
}

static float *floats(long n, int filled) {
  float *x;
  if (posix_memalign((void **)&x, 64, (n + 16) * sizeof(float))) exit(1);
  for (long i = 0; i < n + 16; i++) x[i] = filled ? (float)(rand() % 2001 - 1000) * 2e-4f : 0;
  return x;
}

static const mk_kernels *k;
static float *weights[CELLS], *turned[CELLS], *gradient[CELLS], *rows, *cells, *gates, *squashed, *d_gates, *d_h, *d_c;

static void step(int cell, long rows_used, long I, const float *x, const float *h, const float *c, float *c_out, float *out, long ld, float *g, float *s) {
  const long K = I + H;
  const float *p = weights[cell];
  if (cell == GRU) k->gru_step(rows_used, I, H, p, p + H / 16 * K * 48, x, ld, h, ld, out, ld, g);
  else k->lstm_step(rows_used, I, H, p, p + H / 16 * K * 64, x, ld, h, ld, c, c_out, out, ld, g, s);
}

// A step of one series, its state going to and fro.
static void score(int cell, long I) {
  const long K = I + H;
  step(cell, 1, I, rows, rows + I, cells, cells, rows + K + I, K, 0, 0);
  step(cell, 1, I, rows, rows + K + I, cells, cells, rows + I, K, 0, 0);
}

// Forward and backward through T steps of B sequences, and the gradient of the weights: training but for head and Adam.
static void train(int cell, long I) {
  const long K = I + H, S = cell == GRU ? 48 : 64, fed = cell == GRU ? 16 : 0;
  for (long t = 0; t < T; t++)
    step(cell, B, I, rows + t * B * K, rows + t * B * K + I, cells + t * B * H, cells + (t + 1) * B * H, rows + (t + 1) * B * K + I, K,
         gates + t * B * 4 * H, squashed + t * B * H);
  memset(d_h, 0, T * B * H * sizeof(float)), memset(d_c, 0, B * H * sizeof(float));
  d_h[(T - 1) * B * H] = 1;
  for (long t = T - 1; t >= 0; t--) {
    float *d = d_gates + t * B * 4 * H, *before = t ? d_h + (t - 1) * B * H : 0;
    if (cell == GRU) k->gru_gates_backward(B, H, gates + t * B * 4 * H, rows + t * B * K + I, K, d_h + t * B * H, before, d);
    else k->lstm_gates_backward(B, H, gates + t * B * 4 * H, squashed + t * B * H, cells + t * B * H, d_h + t * B * H, d_c, d);
    if (!before) continue;
    if (cell == LSTM) k->matmul(B, H, 4 * H, 1, d, 4 * H, 1, turned[cell], H, before, H);
    else for (long j = 0; j < H / 16; j++) k->matmul(B, H, S, 1, d + j * 64 + fed, 4 * H, 1, turned[cell] + j * S * H, H, before, H);
  }
  for (long j = 0; j < H / 16; j++) {
    k->matmul(I, S, T * B, 0, rows, 1, K, d_gates + j * 64, 4 * H, gradient[cell] + j * K * S, S);
    k->matmul(H, S, T * B, 0, rows + I, 1, K, d_gates + j * 64 + fed, 4 * H, gradient[cell] + (j * K + I) * S, S);
  }
}

static int ascending(const void *a, const void *b) { return (*(const double *)a > *(const double *)b) - (*(const double *)a < *(const double *)b); }

static double median(double *x) {
  qsort(x, ROUNDS, sizeof(double), ascending);
  return x[ROUNDS / 2];
}

static void compare(const char *what, long I, int repeats, double share, void (*run)(int, long)) {
  static double time[CELLS][ROUNDS], ratio[ROUNDS];
  for (int round = 0; round < ROUNDS; round++) {
    for (int turn = 0; turn < CELLS; turn++) {
      const int cell = (turn + round) % CELLS;
      run(cell, I);
      const double begin = seconds();
      for (int i = 0; i < repeats; i++) run(cell, I);
      time[cell][round] = (seconds() - begin) / repeats * share * 1e9;
    }
    ratio[round] = time[GRU][round] / time[LSTM][round];
  }
  const double both = median(ratio);
  printf("| %s | %ld | %.0f | %.0f | %.2f |\n", what, (I - 2) / 2, median(time[LSTM]), median(time[GRU]), both);
}

int main(int argc, char **argv) {
  k = argc > 1 ? mk_kernels_named(argv[1]) : mk_kernels_best();
  if (!k) return 64;
  const long most = 2 * 38 + 2, K = most + H;
  for (int cell = 0; cell < CELLS; cell++) weights[cell] = floats(4 * H * (K + 1), 1), turned[cell] = floats(4 * H * H, 1), gradient[cell] = floats(4 * H * K, 0);
  rows = floats((T + 1) * B * K, 1), cells = floats((T + 1) * B * H, 0), gates = floats(T * B * 4 * H, 0), squashed = floats(T * B * H, 0);
  d_gates = floats(T * B * 4 * H, 0), d_h = floats(T * B * H, 0), d_c = floats(B * H, 0);
  printf("| %s, H %d, ns | channels | LSTM | GRU | ratio |\n|---|---:|---:|---:|---:|\n", k->name, H);
  const long channels[] = {1, 8, 38};
  for (int i = 0; i < 3; i++) compare("a step of one series", 2 * channels[i] + 2, REPEATS, 0.5, score);
  for (int i = 0; i < 3; i++) compare("training on 4 sequences of 16, without head and Adam", 2 * channels[i] + 2, REPEATS / 10, 1, train);
  return 0;
}

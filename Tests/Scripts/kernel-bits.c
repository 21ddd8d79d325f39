// kernel-bits [-v] [BUILD...]: the bits that builds of the kernels give (all that this machine has, or those named), a line each: the build, its arithmetic class, a hash.
//
// Numbers come from a generator of integers, so that every machine starts from the same ones. With -v the hash is shown after
// each group of kernels, so that two machines' first difference is seen.
#include "CKernels.h"
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint64_t hash, seed;
static const mk_kernels *k;
static int verbose;

// FNV-1a over the bits; all NaNs are one, for their payload is the processor's affair.
static void take(const float *x, long n) {
  for (long i = 0; i < n; i++) {
    uint32_t bits;
    memcpy(&bits, x + i, 4);
    if ((bits & 0x7fffffff) > 0x7f800000) bits = 0x7fc00000;
    for (int byte = 0; byte < 4; byte++) hash = (hash ^ (bits >> 8 * byte & 0xff)) * 0x100000001b3;
  }
}

static void report(const char *what) {
  if (verbose) printf("  %s %016llx\n", what, (unsigned long long)hash);
}

// A uniform number within +-scale, exactly representable (SplitMix64: Steele, Lea, Flood 2014).
static float number(float scale) {
  seed += 0x9e3779b97f4a7c15;
  uint64_t mixed = seed;
  mixed = (mixed ^ mixed >> 30) * 0xbf58476d1ce4e5b9;
  mixed = (mixed ^ mixed >> 27) * 0x94d049bb133111eb;
  return (float)((int)((mixed ^ mixed >> 31) >> 41) - (1 << 22)) * 0x1p-22f * scale;
}

static float *zeros(long n) {
  float *x = calloc(n + 16, sizeof(float));
  if (!x) exit(1);
  return x;
}

static float *numbers(long n, float scale) {
  float *x = zeros(n);
  for (long i = 0; i < n; i++) x[i] = number(scale);
  return x;
}

enum { LSTM, GRU };

static void step(int cell, long B, long I, long H, const float *p, const float *x, long ldx, const float *h, long ldh, const float *c, float *c_out,
                 float *out, long ldo, float *gates, float *squashed) {
  const float *bias = p + H / 16 * (I + H) * (cell == GRU ? 48 : 64);
  if (cell == GRU) k->gru_step(B, I, H, p, bias, x, ldx, h, ldh, out, ldo, gates);
  else k->lstm_step(B, I, H, p, bias, x, ldx, h, ldh, c, c_out, out, ldo, gates, squashed);
}

// 24 steps of B sequences, in order or reversed; what is taken is in the order of the sequences.
static void recur(int cell, long B, int reversed) {
  const long I = 5, H = 48, T = 24, count = H / 16 * (I + H) * (cell == GRU ? 48 : 64) + 4 * H;
  seed = 1;
  float *p = numbers(count, 0.3f), *all = numbers(T * 256 * I, 3), *x = zeros(B * I), *h = zeros(B * H), *next = zeros(B * H), *c = zeros(B * H);
  for (long t = 0; t < T; t++) {
    for (long b = 0; b < B; b++) memcpy(x + b * I, all + (t * 256 + (reversed ? B - 1 - b : b)) * I, I * sizeof(float));
    step(cell, B, I, H, p, x, I, h, H, c, c, next, H, 0, 0);
    float *old = h;
    h = next, next = old;
  }
  for (long b = 0; b < B; b++) {
    const long row = reversed ? B - 1 - b : b;
    take(h + row * H, H);
    take(c + row * H, H);
  }
  free(p), free(all), free(x), free(h), free(next), free(c);
}

// 50 steps of training a recurrent layer with its head: forward with stored gates, squared error, back-propagation, Adam.
static void train_recurrent(int cell) {
  const long I = 3, H = 32, N = 16, B = 3, T = 6, K = I + H, S = cell == GRU ? 48 : 64, fed = cell == GRU ? 16 : 0;
  const long bias = H / 16 * K * S, head = bias + 4 * H, head_bias = head + H * N, count = head_bias + N;
  seed = 2;
  float *p = numbers(count, 0.4f), *g = zeros(count), *m = zeros(count), *v = zeros(count);
  float *rows = zeros((T + 1) * B * K), *cells = zeros((T + 1) * B * H), *gates = zeros(T * B * 4 * H), *squashed = zeros(T * B * H);
  float *d_gates = zeros(T * B * 4 * H), *d_h = zeros(T * B * H), *d_c = zeros(B * H), *y = zeros(B * N), *d_y = zeros(B * N);
  float *turned = zeros(H / 16 * S * H), *head_turned = zeros(N * H);
  double product1 = 1, product2 = 1;
  for (int round = 0; round < 50; round++) {
    for (long t = 0; t < T; t++) for (long b = 0; b < B; b++) for (long i = 0; i < I; i++) rows[(t * B + b) * K + i] = number(2);
    for (long t = 0; t < T; t++)
      step(cell, B, I, H, p, rows + t * B * K, K, rows + t * B * K + I, K, cells + t * B * H, cells + (t + 1) * B * H, rows + (t + 1) * B * K + I, K,
           gates + t * B * 4 * H, squashed + t * B * H);
    const float *last = rows + T * B * K + I;
    k->dense(B, H, N, last, K, p + head, p + head_bias, 0, y, N);
    for (long i = 0; i < B * N; i++) d_y[i] = y[i] - number(1);
    for (long j = 0; j < H / 16; j++) k->transpose(H, S, p + (j * K + I) * S, S, turned + j * S * H, H);
    k->transpose(H, N, p + head, N, head_turned, H);
    memset(g, 0, count * sizeof(float)), memset(d_h, 0, T * B * H * sizeof(float)), memset(d_c, 0, B * H * sizeof(float));
    k->matmul(H, N, B, 0, last, 1, K, d_y, N, g + head, N);
    k->add_rows(B, N, d_y, N, g + head_bias);
    k->matmul(B, H, N, 0, d_y, N, 1, head_turned, H, d_h + (T - 1) * B * H, H);
    for (long t = T - 1; t >= 0; t--) {
      float *d = d_gates + t * B * 4 * H, *before = t ? d_h + (t - 1) * B * H : 0;
      if (cell == GRU) k->gru_gates_backward(B, H, gates + t * B * 4 * H, rows + t * B * K + I, K, d_h + t * B * H, before, d);
      else k->lstm_gates_backward(B, H, gates + t * B * 4 * H, squashed + t * B * H, cells + t * B * H, d_h + t * B * H, d_c, d);
      if (before) for (long j = 0; j < H / 16; j++) k->matmul(B, H, S, 1, d + j * 64 + fed, 4 * H, 1, turned + j * S * H, H, before, H);
    }
    for (long j = 0; j < H / 16; j++) {
      k->matmul(I, S, T * B, 0, rows, 1, K, d_gates + j * 64, 4 * H, g + j * K * S, S);
      k->matmul(H, S, T * B, 0, rows + I, 1, K, d_gates + j * 64 + fed, 4 * H, g + (j * K + I) * S, S);
    }
    k->add_rows(T * B, 4 * H, d_gates, 4 * H, g + bias);
    const float squares = k->square_sum(count, g);
    take(&squares, 1);
    product1 *= 0.9, product2 *= 0.99;
    k->adam(count, p, g, m, v, squares > 1 ? 0.5f : 1, 0.9f, 0.99f, (float)(0.004 / (1 - product1)), (float)(1 / (1 - product2)), 1e-6f);
  }
  take(p, count), take(m, count), take(v, count), take(gates, T * B * 4 * H), take(d_gates, T * B * 4 * H), take(y, B * N);
  free(p), free(g), free(m), free(v), free(rows), free(cells), free(gates), free(squashed), free(d_gates), free(d_h), free(d_c), free(y), free(d_y);
  free(turned), free(head_turned);
}

// 50 steps of training an autoencoder of two layers, the hidden one squashed.
static void train_autoencoder(void) {
  const long D = 48, H = 16, B = 5, first = 0, first_bias = D * H, second = first_bias + H, second_bias = second + H * D, count = second_bias + D;
  seed = 3;
  float *p = numbers(count, 0.3f), *g = zeros(count), *m = zeros(count), *v = zeros(count), *x = zeros(B * D), *hidden = zeros(B * H), *y = zeros(B * D);
  float *d_y = zeros(B * D), *d_hidden = zeros(B * H), *turned = zeros(D * H);
  double product1 = 1, product2 = 1;
  for (int round = 0; round < 50; round++) {
    for (long i = 0; i < B * D; i++) x[i] = number(2);
    k->dense(B, D, H, x, D, p + first, p + first_bias, 1, hidden, H);
    k->dense(B, H, D, hidden, H, p + second, p + second_bias, 0, y, D);
    for (long i = 0; i < B * D; i++) d_y[i] = y[i] - x[i];
    memset(g, 0, count * sizeof(float));
    k->matmul(H, D, B, 0, hidden, 1, H, d_y, D, g + second, D);
    k->add_rows(B, D, d_y, D, g + second_bias);
    k->transpose(H, D, p + second, D, turned, H);
    k->matmul(B, H, D, 0, d_y, D, 1, turned, H, d_hidden, H);
    k->tanh_backward(B * H, hidden, d_hidden);
    k->matmul(D, H, B, 0, x, 1, D, d_hidden, H, g + first, H);
    k->add_rows(B, H, d_hidden, H, g + first_bias);
    const float squares = k->square_sum(count, g);
    take(&squares, 1);
    product1 *= 0.9, product2 *= 0.99;
    k->adam(count, p, g, m, v, 0.5f, 0.9f, 0.99f, (float)(0.003 / (1 - product1)), (float)(1 / (1 - product2)), 1e-6f);
  }
  take(p, count), take(m, count), take(v, count), take(y, B * D);
  free(p), free(g), free(m), free(v), free(x), free(hidden), free(y), free(d_y), free(d_hidden), free(turned);
}

// Exponential, logistic function and tangent over -30 ... 30 and at the values that are none.
static void activate(void) {
  enum { COUNT = 24576 };
  float *x = zeros(COUNT), *y = zeros(COUNT);
  for (int i = 0; i < COUNT; i++) x[i] = (float)(i - COUNT / 2) * 0x1.4p-9f;
  const float special[] = {0, -0.0f, __builtin_inff(), -__builtin_inff(), __builtin_nanf(""), 1e30f, -1e30f, 0x1p-149f, 28, -28};
  memcpy(x, special, sizeof special);
  for (int kind = 0; kind < 3; kind++) {
    k->activate(kind, COUNT, x, y);
    take(y, COUNT);
  }
  free(x), free(y);
}

// Extreme values through one multiply-add each: overflow, underflow to subnormal numbers, infinities, NaN.
static void extremes(void) {
  const float value[16] = {0, -0.0f, 1, -1, __builtin_inff(), -__builtin_inff(), __builtin_nanf(""), 0x1.fffffep127f, -0x1.fffffep127f, 0x1p-126f, 0x1p-149f,
                           -0x1p-149f, 0x1.fffffep-1f, 0x1.000002p0f, 0x1p-128f, 1e20f};
  float bias[16], y[256];
  for (int c = 0; c < 16; c++) {
    for (int i = 0; i < 16; i++) bias[i] = value[c];
    k->dense(16, 1, 16, value, 1, value, bias, 0, y, 16);
    take(y, 256);
  }
}

// Windows of widths that fill a vector of four and that do not, around the end of a ring.
static void windows(void) {
  float *ring = numbers(13 * 12, 1), *out = zeros(7 * 12);
  for (long N = 1; N < 12; N++) {
    k->column_rms(13, N, ring, out);
    take(out, N);
    k->gather_clamped(7, N, ring, 8, 5, 12, 0.5f, out);
    take(out, 7 * N);
  }
  free(ring);
  free(out);
}

static void run(void) {
  static const long batches[] = {1, 3, 16, 17, 256};
  hash = 0xcbf29ce484222325;
  activate(), report("activations");
  extremes(), report("extremes");
  for (int cell = LSTM; cell <= GRU; cell++) {
    for (int i = 0; i < 5; i++) {
      const uint64_t before = hash;
      recur(cell, batches[i], 0);
      const uint64_t in_order = hash;
      hash = before;
      recur(cell, batches[i], 1);
      if (hash != in_order) {
        fprintf(stderr, "kernel-bits: %s, %ld sequences: the order of the batch shows\n", k->name, batches[i]);
        exit(1);
      }
    }
    report(cell == GRU ? "gru forward" : "lstm forward");
    train_recurrent(cell), report(cell == GRU ? "gru training" : "lstm training");
  }
  train_autoencoder(), report("autoencoder training");
  windows(), report("windows");
}

int main(int argc, char **argv) {
  char *all[] = {"avx512", "avx2", "baseline", "avx512-unfused", "avx2-unfused", "exact", 0}, **names = argv + 1;
  verbose = *names && !strcmp(*names, "-v");
  names += verbose;
  for (char **name = *names ? names : all; *name; name++) {
    k = mk_kernels_named(*name);
    if (!k) continue;
    run();
    printf("%s %s %016llx\n", k->name, k->fused ? "fused" : "unfused", (unsigned long long)hash);
  }
  return 0;
}

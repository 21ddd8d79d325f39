// The numeric leaf kernels: what Swift cannot compile for several instruction sets in one binary.
//
// They hold no state, allocate nothing and call no library. Sizes: B rows (series or windows), I inputs, H hidden units
// (a multiple of 16), N outputs (a multiple of 16), K inputs of a layer. All arrays are float32; strides count floats.
// Within an arithmetic class (fused or unfused multiply-add) every build gives the same bits, at every B.
#ifndef MONITORD_CKERNELS_H
#define MONITORD_CKERNELS_H

typedef struct mk_kernels {
  const char *name;
  int fused;

  // y[b][n] = f(bias[n] + sum over k ascending of x[b][k] * w[k][n]); f is tanh when squash, else the identity.
  void (*dense)(long B, long K, long N, const float *x, long ldx, const float *w, const float *bias, int squash, float *y, long ldy);

  // One LSTM step. panel [H/16][I+H][4][16] and bias [H/16][4][16], gates in the order input, forget, cell, output.
  // h_in and h_out differ; c is updated in place from c_in to c_out (they may be the same).
  // For training gates [B][H/16][4][16] and squashed [B][H] (tanh of the new cell state) are kept; else both are NULL.
  void (*lstm_step)(long B, long I, long H, const float *panel, const float *bias, const float *x, long ldx,
                    const float *h_in, long ldh, const float *c_in, float *c_out, float *h_out, long ldo, float *gates, float *squashed);

  // Backward through the gates of one step: from d_h, d_c (gradient of the new state) to d_gates (before the activations)
  // and d_c of the old state, in place.
  void (*lstm_gates_backward)(long B, long H, const float *gates, const float *squashed, const float *c_in, const float *d_h,
                              float *d_c, float *d_gates);

  // One GRU step, the reset gate applied behind the state's product. A unit has four sums: the inputs' part of its candidate,
  // reset, update, and the state's part of its candidate; bias [H/16][4][16]. The inputs feed the first three of them, the
  // state the last three: panel [H/16][I+H][3][16]. h_in and h_out differ.
  // For training gates [B][H/16][4][16] are kept (candidate, reset, update, and the fourth sum as it is); else NULL.
  void (*gru_step)(long B, long I, long H, const float *panel, const float *bias, const float *x, long ldx, const float *h_in, long ldh,
                   float *h_out, long ldo, float *gates);

  // Backward through the gates of one step: from d_h (gradient of the new state) to d_gates, that of the four sums, and what of
  // it goes straight on to the old state, which is added to d_h_in; NULL when nobody asks for that.
  void (*gru_gates_backward)(long B, long H, const float *gates, const float *h_in, long ldh, const float *d_h, float *d_h_in, float *d_gates);

  // out[m][n] (+)= sum over k ascending of a[m*row + k*column] * w[k*ldw + n].
  void (*matmul)(long M, long N, long K, int accumulate, const float *a, long row, long column, const float *w, long ldw, float *out, long ldo);

  // sums[n] += sum over b ascending of a[b][n].
  void (*add_rows)(long B, long N, const float *a, long lda, float *sums);

  // dy[i] *= 1 - y[i]^2, for n a multiple of 16.
  void (*tanh_backward)(long n, const float *y, float *dy);

  // Sum of squares over n (a multiple of 16) in 16 partial sums, joined pairwise: the same bits on every instruction set.
  float (*square_sum)(long n, const float *x);

  // Adam on n parameters (a multiple of 16): gradient times scale; rate and both bias corrections are folded by the caller into
  // rate (lr / (1 - beta1^t)) and correction (1 / (1 - beta2^t)).
  void (*adam)(long n, float *p, const float *g, float *m, float *v, float scale, float beta1, float beta2, float rate, float correction, float epsilon);

  // y[i] = exp, sigmoid, tanh of x[i] (kind 0, 1, 2), n a multiple of 16; arguments beyond +-28 are clamped, NaN passes through.
  void (*activate)(int kind, long n, const float *x, float *y);

  // out[n*ldo + m] = a[m*lda + n] for m < M and n < N, any sizes; a and out do not overlap.
  void (*transpose)(long M, long N, const float *a, long lda, float *out, long ldo);

  // y[n] = root of the mean over r ascending of x[r][n]^2, any sizes.
  void (*column_rms)(long R, long N, const float *x, float *y);

  // out[r][n] = ring[(first + r) mod capacity][n], within +-limit; capacity is a power of two, a row of the ring has ldr numbers.
  void (*gather_clamped)(long R, long N, const float *ring, long capacity, long first, long ldr, float limit, float *out);
} mk_kernels;

// The fastest this machine runs, in the fused class when it can.
const mk_kernels *mk_kernels_best(void);
// "avx512", "avx2", "baseline", and for tests "avx512-unfused", "avx2-unfused", "exact" (fused results out of baseline
// instructions); NULL when the name is unknown or this machine cannot run it.
const mk_kernels *mk_kernels_named(const char *name);

#endif

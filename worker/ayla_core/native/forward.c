/* Fully connected networks: the layers forward, and the derivatives of the activations. */

static void NAME(activate)(const NAME(Network)* p, REAL* restrict z, REAL* restrict before, const REAL* restrict bias,
                           int64_t rows, int64_t width) {
  const int64_t count = rows * width;
  if (p->activation == NAME(RELU)) {
    for (int64_t r = 0; r < rows; r++)
      for (int64_t j = 0; j < width; j++) {
        const REAL value = z[r * width + j] + bias[j];
        z[r * width + j] = value < 0 ? (REAL)0 : value; /* NaN stays NaN */
      }
    return;
  }
  for (int64_t r = 0; r < rows; r++) for (int64_t j = 0; j < width; j++) z[r * width + j] += bias[j];
  if (p->activation == NAME(TANH)) {
    NAME(map)(SLEEF_tanh, z, count);
  } else if (p->activation == NAME(SIGMOID)) {
    for (int64_t i = 0; i < count; i++) z[i] = -z[i];
    NAME(map)(SLEEF_exp, z, count);
    for (int64_t i = 0; i < count; i++) z[i] = 1 / (1 + z[i]);
  } else {
    for (int64_t i = 0; i < count; i++) { before[i] = z[i]; z[i] *= (REAL)0.70710678118654752440; }
    NAME(map)(SLEEF_erf, z, count);
    for (int64_t i = 0; i < count; i++) z[i] = before[i] * (REAL)0.5 * (1 + z[i]);
  }
}

static void NAME(forward)(const NAME(Network)* p, const REAL* x, NAME(Work)* w) {
  for (int64_t i = 0; i < p->layers; i++) {
    const int64_t in = p->widths[i], out = p->widths[i + 1];
    const REAL* bias = x + p->offsets[2 * i + 1];
    REAL* z = w->values[i + 1];
    if (i == 0 && p->skips_zeros) NAME(multiply_batch)(p, x, w);
    else NAME(product)(p, w, "N", "N", out, w->batch, in, x + p->offsets[2 * i], out, w->values[i], in, z);
    if (i < p->layers - 1) NAME(activate)(p, z, w->before[i], bias, w->batch, out);
    else for (int64_t r = 0; r < w->batch; r++) for (int64_t j = 0; j < out; j++) z[r * out + j] += bias[j];
  }
}

static void NAME(through_activation)(const NAME(Network)* p, REAL* restrict d, const REAL* restrict h,
                                     const REAL* restrict before, int64_t count) {
  switch (p->activation) {
    case NAME(RELU): for (int64_t i = 0; i < count; i++) d[i] = h[i] > 0 ? d[i] : (REAL)0; break;
    case NAME(TANH): for (int64_t i = 0; i < count; i++) d[i] *= 1 - h[i] * h[i]; break;
    case NAME(SIGMOID): for (int64_t i = 0; i < count; i++) d[i] *= h[i] * (1 - h[i]); break;
    default: {
      REAL bell[LANES] __attribute__((aligned(64)));
      REAL bow[LANES] __attribute__((aligned(64)));
      for (int64_t first = 0; first < count; first += LANES) {
        const int64_t n = count - first < LANES ? count - first : LANES;
        for (int64_t k = 0; k < n; k++) {
          const REAL z = before[first + k];
          bell[k] = -z * z * (REAL)0.5;
          bow[k] = z * (REAL)0.70710678118654752440;
        }
        NAME(map)(SLEEF_exp, bell, n);
        NAME(map)(SLEEF_erf, bow, n);
        for (int64_t k = 0; k < n; k++)
          d[first + k] *= (REAL)0.5 * (1 + bow[k]) + before[first + k] * bell[k] * (REAL)0.39894228040143267794;
      }
    }
  }
}

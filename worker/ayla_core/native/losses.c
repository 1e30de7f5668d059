/* Losses: their value, the magnitude of what is transformed, the derivative with respect to the output. */

static void NAME(softmax)(const REAL* z, REAL* soft, REAL* sums, int64_t rows, int64_t classes) {
  for (int64_t r = 0; r < rows; r++) {
    REAL most = z[r * classes];
    for (int64_t j = 1; j < classes; j++) most = (z[r * classes + j] > most) | (most != most) ? z[r * classes + j] : most;
    for (int64_t j = 0; j < classes; j++) soft[r * classes + j] = z[r * classes + j] - most;
    if (sums) sums[r] = most;
  }
  NAME(map)(SLEEF_exp, soft, rows * classes);
}

static int NAME(is_correct)(const REAL* z, int64_t classes, int32_t label) {
  int64_t best = 0;
  for (int64_t j = 1; j < classes; j++) if (z[j] > z[best]) best = j;
  return best == label && z[best] == z[best];
}

static void NAME(cross_entropy)(NAME(Work)* w, const REAL* z, int64_t classes) {
  const REAL share = (REAL)1 / (REAL)w->batch;
  REAL* logs = w->power;
  NAME(softmax)(z, w->soft, w->factor, w->batch, classes);
  for (int64_t r = 0; r < w->batch; r++) {
    REAL sum = 0;
    for (int64_t j = 0; j < classes; j++) sum += w->soft[r * classes + j];
    logs[r] = sum;
    const REAL inverse = share / sum;
    for (int64_t j = 0; j < classes; j++) w->output_slope[r * classes + j] = w->soft[r * classes + j] * inverse;
    w->output_slope[r * classes + w->labels[r]] -= share;
  }
  NAME(map)(SLEEF_log, logs, w->batch);
  double total = 0;
  for (int64_t r = 0; r < w->batch; r++) {
    w->magnitude[r] = logs[r] + w->factor[r] - z[r * classes + w->labels[r]];
    total += w->magnitude[r];
    w->correct += NAME(is_correct)(z + r * classes, classes, w->labels[r]);
  }
  w->loss = total / (double)w->batch;
}

static void NAME(squares_of_softmax)(NAME(Work)* w, const REAL* z, int64_t classes) {
  const REAL share = 2 / (REAL)(w->batch * classes);
  NAME(softmax)(z, w->soft, NULL, w->batch, classes);
  double total = 0;
  for (int64_t r = 0; r < w->batch; r++) {
    REAL* s = w->soft + r * classes;
    REAL sum = 0;
    for (int64_t j = 0; j < classes; j++) sum += s[j];
    for (int64_t j = 0; j < classes; j++) {
      s[j] /= sum;
      const REAL e = s[j] - (j == w->labels[r] ? (REAL)1 : (REAL)0);
      w->magnitude[r * classes + j] = ABSOLUTE(e);
      w->output_slope[r * classes + j] = share * e; /* with respect to the softmax; see through_softmax */
      total += (double)(e * e);
    }
    w->correct += NAME(is_correct)(z + r * classes, classes, w->labels[r]);
  }
  w->loss = total / (double)(w->batch * classes);
}

static void NAME(through_softmax)(const NAME(Work)* w, REAL* slope, int64_t classes) {
  for (int64_t r = 0; r < w->batch; r++) {
    const REAL* s = w->soft + r * classes;
    REAL* d = slope + r * classes;
    REAL mean = 0;
    for (int64_t j = 0; j < classes; j++) mean += s[j] * d[j];
    for (int64_t j = 0; j < classes; j++) d[j] = s[j] * (d[j] - mean);
  }
}

static void NAME(residuals)(NAME(Work)* w, const REAL* z, int64_t outputs, int huber) {
  const int64_t count = w->batch * outputs;
  const REAL share = (huber ? 1 : 2) / (REAL)count;
  double total = 0;
  for (int64_t i = 0; i < count; i++) {
    const REAL r = z[i] - w->targets[i], a = ABSOLUTE(r);
    w->magnitude[i] = a;
    if (huber) {
      w->output_slope[i] = share * (a <= 1 ? r : (r > 0 ? (REAL)1 : (REAL)-1));
      total += (double)(a <= 1 ? (REAL)0.5 * r * r : a - (REAL)0.5);
    } else {
      w->output_slope[i] = share * r;
      total += (double)(r * r);
    }
  }
  w->loss = total / (double)count;
}

static void NAME(evaluate_loss)(const NAME(Network)* p, NAME(Work)* w) {
  const REAL* z = w->values[p->layers];
  const int64_t outputs = p->widths[p->layers];
  w->correct = 0;
  if (p->loss == NAME(CROSS_ENTROPY)) NAME(cross_entropy)(w, z, outputs);
  else if (p->loss == NAME(MSE_SOFTMAX)) NAME(squares_of_softmax)(w, z, outputs);
  else NAME(residuals)(w, z, outputs, p->loss == NAME(HUBER));
}

/* What the per-sample scaling transforms in a batch: every sample, or every output of every sample. */
static int64_t NAME(elements)(const NAME(Network)* p, const NAME(Work)* w) {
  return w->batch * (p->loss == NAME(CROSS_ENTROPY) ? 1 : p->widths[p->layers]);
}

/* Adds how many sizes are below and above 1; 0 and 1 are neither. */
static void NAME(count_sides)(const REAL* sizes, int64_t count, int64_t* below, int64_t* above) {
  INTEGER less = 0, more = 0;
  for (int64_t i = 0; i < count; i++) {
    less += (sizes[i] > 0) & (sizes[i] < 1);
    more += sizes[i] > 1;
  }
  *below += less;
  *above += more;
}

/* The per-sample scaling: coefficients into w->factor; returns their mean, the transformed loss and whether max_scale
   acted. */
static REAL NAME(scale_samples)(const NAME(Network)* p, int64_t trial, NAME(Work)* w, REAL* transformed, int* limited) {
  const int64_t count = NAME(elements)(p, w);
  const REAL n1 = p->n1[trial], n2 = p->n2[trial], most = p->max_scale[trial];
  for (int64_t i = 0; i < count; i++) {
    const REAL a = w->magnitude[i];
    const REAL n = NAME(exponent)(a, n1, n2);
    w->factor[i] = n;
    w->power[i] = n - 1;
  }
  for (int64_t j = 0; j < NAME(round_up)(count) * (int64_t)sizeof(REAL) / VECTOR_BYTES; j++)
    ((VECTOR*)w->power)[j] = NAME(power)(((VECTOR*)w->magnitude)[j], ((VECTOR*)w->power)[j]);
  double sum = 0, total = 0;
  for (int64_t i = 0; i < count; i++) {
    REAL c = w->factor[i] * w->power[i];
    if (c > most) { c = most; *limited = 1; }
    const REAL a = w->magnitude[i] * w->power[i];
    w->factor[i] = c;
    sum += c;
    if (p->loss == NAME(CROSS_ENTROPY)) total += a;
    else if (p->loss == NAME(HUBER)) total += a <= 1 ? (REAL)0.5 * a * a : a - (REAL)0.5;
    else total += a * a;
  }
  *transformed = (REAL)(total / (double)count);
  return (REAL)(sum / (double)count);
}

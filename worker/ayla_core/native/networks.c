/* Fully connected networks: whole mini-batch steps of one trial after the other, the matrix products by the BLAS that
 * PyTorch brings. Row-major matrices are the transposes of what the BLAS sees. */

enum { NAME(RELU), NAME(TANH), NAME(GELU), NAME(SIGMOID) };
enum { NAME(MSE), NAME(CROSS_ENTROPY), NAME(MSE_SOFTMAX), NAME(HUBER) };

typedef void (*NAME(Gemm))(const char*, const char*, const int*, const int*, const int*, const REAL*, const REAL*,
                           const int*, const REAL*, const int*, const REAL*, REAL*, const int*);

typedef struct {
  /* the model and its data */
  int64_t trials, layers; const int64_t* widths; /* [layers + 1] */
  const int64_t* offsets;       /* [2 * layers] where each matrix and bias begins */
  int64_t padded, activation, loss;
  const REAL* inputs; const int32_t* labels; const REAL* targets; /* [samples][..], [samples], [sets][samples][outputs] */
  int64_t samples, largest_batch;
  const int32_t* target_set;    /* [trials] */
  const int32_t* order;         /* [orders][evaluations][largest_batch]; null: every sample in its own order */
  const int32_t* order_of;      /* [trials] */
  const int32_t* sizes;         /* [evaluations] samples of each batch */
  /* state, updated in place: [trials][padded], [trials][memories][padded], [trials] */
  REAL* parameters; REAL* memory; int64_t memories;
  double* loss_sum; double* correct_sum; double* seen;
  /* numbers of each trial, as in Batch */
  const int32_t* rules; const int32_t* sources; const int32_t* has_ayla; const int32_t* is_prepared;
  const int32_t* per_sample;    /* [trials] whether each sample is transformed */
  const REAL* n1; const REAL* n2; const REAL* max_scale; const REAL* learning_rate;
  const REAL* clip_norm; const REAL* clip_value; const REAL* weight_decay; const REAL* numbers;
  const REAL* clock; int64_t clocks, courses; const int32_t* course;
  int64_t first_step, updates, evaluate_last, every, last_step;
  REAL* rows; REAL* farewell;   /* [..][5][trials], [5][trials] */
  int64_t* first_nonfinite; double* best_loss; int64_t* best_step; int64_t* capped_steps; double* final_loss;
  /* matrix product, and how many threads it may use in the calling thread */
  NAME(Gemm) gemm; int (*set_threads)(int); int64_t threads;
} NAME(Network);

enum { NAME(PIECE) = 4096 }; /* parameters that are passed over at once */

/* What one thread needs to make a step. */
typedef struct {
  REAL** values;                /* [layers + 1] inputs, then the output of each layer, [batch][width] */
  REAL** before;                /* [layers] the same before the activation; only where its derivative needs it */
  REAL* slope; REAL* other;     /* derivatives with respect to a layer's output, [batch][widest] */
  REAL* output_slope;           /* of the mean loss, [batch][outputs] */
  REAL* magnitude; REAL* factor; REAL* power; REAL* soft; /* [batch][outputs] */
  REAL* targets; int32_t* labels;
  REAL* gradient;               /* [padded] */
  double* sums;                 /* [pieces of the gradient] */
  int64_t batch; int wide;
  double loss, correct;
} NAME(Work);

static int64_t NAME(round_up)(int64_t count) {
  const int64_t lanes = 64 / (int64_t)sizeof(REAL);
  return (count + lanes - 1) / lanes * lanes;
}

static REAL* NAME(buffer)(int64_t count) {
  const int64_t size = NAME(round_up)(count) * (int64_t)sizeof(REAL);
  REAL* made = aligned_alloc(64, size ? size : 64);
  memset(made, 0, size);
  return made;
}

static NAME(Work)* NAME(new_work)(const NAME(Network)* p, int64_t batch) {
  NAME(Work)* w = calloc(1, sizeof *w);
  int64_t widest = 0;
  w->values = calloc(p->layers + 1, sizeof(REAL*));
  w->before = calloc(p->layers, sizeof(REAL*));
  for (int64_t i = 0; i <= p->layers; i++) {
    if (i > 0 || p->order) w->values[i] = NAME(buffer)(batch * p->widths[i]);
    if (i < p->layers && p->activation == NAME(GELU)) w->before[i] = NAME(buffer)(batch * p->widths[i + 1]);
    if (i > 0 && p->widths[i] > widest) widest = p->widths[i];
  }
  const int64_t outputs = p->widths[p->layers];
  w->slope = NAME(buffer)(batch * widest);
  w->other = NAME(buffer)(batch * widest);
  w->output_slope = NAME(buffer)(batch * outputs);
  w->magnitude = NAME(buffer)(batch * outputs);
  w->factor = NAME(buffer)(batch * outputs);
  w->power = NAME(buffer)(batch * outputs);
  w->soft = NAME(buffer)(batch * outputs);
  w->targets = NAME(buffer)(batch * outputs);
  w->labels = calloc(batch, sizeof(int32_t));
  w->gradient = NAME(buffer)(p->padded);
  w->sums = calloc(p->padded / NAME(PIECE) + 1, sizeof(double));
  return w;
}

static void NAME(free_work)(const NAME(Network)* p, NAME(Work)* w) {
  for (int64_t i = 0; i <= p->layers; i++) {
    if (i > 0 || p->order) free(w->values[i]);
    if (i < p->layers) free(w->before[i]);
  }
  REAL* buffers[] = {w->slope, w->other, w->output_slope, w->magnitude, w->factor, w->power, w->soft, w->targets,
                     w->gradient};
  for (unsigned i = 0; i < sizeof buffers / sizeof *buffers; i++) free(buffers[i]);
  free(w->sums); free(w->labels); free(w->values); free(w->before); free(w);
}

/* Applies a function of Sleef to an aligned array, in place; what lies behind its end in the last vector is computed
   as well. */
static void NAME(map)(int which, REAL* array, int64_t count) {
  const int64_t lanes = VECTOR_BYTES / (int64_t)sizeof(REAL);
  for (int64_t j = 0; j < (count + lanes - 1) / lanes; j++)
    ((VECTOR*)array)[j] = NAME(unary)[which](((VECTOR*)array)[j]);
}

static REAL NAME(raise_one)(REAL base, REAL exponent) {
  if (exponent == 0) return 1;
  VECTOR b = {0}, e = {0};
  b[0] = base;
  e[0] = exponent;
  return NAME(power)(b, e)[0];
}

/* ---- forward -------------------------------------------------------------------------------------------------- */

/* Multiplications of a product above which a trial alone is worth several threads: they wait for each other at its
   end, and on a busy machine that can be long. */
enum { NAME(WIDE) = 1000000 };

static void NAME(product)(const NAME(Network)* p, int wide, const char* left, const char* right, int64_t m, int64_t n,
                          int64_t k, const REAL* a, int64_t lda, const REAL* b, int64_t ldb, REAL* c) {
  const int M = (int)m, N = (int)n, K = (int)k, LDA = (int)lda, LDB = (int)ldb;
  const REAL one = 1, zero = 0;
  const int shared = wide && m * n * k > NAME(WIDE);
  if (shared) p->set_threads((int)p->threads);
  p->gemm(left, right, &M, &N, &K, &one, a, &LDA, b, &LDB, &zero, c, &M);
  if (shared) p->set_threads(1);
}

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
    NAME(product)(p, w->wide, "N", "N", out, w->batch, in, x + p->offsets[2 * i], out, w->values[i], in, z);
    if (i < p->layers - 1) NAME(activate)(p, z, w->before[i], bias, w->batch, out);
    else for (int64_t r = 0; r < w->batch; r++) for (int64_t j = 0; j < out; j++) z[r * out + j] += bias[j];
  }
}

/* ---- losses: value, magnitude of what is transformed, derivative with respect to the output --------------------- */

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

/* The per-sample reading: coefficients into w->factor; returns their mean, the transformed loss and whether max_scale
   acted. */
static REAL NAME(read_samples)(const NAME(Network)* p, int64_t trial, NAME(Work)* w, REAL* transformed, int* limited) {
  const int64_t count = w->batch * (p->loss == NAME(CROSS_ENTROPY) ? 1 : p->widths[p->layers]);
  const REAL n1 = p->n1[trial], n2 = p->n2[trial], most = p->max_scale[trial];
  for (int64_t i = 0; i < count; i++) {
    const REAL a = w->magnitude[i];
    const REAL n = (a == 0) | (a == 1) ? (REAL)1 : a < 1 ? n1 : n2;
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

/* ---- backward ------------------------------------------------------------------------------------------------- */

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

static void NAME(backward)(const NAME(Network)* p, const REAL* x, NAME(Work)* w, const REAL* output_slope) {
  REAL *d = w->slope, *next = w->other;
  memcpy(d, output_slope, sizeof(REAL) * w->batch * p->widths[p->layers]);
  if (p->loss == NAME(MSE_SOFTMAX)) NAME(through_softmax)(w, d, p->widths[p->layers]);
  for (int64_t i = p->layers - 1; i >= 0; i--) {
    const int64_t in = p->widths[i], out = p->widths[i + 1];
    REAL* bias = w->gradient + p->offsets[2 * i + 1];
    NAME(product)(p, w->wide, "N", "T", out, in, w->batch, d, out, w->values[i], in, w->gradient + p->offsets[2 * i]);
    for (int64_t j = 0; j < out; j++) bias[j] = 0;
    for (int64_t r = 0; r < w->batch; r++) for (int64_t j = 0; j < out; j++) bias[j] += d[r * out + j];
    if (i == 0) break;
    NAME(product)(p, w->wide, "T", "N", in, w->batch, out, x + p->offsets[2 * i], out, d, out, next);
    NAME(through_activation)(p, next, w->values[i], w->before[i - 1], w->batch * in);
    REAL* swap = d;
    d = next;
    next = swap;
  }
}

/* The sum of squares of one piece of the gradient. */
static double NAME(squares)(const REAL* g, int64_t first, int64_t end) {
  REAL part[LANES] = {0};
  int64_t k = first;
  for (; k + LANES <= end; k += LANES) for (int j = 0; j < LANES; j++) part[j] += g[k + j] * g[k + j];
  for (; k < end; k++) part[0] += g[k] * g[k];
  double sum = 0;
  for (int j = 0; j < LANES; j++) sum += part[j];
  return sum;
}

/* What is done with each piece of the parameters, by one thread or several; sums of pieces of fixed size do not depend
   on the threads. */
typedef struct {
  REAL norm;     /* of the gradient */
  INTEGER bad;   /* whether a parameter is not finite after its update */
} NAME(Pass);

/* ---- steps ---------------------------------------------------------------------------------------------------- */

static void NAME(fetch_batch)(const NAME(Network)* p, int64_t trial, int64_t evaluation, NAME(Work)* w) {
  const int64_t features = p->widths[0], outputs = p->widths[p->layers];
  w->batch = p->sizes[evaluation];
  const REAL* targets = p->targets ? p->targets + p->target_set[trial] * p->samples * outputs : NULL;
  if (!p->order) {
    w->values[0] = (REAL*)p->inputs;
    if (targets) memcpy(w->targets, targets, sizeof(REAL) * w->batch * outputs);
    else memcpy(w->labels, p->labels, sizeof(int32_t) * w->batch);
    return;
  }
  const int64_t evaluations = p->updates + (p->evaluate_last != 0);
  const int32_t* order = p->order + (p->order_of[trial] * evaluations + evaluation) * p->largest_batch;
  const int wide = w->wide && w->batch * features > 8192;
#pragma omp parallel for if (wide)
  for (int64_t r = 0; r < w->batch; r++)
    memcpy(w->values[0] + r * features, p->inputs + order[r] * features, sizeof(REAL) * features);
  for (int64_t r = 0; r < w->batch; r++) {
    if (targets) memcpy(w->targets + r * outputs, targets + order[r] * outputs, sizeof(REAL) * outputs);
    else w->labels[r] = p->labels[order[r]];
  }
}

/* The norm of the gradient and, with a preparation, the update of every parameter, in one pass over the memory. */
static NAME(Pass) NAME(pass)(const NAME(Network)* p, int64_t trial, NAME(Work)* w, REAL v, const REAL* const* h,
                             const NAME(Preparation)* preparation) {
  REAL* x = p->parameters + trial * p->padded;
  REAL* memory = p->memory + trial * p->memories * p->padded;
  const int64_t rule = p->rules[trial], pieces = (p->padded + NAME(PIECE) - 1) / NAME(PIECE);
  INTEGER bad = 0;
#pragma omp parallel for reduction(| : bad) if (w->wide && pieces > 4)
  for (int64_t i = 0; i < pieces; i++) {
    const int64_t first = i * NAME(PIECE), end = first + NAME(PIECE) < p->padded ? first + NAME(PIECE) : p->padded;
    w->sums[i] = NAME(squares)(w->gradient, first, end);
    if (preparation)
      bad |= NAME(RULE_FLAT)[rule](first, end, x, w->gradient, memory, p->padded, v, h, preparation);
  }
  double total = 0;
  for (int64_t i = 0; i < pieces; i++) total += w->sums[i];
  const NAME(Pass) result = {(REAL)sqrt(total), bad};
  return result;
}

/* The scale v of a step and what comes with it. */
typedef struct {
  REAL v, transformed;
  int limited;
} NAME(Reading);

static NAME(Reading) NAME(read_loss)(const NAME(Network)* p, int64_t trial, REAL loss) {
  const REAL a = ABSOLUTE(loss), n = (a == 0) | (a == 1) ? (REAL)1 : a < 1 ? p->n1[trial] : p->n2[trial];
  const REAL power = NAME(raise_one)(a, n - 1), scale = n * power, most = p->max_scale[trial];
  const NAME(Reading) reading = {scale > most ? most : scale, loss * power, scale > most};
  return reading;
}

static void NAME(run_trial)(const NAME(Network)* p, int64_t trial, NAME(Work)* w) {
  const int64_t rule = p->rules[trial], T = p->trials;
  REAL* x = p->parameters + trial * p->padded;
  REAL h_values[1 + MOST_NUMBERS][LANES] = {{0}}, v_values[LANES] = {0}, over[LANES];
  const REAL* h[1 + MOST_NUMBERS];
  for (int i = 0; i <= MOST_NUMBERS; i++) h[i] = h_values[i];
  const int alive = p->first_nonfinite[trial] < 0;
  INTEGER bad = 0;
  for (int64_t k = 0; k < p->padded; k++) bad |= x[k] * 0 != 0;
  const int64_t evaluations = p->updates + (p->evaluate_last != 0);
  REAL* row = p->rows;
  for (int64_t i = 0; alive && i < evaluations; i++) {
    const int64_t step = p->first_step + i;
    const REAL* now = p->clock + i * p->clocks * p->courses + p->course[trial];
    h_values[0][0] = p->learning_rate[trial] * now[0];
    for (int j = 0; j < RULE_NUMBERS[rule]; j++) {
      const int32_t source = p->sources[trial * MOST_NUMBERS + j];
      h_values[1 + j][0] = source >= 0 ? p->numbers[source * T + trial] : now[~source * p->courses];
    }
    NAME(fetch_batch)(p, trial, i, w);
    NAME(forward)(p, x, w);
    NAME(evaluate_loss)(p, w);
    const REAL loss = (REAL)w->loss;
    p->loss_sum[trial] += w->loss * (double)w->batch;
    p->correct_sum[trial] += w->correct;
    p->seen[trial] += (double)w->batch;
    const int sampled = p->has_ayla[trial] && p->per_sample[trial];
    const int dies = !(loss - loss == 0) || bad, moves = !dies && i < p->updates;
    NAME(Reading) reading = {1, loss, 0};
    REAL norm = 0;
    NAME(backward)(p, x, w, w->output_slope);
    if (sampled) {
      norm = NAME(pass)(p, trial, w, 1, h, NULL).norm;
      reading.v = NAME(read_samples)(p, trial, w, &reading.transformed, &reading.limited);
      const int64_t outputs = p->widths[p->layers], each = p->loss == NAME(CROSS_ENTROPY) ? outputs : 1;
      const REAL inverse = reading.v == 0 ? (REAL)0 : 1 / reading.v;
      for (int64_t k = 0; k < w->batch * outputs; k++) w->output_slope[k] *= w->factor[k / each] * inverse;
      NAME(backward)(p, x, w, w->output_slope);
    } else if (p->has_ayla[trial]) {
      reading = NAME(read_loss)(p, trial, loss);
    }
    NAME(Preparation) preparation = {p->is_prepared[trial], 1, p->clip_value[trial], p->weight_decay[trial]};
    const int clips = p->clip_norm[trial] < INFINITY;
    NAME(Pass) pass = {0, bad};
    if (clips || !moves) pass = NAME(pass)(p, trial, w, 1, h, NULL);
    if (clips) {
      const REAL clipped = p->clip_norm[trial] / (pass.norm + (REAL)1e-6);
      preparation.factor = clipped < 1 ? clipped : (REAL)1;
    }
    if (moves) pass = NAME(pass)(p, trial, w, reading.v, h, &preparation);
    if (!sampled) norm = pass.norm;
    const REAL columns[5] = {loss, reading.transformed, reading.v, h_values[0][0] * (reading.v * pass.norm), norm};
    p->final_loss[trial] = loss;
    if (dies) {
      p->first_nonfinite[trial] = step;
      for (int c = 0; c < 5; c++) p->farewell[c * T + trial] = columns[c];
    } else if (loss < p->best_loss[trial]) {
      p->best_loss[trial] = loss;
      p->best_step[trial] = step;
    }
    if (step % p->every == 0 || step == p->last_step) {
      for (int c = 0; c < 5; c++) row[c * T + trial] = columns[c];
      row += 5 * T;
    }
    if (!moves) break;
    bad = pass.bad;
    if (p->has_ayla[trial]) {
      v_values[0] = reading.v;
      NAME(RULE_OVER)[rule](v_values, h, over);
      p->capped_steps[trial] += reading.limited || over[0] != 0;
    }
  }
}

void NAME(run_network)(const NAME(Network)* p) {
  /* One trial gets all threads within its products; several share them out, each with products of one thread. */
  if (p->trials == 1 || p->threads == 1) {
    const int wide = p->threads > 1 && p->largest_batch * p->padded > NAME(WIDE);
    const int before = p->set_threads(1);
    NAME(Work)* w = NAME(new_work)(p, p->largest_batch);
    w->wide = wide;
    for (int64_t trial = 0; trial < p->trials; trial++) NAME(run_trial)(p, trial, w);
    NAME(free_work)(p, w);
    p->set_threads(before);
    return;
  }
#pragma omp parallel num_threads((int)p->threads)
  {
    const int before = p->set_threads(1);
    NAME(Work)* w = NAME(new_work)(p, p->largest_batch);
#pragma omp for schedule(dynamic)
    for (int64_t trial = 0; trial < p->trials; trial++) NAME(run_trial)(p, trial, w);
    NAME(free_work)(p, w);
    p->set_threads(before);
  }
}

/* The model's outputs, or the sums of its losses and of its right answers, for all samples of a set in pieces. */
void NAME(evaluate_network)(const NAME(Network)* p, REAL* outputs, double* losses, double* correct) {
  const int64_t features = p->widths[0], width = p->widths[p->layers];
#pragma omp parallel num_threads((int)p->threads)
  {
    const int before = p->set_threads(1);
    NAME(Network) whole = *p;
    whole.order = NULL;
    NAME(Work)* w = NAME(new_work)(&whole, p->largest_batch);
    const int64_t pieces = (p->samples + p->largest_batch - 1) / p->largest_batch;
#pragma omp for schedule(dynamic)
    for (int64_t item = 0; item < p->trials * pieces; item++) {
      const int64_t trial = item / pieces, first = item % pieces * p->largest_batch;
      w->batch = p->samples - first < p->largest_batch ? p->samples - first : p->largest_batch;
      w->values[0] = (REAL*)p->inputs + first * features;
      NAME(forward)(p, p->parameters + trial * p->padded, w);
      if (outputs)
        memcpy(outputs + (trial * p->samples + first) * width, w->values[p->layers], sizeof(REAL) * w->batch * width);
      if (!losses) continue;
      if (p->labels) memcpy(w->labels, p->labels + first, sizeof(int32_t) * w->batch);
      else memcpy(w->targets, p->targets + first * width, sizeof(REAL) * w->batch * width);
      NAME(evaluate_loss)(p, w);
      losses[item] = w->loss * (double)w->batch;
      correct[item] = w->correct;
    }
    NAME(free_work)(&whole, w);
    p->set_threads(before);
  }
}

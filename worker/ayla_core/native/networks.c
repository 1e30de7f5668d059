/* Fully connected networks: whole mini-batch steps of one trial after the other. */

static void NAME(backward)(const NAME(Network)* p, const REAL* x, NAME(Work)* w, const REAL* output_slope) {
  REAL *d = w->slope, *next = w->other;
  memcpy(d, output_slope, sizeof(REAL) * w->batch * p->widths[p->layers]);
  if (p->loss == NAME(MSE_SOFTMAX)) NAME(through_softmax)(w, d, p->widths[p->layers]);
  for (int64_t i = p->layers - 1; i >= 0; i--) {
    const int64_t in = p->widths[i], out = p->widths[i + 1];
    REAL* bias = w->gradient + p->offsets[2 * i + 1];
    REAL* matrix = w->gradient + p->offsets[2 * i];
    if (i == 0 && p->skips_zeros) w->first_slope = d; /* taken on the way, see pass */
    else NAME(product)(p, w, "N", "T", out, in, w->batch, d, out, w->values[i], in, matrix);
    for (int64_t j = 0; j < out; j++) bias[j] = 0;
    for (int64_t r = 0; r < w->batch; r++) for (int64_t j = 0; j < out; j++) bias[j] += d[r * out + j];
    if (i == 0) break;
    NAME(product)(p, w, "T", "N", in, w->batch, out, x + p->offsets[2 * i], out, d, out, next);
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
  REAL norm, reduced; /* of the gradient; the same times SHRINK */
  INTEGER bad;   /* whether a parameter is not finite after its update */
} NAME(Pass);

/* The norm once more, of components multiplied by what keeps their squares in the range of a double. */
static void NAME(measure_again)(const REAL* g, int64_t count, double factor, NAME(Pass)* pass) {
  double sum = 0;
  for (int64_t k = 0; k < count; k++) {
    const double u = g[k] * factor;
    sum += u * u;
  }
  const double root = sqrt(sum);
  pass->norm = (REAL)(root / factor);
  pass->reduced = factor == SHRINK ? (REAL)root : pass->norm * SHRINK;
}

static void NAME(fetch_batch)(const NAME(Network)* p, int64_t trial, int64_t evaluation, NAME(Work)* w) {
  const int64_t features = p->widths[0], outputs = p->widths[p->layers];
  w->batch = p->sizes[evaluation];
  const REAL* targets = p->targets ? p->targets + p->target_set[trial] * p->samples * outputs : NULL;
  if (!p->order) {
    w->values[0] = (REAL*)p->inputs;
    w->pixels = (uint8_t*)p->pixels;
    if (targets) memcpy(w->targets, targets, sizeof(REAL) * w->batch * outputs);
    else memcpy(w->labels, p->labels, sizeof(int32_t) * w->batch);
    return;
  }
  const int64_t evaluations = p->updates + (p->evaluate_last != 0);
  const int32_t* order = p->order + (p->order_of[trial] * evaluations + evaluation) * p->largest_batch;
  const int wide = w->wide && !p->pixels && w->batch * features > 8192;
#pragma omp parallel for if (wide)
  for (int64_t r = 0; r < w->batch; r++) {
    if (p->pixels) memcpy(w->pixels + r * features, p->pixels + order[r] * features, features);
    else memcpy(w->values[0] + r * features, p->inputs + order[r] * features, sizeof(REAL) * features);
  }
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
  const int64_t rule = p->rules[trial], pieces = NAME(pieces)(p);
  const int64_t groups = w->first_slope ? NAME(words)(p->widths[0]) : 0;
  INTEGER bad = 0;
#pragma omp parallel for reduction(| : bad) if (w->wide && pieces > 4)
  for (int64_t i = 0; i < pieces; i++) {
    const int64_t first = NAME(piece_begin)(p, i), end = NAME(piece_begin)(p, i + 1);
    if (i < groups) NAME(multiply_features)(p, w, i);
    w->sums[i] = NAME(squares)(w->gradient, first, end);
    if (preparation)
      bad |= NAME(RULE_FLAT)[rule](first, end, x, w->gradient, memory, p->padded, v, h, preparation);
  }
  w->first_slope = NULL;
  double total = 0;
  for (int64_t i = 0; i < pieces; i++) total += w->sums[i];
  const REAL norm = (REAL)sqrt(total);
  NAME(Pass) result = {norm, norm * SHRINK, bad};
  const double factor = FACTOR_OF(total);
  if (factor != 1) NAME(measure_again)(w->gradient, p->padded, factor, &result);
  return result;
}

/* The scale v of a step and what comes with it. */
typedef struct {
  REAL v, transformed;
  int limited;
} NAME(ScaledStep);

static NAME(ScaledStep) NAME(scale_loss)(const NAME(Network)* p, int64_t trial, REAL loss) {
  const REAL a = ABSOLUTE(loss), n = NAME(exponent)(a, p->n1[trial], p->n2[trial]);
  const REAL power = NAME(raise_one)(a, n - 1), scale = n * power, most = p->max_scale[trial];
  const NAME(ScaledStep) scaled = {scale > most ? most : scale, loss * power, scale > most};
  return scaled;
}

static int NAME(is_finite)(const REAL* x, int64_t count) {
  INTEGER bad = 0;
  for (int64_t k = 0; k < count; k++) bad |= x[k] * 0 != 0;
  return !bad;
}

/* Whether the steps of a trial alone are shared out over threads where that changes no bit: some of both kinds are timed
   now and then, as threads that wait for each other on a busy machine can take far longer than one. */
typedef struct {
  int is_free, is_faster; /* whether there is a choice; whether shared steps took less time */
  double begun, taken[2];
} NAME(Pace);

enum { PROBED = 4, PROBED_EVERY = 512 };

static double NAME(seconds)(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static NAME(Pace) NAME(pace)(const NAME(Network)* p, const NAME(Work)* w) {
  NAME(Pace) pace = {w->wide && p->skips_zeros, 1, 0, {0, 0}};
  for (int64_t i = 1; i < p->layers; i++) /* products of the BLAS that are shared out have other bits */
    if (p->largest_batch * p->widths[i] * p->widths[i + 1] > NAME(WIDE)) pace.is_free = 0;
  return pace;
}

/* Called before step i; decides whether it is shared out. */
static void NAME(set_pace)(NAME(Pace)* pace, NAME(Work)* w, int64_t i) {
  const int64_t place = i % PROBED_EVERY;
  if (!pace->is_free || place > 2 * PROBED) return;
  if (place % PROBED == 0) {
    const double now = NAME(seconds)();
    if (place > 0) pace->taken[place / PROBED - 1] = now - pace->begun;
    pace->begun = now;
    if (place == 2 * PROBED) pace->is_faster = pace->taken[1] <= pace->taken[0];
  }
  w->wide = place < PROBED ? 0 : place < 2 * PROBED ? 1 : pace->is_faster;
}

enum { STEPS_BETWEEN = 16 }; /* between two progress reports, where the products are too small to make some */

static void NAME(run_trial)(const NAME(Network)* p, int64_t trial, NAME(Work)* w) {
  const int64_t rule = p->rules[trial], T = p->trials;
  REAL* x = p->parameters + trial * p->padded;
  REAL h_values[1 + MOST_NUMBERS][LANES] = {{0}}, v_values[LANES] = {0}, over[LANES];
  const REAL* h[1 + MOST_NUMBERS];
  for (int i = 0; i <= MOST_NUMBERS; i++) h[i] = h_values[i];
  const int alive = p->first_nonfinite[trial] < 0;
  INTEGER bad = !NAME(is_finite)(x, p->padded);
  const int64_t evaluations = p->updates + (p->evaluate_last != 0);
  REAL* row = p->rows;
  NAME(Pace) pace = NAME(pace)(p, w);
  for (int64_t i = 0; alive && i < evaluations; i++) {
    const int64_t step = p->first_step + i;
    if (i % STEPS_BETWEEN == 0 && !report_progress(p->progress)) break;
    NAME(set_pace)(&pace, w, i);
    const REAL* now = p->step_numbers + i * p->step_columns;
    h_values[0][0] = p->learning_rate[trial] * now[p->variant[trial]];
    for (int j = 0; j < RULE_NUMBERS[rule]; j++) {
      const int32_t source = p->sources[trial * MOST_NUMBERS + j];
      h_values[1 + j][0] = source >= 0 ? p->numbers[source * T + trial] : now[p->variant[~source * T + trial]];
    }
    NAME(fetch_batch)(p, trial, i, w);
    w->multiplies_all = bad != 0;
    NAME(forward)(p, x, w);
    NAME(evaluate_loss)(p, w);
    const REAL loss = (REAL)w->loss;
    if (i < p->updates) { /* metrics tell of batches that were trained on */
      p->loss_sum[trial] += w->loss * (double)w->batch;
      p->correct_sum[trial] += w->correct;
      p->seen[trial] += (double)w->batch;
    }
    const int sampled = p->has_ayla[trial] && p->per_sample[trial];
    const int dies = !(loss - loss == 0) || bad, moves = !dies && i < p->updates;
    NAME(ScaledStep) scaled = {1, loss, 0};
    REAL norm = 0;
    NAME(backward)(p, x, w, w->output_slope);
    if (sampled) {
      norm = NAME(pass)(p, trial, w, 1, h, NULL).norm;
      scaled.v = NAME(scale_samples)(p, trial, w, &scaled.transformed, &scaled.limited);
      const int64_t outputs = p->widths[p->layers], each = p->loss == NAME(CROSS_ENTROPY) ? outputs : 1;
      /* Where v is 0 all factors are. */
      const REAL divisor = scaled.v == 0 ? (REAL)1 : scaled.v;
      for (int64_t k = 0; k < w->batch * outputs; k++) w->output_slope[k] *= w->factor[k / each] / divisor;
      NAME(backward)(p, x, w, w->output_slope);
    } else if (p->has_ayla[trial]) {
      scaled = NAME(scale_loss)(p, trial, loss);
    }
    NAME(Preparation) preparation = {p->is_prepared[trial], 1, 1, p->clip_value[trial], p->weight_decay[trial]};
    const int clips = p->clip_norm[trial] < INFINITY;
    NAME(Pass) pass = {0, 0, bad};
    if (clips || !moves) pass = NAME(pass)(p, trial, w, 1, h, NULL);
    if (clips) {
      const NAME(Clip) clip = NAME(clip)(pass.norm, pass.reduced, p->clip_norm[trial]);
      preparation.shrink = clip.shrink;
      preparation.factor = clip.factor;
    }
    if (moves) pass = NAME(pass)(p, trial, w, scaled.v, h, &preparation);
    if (!sampled) norm = pass.norm;
    const REAL effective = NAME(effective)(h_values[0][0], scaled.v, pass.norm, pass.reduced);
    const REAL columns[5] = {loss, scaled.transformed, scaled.v, effective, norm};
    p->final_loss[trial] = loss;
    if (dies) {
      p->first_nonfinite[trial] = step;
      for (int c = 0; p->every && c < 5; c++) p->diverged_rows[c * T + trial] = columns[c];
    } else if (loss < p->best_loss[trial]) {
      p->best_loss[trial] = loss;
      p->best_step[trial] = step;
    }
    if (p->every && (step % p->every == 0 || step == p->last_step)) {
      for (int c = 0; c < 5; c++) row[c * T + trial] = columns[c];
      row += 5 * T;
    }
    if (!moves) break;
    bad = pass.bad;
    const REAL size = ABSOLUTE(loss);
    NAME(count_sides)(sampled ? w->magnitude : &size, sampled ? NAME(elements)(p, w) : 1, p->losses_below_one + trial,
                      p->losses_above_one + trial);
    if (p->has_ayla[trial]) {
      v_values[0] = scaled.v;
      NAME(RULE_OVER)[rule](v_values, h, over);
      p->capped_steps[trial] += scaled.limited || over[0] != 0;
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
  const int shared = p->threads > 1 && p->trials * p->samples * p->padded > NAME(WIDE);
#pragma omp parallel num_threads((int)p->threads) if (shared)
  {
    const int before = p->set_threads(1);
    NAME(Network) whole = *p;
    whole.order = NULL;
    NAME(Work)* w = NAME(new_work)(&whole, p->largest_batch);
    const int64_t pieces = (p->samples + p->largest_batch - 1) / p->largest_batch;
#pragma omp for schedule(dynamic)
    for (int64_t item = 0; item < p->trials * pieces; item++) {
      if (!report_progress(p->progress)) continue;
      const int64_t trial = item / pieces, first = item % pieces * p->largest_batch;
      w->batch = p->samples - first < p->largest_batch ? p->samples - first : p->largest_batch;
      w->values[0] = (REAL*)p->inputs + first * features;
      w->pixels = p->pixels ? (uint8_t*)p->pixels + first * features : NULL;
      const REAL* x = p->parameters + trial * p->padded;
      w->multiplies_all = p->skips_zeros && !NAME(is_finite)(x, p->padded);
      NAME(forward)(p, x, w);
      if (outputs)
        memcpy(outputs + (trial * p->samples + first) * width, w->values[p->layers], sizeof(REAL) * w->batch * width);
      if (!losses) continue;
      if (p->labels) memcpy(w->labels, p->labels + first, sizeof(int32_t) * w->batch);
      else {
        const REAL* set = p->targets + p->target_set[trial] * p->samples * width;
        memcpy(w->targets, set + first * width, sizeof(REAL) * w->batch * width);
      }
      NAME(evaluate_loss)(p, w);
      losses[item] = w->loss * (double)w->batch;
      correct[item] = w->correct;
    }
    NAME(free_work)(&whole, w);
    p->set_threads(before);
  }
}

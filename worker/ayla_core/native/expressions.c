/* Expression problems: every step of a block of LANES trials, with all their state in the cache. */

typedef struct {
  /* the program: int32 [instructions][5]; constants fill the first slots */
  const int32_t* code; int64_t instructions, slots; const double* constants; int64_t constant_count;
  const int32_t* inputs; const int32_t* slopes; int64_t loss; int64_t parameters;
  /* lanes: blocks of LANES, the trials of one rule side by side */
  int64_t blocks, lanes;
  const int32_t* rules;         /* [blocks] number of the rule */
  const int32_t* sources;       /* [blocks][MOST_NUMBERS] row of a rule's number in numbers, or ~ its step_numbers */
  const int32_t* has_ayla;      /* [blocks] whether any lane is transformed */
  const int32_t* is_prepared;   /* [blocks] whether any lane clips its gradient or has weight decay */
  /* state, updated in place: [parameters][lanes], [memories][parameters][lanes] */
  REAL* x; REAL* memory;
  /* noise of the gradient: seed of each lane [lanes], and the standard deviation [1]; NULL where there is none */
  const uint32_t* seeds; const double* noise;
  /* numbers of each lane: [..][lanes] */
  const REAL* n1; const REAL* n2; const REAL* max_scale; const REAL* learning_rate;
  const REAL* clip_norm; const REAL* clip_value; const REAL* weight_decay;
  const REAL* numbers;          /* [..][lanes] */
  /* numbers of each update: [updates][step_columns], and of each number the column of each lane:
     [step_number_count][lanes]; number 0 is the factor of the learning rate */
  const REAL* step_numbers; int64_t step_columns, step_number_count; const int32_t* variant;
  /* what to do; where every is 0 nothing is recorded */
  int64_t first_step, updates, evaluate_last, every, last_step, keep_parameters;
  /* results of the lanes that are trials, one after the other: rows [..][columns][trials], the row at which a trial
     diverged [columns][trials]; of each block how many there are and the number of its first */
  REAL* rows; REAL* diverged_rows; int64_t columns, trials; const int32_t* used; const int32_t* first_trial;
  int64_t* first_nonfinite; double* best_loss; int64_t* best_step; int64_t* capped_steps; double* final_loss;
  int64_t* losses_below_one; int64_t* losses_above_one;
  int64_t* progress;            /* see report_progress */
} NAME(Batch);

enum { INSTRUCTIONS_BETWEEN = 65536, INSTRUCTIONS_OF_A_DRAW = 32 }; /* a few milliseconds; as long as so many */

typedef struct {
  REAL v[LANES], transformed[LANES], limited[LANES], norm[LANES], reduced[LANES], slope[LANES], rate[LANES], over[LANES];
  REAL best[LANES], alive[LANES], bad[LANES], capped[LANES], exponent[LANES], lowered[LANES], size[LANES], power[LANES];
  INTEGER best_step[LANES], below[LANES], above[LANES];
  REAL step_numbers[MOST_STEP_NUMBERS][LANES];
} __attribute__((aligned(64))) NAME(Scratch);

static void NAME(transform)(const NAME(Batch)* p, int64_t at, const REAL* restrict loss, NAME(Scratch)* restrict s) {
  const REAL *restrict n1 = p->n1 + at, *restrict n2 = p->n2 + at, *restrict most = p->max_scale + at;
  INTEGER different = 0; /* not a sum: the compiler would have to keep the order of its terms */
  EACH {
    const REAL a = ABSOLUTE(loss[k]), below = n1[k], above = n2[k], n = NAME(exponent)(a, below, above);
    s->size[k] = a;
    s->exponent[k] = n;
    s->lowered[k] = n - 1;
  }
  EACH different |= s->exponent[k] != 1;
  if (different) NAME(raise_sizes)(s->power, s->size, s->lowered, s->alive);
  else EACH s->power[k] = 1;
  EACH {
    const REAL scale = s->exponent[k] * s->power[k];
    s->transformed[k] = loss[k] * s->power[k];
    s->v[k] = scale > most[k] ? most[k] : scale;
    s->limited[k] = scale > most[k] ? (REAL)1 : (REAL)0;
  }
}

/* The gradient of a step with its noise. Derivatives may stand in slots that others read too, so it is a copy. */
static void NAME(add_noise)(const NAME(Batch)* p, int64_t at, int64_t step, const REAL* slots, REAL* noisy) {
  double z[2][LANES] __attribute__((aligned(64)));
  const double deviation = *p->noise;
  for (int64_t j = 0; j < p->parameters; j++) {
    if (j % 2 == 0) draw_normals(p->seeds + at, STREAM_NOISE, j / 2, step, j + 1 < p->parameters, z);
    const REAL* g = slots + (int64_t)p->slopes[j] * LANES;
    EACH noisy[j * LANES + k] = g[k] + (REAL)(deviation * z[j % 2][k]);
  }
}

/* The norms once more, of components multiplied by what keeps their squares in the range of the type; s->norm holds the
   plain sums. */
static void NAME(measure_again)(const NAME(Batch)* p, const REAL* const* gs, NAME(Scratch)* s) {
  REAL factor[LANES], sum[LANES];
  EACH { factor[k] = FACTOR_OF(s->norm[k]); sum[k] = 0; }
  for (int64_t j = 0; j < p->parameters; j++) {
    const REAL* g = gs[j];
    EACH { const REAL u = g[k] * factor[k]; sum[k] += u * u; }
  }
  EACH {
    const REAL root = ROOT(sum[k]);
    s->norm[k] = root / factor[k];
    s->reduced[k] = factor[k] == SHRINK ? root : s->norm[k] * SHRINK;
  }
}

/* Sums over all parameters, four vectors at a time: one alone would wait for each of its additions. */
#define EACH_OF_FOUR _Pragma("GCC unroll 4") for (int q = 0; q < 4; q++)

static void NAME(add_squares)(const NAME(Batch)* p, const REAL* const* gs, REAL* norm) {
  for (int i = 0; i < VECTORS; i += 4) {
    VECTOR sum[4];
    EACH_OF_FOUR sum[q] = (VECTOR){0};
    for (int64_t j = 0; j < p->parameters; j++) {
      const VECTOR* g = (const VECTOR*)gs[j] + i;
      EACH_OF_FOUR sum[q] += g[q] * g[q];
    }
    EACH_OF_FOUR ((VECTOR*)norm)[i + q] = sum[q];
  }
}

/* bad is 0 where the loss and all parameters are finite; returns whether a lane that is alive is not. */
static int NAME(find_bad)(const NAME(Batch)* p, const REAL* slots, const REAL* loss, const REAL* alive, REAL* bad) {
  for (int i = 0; i < VECTORS; i += 4) {
    VECTOR sum[4];
    EACH_OF_FOUR sum[q] = ((const VECTOR*)loss)[i + q] * 0;
    for (int64_t j = 0; j < p->parameters; j++) {
      const VECTOR* x = (const VECTOR*)(slots + (int64_t)p->inputs[j] * LANES) + i;
      EACH_OF_FOUR sum[q] += x[q] * 0;
    }
    EACH_OF_FOUR ((VECTOR*)bad)[i + q] = sum[q];
  }
  INTEGER worst = 0;
  EACH worst |= !(bad[k] == 0) & (alive[k] != 0);
  return worst != 0;
}

/* The norm of the gradient, for what is recorded or clipped: its root is a tenth of a step. */
static void NAME(measure)(const NAME(Batch)* p, const REAL* const* gs, NAME(Scratch)* s) {
  if (p->parameters == 1) {
    const REAL* g = gs[0];
    EACH { s->slope[k] = g[k]; s->norm[k] = ABSOLUTE(g[k]); s->reduced[k] = s->norm[k] * SHRINK; }
  } else {
    NAME(add_squares)(p, gs, s->norm);
    INTEGER outside = 0;
    EACH outside |= (FACTOR_OF(s->norm[k]) != 1) & (s->alive[k] != 0);
    if (outside) NAME(measure_again)(p, gs, s);
    else EACH { s->norm[k] = ROOT(s->norm[k]); s->reduced[k] = s->norm[k] * SHRINK; }
    EACH s->slope[k] = s->norm[k];
  }
}

/* Writes the lanes first to end - 1 of a block, whose first lane is trial number ``at``. */
static void NAME(write_row)(const NAME(Batch)* p, REAL* row, int64_t at, int first, int end, const REAL* slots,
                            const REAL* loss, const NAME(Scratch)* s) {
  const REAL* columns[] = {loss, s->transformed, s->v};
  for (int c = 0; c < 3; c++) for (int k = first; k < end; k++) row[c * p->trials + at + k] = columns[c][k];
  for (int k = first; k < end; k++) {
    row[3 * p->trials + at + k] = NAME(effective)(s->rate[k], s->v[k], s->slope[k], s->reduced[k]);
    row[4 * p->trials + at + k] = s->norm[k];
  }
  if (!p->keep_parameters) return;
  for (int64_t j = 0; j < p->parameters; j++)
    for (int k = first; k < end; k++)
      row[(5 + j) * p->trials + at + k] = slots[(int64_t)p->inputs[j] * LANES + k];
}

/* Books the step for every lane; returns how many are still alive. */
static int NAME(book)(const NAME(Batch)* p, int64_t block, int64_t step, const REAL* slots, const REAL* loss, int worst,
                      NAME(Scratch)* s) {
  const int64_t at = block * LANES;
  INTEGER living = 0;
  if (worst)
    EACH if (!(s->bad[k] == 0) && s->alive[k] != 0) {
      s->alive[k] = 0;
      p->first_nonfinite[at + k] = step;
      if (p->every) NAME(write_row)(p, p->diverged_rows, p->first_trial[block], k, k + 1, slots, loss, s);
    }
  EACH {
    const int better = (loss[k] < s->best[k]) & (s->alive[k] != 0);
    s->best[k] = better ? loss[k] : s->best[k];
    s->best_step[k] = better ? (INTEGER)step : s->best_step[k];
    living |= s->alive[k] != 0;
  }
  return living != 0;
}

/* On which side of 1 the loss is that an update follows; 0 and 1 are on neither, as is what has diverged. */
static void NAME(count_sides)(const REAL* loss, NAME(Scratch)* s) {
  EACH {
    const REAL a = ABSOLUTE(loss[k]) * s->alive[k];
    s->below[k] = (a > 0) & (a < 1) ? s->below[k] + 1 : s->below[k];
    s->above[k] = a > 1 ? s->above[k] + 1 : s->above[k];
  }
}

static void NAME(read_clock)(const NAME(Batch)* p, int64_t at, int64_t update, const int* uniform, NAME(Scratch)* s) {
  const REAL* now = p->step_numbers + update * p->step_columns;
  for (int64_t c = 0; c < p->step_number_count; c++) {
    const int32_t* column = p->variant + c * p->lanes + at;
    if (uniform[c]) { const REAL one = now[column[0]]; EACH s->step_numbers[c][k] = one; }
    else EACH s->step_numbers[c][k] = now[column[k]];
  }
  EACH s->rate[k] = p->learning_rate[at + k] * s->step_numbers[0][k];
}

/* The gradient as the rule sees it: clipped, weight decay added. */
static void NAME(prepare)(const NAME(Batch)* p, int64_t at, REAL* slots, const REAL* const* gs, const NAME(Scratch)* s,
                          REAL* gradients) {
  REAL shrink[LANES], factor[LANES];
  EACH {
    const NAME(Clip) clip = NAME(clip)(s->norm[k], s->reduced[k], p->clip_norm[at + k]);
    shrink[k] = clip.shrink;
    factor[k] = clip.factor;
  }
  for (int64_t j = 0; j < p->parameters; j++) {
    const REAL* g = gs[j];
    const REAL* x = slots + (int64_t)p->inputs[j] * LANES;
    REAL* out = gradients + j * LANES;
    EACH {
      const REAL most = p->clip_value[at + k];
      REAL u = g[k] * shrink[k] * factor[k];
      u = u > most ? most : u;
      u = u < -most ? -most : u;
      out[k] = u + p->weight_decay[at + k] * x[k];
    }
  }
}

static void NAME(run_block)(const NAME(Batch)* p, int64_t block) {
  const int64_t at = block * LANES, rule = p->rules[block], P = p->parameters, M = RULE_MEMORY[rule];
  REAL* slots = aligned_alloc(64, sizeof(REAL) * LANES * (p->slots + P * (M + 1 + (p->noise != NULL))));
  REAL* memory = slots + p->slots * LANES;
  REAL* gradients = memory + P * M * LANES;
  REAL* noisy = gradients + P * LANES;
  NAME(Scratch)* s = aligned_alloc(64, sizeof(NAME(Scratch)));
  REAL** xs = malloc(sizeof(REAL*) * P * (3 + M));
  const REAL** us = (const REAL**)xs + P;
  const REAL** gs = (const REAL**)xs + 2 * P;
  REAL** ms = xs + 3 * P;
  for (int64_t i = 0; i < p->constant_count; i++) EACH slots[i * LANES + k] = (REAL)p->constants[i];
  for (int64_t j = 0; j < P; j++) {
    xs[j] = slots + (int64_t)p->inputs[j] * LANES;
    gs[j] = p->noise ? noisy + j * LANES : slots + (int64_t)p->slopes[j] * LANES;
    us[j] = p->is_prepared[block] ? gradients + j * LANES : gs[j];
    memcpy(xs[j], p->x + j * p->lanes + at, sizeof(REAL) * LANES);
    for (int64_t i = 0; i < M; i++) {
      ms[j * M + i] = memory + (j * M + i) * LANES;
      memcpy(ms[j * M + i], p->memory + (i * P + j) * p->lanes + at, sizeof(REAL) * LANES);
    }
  }
  const REAL* h[1 + MOST_NUMBERS];
  h[0] = s->rate;
  for (int i = 0; i < RULE_NUMBERS[rule]; i++) {
    const int32_t source = p->sources[block * MOST_NUMBERS + i];
    h[1 + i] = source >= 0 ? p->numbers + source * p->lanes + at : s->step_numbers[~source];
  }
  int uniform[MOST_STEP_NUMBERS];
  for (int64_t c = 0; c < p->step_number_count; c++) {
    const int32_t* column = p->variant + c * p->lanes + at;
    uniform[c] = 1;
    EACH uniform[c] &= column[k] == column[0];
  }
  EACH {
    s->best[k] = (REAL)p->best_loss[at + k];
    s->best_step[k] = (INTEGER)p->best_step[at + k];
    s->alive[k] = p->first_nonfinite[at + k] < 0;
    s->capped[k] = 0;
    s->below[k] = s->above[k] = 0;
    s->over[k] = s->limited[k] = 0;
  }
  const REAL* loss = slots + p->loss * LANES;
  const int64_t evaluations = p->updates + (p->evaluate_last != 0);
  const int64_t between = 1 + INSTRUCTIONS_BETWEEN / (p->instructions + (p->noise ? INSTRUCTIONS_OF_A_DRAW * P : 0) + 1);
  REAL* row = p->rows;
  for (int64_t i = 0; i < evaluations; i++) {
    const int64_t step = p->first_step + i;
    if (i % between == 0 && !report_progress(p->progress)) break;
    NAME(execute)(p->code, p->instructions, slots);
    if (p->noise) NAME(add_noise)(p, at, step, slots, noisy);
    NAME(read_clock)(p, at, i, uniform, s);
    if (p->has_ayla[block]) NAME(transform)(p, at, loss, s);
    else EACH { s->v[k] = 1; s->transformed[k] = loss[k]; }
    const int worst = NAME(find_bad)(p, slots, loss, s->alive, s->bad);
    const int is_recorded = p->every && (step % p->every == 0 || step == p->last_step);
    if (worst || is_recorded || p->is_prepared[block]) NAME(measure)(p, gs, s);
    const int living = NAME(book)(p, block, step, slots, loss, worst, s);
    if (is_recorded) {
      NAME(write_row)(p, row, p->first_trial[block], 0, p->used[block], slots, loss, s);
      row += p->columns * p->trials;
    }
    if (!living) break;
    if (i == p->updates) break;
    NAME(count_sides)(loss, s);
    if (p->is_prepared[block]) NAME(prepare)(p, at, slots, gs, s, gradients);
    if (p->has_ayla[block]) {
      NAME(RULE_OVER)[rule](s->v, h, s->over);
      EACH s->capped[k] += ((s->over[k] != 0) | (s->limited[k] != 0)) ? s->alive[k] : (REAL)0;
    }
    NAME(RULE_LANES)[rule](P, xs, us, ms, s->v, h);
  }
  EACH {
    p->best_loss[at + k] = (double)s->best[k];
    p->best_step[at + k] = (int64_t)s->best_step[k];
    p->capped_steps[at + k] += (int64_t)s->capped[k];
    p->losses_below_one[at + k] += (int64_t)s->below[k];
    p->losses_above_one[at + k] += (int64_t)s->above[k];
    p->final_loss[at + k] = (double)loss[k];
  }
  for (int64_t j = 0; j < P; j++) {
    memcpy(p->x + j * p->lanes + at, xs[j], sizeof(REAL) * LANES);
    for (int64_t i = 0; i < M; i++)
      memcpy(p->memory + (i * P + j) * p->lanes + at, ms[j * M + i], sizeof(REAL) * LANES);
  }
  free(xs);
  free(s);
  free(slots);
}

void NAME(run_expression)(const NAME(Batch)* p, int64_t threads) {
#pragma omp parallel for schedule(dynamic) num_threads(threads) if (p->blocks > 1 && threads > 1)
  for (int64_t block = 0; block < p->blocks; block++) NAME(run_block)(p, block);
}

/* Fully connected networks: what the kernels are given, what one thread needs to make a step. */

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
  const REAL* step_numbers; int64_t step_columns, step_number_count; const int32_t* variant;
  int64_t first_step, updates, evaluate_last, every, last_step; /* where every is 0 nothing is recorded */
  REAL* rows; REAL* diverged_rows;   /* [..][5][trials], [5][trials] */
  int64_t* first_nonfinite; double* best_loss; int64_t* best_step; int64_t* capped_steps; double* final_loss;
  int64_t* losses_below_one; int64_t* losses_above_one;
  /* matrix product, and how many threads it may use in the calling thread */
  NAME(Gemm) gemm; int (*set_threads)(int); int64_t threads;
  /* progress reports, see report_progress; a product of more multiplications is made of pieces, each of which is one */
  int64_t* progress; int64_t at_once;
  int64_t skips_zeros;          /* whether the first layer leaves out products with inputs that are 0, see zeros.c */
  const uint8_t* pixels; const REAL* pixel_unit; /* with skips_zeros: inputs = pixels * unit, [samples][..], [1]; or null */
} NAME(Network);

enum { NAME(PIECE) = 4096 }; /* parameters that are passed over at once */
enum { GROUP = 32 };         /* features, or samples, that have a word of marks: one bit each */
enum { NAME(TABLE) = 1 << 14 }; /* numbers of a matrix that is small, rows filled up to whole vectors */

typedef REAL NAME(Loose) __attribute__((vector_size(VECTOR_BYTES), aligned(sizeof(REAL))));
#define LOOSE NAME(Loose)

static int64_t NAME(words)(int64_t count) { return (count + GROUP - 1) / GROUP; }

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
  REAL* table;                  /* [TABLE] the left matrix of a small product, see products.c */
  uint32_t* used;               /* [batch][words] with skips_zeros: which inputs are multiplied */
  const REAL* first_slope;      /* derivatives with respect to the first layer, of which its gradient is still to be taken */
  uint8_t* pixels;              /* [batch][features] in place of values[0] */
  int multiplies_all;           /* a product of 0 and a weight that is not finite is no number */
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

/* What is passed over at once: equal pieces or, with skips_zeros, groups of features of the first weights, then pieces. */
static int64_t NAME(piece_begin)(const NAME(Network)* p, int64_t piece) {
  int64_t begin = piece * NAME(PIECE);
  if (p->skips_zeros) {
    const int64_t groups = NAME(words)(p->widths[0]);
    begin = piece < groups ? piece * GROUP * p->widths[1] : p->offsets[1] + (piece - groups) * NAME(PIECE);
  }
  return begin < p->padded ? begin : p->padded;
}

static int64_t NAME(pieces)(const NAME(Network)* p) {
  const int64_t groups = p->skips_zeros ? NAME(words)(p->widths[0]) : 0, rest = p->padded - NAME(piece_begin)(p, groups);
  return groups + (rest + NAME(PIECE) - 1) / NAME(PIECE);
}

static NAME(Work)* NAME(new_work)(const NAME(Network)* p, int64_t batch) {
  NAME(Work)* w = calloc(1, sizeof *w);
  int64_t widest = 0;
  w->values = calloc(p->layers + 1, sizeof(REAL*));
  w->before = calloc(p->layers, sizeof(REAL*));
  for (int64_t i = 0; i <= p->layers; i++) {
    if (i > 0 || (p->order && !p->pixels)) w->values[i] = NAME(buffer)(batch * p->widths[i]);
    if (i < p->layers && p->activation == NAME(GELU)) w->before[i] = NAME(buffer)(batch * p->widths[i + 1]);
    if (i > 0 && p->widths[i] > widest) widest = p->widths[i];
    report_progress(p->progress); /* the first touch of much memory takes as long as computing with it */
  }
  const int64_t outputs = p->widths[p->layers];
  w->slope = NAME(buffer)(batch * widest);
  report_progress(p->progress);
  w->other = NAME(buffer)(batch * widest);
  report_progress(p->progress);
  w->output_slope = NAME(buffer)(batch * outputs);
  w->magnitude = NAME(buffer)(batch * outputs);
  w->factor = NAME(buffer)(batch * outputs);
  w->power = NAME(buffer)(batch * outputs);
  w->soft = NAME(buffer)(batch * outputs);
  w->targets = NAME(buffer)(batch * outputs);
  w->labels = calloc(batch, sizeof(int32_t));
  w->gradient = NAME(buffer)(p->padded);
  w->sums = calloc(NAME(pieces)(p), sizeof(double));
  w->table = NAME(buffer)(NAME(TABLE));
  if (p->pixels && p->order) w->pixels = calloc(batch, p->widths[0]);
  if (p->skips_zeros) w->used = calloc(batch * NAME(words)(p->widths[0]), sizeof(uint32_t));
  return w;
}

static void NAME(free_work)(const NAME(Network)* p, NAME(Work)* w) {
  for (int64_t i = 0; i <= p->layers; i++) {
    if (i > 0 || (p->order && !p->pixels)) free(w->values[i]);
    if (i < p->layers) free(w->before[i]);
  }
  REAL* buffers[] = {w->slope, w->other, w->output_slope, w->magnitude, w->factor, w->power, w->soft, w->targets,
                     w->gradient, w->table};
  for (unsigned i = 0; i < sizeof buffers / sizeof *buffers; i++) free(buffers[i]);
  if (p->order) free(w->pixels);
  free(w->sums); free(w->used); free(w->labels); free(w->values); free(w->before); free(w);
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

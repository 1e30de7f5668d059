/* The first layer on inputs most of which are 0, such as images: products with 0 are left out (decision 0025). Every sum
   is taken one term after the other, of a sample by feature, of a weight by sample, so that its bits depend neither on
   the width of vectors nor on how the work is shared out. */

enum { TILE = 8, MOST_GROUPS = 32 }; /* vectors of a sum; groups of samples of a batch */

/* Which inputs of a sample are multiplied: those that are not 0, or all, one bit each. */
#define MARK(name, kind)                                                                                               \
  static void NAME(name)(const kind* row, int64_t features, int all, uint32_t* used) {                                 \
    for (int64_t i = 0; i < NAME(words)(features); i++) {                                                              \
      const int64_t first = i * GROUP, count = features - first < GROUP ? features - first : GROUP;                    \
      uint32_t word = 0;                                                                                               \
      if (count == GROUP) for (int k = 0; k < GROUP; k++) word |= (uint32_t)((row[first + k] != 0) | all) << k;        \
      else for (int k = 0; k < count; k++) word |= (uint32_t)((row[first + k] != 0) | all) << k;                       \
      used[i] = word;                                                                                                  \
    }                                                                                                                  \
  }
MARK(mark, REAL)
MARK(mark_pixels, uint8_t)
#undef MARK

/* Some inputs of a batch: numbers, or else pixels that become numbers when they are multiplied by a unit. */
typedef struct {
  const REAL* numbers;
  const uint8_t* pixels;
  REAL unit;
} NAME(Inputs);

static inline NAME(Inputs) NAME(inputs_at)(const NAME(Network)* p, const NAME(Work)* w, int64_t sample, int64_t feature) {
  const int64_t place = sample * p->widths[0] + feature;
  if (p->pixels) return (NAME(Inputs)){NULL, w->pixels + place, *p->pixel_unit};
  return (NAME(Inputs)){w->values[0] + place, NULL, 1};
}

/* sum += of the marked inputs[place * stride] * from[place * width + ..], where sum has so many vectors; 0 where it
   begins. */
static inline __attribute__((always_inline)) void NAME(add_marked)(const int vectors, const int in_pixels, uint32_t marks,
                                                                   NAME(Inputs) inputs, int64_t stride,
                                                                   const REAL* from, int64_t width, int begins,
                                                                   REAL* sum) {
  const int lanes = VECTOR_BYTES / (int)sizeof(REAL);
  VECTOR part[TILE];
  if (begins) for (int v = 0; v < vectors; v++) part[v] = (VECTOR){0};
  else for (int v = 0; v < vectors; v++) part[v] = *(const LOOSE*)(sum + v * lanes);
  for (; marks; marks &= marks - 1) {
    const int place = __builtin_ctz(marks);
    const REAL factor = in_pixels ? (REAL)inputs.pixels[place * stride] * inputs.unit : inputs.numbers[place * stride];
    for (int v = 0; v < vectors; v++) part[v] += factor * *(const LOOSE*)(from + place * width + v * lanes);
  }
  for (int v = 0; v < vectors; v++) *(LOOSE*)(sum + v * lanes) = part[v];
}

static inline void NAME(add)(int vectors, uint32_t marks, NAME(Inputs) inputs, int64_t stride, const REAL* from,
                             int64_t width, int begins, REAL* sum) {
#define CASE(n)                                                                                      \
  case n:                                                                                            \
    if (inputs.pixels) NAME(add_marked)(n, 1, marks, inputs, stride, from, width, begins, sum);      \
    else NAME(add_marked)(n, 0, marks, inputs, stride, from, width, begins, sum);      \
    return;
  switch (vectors) { CASE(1) CASE(2) CASE(3) CASE(4) CASE(5) CASE(6) CASE(7) CASE(8) }
#undef CASE
}

/* Columns of sums, as many vectors of them as one pass takes, and where the next ones begin. The last ones may lie over
   some of those before, which come out the same again; no layer here is narrower than a vector. */
typedef struct {
  int64_t first, next;
  int vectors;
} NAME(Columns);

static NAME(Columns) NAME(columns)(int64_t first, int64_t width) {
  const int64_t lanes = VECTOR_BYTES / (int64_t)sizeof(REAL), left = (width - first + lanes - 1) / lanes;
  int64_t vectors = left < TILE ? left : TILE;
  if (vectors * lanes > width) vectors--;
  if (first + vectors * lanes > width && vectors * lanes <= width) first = width - vectors * lanes;
  return (NAME(Columns)){first, first + vectors * lanes, (int)vectors};
}

/* Some samples times the first weights; marks their inputs. */
static void NAME(multiply_rows)(const NAME(Network)* p, const REAL* x, NAME(Work)* w, int64_t first, int64_t end) {
  const int64_t features = p->widths[0], width = p->widths[1], words = NAME(words)(features);
  REAL* z = w->values[1];
  for (int64_t r = first; r < end; r++) {
    const NAME(Inputs) row = NAME(inputs_at)(p, w, r, 0);
    if (row.pixels) NAME(mark_pixels)(row.pixels, features, w->multiplies_all, w->used + r * words);
    else NAME(mark)(row.numbers, features, w->multiplies_all, w->used + r * words);
  }
  for (NAME(Columns) at = NAME(columns)(0, width); at.first < at.next; at = NAME(columns)(at.next, width)) {
    for (int64_t i = 0; i < words; i++)
      for (int64_t r = first; r < end; r++)
        NAME(add)(at.vectors, w->used[r * words + i], NAME(inputs_at)(p, w, r, i * GROUP), 1,
                  x + p->offsets[0] + i * GROUP * width + at.first, width, i == 0, z + r * width + at.first);
  }
}

static void NAME(multiply_batch)(const NAME(Network)* p, const REAL* x, NAME(Work)* w) {
  const int wide = w->wide && w->batch * p->widths[0] * p->widths[1] > NAME(WIDE);
  const int64_t share = wide ? (w->batch + p->threads - 1) / p->threads : w->batch;
  const int64_t rows = share < GROUP ? share : GROUP, parts = (w->batch + rows - 1) / rows;
#pragma omp parallel for if (wide)
  for (int64_t i = 0; i < parts; i++)
    NAME(multiply_rows)(p, x, w, i * rows, (i + 1) * rows < w->batch ? (i + 1) * rows : w->batch);
}

/* Bit j of word i becomes bit i of word j. */
static void NAME(turn)(uint32_t* words) {
  uint32_t mask = 0x0000ffff;
  for (int j = GROUP / 2; j; j >>= 1, mask ^= mask << j)
    for (int k = 0; k < GROUP; k = (k + j + 1) & ~j) {
      const uint32_t change = ((words[k] >> j) ^ words[k + j]) & mask;
      words[k] ^= change << j;
      words[k + j] ^= change;
    }
}

/* The gradient of the weights of one group of features, given the derivatives w->first_slope. */
static void NAME(multiply_features)(const NAME(Network)* p, NAME(Work)* w, int64_t group) {
  const int64_t features = p->widths[0], width = p->widths[1], words = NAME(words)(features), first = group * GROUP;
  const int64_t end = first + GROUP < features ? first + GROUP : features;
  const int64_t groups = NAME(words)(w->batch);
  uint32_t used[MOST_GROUPS][GROUP]; /* of each group of samples, by feature */
  for (int64_t s = 0; s < groups; s++) {
    for (int64_t r = 0; r < GROUP; r++)
      used[s][r] = s * GROUP + r < w->batch ? w->used[(s * GROUP + r) * words + group] : 0;
    NAME(turn)(used[s]);
  }
  for (NAME(Columns) at = NAME(columns)(0, width); at.first < at.next; at = NAME(columns)(at.next, width)) {
    for (int64_t k = first; k < end; k++) {
      REAL* sum = w->gradient + p->offsets[0] + k * width + at.first;
      for (int64_t s = 0; s < groups; s++)
        NAME(add)(at.vectors, used[s][k - first], NAME(inputs_at)(p, w, s * GROUP, k), features,
                  w->first_slope + s * GROUP * width + at.first, width, s == 0, sum);
    }
  }
}

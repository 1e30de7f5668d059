/* Products of matrices: small ones are made here, all others by the BLAS that PyTorch brings. Row-major matrices are the
   transposes of what it sees. */

enum { NAME(SMALL) = 1 << 17, ROWS = 8 }; /* multiplications; rows of the result that are made at once */

/* The BLAS takes longer to prepare the products of a classifier's last layer than to make them. Those of one number a
   row would leave most of each vector empty. */
static int NAME(is_small)(int64_t m, int64_t n, int64_t k) {
  return m >= 4 && m * n * k <= NAME(SMALL) && NAME(round_up)(m) * k <= NAME(TABLE);
}

/* One vector of so many rows of the result. Every sum is taken one term after the other, whatever the width of vectors. */
static inline __attribute__((always_inline)) void NAME(make_rows)(const int rows, const VECTOR* from, int64_t width,
                                                                  int64_t k, const REAL* b, int64_t row, int64_t column,
                                                                  VECTOR* sum) {
  VECTOR part[ROWS] = {{0}};
  for (int64_t i = 0; i < k; i++)
    for (int r = 0; r < rows; r++) part[r] += b[r * row + i * column] * from[i * width];
  for (int r = 0; r < rows; r++) sum[r] = part[r];
}

static void NAME(small_product)(NAME(Work)* w, int turned, int64_t m, int64_t n, int64_t k, const REAL* a, int64_t lda,
                                const REAL* b, int64_t row, int64_t column, REAL* c) {
  const int64_t lanes = VECTOR_BYTES / (int64_t)sizeof(REAL), padded = NAME(round_up)(m), width = padded / lanes;
  for (int64_t i = 0; i < k; i++) {
    for (int64_t j = 0; j < m; j++) w->table[i * padded + j] = turned ? a[j * lda + i] : a[i * lda + j];
    for (int64_t j = m; j < padded; j++) w->table[i * padded + j] = 0;
  }
  for (int64_t j = 0; j < m; j += lanes) {
    const VECTOR* from = (const VECTOR*)(w->table + j);
    const int64_t left = m - j < lanes ? m - j : lanes;
    for (int64_t r = 0; r < n; r += ROWS) {
      VECTOR sum[ROWS];
      const int64_t rows = n - r < ROWS ? n - r : ROWS;
      if (rows == ROWS) NAME(make_rows)(ROWS, from, width, k, b + r * row, row, column, sum);
      else for (int64_t s = 0; s < rows; s++) NAME(make_rows)(1, from, width, k, b + (r + s) * row, row, column, sum + s);
      for (int64_t s = 0; s < rows; s++) {
        REAL* to = c + (r + s) * m + j;
        if (left == lanes) *(LOOSE*)to = sum[s];
        else for (int64_t l = 0; l < left; l++) to[l] = sum[s][l];
      }
    }
  }
}

/* Multiplications of a product above which a trial alone is worth several threads: they wait for each other at its
   end, and on a busy machine that can be long. */
enum { NAME(WIDE) = 1000000 };

/* Large products are made in pieces of the longer side of the result: pieces of few columns would read all of the left
   matrix again for each of them. */
static void NAME(product)(const NAME(Network)* p, NAME(Work)* w, const char* left, const char* right, int64_t m, int64_t n,
                          int64_t k, const REAL* a, int64_t lda, const REAL* b, int64_t ldb, REAL* c) {
  const int by_rows = m > n, K = (int)k, LDA = (int)lda, LDB = (int)ldb, LDC = (int)m;
  const int64_t side = by_rows ? m : n, row = *left == 'N' ? 1 : lda, column = *right == 'N' ? ldb : 1;
  const REAL one = 1, zero = 0;
  if (NAME(is_small)(m, n, k)) {
    const int turned = *left != 'N', by_column = *right != 'N';
    NAME(small_product)(w, turned, m, n, k, a, lda, b, by_column ? 1 : ldb, by_column ? ldb : 1, c);
    return;
  }
  const int large = m * n * k > NAME(WIDE), shared = w->wide && large;
  const double pieces = 1 + (double)m * (double)n * (double)k / (double)p->at_once;
  const int64_t each = NAME(round_up)((int64_t)((double)side / floor(pieces)) + 1);
  if (shared) p->set_threads((int)p->threads);
  for (int64_t j = 0; j < side && (!large || report_progress(p->progress)); j += each) {
    const int64_t i = by_rows ? j : 0, l = by_rows ? 0 : j, length = side - j < each ? side - j : each;
    const int M = (int)(by_rows ? length : m), N = (int)(by_rows ? n : length);
    p->gemm(left, right, &M, &N, &K, &one, a + i * row, &LDA, b + l * column, &LDB, &zero, c + l * m + i, &LDC);
  }
  if (shared) p->set_threads(1);
}

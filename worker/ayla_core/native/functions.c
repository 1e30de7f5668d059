/* Functions of Sleef, found in PyTorch's own library. Included once for each floating-point type.
 *
 * Everything in these files is computed for many numbers at a time, in plain loops that the compiler turns into vector
 * instructions. The order of operations on one number never depends on its neighbours, and contraction is off, so the
 * same trial gives the same bits in any batch.
 */

#define VECTORS (LANES * (int)sizeof(REAL) / VECTOR_BYTES)

typedef VECTOR (*NAME(Unary))(VECTOR);
typedef VECTOR (*NAME(Binary))(VECTOR, VECTOR);
static NAME(Unary) NAME(unary)[SLEEF_UNARY];
static NAME(Binary) NAME(power);

/* SLEEF_UNARY addresses of functions of one argument in the order of the enumeration, then that of pow. */
void NAME(use_functions)(void** pointers) {
  for (int i = 0; i < SLEEF_UNARY; i++) NAME(unary)[i] = (NAME(Unary))pointers[i];
  NAME(power) = (NAME(Binary))pointers[SLEEF_UNARY];
}

static void NAME(raise)(REAL* D, const REAL* A, const REAL* B) {
  for (int j = 0; j < VECTORS; j++) ((VECTOR*)D)[j] = NAME(power)(((const VECTOR*)A)[j], ((const VECTOR*)B)[j]);
}

/* The n of eq. 1 at a = |l|. A loss that is no number is on neither side of 1: it takes an exponent that is not 1, if
   there is one, so that the power is no number either. */
static inline REAL NAME(exponent)(REAL a, REAL n1, REAL n2) {
  const REAL n = a < 1 ? n1 : n2, known = (a == 0) | (a == 1) ? (REAL)1 : n;
  return (a != a) & (n == 1) ? n1 : known;
}

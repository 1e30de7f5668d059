/* Norms where a plain sum of squares decides only while it is a normal number, and the factor that clips to a norm; as in
   ayla_core/norms.py. */

/* What components are multiplied by before the sum of their squares is taken again; 1 where the plain sum decides, which
   is of the type REAL or wider. */
#define FACTOR_OF(SUM) ((SUM) < LEAST * LEAST ? GROW : (SUM) == INFINITY ? SHRINK : (REAL)1)

/* lr·v·size; reduced is the size times SHRINK, for a norm that alone is beyond the range of the type. */
static inline REAL NAME(effective)(REAL rate, REAL v, REAL size, REAL reduced) {
  return size == INFINITY ? rate * (v * reduced) / SHRINK : rate * (v * size);
}

/* A gradient is multiplied by both, one after the other: alone, their product may leave the range of the type. */
typedef struct {
  REAL shrink, factor;
} NAME(Clip);

static inline NAME(Clip) NAME(clip)(REAL norm, REAL reduced, REAL most) {
  const int large = norm >= LARGE;
  const REAL unit = large ? SHRINK : (REAL)1, f = most / ((large ? reduced : norm) + (REAL)1e-6 * unit);
  const int short_enough = (most == INFINITY) | (f * unit >= 1); /* a norm that is no number is handed on */
  const NAME(Clip) clip = {short_enough ? (REAL)1 : unit, short_enough ? (REAL)1 : f};
  return clip;
}

/* The gradient as a rule sees it, for the parameters of one trial. */
typedef struct {
  int64_t acts; /* whether anything below does */
  REAL shrink, factor, most, decay;
} NAME(Preparation);

static inline REAL NAME(prepared)(REAL g, REAL x, const NAME(Preparation)* p) {
  REAL u = g * p->shrink * p->factor;
  u = u > p->most ? p->most : u;
  u = u < -p->most ? -p->most : u;
  return u + p->decay * x;
}
#define PREPARED NAME(prepared)

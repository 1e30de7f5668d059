/* Random draws, the same to the last bit as those of ayla_core/draws.py. */

#define POLYNOMIAL3(C, R) (((C)[0] * (R) + (C)[1]) * (R) + (C)[2])
#define POLYNOMIAL4(C, R) (POLYNOMIAL3(C, R) * (R) + (C)[3])
#define POLYNOMIAL8(C, R) \
  ((((POLYNOMIAL4(C, R) * (R) + (C)[4]) * (R) + (C)[5]) * (R) + (C)[6]) * (R) + (C)[7])

#define NOT_INLINED __attribute__((noinline)) static void /* inlined, they take a tenth longer to compile */

static inline int64_t bits_of(double number) { int64_t bits; memcpy(&bits, &number, 8); return bits; }
static inline double number_of(int64_t bits) { double number; memcpy(&number, &bits, 8); return number; }

/* Draws number 2·pair and 2·pair + 1 of LANES seeds, between 0 and 1. */
NOT_INLINED draw_uniforms(const uint32_t* seeds, uint32_t stream, uint32_t pair, uint32_t step, double (*u)[LANES]) {
  uint32_t a[LANES], b[LANES], c[LANES], d[LANES];
  EACH { a[k] = pair; b[k] = step; c[k] = d[k] = 0; }
  for (int i = 0; i < PHILOX_ROUNDS; i++) {
    const uint32_t more = i * PHILOX_KEY_STEPS[0], other = stream + i * PHILOX_KEY_STEPS[1];
    EACH {
      const uint64_t left = (uint64_t)PHILOX_MULTIPLIERS[0] * a[k], right = (uint64_t)PHILOX_MULTIPLIERS[1] * c[k];
      a[k] = (uint32_t)(right >> 32) ^ b[k] ^ (seeds[k] + more);
      b[k] = (uint32_t)right;
      c[k] = (uint32_t)(left >> 32) ^ d[k] ^ other;
      d[k] = (uint32_t)left;
    }
  }
  /* 52 bits as those of a number from 1 to 2, and half a unit of its last place */
  const int64_t one = 0x3FF0000000000000;
  EACH {
    u[0][k] = number_of((int64_t)((a[k] | (uint64_t)b[k] << 32) >> 12) | one) - 1 + 0x1p-53;
    u[1][k] = number_of((int64_t)((c[k] | (uint64_t)d[k] << 32) >> 12) | one) - 1 + 0x1p-53;
  }
}

/* Beyond a probability of e^-25, which comes once in 10^10 draws. */
static double far_tail(int negative, double r) {
  const double size = POLYNOMIAL8(DRAWS_FAR_TAIL_NUMERATOR, r) / POLYNOMIAL8(DRAWS_FAR_TAIL_DENOMINATOR, r);
  return negative ? -size : size;
}

/* Standard normal numbers in place of their probabilities. */
NOT_INLINED to_normals(double* u) {
  double roots[LANES];
  double farthest = 0;
  EACH {
    const double q = u[k] - 0.5, p = q < 0 ? u[k] : 1 - u[k];
    const int64_t bits = bits_of(p);
    const double mantissa = number_of((bits & 0x000FFFFFFFFFFFFF) | 0x3FF0000000000000);
    /* the exponent as the last bits of a number of 2^52 and more */
    const double exponent = number_of(bits >> 52 | 0x4330000000000000) - (0x1p52 + 1023);
    const int large = mantissa > DRAWS_ROOT2;
    const double f = (large ? mantissa * 0.5 : mantissa) - 1, s = f / (2 + f), z = s * s, w = z * z;
    const double rest = w * POLYNOMIAL3(DRAWS_LOG_EVEN, w) + z * POLYNOMIAL4(DRAWS_LOG_ODD, w);
    const double half = 0.5 * f * f;
    const double logarithm = (exponent + (large ? 1.0 : 0.0)) * DRAWS_LN2 + (f - (half - s * (half + rest)));
    roots[k] = sqrt(-logarithm);
  }
  EACH farthest = roots[k] > farthest ? roots[k] : farthest;
  EACH {
    const double q = u[k] - 0.5;
    const int inner = fabs(q) <= 0.425;
    const double r = 0.180625 - q * q, t = roots[k] - 1.6;
    const double tail = POLYNOMIAL8(DRAWS_TAIL_NUMERATOR, t);
    const double above = inner ? q * POLYNOMIAL8(DRAWS_CENTRE_NUMERATOR, r) : q < 0 ? -tail : tail;
    const double below = inner ? POLYNOMIAL8(DRAWS_CENTRE_DENOMINATOR, r) : POLYNOMIAL8(DRAWS_TAIL_DENOMINATOR, t);
    u[k] = above / below;
  }
  if (farthest > 5) for (int k = 0; k < LANES; k++) if (roots[k] > 5) u[k] = far_tail(u[k] < 0, roots[k] - 5);
}

/* Standard normal draws of LANES seeds: numbers 2·pair and 2·pair + 1, or the first of them alone. */
NOT_INLINED draw_normals(const uint32_t* seeds, uint32_t stream, uint32_t pair, uint32_t step, int both,
                         double (*z)[LANES]) {
  draw_uniforms(seeds, stream, pair, step, z);
  to_normals(z[0]);
  if (both) to_normals(z[1]);
}

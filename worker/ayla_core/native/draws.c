/* Random draws, the same to the last bit as those of ayla_core/draws.py. */

#define POLYNOMIAL3(C, R) (((C)[0] * (R) + (C)[1]) * (R) + (C)[2])
#define POLYNOMIAL4(C, R) (POLYNOMIAL3(C, R) * (R) + (C)[3])
#define POLYNOMIAL8(C, R) \
  ((((POLYNOMIAL4(C, R) * (R) + (C)[4]) * (R) + (C)[5]) * (R) + (C)[6]) * (R) + (C)[7])

static inline int64_t bits_of(double number) { int64_t bits; memcpy(&bits, &number, 8); return bits; }
static inline double number_of(int64_t bits) { double number; memcpy(&number, &bits, 8); return number; }

/* Draws number 2·pair and 2·pair + 1 of LANES seeds, between 0 and 1. */
static void draw_uniforms(const uint32_t* seeds, uint32_t stream, uint32_t pair, uint32_t step, double (*u)[LANES]) {
  EACH {
    uint32_t a = pair, b = step, c = 0, d = 0, key = seeds[k], other = stream;
#pragma GCC unroll 16
    for (int i = 0; i < PHILOX_ROUNDS; i++) {
      const uint64_t left = (uint64_t)PHILOX_MULTIPLIERS[0] * a, right = (uint64_t)PHILOX_MULTIPLIERS[1] * c;
      a = (uint32_t)(right >> 32) ^ b ^ key;
      b = (uint32_t)right;
      c = (uint32_t)(left >> 32) ^ d ^ other;
      d = (uint32_t)left;
      key += PHILOX_KEY_STEPS[0];
      other += PHILOX_KEY_STEPS[1];
    }
    /* 52 bits as those of a number from 1 to 2, and half a unit of its last place */
    const int64_t one = 0x3FF0000000000000;
    u[0][k] = number_of((int64_t)((a | (uint64_t)b << 32) >> 12) | one) - 1 + 0x1p-53;
    u[1][k] = number_of((int64_t)((c | (uint64_t)d << 32) >> 12) | one) - 1 + 0x1p-53;
  }
}

/* Standard normal numbers in place of their probabilities. */
static void to_normals(double* u) {
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
  double far[LANES];
  if (farthest > 5) /* once in 10^10 draws */
    EACH {
      const double r = roots[k] - 5;
      far[k] = POLYNOMIAL8(DRAWS_FAR_TAIL_NUMERATOR, r) / POLYNOMIAL8(DRAWS_FAR_TAIL_DENOMINATOR, r);
    }
  EACH {
    const double q = u[k] - 0.5;
    const int inner = fabs(q) <= 0.425;
    const double r = 0.180625 - q * q, t = roots[k] - 1.6;
    const double tail = POLYNOMIAL8(DRAWS_TAIL_NUMERATOR, t);
    const double above = inner ? q * POLYNOMIAL8(DRAWS_CENTRE_NUMERATOR, r) : q < 0 ? -tail : tail;
    const double below = inner ? POLYNOMIAL8(DRAWS_CENTRE_DENOMINATOR, r) : POLYNOMIAL8(DRAWS_TAIL_DENOMINATOR, t);
    u[k] = above / below;
  }
  if (farthest > 5) EACH if (roots[k] > 5) u[k] = u[k] < 0 ? -far[k] : far[k];
}

/* Standard normal draws of LANES seeds: numbers 2·pair and 2·pair + 1, or the first of them alone. */
static void draw_normals(const uint32_t* seeds, uint32_t stream, uint32_t pair, uint32_t step, int both,
                         double (*z)[LANES]) {
  draw_uniforms(seeds, stream, pair, step, z);
  to_normals(z[0]);
  if (both) to_normals(z[1]);
}

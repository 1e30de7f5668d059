/* The power |l|^(n-1) of eq. 1 for many losses, without a call.
 *
 * 2^(b log2 a): the logarithm as a sum of two numbers, good to 2^-58 of itself, so that the error of its product with b
 * disappears in the rounding of all but extreme results. Decision 0021 has the bounds, tests/core/test_power.py holds
 * them.
 */

/* log2((1 + s) / (1 - s)) = LOG2_SLOPE s + s^3 P(s^2) for |s| below (sqrt 2 - 1) / (sqrt 2 + 1); P from the lowest power
   up, interpolated at Chebyshev's points */
static const double LOG2_SLOPE = 0x1.71547652b82fep+1, LOG2_SLOPE_REST = 0x1.777d0ffda0d24p-55;
static const double LOG2_TERMS[] = {
  0x1.ec709dc3a03fdp-1, 0x1.2776c50ef9c70p-1, 0x1.a61762a786463p-2, 0x1.484b1401c27b6p-2,
  0x1.0c9a6ec639369p-2, 0x1.c69b9fcddcde7p-3, 0x1.880b5e1dd8e51p-3, 0x1.82a9a155a1797p-3,
};
/* 2^r = 1 + r P(r) for |r| up to 1/2, likewise */
static const double EXP2_TERMS[] = {
  0x1.62e42fefa39efp-1, 0x1.ebfbdff82c598p-3, 0x1.c6b08d704a0c2p-5, 0x1.3b2ab6fba1ddap-7, 0x1.5d87fe78a5276p-10,
  0x1.430913096fd9fp-13, 0x1.ffcbfc670dcd4p-17, 0x1.62bfd47773305p-20, 0x1.b524fae6277f2p-24, 0x1.e6063f722176bp-28,
  0x1.e9d3fe395a636p-32,
};

static inline uint64_t bits_of_power(double number) { uint64_t bits; memcpy(&bits, &number, 8); return bits; }
static inline double power_of_bits(uint64_t bits) { double number; memcpy(&number, &bits, 8); return number; }

/* D = A^B for A >= 0; 1 where B is 0 or the lane is not alive. What is rare is Sleef's, lane by lane: numbers that are not
   normal, results near the ends of the range. */
void NAME(raise_sizes)(REAL* restrict D, const REAL* restrict A, const REAL* restrict B, const REAL* restrict alive) {
  if (sizeof(REAL) == sizeof(float)) { NAME(raise)(D, A, B); return; }
  const double *L = LOG2_TERMS, *E = EXP2_TERMS;
  const uint64_t root_half = 0x3FE6A09E667F3BCD, exponent_of_2 = 0x4000000000000000;
  REAL base[LANES] __attribute__((aligned(64)));
  INTEGER rare[LANES] __attribute__((aligned(64))), any = 0;
  EACH base[k] = (B[k] == 0) | (alive[k] == 0) ? (REAL)1 : A[k];
  EACH {
    const double a = base[k], b = B[k];
    /* a = 2^e m, m from sqrt(1/2) to sqrt(2); e as the last bits of a number of 2^52 and more */
    const uint64_t bits = bits_of_power(a), above = bits - root_half + exponent_of_2;
    const double e = power_of_bits(above >> 52 | 0x4330000000000000) - (0x1p52 + 1024);
    const double f = power_of_bits(bits - (above & 0xFFF0000000000000) + exponent_of_2) - 1;
    /* s = f / (2 + f) and what its rounding has left */
    const double d = f + 2, inverse = 1 / d, s = f * inverse, z = s * s, w = z * z;
    const double rest = (fma(-s, d, f) - s * (f - (d - 2))) * inverse;
    const double even = fma(fma(fma(L[6], w, L[4]), w, L[2]), w, L[0]);
    const double odd = fma(fma(fma(L[7], w, L[5]), w, L[3]), w, L[1]);
    const double main = s * LOG2_SLOPE;
    double low = fma(s, LOG2_SLOPE_REST, fma(s, LOG2_SLOPE, -main));
    low = fma(rest, fma(z, 3 * L[0], LOG2_SLOPE), low);
    low = fma(s * z, fma(odd, z, even), low);
    const double high = e + main;
    low += main - (high - e);
    /* the product with b as a whole number and a rest from -1/2 to 1/2 */
    const double shifted = fma(b, high + low, 0x1.8p52), whole = shifted - 0x1.8p52, t = b * high;
    const double r = (t - whole) + fma(b, low, fma(b, high, -t)), q = r * r;
    const double flat = fma(fma(fma(fma(fma(E[10], q, E[8]), q, E[6]), q, E[4]), q, E[2]), q, E[0]);
    const double tilted = fma(fma(fma(fma(E[9], q, E[7]), q, E[5]), q, E[3]), q, E[1]);
    const double power = fma(r, fma(tilted, r, flat), 1);
    D[k] = power_of_bits(bits_of_power(power) + (bits_of_power(shifted) << 52));
    rare[k] = (a >= 0x1p-1022) & (a <= 0x1.fffffffffffffp1023) & (fabs(whole) < 1020) ? 0 : 1;
  }
  EACH any |= rare[k];
  if (!any) return;
  REAL exact[LANES] __attribute__((aligned(64)));
  NAME(raise)(exact, base, B);
  EACH D[k] = rare[k] ? exact[k] : D[k];
}

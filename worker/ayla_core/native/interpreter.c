/* Runs a program on LANES numbers at a time, one instruction after the other. */

#define UNARY(CODE, FORMULA) case CODE: EACH { const REAL a = A[k]; D[k] = (FORMULA); } break;
#define BINARY(CODE, FORMULA) case CODE: EACH { const REAL a = A[k], b = B[k]; D[k] = (FORMULA); } break;
#define TERNARY(CODE, FORMULA) \
  case CODE: EACH { const REAL a = A[k], b = B[k], c = C[k]; D[k] = (FORMULA); } break;
#define SLEEF1(CODE, WHICH) case CODE: for (int j = 0; j < VECTORS; j++) \
    ((VECTOR*)D)[j] = NAME(unary)[WHICH](((const VECTOR*)A)[j]); break;

/* A whole power, in twice the precision so that it is rounded once: near a minimum a gradient is the small difference
   of such powers. Kept beside it: the plain product, which is right where the error terms are
   not numbers, and has the right sign where it is 0. */
static void NAME(whole_power)(REAL* D, const REAL* A, int exponent) {
  double high[LANES], low[LANES], plain[LANES], factor[LANES], rest[LANES], square[LANES];
  EACH { factor[k] = square[k] = (double)A[k]; rest[k] = 0; }
  int started = 0;
  for (int n = exponent < 0 ? -exponent : exponent;;) {
    if ((n & 1) && !started) {
      EACH { high[k] = factor[k]; low[k] = rest[k]; plain[k] = square[k]; }
      started = 1;
    } else if (n & 1) {
      EACH {
        const double product = high[k] * factor[k];
        const double error = fma(high[k], factor[k], -product) + (high[k] * rest[k] + low[k] * factor[k]);
        high[k] = product + error;
        low[k] = error - (high[k] - product);
        plain[k] *= square[k];
      }
    }
    if (!(n >>= 1)) break;
    EACH {
      const double product = factor[k] * factor[k];
      const double error = fma(factor[k], factor[k], -product) + 2 * (factor[k] * rest[k]);
      factor[k] = product + error;
      rest[k] = error - (factor[k] - product);
      square[k] *= square[k];
    }
  }
  if (exponent < 0) {
    EACH {
      const double inverse = 1 / high[k];
      const double value = inverse + inverse * (fma(-high[k], inverse, 1) - low[k] * inverse);
      D[k] = (REAL)((value - value == 0) & (value != 0) ? value : 1 / plain[k]);
    }
  } else {
    EACH {
      const double value = high[k] + low[k];
      D[k] = (REAL)((value - value == 0) & (value != 0) ? value : plain[k]);
    }
  }
}

/* The same for a third and a fourth power, in one pass. */
static void NAME(third_power)(REAL* D, const REAL* A) {
  EACH {
    const double a = A[k], square = a * a, rest = fma(a, a, -square), cube = a * square;
    const double value = cube + (fma(a, square, -cube) + a * rest);
    D[k] = (REAL)((value - value == 0) & (value != 0) ? value : cube);
  }
}

static void NAME(fourth_power)(REAL* D, const REAL* A) {
  EACH {
    const double a = A[k], square = a * a, rest = fma(a, a, -square), fourth = square * square;
    const double value = fourth + (fma(square, square, -fourth) + 2 * (square * rest));
    D[k] = (REAL)(value < INFINITY ? value : fourth); /* it is never -0 */
  }
}

static void NAME(execute)(const int32_t* restrict code, int64_t count, REAL* restrict slots) {
  for (int64_t i = 0; i < count; i++, code += 5) {
    REAL* D = __builtin_assume_aligned(slots + (int64_t)code[1] * LANES, 64);
    const REAL* A = __builtin_assume_aligned(slots + (int64_t)code[2] * LANES, 64);
    const REAL* B = __builtin_assume_aligned(slots + (int64_t)(code[0] == OP_powi ? 0 : code[3]) * LANES, 64);
    const REAL* C = __builtin_assume_aligned(slots + (int64_t)code[4] * LANES, 64);
    switch (code[0]) {
      BINARY(OP_add, a + b)
      BINARY(OP_sub, a - b)
      BINARY(OP_mul, a * b)
      BINARY(OP_div, a / b)
      BINARY(OP_min, (a < b) | (a != a) ? a : b)
      BINARY(OP_max, (a > b) | (a != a) ? a : b)
      BINARY(OP_lt, a < b ? (REAL)1 : (REAL)0)
      BINARY(OP_le, a <= b ? (REAL)1 : (REAL)0)
      BINARY(OP_ne, a != b ? (REAL)1 : (REAL)0)
      UNARY(OP_copy, a)
      UNARY(OP_neg, -a)
      UNARY(OP_abs, ABSOLUTE(a))
      UNARY(OP_sign, (REAL)((a > 0) - (a < 0)))
      UNARY(OP_sqrt, ROOT(a))
      SLEEF1(OP_exp, SLEEF_exp)
      SLEEF1(OP_log, SLEEF_log)
      SLEEF1(OP_sin, SLEEF_sin)
      SLEEF1(OP_cos, SLEEF_cos)
      SLEEF1(OP_tan, SLEEF_tan)
      SLEEF1(OP_asin, SLEEF_asin)
      SLEEF1(OP_acos, SLEEF_acos)
      SLEEF1(OP_atan, SLEEF_atan)
      SLEEF1(OP_sinh, SLEEF_sinh)
      SLEEF1(OP_cosh, SLEEF_cosh)
      SLEEF1(OP_tanh, SLEEF_tanh)
      case OP_sigmoid: {
        /* e^-|a| never overflows. */
        REAL negative[LANES] __attribute__((aligned(64))), small[LANES] __attribute__((aligned(64)));
        EACH negative[k] = -ABSOLUTE(A[k]);
        for (int j = 0; j < VECTORS; j++) ((VECTOR*)small)[j] = NAME(unary)[SLEEF_exp](((VECTOR*)negative)[j]);
        EACH { const REAL s = 1 / (1 + small[k]); D[k] = A[k] >= 0 ? s : small[k] * s; }
        break;
      }
      case OP_pow: NAME(raise)(D, A, B); break;
      case OP_powi:
        if (code[3] == 3) NAME(third_power)(D, A);
        else if (code[3] == 4) NAME(fourth_power)(D, A);
        else NAME(whole_power)(D, A, code[3]);
        break;
      TERNARY(OP_where, a != 0 ? b : c)
      TERNARY(OP_mul_add, a * b + c)
      TERNARY(OP_mul_sub, a * b - c)
      TERNARY(OP_sub_mul, c - a * b)
      TERNARY(OP_mul_mul, a * b * c)
      TERNARY(OP_add_add, a + b + c)
      TERNARY(OP_add_sub, a + b - c)
      TERNARY(OP_sub_add, c - (a + b))
    }
  }
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Functions, activations, gradients, remainders: single values computed by hand with Python's math module, in float64
 * and, within its precision, in float32, half and bfloat16. */
#include "tests/unit/ops/kernel_harness.h"

#include "runtime/core/dtype.h"

#include <math.h>

static const struct {
    const char *type;
    int inputs;
    double x, y, want;
} values[] = {
    {"Abs", 1, -3.5, 0.0, 3.5}, {"Abs", 1, -1.0, 0.0, 1.0}, {"Abs", 1, -0.25, 0.0, 0.25}, {"Abs", 1, 0.0, 0.0, 0.0},
    {"Abs", 1, 0.3, 0.0, 0.3}, {"Abs", 1, 2.0, 0.0, 2.0}, {"Abs", 1, 7.5, 0.0, 7.5},
    {"Elu", 1, -3.5, 0.0, -0.9698026165776815}, {"Elu", 1, -1.0, 0.0, -0.6321205588285577},
    {"Elu", 1, -0.25, 0.0, -0.22119921692859512}, {"Elu", 1, 0.0, 0.0, 0.0}, {"Elu", 1, 0.3, 0.0, 0.3},
    {"Elu", 1, 2.0, 0.0, 2.0}, {"Elu", 1, 7.5, 0.0, 7.5}, {"Selu", 1, -3.5, 0.0, -1.7050093409572833},
    {"Selu", 1, -1.0, 0.0, -1.1113307378125628}, {"Selu", 1, -0.25, 0.0, -0.388890197478119},
    {"Selu", 1, 0.0, 0.0, 0.0}, {"Selu", 1, 0.3, 0.0, 0.31521029620664415}, {"Selu", 1, 2.0, 0.0, 2.101401974710961},
    {"Selu", 1, 7.5, 0.0, 7.880257405166104}, {"LeakyRelu", 1, -3.5, 0.0, -0.7000000000000001},
    {"LeakyRelu", 1, -1.0, 0.0, -0.2}, {"LeakyRelu", 1, -0.25, 0.0, -0.05}, {"LeakyRelu", 1, 0.0, 0.0, 0.0},
    {"LeakyRelu", 1, 0.3, 0.0, 0.3}, {"LeakyRelu", 1, 2.0, 0.0, 2.0}, {"LeakyRelu", 1, 7.5, 0.0, 7.5},
    {"Relu6", 1, -3.5, 0.0, 0.0}, {"Relu6", 1, -1.0, 0.0, 0.0}, {"Relu6", 1, -0.25, 0.0, 0.0},
    {"Relu6", 1, 0.0, 0.0, 0.0}, {"Relu6", 1, 0.3, 0.0, 0.3}, {"Relu6", 1, 2.0, 0.0, 2.0},
    {"Relu6", 1, 7.5, 0.0, 6.0}, {"Softplus", 1, -3.5, 0.0, 0.029750418272620566},
    {"Softplus", 1, -1.0, 0.0, 0.31326168751822286}, {"Softplus", 1, -0.25, 0.0, 0.5759394198788436},
    {"Softplus", 1, 0.0, 0.0, 0.6931471805599453}, {"Softplus", 1, 0.3, 0.0, 0.8543552444685272},
    {"Softplus", 1, 2.0, 0.0, 2.1269280110429727}, {"Softplus", 1, 7.5, 0.0, 7.500552931475361},
    {"Softsign", 1, -3.5, 0.0, -0.7777777777777778}, {"Softsign", 1, -1.0, 0.0, -0.5},
    {"Softsign", 1, -0.25, 0.0, -0.2}, {"Softsign", 1, 0.0, 0.0, 0.0}, {"Softsign", 1, 0.3, 0.0, 0.23076923076923075},
    {"Softsign", 1, 2.0, 0.0, 0.6666666666666666}, {"Softsign", 1, 7.5, 0.0, 0.8823529411764706},
    {"Erf", 1, -3.5, 0.0, -0.9999992569016276}, {"Erf", 1, -1.0, 0.0, -0.8427007929497149},
    {"Erf", 1, -0.25, 0.0, -0.2763263901682369}, {"Erf", 1, 0.0, 0.0, 0.0}, {"Erf", 1, 0.3, 0.0, 0.3286267594591274},
    {"Erf", 1, 2.0, 0.0, 0.9953222650189527}, {"Erf", 1, 7.5, 0.0, 1.0}, {"Erfc", 1, -3.5, 0.0, 1.9999992569016276},
    {"Erfc", 1, -1.0, 0.0, 1.842700792949715}, {"Erfc", 1, -0.25, 0.0, 1.276326390168237}, {"Erfc", 1, 0.0, 0.0, 1.0},
    {"Erfc", 1, 0.3, 0.0, 0.6713732405408726}, {"Erfc", 1, 2.0, 0.0, 0.004677734981047265},
    {"Erfc", 1, 7.5, 0.0, 2.776649386030569e-26}, {"Expm1", 1, -3.5, 0.0, -0.9698026165776815},
    {"Expm1", 1, -1.0, 0.0, -0.6321205588285577}, {"Expm1", 1, -0.25, 0.0, -0.22119921692859512},
    {"Expm1", 1, 0.0, 0.0, 0.0}, {"Expm1", 1, 0.3, 0.0, 0.3498588075760031}, {"Expm1", 1, 2.0, 0.0, 6.38905609893065},
    {"Expm1", 1, 7.5, 0.0, 1807.0424144560632}, {"Sin", 1, -3.5, 0.0, 0.35078322768961984},
    {"Sin", 1, -1.0, 0.0, -0.8414709848078965}, {"Sin", 1, -0.25, 0.0, -0.24740395925452294},
    {"Sin", 1, 0.0, 0.0, 0.0}, {"Sin", 1, 0.3, 0.0, 0.29552020666133955}, {"Sin", 1, 2.0, 0.0, 0.9092974268256817},
    {"Sin", 1, 7.5, 0.0, 0.9379999767747389}, {"Tan", 1, -3.5, 0.0, -0.3745856401585947},
    {"Tan", 1, -1.0, 0.0, -1.5574077246549023}, {"Tan", 1, -0.25, 0.0, -0.25534192122103627},
    {"Tan", 1, 0.0, 0.0, 0.0}, {"Tan", 1, 0.3, 0.0, 0.30933624960962325}, {"Tan", 1, 2.0, 0.0, -2.185039863261519},
    {"Tan", 1, 7.5, 0.0, 2.706013866772691}, {"Sinh", 1, -3.5, 0.0, -16.542627287634996},
    {"Sinh", 1, -1.0, 0.0, -1.1752011936438014}, {"Sinh", 1, -0.25, 0.0, -0.2526123168081683},
    {"Sinh", 1, 0.0, 0.0, 0.0}, {"Sinh", 1, 0.3, 0.0, 0.3045202934471426}, {"Sinh", 1, 2.0, 0.0, 3.626860407847019},
    {"Sinh", 1, 7.5, 0.0, 904.0209306858466}, {"Cosh", 1, -3.5, 0.0, 16.572824671057315},
    {"Cosh", 1, -1.0, 0.0, 1.5430806348152437}, {"Cosh", 1, -0.25, 0.0, 1.0314130998795732},
    {"Cosh", 1, 0.0, 0.0, 1.0}, {"Cosh", 1, 0.3, 0.0, 1.0453385141288605}, {"Cosh", 1, 2.0, 0.0, 3.7621956910836314},
    {"Cosh", 1, 7.5, 0.0, 904.0214837702166}, {"Asinh", 1, -3.5, 0.0, -1.9657204716496515},
    {"Asinh", 1, -1.0, 0.0, -0.881373587019543}, {"Asinh", 1, -0.25, 0.0, -0.24746646154726346},
    {"Asinh", 1, 0.0, 0.0, 0.0}, {"Asinh", 1, 0.3, 0.0, 0.29567304756342244},
    {"Asinh", 1, 2.0, 0.0, 1.4436354751788103}, {"Asinh", 1, 7.5, 0.0, 2.712465305184344},
    {"Atan", 1, -3.5, 0.0, -1.2924966677897853}, {"Atan", 1, -1.0, 0.0, -0.7853981633974483},
    {"Atan", 1, -0.25, 0.0, -0.24497866312686414}, {"Atan", 1, 0.0, 0.0, 0.0},
    {"Atan", 1, 0.3, 0.0, 0.2914567944778671}, {"Atan", 1, 2.0, 0.0, 1.1071487177940904},
    {"Atan", 1, 7.5, 0.0, 1.4382447944982226}, {"Floor", 1, -3.5, 0.0, -4.0}, {"Floor", 1, -1.0, 0.0, -1.0},
    {"Floor", 1, -0.25, 0.0, -1.0}, {"Floor", 1, 0.0, 0.0, 0.0}, {"Floor", 1, 0.3, 0.0, 0.0},
    {"Floor", 1, 2.0, 0.0, 2.0}, {"Floor", 1, 7.5, 0.0, 7.0}, {"Ceil", 1, -3.5, 0.0, -3.0},
    {"Ceil", 1, -1.0, 0.0, -1.0}, {"Ceil", 1, -0.25, 0.0, 0.0}, {"Ceil", 1, 0.0, 0.0, 0.0},
    {"Ceil", 1, 0.3, 0.0, 1.0}, {"Ceil", 1, 2.0, 0.0, 2.0}, {"Ceil", 1, 7.5, 0.0, 8.0}, {"Sign", 1, -3.5, 0.0, -1.0},
    {"Sign", 1, -1.0, 0.0, -1.0}, {"Sign", 1, -0.25, 0.0, -1.0}, {"Sign", 1, 0.0, 0.0, 0.0},
    {"Sign", 1, 0.3, 0.0, 1.0}, {"Sign", 1, 2.0, 0.0, 1.0}, {"Sign", 1, 7.5, 0.0, 1.0}, {"Sqrt", 1, 0.01, 0.0, 0.1},
    {"Sqrt", 1, 0.5, 0.0, 0.7071067811865476}, {"Sqrt", 1, 1.0, 0.0, 1.0}, {"Sqrt", 1, 3.75, 0.0, 1.9364916731037085},
    {"Sqrt", 1, 40.0, 0.0, 6.324555320336759}, {"Rsqrt", 1, 0.01, 0.0, 10.0},
    {"Rsqrt", 1, 0.5, 0.0, 1.414213562373095}, {"Rsqrt", 1, 1.0, 0.0, 1.0},
    {"Rsqrt", 1, 3.75, 0.0, 0.5163977794943222}, {"Rsqrt", 1, 40.0, 0.0, 0.15811388300841897},
    {"Reciprocal", 1, 0.01, 0.0, 100.0}, {"Reciprocal", 1, 0.5, 0.0, 2.0}, {"Reciprocal", 1, 1.0, 0.0, 1.0},
    {"Reciprocal", 1, 3.75, 0.0, 0.26666666666666666}, {"Reciprocal", 1, 40.0, 0.0, 0.025},
    {"Inv", 1, 0.01, 0.0, 100.0}, {"Inv", 1, 0.5, 0.0, 2.0}, {"Inv", 1, 1.0, 0.0, 1.0},
    {"Inv", 1, 3.75, 0.0, 0.26666666666666666}, {"Inv", 1, 40.0, 0.0, 0.025},
    {"Log1p", 1, 0.01, 0.0, 0.009950330853168083}, {"Log1p", 1, 0.5, 0.0, 0.4054651081081644},
    {"Log1p", 1, 1.0, 0.0, 0.6931471805599453}, {"Log1p", 1, 3.75, 0.0, 1.55814461804655},
    {"Log1p", 1, 40.0, 0.0, 3.713572066704308}, {"Asin", 1, -1.0, 0.0, -1.5707963267948966},
    {"Asin", 1, -0.7, 0.0, -0.775397496610753}, {"Asin", 1, 0.0, 0.0, 0.0}, {"Asin", 1, 0.1, 0.0, 0.1001674211615598},
    {"Asin", 1, 0.99, 0.0, 1.4292568534704693}, {"Acos", 1, -1.0, 0.0, 3.141592653589793},
    {"Acos", 1, -0.7, 0.0, 2.3461938234056494}, {"Acos", 1, 0.0, 0.0, 1.5707963267948966},
    {"Acos", 1, 0.1, 0.0, 1.4706289056333368}, {"Acos", 1, 0.99, 0.0, 0.1415394733244273},
    {"Atanh", 1, -0.7, 0.0, -0.8673005276940531}, {"Atanh", 1, 0.0, 0.0, 0.0},
    {"Atanh", 1, 0.1, 0.0, 0.10033534773107558}, {"Atanh", 1, 0.99, 0.0, 2.6466524123622457},
    {"Acosh", 1, 1.0, 0.0, 0.0}, {"Acosh", 1, 1.5, 0.0, 0.9624236501192069},
    {"Acosh", 1, 30.0, 0.0, 4.0940666686320855}, {"Softplus", 1, 100.0, 0.0, 100.0},
    {"Softplus", 1, -60.0, 0.0, 8.75651076269652e-27}, {"Round", 1, 0.5, 0.0, 0.0}, {"Round", 1, 1.5, 0.0, 2.0},
    {"Round", 1, 2.5, 0.0, 2.0}, {"Round", 1, -0.5, 0.0, -0.0}, {"Round", 1, -2.5, 0.0, -2.0},
    {"Round", 1, 2.6, 0.0, 3.0}, {"Rint", 1, 0.5, 0.0, 0.0}, {"Rint", 1, 3.5, 0.0, 4.0}, {"Rint", 1, -1.5, 0.0, -2.0},
    {"SquaredDifference", 2, 2.0, 3.0, 1.0}, {"SquaredDifference", 2, 0.5, 0.25, 0.0625},
    {"SquaredDifference", 2, 3.0, 1.5, 2.25}, {"Minimum", 2, 2.0, 3.0, 2.0}, {"Minimum", 2, 0.5, 0.25, 0.25},
    {"Minimum", 2, 3.0, 1.5, 1.5}, {"Pow", 2, 2.0, 3.0, 8.0}, {"Pow", 2, 0.5, 0.25, 0.8408964152537145},
    {"Pow", 2, 3.0, 1.5, 5.196152422706632}, {"Atan2", 2, 2.0, 3.0, 0.5880026035475675},
    {"Atan2", 2, 0.5, 0.25, 1.1071487177940904}, {"Atan2", 2, 3.0, 1.5, 1.1071487177940904},
    {"Xlogy", 2, 2.0, 3.0, 2.1972245773362196}, {"Xlogy", 2, 0.5, 0.25, -0.6931471805599453},
    {"Xlogy", 2, 3.0, 1.5, 1.2163953243244932}, {"Xdivy", 2, 2.0, 3.0, 0.6666666666666666},
    {"Xdivy", 2, 0.5, 0.25, 2.0}, {"Xdivy", 2, 3.0, 1.5, 2.0}, {"DivNoNan", 2, 2.0, 3.0, 0.6666666666666666},
    {"DivNoNan", 2, 0.5, 0.25, 2.0}, {"DivNoNan", 2, 3.0, 1.5, 2.0}, {"MulNoNan", 2, 2.0, 3.0, 6.0},
    {"MulNoNan", 2, 0.5, 0.25, 0.125}, {"MulNoNan", 2, 3.0, 1.5, 4.5}, {"Xlog1py", 2, 2.0, 3.0, 2.772588722239781},
    {"Xlog1py", 2, 0.5, 0.25, 0.11157177565710488}, {"Xlog1py", 2, 3.0, 1.5, 2.7488721956224653},
    {"Xlogy", 2, 0.0, 0.0, 0.0}, {"Xdivy", 2, 0.0, 0.0, 0.0}, {"DivNoNan", 2, 1.0, 0.0, 0.0},
    {"DivNoNan", 2, INFINITY, 0.0, 0.0}, {"DivNoNan", 2, NAN, 0.0, 0.0}, {"MulNoNan", 2, INFINITY, 0.0, 0.0},
    {"MulNoNan", 2, NAN, 0.0, 0.0}, {"Pow", 2, 0.0, 0.0, 1.0}, {"Pow", 2, -8.0, 0.3333333333333333, NAN},
    {"Pow", 2, -2.0, 3.0, -8.0}, {"Atan2", 2, 1.0, -1.0, 2.356194490192345},
    {"Atan2", 2, -1.0, -1.0, -2.356194490192345}, {"Atan2", 2, 0.0, -2.0, 3.141592653589793},
    {"Minimum", 2, NAN, 1.0, NAN}, {"Minimum", 2, 1.0, NAN, NAN}, {"Abs", 1, NAN, 0.0, NAN},
    {"Sign", 1, NAN, 0.0, NAN}, {"Relu6", 1, NAN, 0.0, NAN}, {"Elu", 1, NAN, 0.0, NAN},
    {"Rsqrt", 1, 0.0, 0.0, INFINITY}, {"Sqrt", 1, -1.0, 0.0, NAN}, {"Reciprocal", 1, 0.0, 0.0, INFINITY},
    {"Erf", 1, INFINITY, 0.0, 1.0}, {"Erf", 1, -INFINITY, 0.0, -1.0}, {"Softplus", 1, INFINITY, 0.0, INFINITY},
    {"Softplus", 1, -INFINITY, 0.0, 0.0}, {"Div", 2, -7.0, 2.0, -3.5}, {"Div", 2, 7.0, -2.0, -3.5},
    {"Div", 2, -7.5, 2.0, -3.75}, {"Div", 2, 7.5, 2.0, 3.75}, {"Div", 2, 5.0, -3.0, -1.6666666666666667},
    {"FloorDiv", 2, -7.0, 2.0, -4.0}, {"FloorDiv", 2, 7.0, -2.0, -4.0}, {"FloorDiv", 2, -7.5, 2.0, -4.0},
    {"FloorDiv", 2, 7.5, 2.0, 3.0}, {"FloorDiv", 2, 5.0, -3.0, -2.0}, {"FloorMod", 2, -7.0, 2.0, 1.0},
    {"FloorMod", 2, 7.0, -2.0, -1.0}, {"FloorMod", 2, -7.5, 2.0, 0.5}, {"FloorMod", 2, 7.5, 2.0, 1.5},
    {"FloorMod", 2, 5.0, -3.0, -1.0}, {"Mod", 2, -7.0, 2.0, -1.0}, {"Mod", 2, 7.0, -2.0, 1.0},
    {"Mod", 2, -7.5, 2.0, -1.5}, {"Mod", 2, 7.5, 2.0, 1.5}, {"Mod", 2, 5.0, -3.0, 2.0},
    {"TruncateMod", 2, -7.0, 2.0, -1.0}, {"TruncateMod", 2, 7.0, -2.0, 1.0}, {"TruncateMod", 2, -7.5, 2.0, -1.5},
    {"TruncateMod", 2, 7.5, 2.0, 1.5}, {"TruncateMod", 2, 5.0, -3.0, 2.0}, {"TruncateDiv", 2, -7.0, 2.0, -3.0},
    {"TruncateDiv", 2, 7.0, -2.0, -3.0}, {"TruncateDiv", 2, -7.5, 2.0, -3.0}, {"TruncateDiv", 2, 7.5, 2.0, 3.0},
    {"TruncateDiv", 2, 5.0, -3.0, -1.0}, {"FloorMod", 2, 5.0, 0.0, NAN}, {"FloorDiv", 2, -1.0, 0.0, -INFINITY},
    {"Relu6Grad", 2, 0.7, -0.5, 0.0}, {"Relu6Grad", 2, -1.5, 0.0, 0.0}, {"Relu6Grad", 2, 2.0, 3.0, 2.0},
    {"Relu6Grad", 2, 2.0, 6.0, 0.0}, {"LeakyReluGrad", 2, 0.7, -0.5, 0.13999999999999999},
    {"LeakyReluGrad", 2, -1.5, 0.0, -0.30000000000000004}, {"LeakyReluGrad", 2, 2.0, 3.0, 2.0},
    {"LeakyReluGrad", 2, 2.0, 6.0, 2.0}, {"SoftplusGrad", 2, 0.7, -0.5, 0.26427846815870176},
    {"SoftplusGrad", 2, -1.5, 0.0, -0.75}, {"SoftplusGrad", 2, 2.0, 3.0, 1.9051482536448667},
    {"SoftplusGrad", 2, 2.0, 6.0, 1.9950547536867307}, {"SoftsignGrad", 2, 0.7, -0.5, 0.3111111111111111},
    {"SoftsignGrad", 2, -1.5, 0.0, -1.5}, {"SoftsignGrad", 2, 2.0, 3.0, 0.125},
    {"SoftsignGrad", 2, 2.0, 6.0, 0.04081632653061224}, {"EluGrad", 2, 0.7, -0.5, 0.35},
    {"EluGrad", 2, -1.5, 0.0, -1.5}, {"EluGrad", 2, 2.0, 3.0, 2.0}, {"EluGrad", 2, 2.0, 6.0, 2.0},
    {"SeluGrad", 2, 0.7, -0.5, 0.8806695385931638}, {"SeluGrad", 2, -1.5, 0.0, -1.5760514810332207},
    {"SeluGrad", 2, 2.0, 3.0, 2.101401974710961}, {"SeluGrad", 2, 2.0, 6.0, 2.101401974710961},
    {"SigmoidGrad", 2, 0.7, -1.5, -0.315}, {"SigmoidGrad", 2, 0.25, 2.0, 0.375}, {"TanhGrad", 2, 0.7, -1.5, -0.765},
    {"TanhGrad", 2, 0.25, 2.0, 1.875}, {"SqrtGrad", 2, 0.7, -1.5, -1.0714285714285714},
    {"SqrtGrad", 2, 0.25, 2.0, 4.0}, {"RsqrtGrad", 2, 0.7, -1.5, 0.2572499999999999},
    {"RsqrtGrad", 2, 0.25, 2.0, -0.015625}, {"ReciprocalGrad", 2, 0.7, -1.5, 0.7349999999999999},
    {"ReciprocalGrad", 2, 0.25, 2.0, -0.125}, {"InvGrad", 2, 0.7, -1.5, 0.7349999999999999},
    {"InvGrad", 2, 0.25, 2.0, -0.125},};

static void check_value(size_t i, stepc_dtype dtype, double precision)
{
    uint64_t data[2] = {0, 0};
    double want = values[i].want, got, slack;
    bench b;

    store_f64(dtype, &data[0], 0, values[i].x);
    store_f64(dtype, &data[1], 0, values[i].y);
    /* Where the argument itself is rounded the answer belongs to another argument. */
    if (dtype != STEPC_FLOAT64 && (load_f64(dtype, &data[0], 0) != values[i].x || load_f64(dtype, &data[1], 0) != values[i].y))
        return;
    bench_open_t(&b, values[i].type, values[i].inputs, dtype);
    for (int k = 0; k < values[i].inputs; k++)
        bench_feed(&b, k ? "x1" : "x0", scalar_make(dtype, &data[k]));
    cr_assert_eq(bench_run(&b, "op"), STEPC_OK, "%s: %s", values[i].type, bench_message(&b));
    got = load_f64(dtype, stepc_tensor_data(bench_output(&b, "op")), 0);
    slack = precision * fmax(1, fabs(want));
    cr_expect(isnan(want)   ? isnan(got)
              : isinf(want) ? got == want
                            : fabs(got - want) <= slack,
              "%s(%g, %g) of %s is %.17g, not %.17g", values[i].type, values[i].x, values[i].y,
              stepc_dtype_name(dtype), got, want);
    bench_close(&b);
}

Test(elementwise_float, values_by_hand)
{
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        /* LeakyRelu's alpha is a float also for float64. */
        check_value(i, STEPC_FLOAT64, strncmp(values[i].type, "Leaky", 5) == 0 ? 1e-7 : 4e-15);
        check_value(i, STEPC_FLOAT32, 5e-7);
        check_value(i, STEPC_HALF, 2e-3);
        check_value(i, STEPC_BFLOAT16, 1.6e-2);
    }
}

/* What -0 gives shows whether a rule is the documented one. */
Test(elementwise_float, signs_of_zero)
{
    static const struct {
        const char *type;
        float x;
        bool negative;
    } cases[] = {{"Round", -0.5F, true}, {"Rint", -0.0F, true}, {"Ceil", -0.5F, true}, {"Sign", -0.0F, false},
                 {"Abs", -0.0F, false},  {"Floor", -0.0F, true}, {"Sqrt", -0.0F, true}};

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        bench b;
        float got;

        bench_open_t(&b, cases[i].type, 1, STEPC_FLOAT32);
        bench_feed(&b, "x0", scalar_make(STEPC_FLOAT32, &cases[i].x));
        cr_assert_eq(bench_run(&b, "op"), STEPC_OK);
        got = *(float *)stepc_tensor_data(bench_output(&b, "op"));
        cr_expect(got == 0 && (signbit(got) != 0) == cases[i].negative, "%s(%g) = %g", cases[i].type,
                  (double)cases[i].x, (double)got);
        bench_close(&b);
    }
}

static void check_integers(const char *type, int inputs, stepc_dtype dtype, int count, const int64_t *x, const int64_t *y,
                           const int64_t *want)
{
    uint64_t a[16], c[16];
    bench b;

    for (int i = 0; i < count; i++) {
        put_int(dtype, a, i, x[i]);
        put_int(dtype, c, i, inputs > 1 ? y[i] : 0);
    }
    bench_open_t(&b, type, inputs, dtype);
    bench_feed(&b, "x0", vector_make(dtype, count, a));
    if (inputs > 1)
        bench_feed(&b, "x1", vector_make(dtype, count, c));
    cr_assert_eq(bench_run(&b, "op"), STEPC_OK, "%s: %s", type, bench_message(&b));
    for (int i = 0; i < count; i++) {
        stepc_tensor *z = bench_output(&b, "op");
        wide_int got = get_int(stepc_tensor_dtype(z), stepc_tensor_data(z), i);

        cr_expect(got == want[i], "%s(%lld, %lld) of %s is %lld, not %lld", type, (long long)x[i],
                  (long long)(inputs > 1 ? y[i] : 0), stepc_dtype_name(dtype), (long long)got, (long long)want[i]);
    }
    bench_close(&b);
}

#define I(...) ((const int64_t[]){__VA_ARGS__})

Test(elementwise_float, integers)
{
    check_integers("Div", 2, STEPC_INT32, 4, I(-7, 7, INT32_MIN, 7), I(2, -2, -1, 2), I(-3, -3, INT32_MIN, 3));
    check_integers("TruncateDiv", 2, STEPC_INT8, 3, I(-7, -128, 127), I(2, -1, -2), I(-3, -128, -63));
    check_integers("FloorMod", 2, STEPC_INT32, 5, I(-7, 7, INT32_MIN, 6, -6), I(2, -2, -1, 3, 4), I(1, -1, 0, 0, 2));
    check_integers("Mod", 2, STEPC_INT64, 4, I(-7, 7, INT64_MIN, 6), I(2, -2, -1, 3), I(-1, 1, 0, 0));
    check_integers("TruncateMod", 2, STEPC_INT32, 2, I(-7, 7), I(2, -2), I(-1, 1));
    check_integers("FloorMod", 2, STEPC_UINT8, 2, I(250, 7), I(7, 250), I(5, 7));
    check_integers("Pow", 2, STEPC_INT32, 5, I(2, -3, 2, 0, 7), I(10, 3, 31, 0, 1), I(1024, -27, INT32_MIN, 1, 7));
    check_integers("SquaredDifference", 2, STEPC_INT32, 2, I(3, -3), I(5, 4), I(4, 49));
    check_integers("Minimum", 2, STEPC_UINT8, 2, I(200, 3), I(100, 4), I(100, 3));
    check_integers("Abs", 1, STEPC_INT32, 3, I(-5, INT32_MIN, 4), NULL, I(5, INT32_MIN, 4));
    check_integers("Sign", 1, STEPC_INT64, 3, I(-5, 0, 4), NULL, I(-1, 0, 1));
    check_integers("Relu6", 1, STEPC_INT16, 3, I(-5, 3, 40), NULL, I(0, 3, 6));
    check_integers("Reciprocal", 1, STEPC_INT32, 4, I(1, -1, 2, -2), NULL, I(1, -1, 0, 0));
    check_integers("Round", 1, STEPC_INT32, 2, I(-5, 4), NULL, I(-5, 4));
    check_integers("Invert", 1, STEPC_UINT8, 2, I(0, 0xA5), NULL, I(255, 0x5A));
    check_integers("Invert", 1, STEPC_INT32, 2, I(0, -2), NULL, I(-1, 1));
    check_integers("BitwiseAnd", 2, STEPC_INT32, 2, I(-1, 12), I(7, 10), I(7, 8));
    check_integers("BitwiseOr", 2, STEPC_UINT64, 1, I(12), I(10), I(14));
    check_integers("BitwiseXor", 2, STEPC_INT8, 2, I(-1, 12), I(1, 10), I(-2, 6));
    check_integers("LeftShift", 2, STEPC_INT32, 5, I(1, -1, 1, 1, 3), I(4, 1, 40, -5, 31), I(16, -2, INT32_MIN, 1, INT32_MIN));
    check_integers("LeftShift", 2, STEPC_INT8, 2, I(1, 65), I(7, 1), I(-128, -126));
    check_integers("RightShift", 2, STEPC_INT32, 4, I(-8, 8, -8, 8), I(1, 1, 99, -3), I(-4, 4, -1, 8));
    check_integers("RightShift", 2, STEPC_UINT8, 2, I(200, 200), I(3, 9), I(25, 1));
    check_integers("PopulationCount", 1, STEPC_INT8, 3, I(-1, 0, 5), NULL, I(8, 0, 2));
    check_integers("PopulationCount", 1, STEPC_INT64, 2, I(-1, INT64_MIN), NULL, I(64, 1));
    check_integers("PopulationCount", 1, STEPC_UINT16, 2, I(0xffff, 0x8001), NULL, I(16, 2));
    check_integers("Less", 2, STEPC_UINT64, 2, I(-1, 1), I(1, -1), I(0, 1));
    check_integers("LessEqual", 2, STEPC_INT32, 3, I(-1, 1, 2), I(1, 1, 1), I(1, 1, 0));
    check_integers("Greater", 2, STEPC_INT32, 3, I(-1, 1, 2), I(1, 1, 1), I(0, 0, 1));
    check_integers("GreaterEqual", 2, STEPC_INT8, 3, I(-1, 1, 2), I(1, 1, 1), I(0, 1, 1));
    check_integers("NotEqual", 2, STEPC_INT32, 2, I(3, 4), I(3, 3), I(0, 1));
    check_integers("ApproximateEqual", 2, STEPC_INT8, 2, I(3, -128), I(3, 127), I(1, 0));
    check_integers("ZerosLike", 1, STEPC_INT32, 2, I(3, 4), NULL, I(0, 0));
}

Test(elementwise_float, integer_refusals)
{
    static const struct {
        const char *type;
        int inputs;
        int32_t x, y;
        const char *text;
    } cases[] = {{"Div", 2, 1, 0, "Integer division by zero"},        {"FloorMod", 2, 1, 0, "Integer division by zero"},
                 {"Mod", 2, 1, 0, "Integer division by zero"},        {"TruncateDiv", 2, 1, 0, "Integer division by zero"},
                 {"TruncateMod", 2, 1, 0, "Integer division by zero"}, {"Reciprocal", 1, 0, 0, "Integer division by zero"},
                 {"Inv", 1, 0, 0, "Integer division by zero"},
                 {"Pow", 2, 2, -1, "Integers to negative integer powers are not allowed"}};

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        bench b;

        bench_open_t(&b, cases[i].type, cases[i].inputs, STEPC_INT32);
        bench_feed(&b, "x0", scalar_make(STEPC_INT32, &cases[i].x));
        if (cases[i].inputs > 1)
            bench_feed(&b, "x1", scalar_make(STEPC_INT32, &cases[i].y));
        cr_expect_eq(bench_run(&b, "op"), STEPC_INVALID_ARGUMENT, "%s", cases[i].type);
        cr_expect_str_eq(bench_message(&b), cases[i].text);
        bench_close(&b);
    }
}

Test(elementwise_float, attributes)
{
    float x[] = {-2, 3}, g[] = {5, 7};
    bench b;

    bench_open_op(&b, "LeakyRelu", 1, STEPC_FLOAT32,
                  "attr { key: 'T' value { type: DT_FLOAT } } attr { key: 'alpha' value { f: 3 } }");
    bench_feed(&b, "x0", vector_make(STEPC_FLOAT32, 2, x));
    cr_assert_eq(bench_run(&b, "op"), STEPC_OK);
    cr_expect_eq(((float *)stepc_tensor_data(bench_output(&b, "op")))[0], -6); /* no maximum: alpha may be above 1 */
    bench_close(&b);
    bench_open_op(&b, "LeakyReluGrad", 2, STEPC_FLOAT32,
                  "attr { key: 'T' value { type: DT_FLOAT } } attr { key: 'alpha' value { f: 3 } }");
    bench_feed(&b, "x0", vector_make(STEPC_FLOAT32, 2, g));
    bench_feed(&b, "x1", vector_make(STEPC_FLOAT32, 2, x));
    cr_assert_eq(bench_run(&b, "op"), STEPC_OK);
    cr_expect_eq(((float *)stepc_tensor_data(bench_output(&b, "op")))[0], 15);
    cr_expect_eq(((float *)stepc_tensor_data(bench_output(&b, "op")))[1], 7);
    bench_close(&b);
}

//===- ParamAccessTest.cpp - Tests of the bytes of parameters -------------===//

#include "tx/Dialect/Tx/IR/ParamAccess.h"
#include "mlir/AsmParser/AsmParser.h"
#include "mlir/IR/AsmState.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include "mlir/Parser/Parser.h"
#include "test/Unit/Checkpoint/TestFolder.h"
#include <cmath>
#include <cstring>

using namespace mlir;
using namespace tx;
using namespace tx::test;

namespace {
/// Evaluates the value of the last op of a function with the given body.
class ParamAccess : public ::testing::Test {
protected:
  ParamAccess() : source(folder.dir) {
    context.loadDialect<TxDialect, func::FuncDialect, arith::ArithDialect>();
  }

  /// The last op's result.
  Value parse(const std::string &body, const std::string &after = "") {
    std::string text = "func.func @f() {\n" + body + "\nreturn\n}\n" + after;
    module = parseSourceString<ModuleOp>(text, &context);
    EXPECT_TRUE(bool(module)) << text;
    auto function = *module->getOps<func::FuncOp>().begin();
    Block &block = function.getBody().front();
    return block.getTerminator()->getPrevNode()->getResult(0);
  }

  /// Bytes of the value, or none after `problem` was set.
  std::vector<uint8_t> evaluate(Value value) {
    auto type = cast<RankedTensorType>(value.getType());
    // Bytes beyond the end show.
    auto size = static_cast<size_t>(getStorageBytes(type));
    std::vector<uint8_t> out(size + 64, 0xee);
    problem = describe(evaluateParam(
        value, source, MutableArrayRef<uint8_t>(out.data(), size)));
    EXPECT_TRUE(llvm::all_of(ArrayRef<uint8_t>(out).drop_front(size),
                             [](uint8_t byte) { return byte == 0xee; }));
    out.resize(size);
    return out;
  }

  template <typename T>
  std::vector<T> evaluateAs(Value value) {
    std::vector<uint8_t> bytes = evaluate(value);
    EXPECT_EQ(problem, "ok");
    std::vector<T> result(bytes.size() / sizeof(T));
    if (!bytes.empty())
      std::memcpy(result.data(), bytes.data(), bytes.size());
    return result;
  }

  /// A file of one tensor "a" whose element i is `values(i)`, `shift` bytes off
  /// its alignment.
  template <typename T>
  void writeTensor(Dtype dtype, SmallVector<int64_t, 4> shape,
                   llvm::function_ref<T(int64_t)> values, int shift = 0) {
    int64_t count = 1;
    std::string dims;
    for (int64_t dim : shape) {
      count *= dim;
      dims += (dims.empty() ? "" : ",") + std::to_string(dim);
    }
    std::vector<T> data(count);
    for (int64_t i = 0; i < count; ++i)
      data[i] = values(i);
    std::string header = "{\"a\":{\"dtype\":\"" + getName(dtype).str() +
                         "\",\"shape\":[" + dims + "],\"data_offsets\":[0," +
                         std::to_string(count * sizeof(T)) + "]}}";
    header.resize(llvm::alignTo(header.size(), 8) + shift, ' ');
    std::string file = makeFile(header);
    file.append(reinterpret_cast<const char *>(data.data()), count * sizeof(T));
    folder.write("m.safetensors", file);
  }

  TestFolder folder;
  MLIRContext context;
  OwningOpRef<ModuleOp> module;
  ParamSource source;
  std::string problem;
};

const std::string kExternal = "#tx.external<\"m.safetensors\", \"a\">";
} // namespace

//===----------------------------------------------------------------------===//
// Storage
//===----------------------------------------------------------------------===//

TEST_F(ParamAccess, computes_storage) {
  auto bytes = [&](const char *type) {
    return getStorageBytes(cast<RankedTensorType>(parseType(type, &context)));
  };
  EXPECT_EQ(bytes("tensor<f32>"), 4);
  EXPECT_EQ(bytes("tensor<0x3xf32>"), 0);
  EXPECT_EQ(bytes("tensor<3x5xbf16>"), 30);
  EXPECT_EQ(bytes("tensor<3xi64>"), 24);
  EXPECT_EQ(bytes("tensor<17x5xf32, #tx.layout<panels = 16>>"), 32 * 5 * 4);
  EXPECT_EQ(bytes("tensor<16x5xf16, #tx.layout<panels = 16>>"), 16 * 5 * 2);
}

TEST_F(ParamAccess, reads_external_params) {
  writeTensor<float>(Dtype::F32, {2, 3}, [](int64_t i) { return i + 0.5f; });
  Value value = parse("%0 = tx.param " + kExternal + " : tensor<2x3xf32>");
  EXPECT_EQ(evaluateAs<float>(value),
            (std::vector<float>{0.5, 1.5, 2.5, 3.5, 4.5, 5.5}));
  // Released, and there again.
  EXPECT_EQ(evaluateAs<float>(value).size(), 6u);
  auto op = value.getDefiningOp<ParamOp>();
  EXPECT_EQ(describe(source.getBytes(op)), "ok");
}

TEST_F(ParamAccess, reads_absolute_names_and_all_integers) {
  writeTensor<int64_t>(Dtype::I64, {2}, [](int64_t i) { return -i; });
  EXPECT_EQ(evaluateAs<int64_t>(parse("%0 = tx.param #tx.external<\"" +
                                      folder.path("m.safetensors") +
                                      "\", \"a\"> : tensor<2xi64>")),
            (std::vector<int64_t>{0, -1}));
}

TEST_F(ParamAccess, names_what_does_not_fit) {
  writeTensor<float>(Dtype::F32, {2, 3}, [](int64_t) { return 1; });
  auto evaluateType = [&](const std::string &type) {
    evaluate(parse("%0 = tx.param " + kExternal + " : " + type));
    return problem;
  };
  EXPECT_EQ(evaluateType("tensor<2x3xf16>"),
            "4: tensor 'a' of m.safetensors is F32 [2, 3], the module expects "
            "tensor<2x3xf16>");
  EXPECT_EQ(evaluateType("tensor<3x2xf32>"),
            "4: tensor 'a' of m.safetensors is F32 [2, 3], the module expects "
            "tensor<3x2xf32>");
  EXPECT_EQ(evaluateType("tensor<6xf32>"),
            "4: tensor 'a' of m.safetensors is F32 [2, 3], the module expects "
            "tensor<6xf32>");
  evaluate(parse("%0 = tx.param #tx.external<\"m.safetensors\", \"b\"> : "
                 "tensor<1xf32>"));
  EXPECT_EQ(problem, "4: m.safetensors has no tensor 'b'");
  evaluate(parse("%0 = tx.param #tx.external<\"n.safetensors\", \"b\"> : "
                 "tensor<1xf32>"));
  EXPECT_EQ(problem,
            "3: cannot open " + folder.path("n.safetensors") +
                ": No such file or directory; external parameters are looked "
                "for beside the module; --param-root names another folder");
}

TEST_F(ParamAccess, refuses_dtypes_without_a_type) {
  writeTensor<double>(Dtype::F64, {1}, [](int64_t) { return 1; });
  evaluate(parse("%0 = tx.param " + kExternal + " : tensor<1xf32>"));
  EXPECT_EQ(problem, "4: tensor 'a' of m.safetensors is F64 [1], the module "
                     "expects tensor<1xf32>");
}

TEST_F(ParamAccess, reads_literals) {
  EXPECT_EQ(
      evaluateAs<float>(parse("%0 = tx.param dense<[[1.0, 2.0], [3.0, 4.0]]> : "
                              "tensor<2x2xf32>")),
      (std::vector<float>{1, 2, 3, 4}));
  EXPECT_EQ(
      evaluateAs<float>(parse("%0 = tx.param dense<0.5> : tensor<1001xf32>")),
      std::vector<float>(1001, 0.5));
  EXPECT_EQ(
      evaluateAs<float>(parse("%0 = tx.param dense<0.5> : tensor<1xf32>")),
      std::vector<float>(1, 0.5));
  EXPECT_EQ(
      evaluateAs<int32_t>(parse("%0 = tx.param dense<7> : tensor<3x1xi32>")),
      std::vector<int32_t>(3, 7));
  EXPECT_EQ(
      evaluateAs<uint16_t>(parse("%0 = tx.param dense<1.0> : tensor<5xbf16>")),
      std::vector<uint16_t>(5, 0x3f80));
  EXPECT_TRUE(
      evaluateAs<float>(parse("%0 = tx.param dense<> : tensor<0x4xf32>"))
          .empty());
}

TEST_F(ParamAccess, keeps_written_out_literals_until_release) {
  auto op = parse("%0 = tx.param dense<0.5> : tensor<100xf32>")
                .getDefiningOp<ParamOp>();
  auto bytes = source.getBytes(op);
  ASSERT_TRUE(bool(bytes));
  EXPECT_EQ(bytes->size(), 400u);
  float last;
  std::memcpy(&last, bytes->data() + 396, 4);
  EXPECT_EQ(last, 0.5);
  source.release(op);
  EXPECT_EQ(describe(source.getBytes(op)), "ok");
}

TEST_F(ParamAccess, reads_resources) {
  EXPECT_EQ(
      evaluateAs<float>(parse("%0 = tx.param dense_resource<r> : tensor<2xf32>",
                              "{-# dialect_resources: { builtin: { r: "
                              "\"0x040000000000803f00000040\" } } #-}")),
      (std::vector<float>{1, 2}));
  evaluate(parse("%0 = tx.param dense_resource<r> : tensor<3xf32>",
                 "{-# dialect_resources: { builtin: { r: "
                 "\"0x040000000000803f00000040\" } } #-}"));
  EXPECT_NE(problem.find("has 8 bytes, its type needs 12"), std::string::npos)
      << problem;
  evaluate(parse("%0 = tx.param dense_resource<without> : tensor<3xf32>"));
  EXPECT_EQ(problem, "4: resource 'without' has no data");
}

TEST_F(ParamAccess, refuses_values_that_are_no_params) {
  std::vector<uint8_t> out(8);
  Value value = parse("%0 = arith.constant dense<1.0> : tensor<2xf32>");
  EXPECT_EQ(describe(evaluateParam(value, source, out)),
            "5: a value is needed at compile time that is no parameter");
}

//===----------------------------------------------------------------------===//
// Casts
//===----------------------------------------------------------------------===//

static uint32_t bitsOf(float value) {
  uint32_t bits;
  std::memcpy(&bits, &value, 4);
  return bits;
}

TEST_F(ParamAccess, casts_every_half) {
  writeTensor<uint16_t>(Dtype::F16, {65536}, [](int64_t i) { return i; });
  std::vector<float> wide = evaluateAs<float>(
      parse("%0 = tx.param " + kExternal +
            " : tensor<65536xf16>\n"
            "%1 = tx.cast %0 : tensor<65536xf16> to tensor<65536xf32>"));
  ASSERT_EQ(wide.size(), 65536u);
  EXPECT_EQ(wide[0x3c00], 1);
  EXPECT_EQ(wide[0x0001], 0x1p-24f);
  EXPECT_EQ(wide[0xfbff], -65504);
  EXPECT_TRUE(std::isinf(wide[0x7c00]));
  EXPECT_TRUE(std::isnan(wide[0x7c01]));
}

TEST_F(ParamAccess, casts_through_every_type_in_turn) {
  // 1 + 2^-9 is not a bf16, 1 + 2^-12 is not an f16.
  Value value =
      parse("%0 = tx.param dense<[1.001953125, 1.000244140625, 65536.0]> : "
            "tensor<3xf32>\n"
            "%1 = tx.cast %0 : tensor<3xf32> to tensor<3xf16>\n"
            "%2 = tx.cast %1 : tensor<3xf16> to tensor<3xf32>");
  std::vector<float> result = evaluateAs<float>(value);
  EXPECT_EQ(result[0], 1.001953125f);
  EXPECT_EQ(result[1], 1);
  EXPECT_TRUE(std::isinf(result[2]));
  value = parse("%0 = tx.param dense<[1.001953125, 3.0]> : tensor<2xf32>\n"
                "%1 = tx.cast %0 : tensor<2xf32> to tensor<2xbf16>\n"
                "%2 = tx.cast %1 : tensor<2xbf16> to tensor<2xf16>");
  EXPECT_EQ(evaluateAs<uint16_t>(value),
            (std::vector<uint16_t>{0x3c00, 0x4200}));
}

//===----------------------------------------------------------------------===//
// Packing
//===----------------------------------------------------------------------===//

/// [ceil(N / panels)][K][panels] in the most obvious way.
template <typename T>
static std::vector<T> packPlainly(const std::vector<T> &in, int64_t rows,
                                  int64_t columns, int64_t panels) {
  std::vector<T> out(llvm::alignTo(rows, panels) * columns, T(0));
  for (int64_t n = 0; n < rows; ++n)
    for (int64_t k = 0; k < columns; ++k)
      out[(n / panels * columns + k) * panels + n % panels] =
          in[n * columns + k];
  return out;
}

static std::string matrix(int64_t rows, int64_t columns, std::string element,
                          int64_t panels = 0) {
  return "tensor<" + std::to_string(rows) + "x" + std::to_string(columns) +
         "x" + element +
         (panels ? ", #tx.layout<panels = " + std::to_string(panels) + ">>"
                 : ">");
}

TEST_F(ParamAccess, packs_matrices_of_any_size) {
  for (int64_t panels : {1, 7, 8, 16, 20, 32, 48})
    for (int64_t rows : {1, 15, 16, 33, 49})
      for (int64_t columns : {1, 63, 64, 65, 130}) {
        source = ParamSource(folder.dir);
        writeTensor<float>(Dtype::F32, {rows, columns},
                           [](int64_t i) { return i + 1; });
        std::vector<float> plain(rows * columns);
        for (size_t i = 0; i < plain.size(); ++i)
          plain[i] = i + 1;
        std::vector<float> packed = evaluateAs<float>(
            parse("%0 = tx.param " + kExternal + " : " +
                  matrix(rows, columns, "f32") +
                  "\n%1 = tx.pack %0 : " + matrix(rows, columns, "f32") +
                  " to " + matrix(rows, columns, "f32", panels)));
        ASSERT_EQ(packed, packPlainly(plain, rows, columns, panels))
            << rows << " x " << columns << ", panels " << panels;
      }
}

TEST_F(ParamAccess, packs_bytes_that_are_not_aligned) {
  writeTensor<float>(Dtype::F32, {5, 70}, [](int64_t i) { return i; }, 3);
  std::vector<float> plain(5 * 70);
  for (size_t i = 0; i < plain.size(); ++i)
    plain[i] = i;
  EXPECT_EQ(
      evaluateAs<float>(parse("%0 = tx.param " + kExternal +
                              " : tensor<5x70xf32>\n"
                              "%1 = tx.pack %0 : tensor<5x70xf32> to "
                              "tensor<5x70xf32, #tx.layout<panels = 16>>")),
      packPlainly(plain, 5, 70, 16));
}

TEST_F(ParamAccess, packs_and_casts_in_either_order) {
  writeTensor<uint16_t>(Dtype::BF16, {19, 67}, [](int64_t i) {
    return bitsOf(static_cast<float>(i % 251)) >> 16;
  });
  std::vector<float> plain(19 * 67);
  for (size_t i = 0; i < plain.size(); ++i)
    plain[i] = i % 251;
  std::string param = "%0 = tx.param " + kExternal + " : tensor<19x67xbf16>\n";
  std::vector<float> castFirst = evaluateAs<float>(parse(
      param + "%1 = tx.cast %0 : tensor<19x67xbf16> to tensor<19x67xf32>\n"
              "%2 = tx.pack %1 : tensor<19x67xf32> to "
              "tensor<19x67xf32, #tx.layout<panels = 16>>"));
  EXPECT_EQ(castFirst, packPlainly(plain, 19, 67, 16));
  std::vector<float> packFirst = evaluateAs<float>(
      parse(param + "%1 = tx.pack %0 : tensor<19x67xbf16> to "
                    "tensor<19x67xbf16, #tx.layout<panels = 16>>\n"
                    "%2 = tx.cast %1 : tensor<19x67xbf16, "
                    "#tx.layout<panels = 16>> to "
                    "tensor<19x67xf32, #tx.layout<panels = 16>>"));
  EXPECT_EQ(packFirst, castFirst);
}

TEST_F(ParamAccess, packs_groups_of_channels) {
  for (int64_t rows : {1, 16, 33})
    for (int64_t columns : {1, 31, 32, 33, 130}) {
      source = ParamSource(folder.dir);
      writeTensor<uint16_t>(Dtype::BF16, {rows, columns},
                            [](int64_t i) { return i + 1; });
      std::string type = matrix(rows, columns, "bf16");
      std::string packed = type;
      packed.insert(packed.size() - 1, ", #tx.layout<panels = 16, group = 2>");
      // [ceil(N/16)][ceil(K/32)][16][16][2]
      int64_t depth = llvm::alignTo(columns, 32);
      std::vector<uint16_t> expected(llvm::alignTo(rows, 16) * depth, 0);
      for (int64_t n = 0; n < rows; ++n)
        for (int64_t k = 0; k < columns; ++k)
          expected[n / 16 * 16 * depth + k / 2 * 32 + n % 16 * 2 + k % 2] =
              n * columns + k + 1;
      ASSERT_EQ(evaluateAs<uint16_t>(
                    parse("%0 = tx.param " + kExternal + " : " + type +
                          "\n%1 = tx.pack %0 : " + type + " to " + packed)),
                expected)
          << rows << " x " << columns;
    }
}

TEST_F(ParamAccess, packs_matrices_without_elements) {
  EXPECT_TRUE(
      evaluateAs<float>(parse("%0 = tx.param dense<> : tensor<0x4xf32>\n"
                              "%1 = tx.pack %0 : tensor<0x4xf32> to "
                              "tensor<0x4xf32, #tx.layout<panels = 16>>"))
          .empty());
}
